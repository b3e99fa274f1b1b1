"""The library's passages among a case's evidence, line by line, with the place of every line.

An id reads `lib:<slug>#<section>` or `lib:<slug>#<section>@<syndrome>`; one line of the text is one statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cases.case import Evidence

_ID = re.compile(r"lib:(?P<slug>[a-z0-9_]+)#(?P<section>[a-z_-]+)(?:@(?P<scope>[\w.]+))?")


@dataclass(frozen=True)
class Line:
    """One line of a passage; `span` is its half-open range in the passage's text."""

    evidence: Evidence
    text: str
    span: tuple[int, int]


@dataclass(frozen=True)
class Section:
    """A library passage of one condition that serves one syndrome, or all of them (`scope` None)."""

    evidence: Evidence
    kind: str
    scope: str | None

    def lines(self) -> Iterator[Line]:
        """Yield the lines in order."""
        start = 0
        for text in self.evidence.text.split("\n"):
            if text.strip():
                yield Line(self.evidence, text, (start, start + len(text)))
            start += len(text) + 1


def sections_for(evidence: Iterable[Evidence], slug: str, syndrome: str | None) -> tuple[Section, ...]:
    """Return the sections of condition `slug` that serve `syndrome`, those written for it before the general ones.

    A passage of another condition, or scoped to another syndrome, is never among them.
    """
    found = [section for item in evidence if (section := _section(item, slug)) is not None]
    fitting = [section for section in found if section.scope in (None, syndrome)]
    return tuple(sorted(fitting, key=lambda section: section.scope is None))


def lines_of(sections: Iterable[Section], kind: str) -> tuple[Line, ...]:
    """Return the lines of every section of one kind, in the order of the sections."""
    return tuple(line for section in sections if section.kind == kind for line in section.lines())


def _section(item: Evidence, slug: str) -> Section | None:
    match = _ID.fullmatch(item.id)
    if match is None or match["slug"] != slug:
        return None
    return Section(item, match["section"].replace("-", "_"), match["scope"])
