"""Cut clinical text into sentences, without being fooled by "e.g.", "5.5 mg", "Dr." or a wrapped line."""

from __future__ import annotations

import re
from functools import lru_cache

# A full stop after these never ends a sentence.
_TITLES = frozenset(
    {"dr", "mr", "mrs", "ms", "prof", "st", "vs", "approx", "ca", "cf", "fig", "ref", "incl", "excl", "pt", "pts", "hx"}
    | {"dx", "tx", "rx", "sx", "e.g", "i.e", "eg", "ie", "resp", "temp", "wt", "ht"}
)
# A full stop after these ends one only if a capital follows.
_SHORTHAND = frozenset(
    {
        "b.d",
        "b.i.d",
        "t.d.s",
        "t.i.d",
        "q.d.s",
        "q.i.d",
        "q.d",
        "o.d",
        "p.o",
        "p.r.n",
        "p.r",
        "p.v",
        "i.v",
        "i.m",
        "s.c",
    }
    | {
        "a.m",
        "p.m",
        "etc",
        "hr",
        "hrs",
        "min",
        "mins",
        "tab",
        "tabs",
        "cap",
        "caps",
        "wk",
        "wks",
        "yr",
        "yrs",
        "mo",
        "mos",
    }
)
_WRAPPED_LINE = 60  # a line at least this long, followed by a lower-case one, was wrapped rather than ended

_STOP = re.compile(r"[.!?]+[\"')\]]*(?=\s|$)|(?<=[a-z]{2})\.(?=[A-Z][a-z])|\n")
_LAST_WORD = re.compile(r"[A-Za-z][A-Za-z.]*$")


@lru_cache(maxsize=16)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return the half-open character ranges of the sentences, trimmed of white space, in order.

    Example:
        >>> sentences("No fever. Took 5.5 mg, e.g. at night.")
        ((0, 9), (10, 37))
    """
    spans, start = [], 0
    for stop in _STOP.finditer(text):
        if _ends_sentence(text, start, stop):
            spans.append(_trimmed(text, start, stop.end()))
            start = stop.end()
    spans.append(_trimmed(text, start, len(text)))
    return tuple((low, high) for low, high in spans if low < high)


def _ends_sentence(text: str, start: int, stop: re.Match[str]) -> bool:
    if stop[0] == "\n":
        return _line_ends(text, start, stop.start())
    if not stop[0].startswith("."):
        return True
    word = _LAST_WORD.search(text, max(start, stop.start() - 12), stop.start())
    if word is None:
        return True
    last, following = word[0].lower(), text[stop.end() : stop.end() + 3].lstrip()[:1]
    if last in _TITLES:
        return False
    if last == "no" and following.isdigit():
        return False
    return last not in _SHORTHAND or not following or following.isupper()


def _line_ends(text: str, start: int, at: int) -> bool:
    line_start = max(text.rfind("\n", 0, at) + 1, start)
    following = text[at + 1 : at + 40].lstrip(" \t")[:1]
    wrapped = at - line_start >= _WRAPPED_LINE and following.islower()
    return not wrapped


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return start + left, start + left + len(piece.strip())
