"""Which forms found in a text count as medicines, by what else the text says: lists, and abbreviations it defines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cases.folding import Folded
from cases.vocabulary.name_contexts import AMOUNT, contexts

if TYPE_CHECKING:
    from cases.vocabulary.lexicon import Term

ABBREVIATION = "abbreviation"
MAX_SHORT = 3  # letters up to which an abbreviation counts in capitals only, or with an amount
MAX_LINK = 24  # characters between two items of a list
LONG_FORM = 30  # characters before "(MTX)" in which the name that it stands for ends
_LISTED = re.compile(
    r"(?:\s(?:tablets?|capsules?|pills?|supplements?|injections?|cream))?\s*(?:,|/|\+|;|&|,?\s(?:and|or|and/or|with|plus)\s)\s*"
)


@dataclass(frozen=True)
class Hit:
    """A form at [start, end) of a folded text; `counts` says that it is a medicine there."""

    start: int
    end: int
    term: Term
    counts: bool


def counting(folded: Folded, hits: Sequence[Hit]) -> Iterator[Hit]:
    """Yield the hits that count, in order; a mineral or hormone counts too where it is listed with medicines."""
    counts = [hit.counts for hit in hits]
    firm = [hit.counts and hit.term.policy != "unless_measured" for hit in hits]
    for steps, beside in ((range(1, len(hits)), -1), (range(len(hits) - 2, -1, -1), 1)):
        for index in steps:
            if not counts[index] and firm[index + beside] and _are_listed(folded.text, hits, index, index + beside):
                counts[index] = firm[index] = True
    other = _defined_otherwise(folded.text, hits)
    for hit, sure in zip(hits, counts, strict=True):
        if sure and (folded.text[hit.start : hit.end] not in other or AMOUNT.match(folded.text, hit.end)):
            yield hit


def _are_listed(text: str, hits: Sequence[Hit], one: int, other: int) -> bool:
    low, high = hits[min(one, other)].end, hits[max(one, other)].start
    return high - low <= MAX_LINK and _LISTED.fullmatch(text, low, high) is not None


def _defined_otherwise(text: str, hits: Sequence[Hit]) -> frozenset[str]:
    """Abbreviations that the text explains in brackets behind what is no medicine: "thyroid carcinoma (FTC)"."""
    ends = {hit.end for hit in hits if hit.counts and hit.term.kind != ABBREVIATION}
    short = {text[hit.start : hit.end] for hit in hits if hit.term.kind == ABBREVIATION}
    found = {key: max(text.find(f"({key})"), text.find(f"[{key}]")) for key in short}
    return frozenset(
        key for key, at in found.items() if at >= 0 and ends.isdisjoint(range(max(at - LONG_FORM, 0), at + 1))
    )


def is_doubtful(folded: Folded, start: int, end: int, term: Term) -> bool:
    """Whether an abbreviation may be anything: a few small letters, or a part of another, "5-ASA", "ASA class II"."""
    if term.kind == ABBREVIATION and _is_part_of_another(folded.text, start, end):
        return True
    if end - start > MAX_SHORT or term.kind == "class":
        return False
    low, high = folded.span(start, end)
    return folded.original[low:high].islower() and not AMOUNT.match(folded.text, end)


def _is_part_of_another(text: str, start: int, end: int) -> bool:
    before, after = text[max(start - 2, 0) : start], text[end : end + 24]
    return bool(re.search(r"\d-$", before) or contexts().not_a_drug_after.match(after))
