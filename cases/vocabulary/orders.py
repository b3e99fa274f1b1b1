"""Read the medicine out of an order that is neither a name nor an RxNorm display: "steroid: Prednisone 40mg PO daily".

Everything that is not the medicine's name must be a word that orders are made of: an amount, a route, a form, how
often, how long. One other word, and the order is not read: it may be what changes the medicine.
"""

from __future__ import annotations

import re
from pathlib import Path

from cases.vocabulary.lexicon import find_names, lexicon, normalise
from cases.vocabulary.tables import VOCABULARY

_LABEL = re.compile(
    r"^(?!.*(?:stop|discontinue|hold|avoid|no)\b)[A-Za-z_ /]{2,30}:\s+", re.IGNORECASE
)  # "antipyretic: ..."
_WORD = re.compile(r"(?:nda|bla)\d+|[a-z%°]+|\d[\d.,/-]*[a-z%]*", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:nda|bla|x|q)?\d[\d.,/-]*(?:h|hr|hrs|mg|mcg|ug|g|gm|ml|l|units?|iu|meq|%|days?|d|weeks?|min|u)?", re.IGNORECASE
)
_ORDER_WORDS = frozenset(
    """
    mg mcg ug g gm ml l unit units iu meq mmol kg h hr hrs hour hours min minute minutes day days week weeks %
    u of per
    po iv im sc sq subq pr sl ng inh neb oral orally intravenous intramuscular subcutaneous rectal topical sublingual
    inhaled nasal vaginal ophthalmic otic nebulized nebulised nebuliser by mouth injection infusion drip bolus push
    continuous loading dose stat once daily twice three four times bid tid qid qd qhs qod od bd tds qds nocte at night
    bedtime morning prn as needed temp for fever pain nausea every then over with food after before meals
    tablet tablets tab tabs capsule capsules cap caps pack pen ring patch auto injector autoinjector prefilled syringe
    vial ampoule inhaler cream ointment gel drops spray solution suspension syrup lotion xr er sr cr la ec dr odt
    sliding scale regular booster x q and to discontinue low high dose
    """.split()  # noqa: SIM905 - a list of words reads better as text
)


def names_in_order(order: str, *, folder: Path = VOCABULARY) -> tuple[str, ...]:
    """Return the ingredients that an order names; none where a word is left that orders are not made of.

    Example:
        >>> names_in_order("steroid: Prednisone 40mg PO daily x5 days"), names_in_order("ICS/LABA inhaler")
        (('prednisone',), ())
    """
    text = _LABEL.sub("", order)
    mentions = [mention for mention in find_names(text, folder=folder) if mention.kind != "class"]
    if not mentions:
        return _only_name(text, folder)
    if not all(mention.names for mention in mentions):
        return ()
    rest = text
    for mention in reversed(mentions):
        rest = f"{rest[: mention.start]} {rest[mention.end :]}"
    known = all(_is_order_word(word) for word in _WORD.findall(rest))
    return tuple(dict.fromkeys(name for mention in mentions for name in mention.names)) if known else ()


def _only_name(text: str, folder: Path) -> tuple[str, ...]:
    """Read what is left beside the words of an order; in running text it may be a body's own substance, not here."""
    left = " ".join(word for word in _WORD.findall(text) if not _is_order_word(word))
    term = lexicon(folder).terms.get(normalise(left))
    return term.names if term and term.kind != "class" else ()


def _is_order_word(word: str) -> bool:
    return word.lower() in _ORDER_WORDS or _NUMBER.fullmatch(word) is not None
