"""What one patient may have for a syndrome, and what excludes the rest: the answer of `wardround alternatives`."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from cases.case import Alternative, Case, Condition
from cases.vocabulary.conditions import Syndrome, syndromes
from cases.vocabulary.tables import RegimenRow, regimens, regimens_of
from pipeline.verdicts import verdict_json
from safety.antibiotics import listed
from safety.icd10 import CodeRow, code_map, plain
from safety.rules import RulesError, indications
from safety.screen import Screen

NEAREST = 5


def alternatives_json(screen: Screen, case: Case, asked: str) -> dict[str, Any]:
    """Screen every regimen of a syndrome, or of all syndromes of an ICD-10 code, for one patient.

    Args:
        screen: the safety screen.
        case: the patient, with setting and region filled in.
        asked: a syndrome's id, or an ICD-10 code, which then is one of the patient's conditions.

    Raises:
        ValueError: if it is neither, naming the nearest ids.
    """
    known = syndromes()
    row = None if asked in known else code_map().find(asked, case.patient.age)
    ids = [asked] if asked in known else [] if row is None else _syndromes_of(asked, row)
    if not ids and row is None:
        raise ValueError(_unknown(asked, known))
    if row is not None:
        case = case.model_copy(update={"conditions": (*(case.conditions or ()), Condition(code=asked))})
    return {
        "asked": asked,
        "code": _code(row) if row else None,
        "syndromes": [_screened(screen, case, known[id_]) for id_ in ids],
        "patient": verdict_json(screen.patient(case)),
    }


def _syndromes_of(asked: str, row: CodeRow) -> list[str]:
    """Syndromes with regimens: those the row names, then those with a code that begins like this one."""
    bare = plain(asked)
    alike = [
        entry.id
        for entry in syndromes().values()
        if any(plain(code).startswith(bare) or bare.startswith(plain(code)) for code in entry.icd10)
    ]
    return [id_ for id_ in dict.fromkeys((*row.syndromes, *alike)) if regimens_of(id_)]


def _unknown(asked: str, known: dict[str, Syndrome]) -> str:
    near = get_close_matches(asked, known, n=NEAREST, cutoff=0.4) or [id_ for id_ in known if asked.lower() in id_]
    hint = f" The nearest are {', '.join(near[:NEAREST])}." if near else ""
    return f"{asked} is neither a syndrome nor an ICD-10 code.{hint}"


def _code(row: CodeRow) -> dict[str, Any]:
    """The row of an ICD-10 code. Drugs stand here without a dose: doses are in regimens alone."""
    drugs = listed(row)
    return {
        "id": row.id,
        "tier": row.tier,
        "criteria": list(row.criteria),
        "why": row.why,
        "first_line": _names(drugs.first),
        "alternatives": _names(drugs.other - drugs.first),
        "sources": list(row.sources),
    }


def _names(drugs: frozenset[frozenset[str]]) -> list[str]:
    return sorted(" + ".join(sorted(parts)) for parts in drugs)


def _screened(screen: Screen, case: Case, syndrome: Syndrome) -> dict[str, Any]:
    found = screen.regimens(case, syndrome.id)
    return {
        "syndrome": syndrome.id,
        "display": syndrome.display,
        "plan": syndrome.plan,
        "antibiotic": _antibiotic(syndrome.id),
        "allowed": [_regimen(row) for row in found.allowed],
        "excluded": _excluded(found.excluded),
        "questions": [question.model_dump(mode="json") for question in found.questions],
    }


def _antibiotic(syndrome: str) -> dict[str, Any] | None:
    try:
        row = indications().get(syndrome)
    except RulesError:
        return None
    return {"tier": row.tier, "criteria": list(row.criteria), "why": row.why} if row else None


def _regimen(row: RegimenRow) -> dict[str, Any]:
    """A regimen as prescribed, and how well it is supported."""
    told = row.regimen.model_dump(mode="json")
    return told | {name: getattr(row, name) for name in ("max_dose", "line", "course", "note", "grade")}


def _excluded(excluded: Sequence[Alternative]) -> list[dict[str, Any]]:
    table = regimens()
    return [
        {
            **_regimen(table[item.regimen]),
            "excluded_by": list(item.excluded_by),
            "would_be_allowed_if": item.would_be_allowed_if,
        }
        for item in excluded
    ]
