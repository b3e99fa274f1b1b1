"""Evidence as it is shown: each passage cut where a statement of the plan cites it, so that the span can be marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from cases.case import Evidence, Plan, Statement


@dataclass(frozen=True)
class Piece:
    """A stretch of a passage: `cited_by` are the numbers of the statements whose spans cover it.

    `begins` are those whose span begins here: their links lead to this piece.
    """

    text: str
    cited_by: tuple[int, ...] = ()
    begins: tuple[int, ...] = ()


@dataclass(frozen=True)
class Passage:
    """One piece of evidence, cut into pieces; `link` is its address if that is safe to follow."""

    evidence: Evidence
    pieces: tuple[Piece, ...]
    link: str | None


@dataclass(frozen=True)
class Citation:
    """A citation of a statement: `evidence` is the place of the passage in the list, None if it is not there.

    `marked` tells that the passage marks the statement's span.
    """

    id: str
    evidence: int | None
    marked: bool


def passages(evidence: Iterable[Evidence], plan: Plan | None) -> tuple[Passage, ...]:
    """Cut every passage at the spans of the plan's statements."""
    statements = plan.statements if plan else ()
    return tuple(_passage(item, statements) for item in evidence)


def citations(statement: Statement, evidence: tuple[Evidence, ...]) -> tuple[Citation, ...]:
    """Where each citation of a statement leads; only the first one has a span."""
    places = {item.id: number for number, item in enumerate(evidence)}
    found = []
    for order, cited in enumerate(statement.citations):
        place = places.get(cited)
        marked = order == 0 and place is not None and _has_span(statement, evidence[place])
        found.append(Citation(cited, place, marked))
    return tuple(found)


def cut(text: str, spans: Iterable[tuple[int, int, int]]) -> tuple[Piece, ...]:
    """Cut a text at half-open spans, which may overlap; nothing of the text is lost or repeated.

    Args:
        text: of the passage.
        spans: (statement, start, end), inside the text.

    Example:
        >>> [(piece.text, piece.cited_by) for piece in cut("abcd", [(0, 1, 3), (1, 2, 4)])]
        [('a', ()), ('b', (0,)), ('c', (0, 1)), ('d', (1,))]
    """
    spans = sorted(spans)
    edges = sorted({0, len(text), *(edge for _, *pair in spans for edge in pair)})
    return tuple(
        Piece(
            text[start:end],
            tuple(number for number, begin, finish in spans if begin <= start and end <= finish),
            tuple(number for number, begin, _ in spans if begin == start),
        )
        for start, end in pairwise(edges)
    )


def safe_link(url: str | None) -> str | None:
    """The address, if it is one of the web; nothing that a browser would run."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _passage(evidence: Evidence, statements: tuple[Statement, ...]) -> Passage:
    spans = [
        (number, *statement.span)
        for number, statement in enumerate(statements)
        if statement.citations[0] == evidence.id and _has_span(statement, evidence)
    ]
    return Passage(evidence, cut(evidence.text, spans), safe_link(evidence.url))


def _has_span(statement: Statement, evidence: Evidence) -> bool:
    start, end = statement.span
    return 0 <= start < end <= len(evidence.text)
