"""Read the ingredients out of an RxNorm display string: an order arrives as a clinical drug or a pack, not as a name.

"amLODIPine 5 MG Oral Tablet [Norvasc]"                        -> amlodipine
"Amoxicillin 875 MG / Clavulanate 125 MG Oral Tablet"           -> amoxicillin, clavulanate
"{21 (Ethinyl Estradiol 0.03 MG / Levonorgestrel 0.15 MG Oral Tablet) / 7 (Inert ...) } Pack [Nordette]"
"""

from __future__ import annotations

import re

_BRAND = re.compile(r"\[([^\[\]]+)\]\s*$")
_PACK_PART = re.compile(r"\d+\s*\(((?:[^()]|\([^()]*\))+)\)")
_LEAD = re.compile(r"^(?:(?:\d[\d.,]*)\s*(?:hr|hours?|ml|actuat|day)\s+)+", re.IGNORECASE)
_STRENGTH = re.compile(
    r"\s\d[\d.,]*(?:-\d[\d.,]*)?\s*(?:mg|mcg|ug|g|gm|ml|unt|units?|iu|meq|mmol|mci|bau|au|cells|vector|%|ppm|hr|actuat)\b.*$|\s\d[\d.,]*\s*%.*$",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"\s+(?:(?:delayed release|extended release|sustained release|disintegrating|chewable|effervescent|sublingual|"
    r"buccal|oral|topical|injectable|injection|inhalant|inhalation|nasal|ophthalmic|otic|rectal|vaginal|transdermal|"
    r"metered dose|dry powder|prefilled|"
    r"medicated|mucosal|urethral|intravenous|powder for|er|xr|sr|dr|ec|hfa)\s+)*"
    r"(?:tablets?|capsules?|caplets?|solution|suspension|syrup|elixir|drops?|cream|ointment|gel|lotion|foam|shampoo|spray|patch|system|"
    r"suppository|suppositories|enema|inhaler|inhalant|injection|syringe|vial|powder|granules|lozenge|film|gum|kit|pack|product|pill|"
    r"paste|soap|paint|implant|insert|cartridge|pen|injector|liquid|pads?|swabs?|toothpaste|mouthwash|wafer|strip|bar|ring|sponge|stick|"
    r"tab|tabs|cap|caps|inj|soln|susp|oint)\b.*$",
    re.IGNORECASE,
)
_RELEASE = re.compile(
    r"(?:\s+(?:er|xr|sr|dr|ec|la|xl|cr|odt|hfa|extended release|delayed release|enteric coated))+$", re.IGNORECASE
)
INERT = frozenset({"inert", "inert ingredients", "placebo", "placebos"})


def brand_of(display: str) -> str | None:
    """Return the brand in the closing brackets of a display string."""
    found = _BRAND.search(display)
    return found[1].strip() if found else None


def ingredients_of(display: str) -> tuple[str, ...]:
    """Return the ingredients, in lower case and order of appearance, each once; inert ones left out.

    Example:
        >>> ingredients_of("amLODIPine 5 MG / Benazepril hydrochloride 10 MG Oral Capsule [Lotrel]")
        ('amlodipine', 'benazepril hydrochloride')
    """
    parts = _PACK_PART.findall(display) if "{" in display else [display]
    names: dict[str, None] = {}
    for part in parts:
        for component in _BRAND.sub("", part).split(" / "):
            name = component_name(component)
            if name and name not in INERT:
                names[name] = None
    return tuple(names)


def component_name(component: str) -> str:
    """Return the name in one component, without release time, strength and dose form.

    Example:
        >>> component_name("12 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet")
        'metformin hydrochloride'
    """
    name = _LEAD.sub("", component.strip())
    name = _STRENGTH.sub("", name)
    name = _RELEASE.sub("", _FORM.sub("", name).strip())
    return " ".join(name.lower().split())
