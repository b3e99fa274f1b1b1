"""Fold a text to plain lower-case letters and keep the way back: odd Unicode hides no word and moves no offset.

Accents, ligatures, full-width and mathematical letters, and the Cyrillic and Greek letters that look like Latin ones,
become what a reader sees; combining marks and invisible characters go. Invisible characters and line-end hyphens may
join two halves of a word or part two words, so a text with any of them has two readings.

    >>> found = fold("start \\uff37ar\\u200bfarin")
    >>> found.text, found.span(6, 14)
    ('start warfarin', (6, 15))
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

# Letters that Unicode does not decompose, and look-alikes of Latin letters in other scripts.
_ALIKE = dict(zip("аеорсухіјѕԁһԛԝӏոցαειοκνρτυχγ", "aeopcyxijsdhqwlngaeiokvptuxy", strict=True))
_PLAIN = _ALIKE | {
    "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ſ": "s", "ħ": "h", "ŧ": "t",
    "ɡ": "g", "ɑ": "a", "ɩ": "i", "‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "‒": "-",
    "–": "-", "—": "-", "−": "-", "μ": "u", "™": " ", "℠": " ",
}  # fmt: skip
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_BROKEN_WORD = re.compile(r"(?<=[a-z])-[ \t]*\n[ \t]*(?=[a-z])")
FEW = 40
_MARKS = frozenset({"Mn", "Me", "Mc"})


@dataclass(frozen=True)
class Folded:
    """A folded text.

    `places` and `origins` say where the two texts drift apart: the folded character at `places[n]`, and those up to the
    next place, stand for the original ones from `origins[n]` on; both are empty where the two have equal offsets.
    """

    text: str
    original: str
    places: tuple[int, ...] = ()
    origins: tuple[int, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the original text that became [start, end), with the marks that belong to its end."""
        if not self.places:
            return start, end
        low, high = self._origin(start), self._origin(end - 1) + 1
        while high < len(self.original) and unicodedata.category(self.original[high]) in _MARKS:
            high += 1
        return low, high

    def _origin(self, place: int) -> int:
        index = bisect_right(self.places, place) - 1
        return place if index < 0 else self.origins[index] + place - self.places[index]


def has_look_alikes(text: str) -> bool:
    """Whether a text holds letters of another script that look like Latin ones."""
    return not text.isascii() and not _ALIKE.keys().isdisjoint(text.lower())


def fold(text: str) -> Folded:
    """Fold a text; invisible characters are dropped, so that a word broken by one is whole again."""
    return next(readings(text))


def readings(text: str) -> Iterator[Folded]:
    """Yield the folded text, and further readings if it has invisible characters or words broken at a line's end.

    In the first reading invisible characters and broken lines join what stands around them, in the second they part
    it; where several stand in one word, the first or the last of them may part while the others join.
    """
    odd = {char for char in set(text) if not char.isascii()} | set(_CONTROLS.findall(text))
    table = {char: _folded(char) for char in odd}
    hidden = [char for char, plain in table.items() if not plain and unicodedata.category(char) not in _MARKS]
    first = _apply(text, table)
    joined = _joined(first) if "-" in first.text else first
    yield joined
    if joined is not first:
        yield first
    if hidden:
        spaced = _apply(text, table | dict.fromkeys(hidden, " "))
        yield _joined(spaced) if "-" in spaced.text else spaced
        for parted in _partly_parted(text, hidden):
            yield replace(_joined(_apply(parted, table)), original=text)


def _partly_parted(text: str, hidden: list[str]) -> Iterator[str]:
    """The text with a space for the first, the last, or both of the invisible characters of every word with several."""
    signs = re.compile("[" + "".join(map(re.escape, hidden)) + "]")
    words = re.compile(rf"(?<!\w)\w*(?:{signs.pattern}{{1,3}}\w+){{2,8}}")
    found = [[match.start() + sign.start() for sign in signs.finditer(match[0])] for match in words.finditer(text)]
    if not found:
        return
    for pick in (slice(0, 1), slice(-1, None), slice(0, None, 2)):
        letters = list(text)
        for places in found:
            for place in places[pick]:
                letters[place] = " "
        yield "".join(letters)


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    """What one character becomes; nothing for marks and invisible characters."""
    if char in _PLAIN:
        return _PLAIN[char]
    if unicodedata.category(char) == "No" and not "₀" <= char <= "₉":
        return " "  # a footnote sign, not a digit of the word before it
    out = []
    for part in unicodedata.normalize("NFKD", char).casefold():
        plain = _PLAIN.get(part, part)
        kind = unicodedata.category(part)
        if kind in _MARKS or kind in {"Cf", "Cs", "Co", "Cn"} or (kind == "Cc" and part not in "\t\n\r\v\f"):
            continue
        out.append(plain)
    return "".join(out)


def _apply(text: str, table: dict[str, str]) -> Folded:
    same = {char: to for char, to in table.items() if len(to) == 1}
    if len(same) == len(table):
        return Folded(_replaced(text, same).lower(), text)
    shifting = re.compile("[" + "".join(re.escape(char) for char, to in table.items() if len(to) != 1) + "]")
    plain = _replaced(text, same)
    pieces: list[str] = []
    places, origins, at, length = [0], [0], 0, 0
    for match in shifting.finditer(text):
        before, to = plain[at : match.start()], table[match[0]]
        length += len(before)
        for offset in range(len(to)):
            places.append(length + offset)
            origins.append(match.start())
        length, at = length + len(to), match.end()
        places.append(length)
        origins.append(at)
        pieces += (before, to)
    pieces.append(plain[at:])
    return Folded("".join(pieces).lower(), text, tuple(places), tuple(origins))


def _replaced(text: str, same: dict[str, str]) -> str:
    """Put one letter in another's place; a few replacements are quicker than a translation of every letter."""
    if len(same) > FEW:
        return text.translate({ord(char): to for char, to in same.items()})
    for char, to in same.items():
        text = text.replace(char, to)
    return text


def _joined(folded: Folded) -> Folded:
    """Join words that are broken by a hyphen at the end of a line."""
    breaks = [match.span() for match in _BROKEN_WORD.finditer(folded.text)]
    if not breaks:
        return folded
    pieces, places, origins, at, length = [], [0], [folded._origin(0)], 0, 0
    drift = list(zip(folded.places, folded.origins, strict=True))
    for low, high in (*breaks, (len(folded.text), len(folded.text))):
        for place, origin in drift[bisect_right(drift, (at, -1)) : bisect_right(drift, (low, -1))]:
            places.append(length + place - at)
            origins.append(origin)
        pieces.append(folded.text[at:low])
        length, at = length + low - at, high
        places.append(length)
        origins.append(folded._origin(high) if high < len(folded.text) else len(folded.original))
    return Folded("".join(pieces), folded.original, tuple(places), tuple(origins))
