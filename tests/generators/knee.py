"""A small library on one condition and its regimens; the numbers serve these tests and no patient."""

from __future__ import annotations

from typing import Any

from cases.case import Alternative, Case, Evidence
from cases.vocabulary.conditions import Syndrome
from cases.vocabulary.render import render
from cases.vocabulary.tables import RegimenRow
from generators.compose import Brief

SYNDROME = "knee.sore"
PROSE = {
    "danger-signs": [
        "Fever with a hot swollen knee needs assessment today.",
        "Loss of sensation needs emergency care.",
    ],
    "confirm": ["Ask about injury and fever.", "Measure the temperature.", "Look at both knees.", "Ask about work."],
    "confirm@knee.sore": ["Confirm that the knee can bear weight."],
    "confirm@knee.infected": ["Take joint fluid before any treatment."],
    "non-drug": [
        "Advise rest for 2 days and gentle movement after that.",
        "Take amoxicillin 500 mg if it hurts.",
        "Avoid ibuprofen in kidney disease.",
    ],
    "no-drug": ["No antibiotic is indicated, because nothing suggests infection."],
    "refer": ["Refer a locked knee to orthopaedics."],
    "review": ["Review after 14 days.", "Review sooner if the pain grows."],
    "safety-net": ["Return with fever.", "Return with swelling.", "Call with any doubt."],
}
OTHER = {"danger-signs": "Coughing blood needs assessment today."}


def regimen_row(name: str, **changes: object) -> RegimenRow:
    """Return a made-up regimen."""
    blank: dict[str, object] = dict.fromkeys(RegimenRow.model_fields)
    row = {
        "id": f"{SYNDROME}.{name}", "syndrome": SYNDROME, "line": "first", "name": name, "dose": "400 mg",
        "route": "oral", "frequency": "three times daily", "duration_days": 5, "age_min": 18, "pregnancy": "avoid",
        "breastfeeding": "ok", "setting": "any", "require_facts": "", "exclude_facts": "", "region": "any",
        "note": "with food", "grade": "drafted",
    }  # fmt: skip
    return RegimenRow.model_validate({**blank, **row, **changes})


IBUPROFEN = regimen_row("ibuprofen")
NAPROXEN = regimen_row("naproxen", dose="250 mg", frequency="twice daily", line="alternative")
ACETAMINOPHEN = regimen_row("acetaminophen", dose="500 mg", frequency="every 6 hours", line="alternative")
CELECOXIB = regimen_row("celecoxib", dose="100 mg", frequency="twice daily", line="alternative")
ROWS = (IBUPROFEN, NAPROXEN, ACETAMINOPHEN, CELECOXIB)


def passage(name: str, text: str, *regimens: str, slug: str = "knee") -> Evidence:
    """Return one passage of the small library."""
    return Evidence(
        id=f"lib:{slug}#{name}", title=name, text=text, grade="drafted", source="made up for a test", licence="CC0",
        score=1.0, rank=1, sha256="0" * 64, regimens=regimens,
    )  # fmt: skip


def library(rows: tuple[RegimenRow, ...] = ROWS) -> tuple[Evidence, ...]:
    """Return the small library, with another condition's passages in it."""
    prose = tuple(passage(name, "\n".join(lines)) for name, lines in PROSE.items())
    foreign = tuple(passage(name, text, slug="chest") for name, text in OTHER.items())
    treatment = passage(f"treatment@{SYNDROME}", "\n".join(map(render, rows)), *(row.id for row in rows))
    return (*foreign, *prose, treatment)


def brief(plan: str = "drug", allowed: tuple[RegimenRow, ...] = ROWS, **changes: Any) -> Brief:
    """Return a brief on the small library."""
    syndrome = Syndrome.model_validate({"id": SYNDROME, "display": "Sore knee", "icd10": ["M25"], "plan": plan})
    case = Case(id="c-1", text="my knee hurts")
    values: dict[str, Any] = {"label": "Knee", "syndrome": syndrome, "evidence": library(), "excluded": ()}
    return Brief(case=case, allowed=allowed, **{**values, **changes})


def excluded(*rows: RegimenRow) -> tuple[Alternative, ...]:
    """Return regimens as the screen excludes them."""
    return tuple(Alternative(regimen=row.id, excluded_by=("test.rule",)) for row in rows)
