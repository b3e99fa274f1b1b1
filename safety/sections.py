"""The headings of a note and what they make of the drugs under them: "Allergies:", "Discharge medications", "Plan:".

A heading stands at the start of a line, or of a sentence if a colon follows. What it says holds to the next heading;
a list of allergies, of stopped or of former medicines ends sooner, at an empty line or, where it stands on the
heading's own line, with that line and the points under it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

SectionRole = Literal[
    "proposed", "current", "allergy", "advised_against", "historical", "family", "mentioned", "default"
]
_SHORT_LIVED = frozenset({"allergy", "advised_against", "historical", "mentioned"})
_POINT = re.compile(r"[ \t]*(?:[-*•+>–]|\d{1,2}[.)])")
_LINE = re.compile(r"[^\n]*\n?")
_LEAD = r"[ \t]*(?:[#*>_]{1,4}[ \t]*|\d{1,2}[.)][ \t]*)?"
# Any other short line that ends in a colon or is written in capitals is a heading without a role.
_OTHER = re.compile(
    rf"{_LEAD}(?:[A-Z][A-Za-z/&' -]{{2,40}}:[ \t*_]*$|[A-Z][A-Z/&' -]{{4,40}}:?[ \t*_]*$)", re.MULTILINE
)


@dataclass(frozen=True)
class Section:
    """A stretch [start, end) of a text whose drugs have a role of their own."""

    start: int
    end: int
    role: SectionRole


class Headings:
    """The compiled headings.

    Args:
        table: for every role, regular expressions of the headings that give it.
    """

    def __init__(self, table: Mapping[SectionRole, tuple[str, ...]]) -> None:
        self._roles = {f"r_{role}": role for role in table}
        body = "|".join(f"(?P<r_{role}>{'|'.join(items)})" for role, items in table.items())
        mark = r"[ \t]*(?:\([^)\n]{0,40}\)[ \t]*)?"
        alone = rf"^{_LEAD}(?:{body}){mark}[:*_-]{{0,4}}[ \t]*$"
        inline = rf"(?:^{_LEAD}|(?<=[.;!?]) {{1,2}})(?:{body}){mark}(?:\*{{0,2}}:\*{{0,2}}|[ \t]-[ \t])"
        self._alone = re.compile(alone, re.IGNORECASE | re.MULTILINE)
        self._inline = re.compile(inline, re.IGNORECASE | re.MULTILINE)

    def sections(self, text: str) -> Sections:
        """Return the sections of a text."""
        found = {match.start(): match for match in self._inline.finditer(text)}
        found |= {match.start(): match for match in self._alone.finditer(text)}
        others = [match.start() for match in _OTHER.finditer(text) if match.start() not in found]
        starts = sorted([*found, *others])
        return Sections(tuple(self._each(text, found, starts)))

    def _each(self, text: str, found: Mapping[int, re.Match[str]], starts: list[int]) -> Iterator[Section]:
        for number, start in enumerate(starts):
            if start not in found:
                continue
            limit = starts[number + 1] if number + 1 < len(starts) else len(text)
            role = self._roles[found[start].lastgroup or ""]
            after = found[start].end()
            yield Section(after, _end(text, after, limit) if role in _SHORT_LIVED else limit, role)


def _end(text: str, start: int, limit: int) -> int:
    """Where a short list ends."""
    first = _LINE.match(text, start, limit)
    end = first.end() if first else limit
    own = bool(text[start:end].strip(" \t\n:-*_"))
    filled = own
    while end < limit:
        line = _LINE.match(text, end, limit)
        if line is None or not line[0]:
            break
        blank, point = not line[0].strip(), _POINT.match(line[0])
        if (blank and filled) or (own and not blank and not point):
            break
        filled, end = filled or not blank, line.end()
    return end


@dataclass(frozen=True)
class Sections:
    """The sections of one text, in order."""

    items: tuple[Section, ...]

    def role_at(self, place: int) -> SectionRole:
        """The role that the section around a place gives."""
        index = bisect_right(self.items, place, key=lambda item: item.start) - 1
        inside = index >= 0 and place < self.items[index].end
        return self.items[index].role if inside else "default"
