"""Find every mistake of the vocabulary at once: dangling references, impossible syndromes, unearned grades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cases.facts import facts
from cases.vocabulary.conditions import conditions, syndromes
from cases.vocabulary.grades import grade
from cases.vocabulary.tables import regimens, sources


def summary(folder: Path) -> str:
    """Return one line that counts what the folder holds."""
    grades = Counter(row.grade for row in regimens(folder).values())
    counted = ", ".join(f"{count} {name}" for name, count in sorted(grades.items()))
    return (
        f"{len(conditions(folder))} conditions, {len(syndromes(folder))} syndromes, {len(facts(folder))} facts, "
        f"{len(regimens(folder))} regimens ({counted}), {len(sources(folder))} sources"
    )


def problems(folder: Path) -> list[str]:
    """Return every mistake as one line; an empty list means a sound vocabulary."""
    return [*_regimen_problems(folder), *_syndrome_problems(folder)]


def _regimen_problems(folder: Path) -> Iterator[str]:
    for row in regimens(folder).values():
        earned = grade(row, sources(folder))
        if earned != row.grade:
            yield f"{row.id}: graded {row.grade}, its sources earn {earned}"
        if row.syndrome not in syndromes(folder):
            yield f"{row.id}: no syndrome {row.syndrome}"
        elif syndromes(folder)[row.syndrome].plan != "drug":
            yield f"{row.id}: the plan of {row.syndrome} is not drug"
        if row.dose is None and row.route != "topical":
            yield f"{row.id}: only a topical may have no dose"
        for source in (row.source_a, row.source_b):
            if source and source not in sources(folder):
                yield f"{row.id}: no source {source}"
        for fact in row.require_facts + row.exclude_facts:
            if fact not in facts(folder):
                yield f"{row.id}: no fact {fact}"


def _syndrome_problems(folder: Path) -> Iterator[str]:
    treated = {row.syndrome for row in regimens(folder).values()}
    for entry in conditions(folder).values():
        last = entry.syndromes[-1]
        if last.requires or last.requires_any:
            yield f"{entry.label}: the last syndrome, {last.id}, must require nothing"
        for syndrome in entry.syndromes:
            if not syndrome.id.startswith(entry.slug + "."):
                yield f"{syndrome.id}: does not start with {entry.slug}."
            if syndrome.plan == "drug" and syndrome.id not in treated:
                yield f"{syndrome.id}: its plan is drug but it has no regimen"
            if syndrome.plan == "test_first" and not syndrome.tests:
                yield f"{syndrome.id}: its plan is test_first but it names no test"
            for fact in sorted({*syndrome.facts} - {*facts(folder)}):
                yield f"{syndrome.id}: no fact {fact}"
