"""Find doses in text and give each one canonical string: "1 g" is "1000 mg", "875/125" is "875 mg + 125 mg"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from itertools import pairwise

from cases.numbers import Quantity, decimal, numbers_in, range_pattern

_UNITS = {
    "mg": "mg|milligrams?", "g": "g|gm|gms|grams?", "mcg": "mcg|µg|μg|ug|micrograms?", "ng": "ng|nanograms?",
    "ml": "ml|mls|millilit(?:re|er)s?", "l": "lit(?:re|er)s?", "units": "units?|u|iu|i\\.u\\.|international\\sunits?",
    "million units": "million\\s(?:units?|iu|international\\sunits?)|MU", "mmol": "mmol|millimoles?", "meq": "meq",
    "%": "%|percent|per\\scent",
    "tablets": "tablets?|tabs?", "capsules": "capsules?|caps?", "puffs": "puffs?|inhalations?|actuations?",
    "drops": "drops?|gtts?", "sprays": "sprays?", "sachets": "sachets?", "suppositories": "suppositor(?:y|ies)",
    "pessaries": "pessar(?:y|ies)", "teaspoons": "teaspoon(?:ful)?s?|tsp", "patches": "patch(?:es)?",
    "applications": "applications?|applicatorfuls?", "lozenges": "lozenges?", "ampoules": "ampoules?|vials?",
    "fingertip units": "fingertip\\sunits?|FTU",
}  # fmt: skip
_IN_SMALLER_UNITS = {"g": (1000, "mg"), "million units": (1_000_000, "units")}
_SAME_DENOMINATOR = {"m²": "m2", "24": "day"}
_FORMS = (
    "cream|ointment|gel|lotion|shampoo|solution|foam|paste|spray|eye drops|ear drops|drops|powder|patch|lacquer|pessary"
)
_PER = r"(?:\s?(?:/|per\s)\s?(?:kg|m2|m²|day|dose|24\s?h(?:ours)?|hour|h|ml|g)(?!\w))"
_JOINT = re.compile(r"\s?(?:\+|/)\s?|\s?(?:-|\u2013|to)\s?|\s(?:of|x|\u00d7)\s", re.IGNORECASE)


@dataclass(frozen=True)
class _Amount:
    """One number, or range, with its unit: "250-500 mg", "5 mg/kg/day", "5% cream"; `unit` is "" for a bare number."""

    numbers: tuple[Decimal, ...]
    unit: str
    tail: str
    start: int
    end: int

    def __str__(self) -> str:
        numbers = "-".join(decimal(number) for number in self.numbers)
        return f"{numbers}{self.unit}{self.tail}" if self.unit == "%" else f"{numbers} {self.unit}{self.tail}"


@cache
def _amount_pattern() -> re.Pattern[str]:
    units = "|".join(_UNITS.values())
    unit = rf"[\s-]?(?P<unit>(?:{units})(?!\w))(?P<per>{_PER}{{0,2}})(?P<form>\s(?:{_FORMS})(?!\w))?"
    return re.compile(rf"(?<![\w.,])(?P<range>{range_pattern()})(?:{unit})?", re.IGNORECASE)


@lru_cache(maxsize=64)
def find_doses(text: str) -> tuple[Quantity, ...]:
    """Find amounts of a drug: "500mg", "875/125 mg", "5 mg/kg/day", "1-2 tablets", "2 puffs of 100 mcg", "5% cream"."""
    doses: list[Quantity] = []
    run: list[_Amount] = []
    for match in _amount_pattern().finditer(text):
        amount = _amount(match)
        if run and not _JOINT.fullmatch(text, run[-1].end, amount.start):
            doses += _dose(text, run)
            run = []
        run.append(amount)
    return (*doses, *_dose(text, run))


def canonical_dose(text: str) -> str:
    """Return the canonical string of a dose: grams in milligrams, numbers shortest, units in the short form.

    Example:
        >>> canonical_dose("1 g"), canonical_dose("875/125mg"), canonical_dose("2 puffs of 100 micrograms")
        ('1000 mg', '875 mg + 125 mg', '2 puffs of 100 mcg')
    """
    found = find_doses(text)
    return found[0].value if len(found) == 1 else " ".join(text.lower().split())


def _amount(match: re.Match[str]) -> _Amount:
    numbers = tuple(dict.fromkeys(Decimal(number) for number in numbers_in(match["range"])))
    unit = _unit(match["unit"]) if match["unit"] else ""
    scale, unit = _IN_SMALLER_UNITS.get(unit, (1, unit))
    tail = _per(match["per"] or "") + (match["form"] or "").lower()
    return _Amount(tuple(number * scale for number in numbers), unit, tail, *match.span())


def _dose(text: str, run: list[_Amount]) -> list[Quantity]:
    """Read adjacent amounts as one dose; bare numbers borrow the unit of the amount that follows them."""
    with_unit = [index for index, part in enumerate(run) if part.unit]
    if not with_unit:
        return []
    run = run[: with_unit[-1] + 1]
    last = run[-1]
    whole = [part if part.unit else replace(part, unit=last.unit, tail=last.tail) for part in run]
    value = str(_falling(whole[0]))
    for before, after in pairwise(whole):
        value += _joint(text[before.end : after.start], before, after) + str(_falling(after))
    return [Quantity(_merged(whole, value, text), run[0].start, last.end)]


def _joint(surface: str, before: _Amount, after: _Amount) -> str:
    word = surface.strip().lower()
    if word in {"of", "x", "\u00d7"}:
        return " of "
    return "/" if word == "/" and after.unit == "ml" and before.unit != "ml" else " + "


def _falling(amount: _Amount) -> str:
    """A range that falls, "875-125 mg", is a combination."""
    if len(amount.numbers) == 2 and amount.numbers[0] > amount.numbers[1]:
        return " + ".join(str(replace(amount, numbers=(number,))) for number in amount.numbers)
    return str(amount)


def _merged(parts: list[_Amount], value: str, text: str) -> str:
    """Read "500 mg to 1 g" as a range."""
    if len(parts) != 2:
        return value
    low, high = parts
    ranged = text[low.end : high.start].strip().lower() in {"to", "-", "\u2013"}
    if ranged and low.unit == high.unit and low.tail == high.tail and low.numbers < high.numbers:
        return str(replace(low, numbers=(low.numbers[0], high.numbers[-1])))
    return value


def _unit(surface: str) -> str:
    return next(name for name, body in _UNITS.items() if re.fullmatch(body, surface, re.IGNORECASE))


def _per(surface: str) -> str:
    names = re.findall(r"kg|m2|m²|day|dose|24|hour|h(?!o)|ml|(?<![kv])g", surface.lower())
    return "".join(
        f"/{_SAME_DENOMINATOR.get(name, name)}" for name in dict.fromkeys(names) if name != "h" or "24" not in names
    )
