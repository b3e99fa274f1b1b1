"""How clinical text is parsed: terms and what is asserted of them, sentences, doses, frequencies, durations, routes.

    >>> [(m.term, m.assertion) for m in find_terms("No fever, but my back hurts.", ("fever", "back hurts"))]
    [('fever', 'negated'), ('back hurts', 'present')]

This is the door to `sentences`, `context`, `doses` and `dosing`; other modules import from here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cases.context import Assertion, assertion_in
from cases.doses import canonical_dose, find_doses
from cases.dosing import canonical_frequency, find_durations, find_frequencies, find_routes
from cases.numbers import Quantity
from cases.phrases import ALIKE, Openings, Words, phrase, words_of
from cases.sentences import sentences

__all__ = [
    "Assertion",
    "Quantity",
    "TermMention",
    "assertion_at",
    "canonical_dose",
    "canonical_frequency",
    "find_doses",
    "find_durations",
    "find_frequencies",
    "find_phrases",
    "find_routes",
    "find_terms",
    "openings_of",
    "sentences",
    "words_in",
]

_STRAIGHT = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00a0": " ", "\u2011": "-"})  # same length


@dataclass(frozen=True)
class TermMention:
    """A term found in a text: which, where (half-open), and what the text asserts of it."""

    term: str
    start: int
    end: int
    assertion: Assertion


def find_terms(
    text: str, terms: Iterable[str], *, ignore: frozenset[Assertion] = frozenset()
) -> tuple[TermMention, ...]:
    """Find `terms` in `text`: whole words, in any case, the longest first, without overlaps.

    A space in a term stands for any white space or a hyphen, and a hyphen for a space.

    Args:
        text: what was written.
        terms: what to look for; pass a tuple, whose compiled form is kept.
        ignore: assertions that are not looked for.

    Returns:
        The mentions in order of place.
    """
    known = _compiled(tuple(terms))
    straight = _straight(text)
    if not known.openings.may_be_in(_words(straight)):
        return ()
    found = list(known.pattern.finditer(straight))
    if not found:
        return ()
    spans = sentences(straight)
    starts = [low for low, _ in spans]
    return tuple(
        TermMention(
            term=_name(known.names, match[0]),
            start=match.start(),
            end=match.end(),
            assertion=assertion_in(straight, _around(spans, starts, match), match.start(), match.end(), ignore=ignore),
        )
        for match in found
    )


def find_phrases(
    text: str, phrases: Iterable[str], *, ignore: frozenset[Assertion] = frozenset()
) -> tuple[TermMention, ...]:
    """Find phrases with holes (see `cases.phrases`), each inside one sentence.

    Args:
        text: what was written.
        phrases: what to look for.
        ignore: assertions that are not looked for.

    Example:
        >>> [(m.start, m.assertion) for m in find_phrases("My neck has gone stiff.", ("neck .. stiff",))]
        [(3, 'present')]
    """
    straight = _straight(text)
    words, spans = _words(straight), sentences(straight)
    starts = [low for low, _ in spans]
    return tuple(
        TermMention(source, match.start(), match.end(), assertion_in(straight, span, *match.span(), ignore=ignore))
        for source in phrases
        if phrase(source).may_be_in(words)
        for match in phrase(source).pattern.finditer(straight)
        if match.end() <= (span := _around(spans, starts, match, whole=False))[1]
    )


def assertion_at(text: str, start: int, end: int) -> Assertion:
    """Return what `text` asserts of the term at [start, end).

    Raises:
        ValueError: if the range is empty or outside the text.
    """
    if not 0 <= start < end <= len(text):
        raise ValueError(f"no term at [{start}, {end}) of a text of {len(text)} characters")
    straight = _straight(text)
    spans = sentences(straight)
    at = max(bisect_right([low for low, _ in spans], start) - 1, 0)
    return assertion_in(straight, spans[at] if spans else (0, len(text)), start, end)


def _around(
    spans: tuple[tuple[int, int], ...], starts: list[int], match: re.Match[str], *, whole: bool = True
) -> tuple[int, int]:
    low, high = spans[max(bisect_right(starts, match.start()) - 1, 0)]
    return low, max(high, match.end()) if whole else high  # a term may hold a full stop


@lru_cache(maxsize=16)
def _straight(text: str) -> str:
    return text.translate(_STRAIGHT)


@lru_cache(maxsize=16)
def _words(straight: str) -> Words:
    return words_of(straight)


def words_in(text: str) -> Words:
    """Return the words of a text as `openings_of` wants them."""
    return _words(_straight(text))


def openings_of(terms: Iterable[str]) -> Openings:
    """Return what a text must hold for `find_terms` to find any of these in it."""
    return _compiled(tuple(terms)).openings


@dataclass(frozen=True)
class _Terms:
    """Terms by their normal form, and what they begin with."""

    names: dict[str, str]
    openings: Openings

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """All of them, the longest first; made for the first text that may hold one."""
        longest_first = sorted(self.names, key=lambda key: (-len(key), key))
        body = "|".join(re.escape(key).replace(r"\ ", r"(?:\s+|-)") for key in longest_first)
        return re.compile(rf"(?<!\w)(?:{body})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=2048)
def _compiled(terms: tuple[str, ...]) -> _Terms:
    names = {_key(term): term for term in terms if term.strip()}
    first = [re.match(r"\w+", key, re.ASCII) for key in names]
    words = frozenset(match[0] for match in first if match)
    whole = all(
        match and not key[match.end() : match.end() + 1].isalnum() for key, match in zip(names, first, strict=True)
    )
    return _Terms(names, Openings(words, anywhere=not whole))


def _name(names: dict[str, str], surface: str) -> str:
    key = _key(surface)
    if key in names:
        return names[key]
    # other letters that only compare equal where case is ignored
    alike = (term for known, term in names.items() if re.fullmatch(re.escape(known), key, re.IGNORECASE))
    return next(alike, key)


def _key(surface: str) -> str:
    return " ".join(surface.translate(_STRAIGHT).translate(ALIKE).lower().replace("-", " ").split())
