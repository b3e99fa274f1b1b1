"""Words of a text that are likely to be drugs but are not in the vocabulary: new names, foreign ones, misspelt ones.

Four signs: the ending or beginning of an international nonproprietary name; a dose behind the word; one letter's
distance from a well known name; the same from any name, where the text gives it. No English word is taken for a drug,
unless it is written with a capital inside a sentence and has a dose ("Versed 2 mg").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from cases.folding import Folded
from cases.vocabulary.lexicon import lexicon
from cases.vocabulary.name_contexts import AFTER, AMOUNT, BEFORE, contexts
from cases.vocabulary.near_names import english_words, near_names
from cases.vocabulary.tables import drugs, synonyms
from safety.roles import cues

MIN_STRANGE = 5  # letters
MIN_CLEAR = 7  # letters of a misspelt name that needs no context
_WORD = re.compile(r"(?<![a-z0-9@])[a-z]{5,40}(?![a-z0-9@])")
_FORM = re.compile(r"\b(?:tablets?|tabs?|capsules?|caps?|inj(?:ection)?|syrup|syp|cream|ointment|inhaler|brand)\.? $")


@dataclass(frozen=True)
class Strange:
    """A word at [start, end) of a folded text; `near` are the ingredients of the only name within one edit."""

    start: int
    end: int
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Judgement:
    """What a word is by itself: `sure` without context, else only where the text gives it."""

    sure: bool
    near: tuple[str, ...]


def strange_words(folded: Folded, *, vocabulary: Path, knowledge: Path) -> Iterator[Strange]:
    """Yield the strange words in order of place.

    Args:
        folded: the text.
        vocabulary: folder of the drug names.
        knowledge: folder of the stems.
    """
    judge = _judge(vocabulary, knowledge)
    found = {word.start: word for word in _dosed(folded, vocabulary, knowledge)}
    for match in _WORD.finditer(folded.text):
        judged = judge(match[0])
        if judged is None:
            continue
        if judged.sure or match.start() in found or _is_given(folded.text, *match.span()):
            found[match.start()] = Strange(*match.span(), judged.near)
    yield from (found[start] for start in sorted(found))


def _dosed(folded: Folded, vocabulary: Path, knowledge: Path) -> Iterator[Strange]:
    table, english = cues(knowledge), english_words(vocabulary)
    for match in table.before_dose.finditer(folded.text):
        start, end = match.span(1)
        word = match[1]
        if word in table.not_names or word in lexicon(vocabulary).terms:
            continue
        short = len(word) < MIN_STRANGE
        common = (
            word in english or word.removesuffix("s") in english or any(part in english for part in word.split("-"))
        )
        if (not common and not short) or _is_name_like(folded, start, end, whole=short):
            yield Strange(start, end)


def _is_name_like(folded: Folded, start: int, end: int, *, whole: bool) -> bool:
    """Whether the word is written with a capital inside a sentence, or as a whole in capitals."""
    low, high = folded.span(start, end)
    surface = folded.original[low:high]
    if whole:
        return surface.isupper()
    inside = folded.original[:low][-40:].rstrip(" \t")[-1:]
    return surface[:1].isupper() and not surface.isupper() and inside not in ("", ".", "!", "?", ":", "\n", "-", "*")


@cache
def _judge(vocabulary: Path, knowledge: Path) -> Callable[[str], _Judgement | None]:
    return lru_cache(maxsize=100_000)(lambda word: _judged(word, vocabulary, knowledge))


def _judged(word: str, vocabulary: Path, knowledge: Path) -> _Judgement | None:
    table, terms, english = cues(knowledge), lexicon(vocabulary).terms, english_words(vocabulary)
    bare = word.removesuffix("s")
    if {word, bare} & english or {word, bare} & table.look_alikes or word in terms or bare in terms:
        return None
    near = near_names(word, folder=vocabulary)
    groups = {frozenset(terms[name].names) for name in near}
    read = terms[near[0]].names if len(groups) == 1 else ()
    if table.stem.fullmatch(word):
        return _Judgement(True, read)
    if not near:
        return None
    well_known = any(name in _well_known(vocabulary) for name in near)
    return _Judgement(well_known and len(word) >= MIN_CLEAR, read)


@lru_cache(maxsize=4)
def _well_known(vocabulary: Path) -> frozenset[str]:
    return frozenset(drugs(vocabulary)) | frozenset(row.term.lower() for row in synonyms(vocabulary))


def _is_given(text: str, start: int, end: int) -> bool:
    given = contexts().given
    before, after = text[max(start - BEFORE, 0) : start], text[end : end + AFTER]
    if AMOUNT.match(text, end):
        return True
    return bool(given[0].search(before) or _FORM.search(before) or given[1].match(after))
