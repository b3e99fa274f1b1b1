"""Build a plan's skeleton: every statement is a line of a library passage, verbatim, with its place.

The order is that of a consultation: danger signs, what to confirm first, non-drug care, the drug (or why none),
alternatives, when to look again, what to come back for. The drug is the first regimen that passed the screen, with the
whole of its course; nothing outside `Brief.allowed` is ever proposed, and a regimen whose line is not in the evidence
is not proposed either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from cases.case import Alternative, Case, DrugRef, Evidence, Plan, Statement, StatementKind
from cases.language import find_doses
from cases.vocabulary.conditions import Syndrome, conditions
from cases.vocabulary.lexicon import find_names
from cases.vocabulary.render import render
from cases.vocabulary.tables import RegimenRow, drugs, regimens
from generators.audience import meant_for
from generators.sections import Line, Section, lines_of, sections_for

COMPOSED = "composed"
MAX_LINES = 3  # of danger signs, of checks, of non-drug care
MAX_ALTERNATIVES = 2
MAX_SAFETY_NET = 2

# Words that name a drug in order to warn of it or to ask about it, rather than to give it.
_WARNS = re.compile(
    r"(?<!\w)(?:avoid|stop|never|not|no|without|against|unless|paused?|contraindicated|instead of|takes|taking|taken|"
    r"ask|check|limit|review|before|allerg(?:y|ic))(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Brief:
    """What a plan is written from.

    Args:
        case: the case.
        label: the leading diagnosis.
        syndrome: the treatable entity; None while it is undecided.
        evidence: passages that may be cited.
        allowed: the syndrome's regimens that passed the screen for this patient.
        excluded: those that did not, with what excluded them.
    """

    case: Case
    label: str
    syndrome: Syndrome | None
    evidence: tuple[Evidence, ...]
    allowed: tuple[RegimenRow, ...] = ()
    excluded: tuple[Alternative, ...] = ()


def compose(brief: Brief) -> Plan:
    """Return the extractive plan; it abstains where the evidence holds nothing on the condition."""
    sections = sections_for(brief.evidence, _slug(brief), brief.syndrome.id if brief.syndrome else None)
    statements = tuple(_statements(brief, sections))
    return Plan(statements=statements, alternatives=brief.excluded, abstained=not statements, generator=COMPOSED)


def _slug(brief: Brief) -> str:
    if brief.syndrome is not None:
        return brief.syndrome.id.split(".")[0]
    entry = conditions().get(brief.label)
    return entry.slug if entry else ""


def _statements(brief: Brief, sections: tuple[Section, ...]) -> Iterator[Statement]:
    plan = brief.syndrome.plan if brief.syndrome else "undecided"
    yield from _prose(brief, sections, "danger_signs", "danger_sign", MAX_LINES)
    yield from _prose(brief, sections, "confirm", "confirm", MAX_LINES)
    if plan in ("refer", "undecided"):
        yield from _prose(brief, sections, "refer", "non_drug", MAX_LINES)
    else:
        yield from _prose(brief, sections, "non_drug", "non_drug", MAX_LINES)
    if plan == "drug":
        yield from _drugs(brief, sections)
    if plan in ("no_drug", "test_first"):
        yield from _prose(brief, sections, "no_drug", "no_drug", MAX_LINES)
    yield from _prose(brief, sections, "review", "review_date", 1)
    yield from _prose(brief, sections, "safety_net", "safety_net", MAX_SAFETY_NET)


# ── prose ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _prose(
    brief: Brief, sections: tuple[Section, ...], section: str, kind: StatementKind, limit: int
) -> Iterator[Statement]:
    allowed = frozenset(name for row in brief.allowed for name in _names(row.name))
    lines = lines_of(sections, section)
    meant = [line for line in lines if meant_for(line.text, brief.case.patient)]
    fitting = [line for line in meant or lines if not _proposes_other(line.text, allowed)]
    for line in fitting[:limit]:
        yield Statement(kind=kind, text=line.text, citations=(line.evidence.id,), span=line.span, supported=True)


def _proposes_other(text: str, allowed: frozenset[str]) -> bool:
    """Whether a line of prose gives a dose, or a drug of the regimens' table that was not allowed here."""
    if find_doses(text) and _names(text):
        return True
    return bool((_names(text) & _regimen_names()) - allowed) and not _WARNS.search(text)


@lru_cache(maxsize=8192)
def _names(text: str) -> frozenset[str]:
    return frozenset(name for mention in find_names(text) for name in mention.names)


@lru_cache(maxsize=1)
def _regimen_names() -> frozenset[str]:
    return frozenset(name for row in regimens().values() for name in _names(row.name))


# ── drugs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _drugs(brief: Brief, sections: tuple[Section, ...]) -> Iterator[Statement]:
    """Yield the chosen regimen, or each one of its course, then alternatives that stand alone."""
    lines = {line.text: line for line in lines_of(sections, "treatment")}
    groups = [group for group in _groups(brief) if all(render(row) in lines for row in group)]
    chosen = groups[0] if groups else ()
    for row in chosen:
        yield _drug(row, "drug", lines[render(row)])
    proposed = {row.name for row in chosen}
    others = {group[0].name: group[0] for group in reversed(groups[1:]) if _stands_alone(group, proposed)}
    for row in list(reversed(others.values()))[:MAX_ALTERNATIVES]:
        yield _drug(row, "alternative", lines[render(row)])


def _stands_alone(group: tuple[RegimenRow, ...], proposed: set[str]) -> bool:
    """Whether a group can be read as one alternative sentence: not part of a course, and another drug."""
    return len(group) == 1 and group[0].course is None and group[0].name not in proposed


def _groups(brief: Brief) -> list[tuple[RegimenRow, ...]]:
    """Return what may be given: single regimens and whole courses, first lines first.

    A course of which one regimen was excluded is broken, and none of it is given.
    """
    broken = {course for item in brief.excluded if (course := _course_of(item.regimen)) is not None}
    groups: dict[str, list[RegimenRow]] = {}
    for row in sorted(brief.allowed, key=lambda row: row.line != "first"):
        if (row.syndrome, row.course) not in broken:
            groups.setdefault(row.course or row.id, []).append(row)
    return [tuple(rows) for rows in groups.values() if _is_whole(rows)]


def _course_of(regimen: str) -> tuple[str, str] | None:
    row = regimens().get(regimen)
    return (row.syndrome, row.course) if row and row.course else None


def _is_whole(rows: Iterable[RegimenRow]) -> bool:
    """Whether every regimen that the table puts into the course is there."""
    present = {row.id for row in rows}
    courses = {(row.syndrome, row.course) for row in rows if row.course}
    return all(row.id in present for row in regimens().values() if (row.syndrome, row.course) in courses)


def _drug(row: RegimenRow, kind: StatementKind, line: Line) -> Statement:
    references = tuple(_reference(name) for name in row.ingredients)
    codes = [reference.rxcui for reference in references]
    rxcui = row.rxcui or (" + ".join(code for code in codes if code) if all(codes) else None)
    return Statement(
        kind=kind,
        text=line.text,
        citations=(line.evidence.id,),
        span=line.span,
        supported=True,
        regimen=row.regimen.model_copy(update={"rxcui": rxcui}),
        drugs=references,
    )


def _reference(name: str) -> DrugRef:
    """Return an ingredient's code from `drugs.csv`, under whichever name the table has it."""
    known = drugs()
    for candidate in (name, *sorted(_names(name))):
        if candidate in known:
            return DrugRef(rxcui=known[candidate].rxcui, name=name)
    return DrugRef(rxcui=None, name=name)
