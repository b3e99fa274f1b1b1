"""Names that a known medicine vouches for: "Pantop (pantoprazole)", "aspirin (Ecosprin)", "ramipril, xyz, aspirin"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from cases.vocabulary.lexicon import NameMention, lexicon, normalise
from cases.vocabulary.near_names import english_words
from safety.roles import cues

EXPLAINED, LISTED = "explained", "unknown"
NEAR = 40  # characters beside a known name
_BEFORE = re.compile(r"(?<![\w-])([A-Za-z][A-Za-z-]{3,24})(?: \d+(?:\.\d+)? ?mg)? ?\($")
_CLOSED = re.compile(r"(?: \d+(?:\.\d+)? ?mg)?\)")
_AFTER = re.compile(r" ?\(([A-Za-z][A-Za-z-]{3,24})\)")
_BETWEEN = re.compile(r"\s*,\s*([A-Za-z][A-Za-z-]{4,24})\s*(?:,|/|,?\s(?:and|or))\s*")
_SINGLE = frozenset({"ingredient", "inn", "salt", "combination", "name"})


def vouched_names(
    text: str, known: Sequence[NameMention], *, vocabulary: Path, knowledge: Path
) -> Iterator[NameMention]:
    """Yield names that stand beside known ones.

    A name that an ingredient in brackets explains is that ingredient; one between two medicines of a list is unknown.

    Args:
        text: what was written.
        known: the known names in it, in order.
        vocabulary: folder of the drug names.
        knowledge: folder of the words that only look like names.
    """
    words = _Words(vocabulary, knowledge)
    taken = {item.start for item in known}
    for item in known:
        for match in _explained(text, item):
            if match and match.start(1) not in taken and words.may_be_name(match[1]):
                taken.add(match.start(1))
                yield NameMention(match[1], item.names, match.start(1), match.end(1), EXPLAINED)
    for before, after in pairwise(known):
        between = after.start - before.end <= NEAR and _BETWEEN.fullmatch(text, before.end, after.start)
        if between and before.kind != "class" != after.kind and words.may_be_name(between[1]):
            yield NameMention(between[1], (), between.start(1), between.end(1), LISTED)


def _explained(text: str, item: NameMention) -> tuple[re.Match[str] | None, ...]:
    if item.kind not in _SINGLE:
        return ()
    before = _BEFORE.search(text, max(item.start - NEAR, 0), item.start) if _CLOSED.match(text, item.end) else None
    return before, _AFTER.match(text, item.end)


class _Words:
    """Which words may be names: no English word, no class, no abbreviation of a few capitals, no known name."""

    def __init__(self, vocabulary: Path, knowledge: Path) -> None:
        self._english = english_words(vocabulary)
        self._terms = lexicon(vocabulary).terms
        self._look_alikes = cues(knowledge).look_alikes

    def may_be_name(self, surface: str) -> bool:
        """Whether a word may be the name of a medicine."""
        word = surface.lower()
        parts = {word, word.removesuffix("s"), *word.split("-")}
        if parts & self._english or parts & self._look_alikes or (surface.isupper() and len(surface) < 6):
            return False
        return normalise(surface) not in self._terms and normalise(surface).removesuffix("s") not in self._terms
