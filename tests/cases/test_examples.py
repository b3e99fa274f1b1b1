"""The shipped examples are read without an error and together use every field of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cases.case import Case, Patient, Vitals
from cases.read import read_cases

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    read = list(read_cases([EXAMPLES]))
    assert all(isinstance(item, Case) for item in read), [item for item in read if not isinstance(item, Case)]
    return {item.id: item for item in read if isinstance(item, Case)}


def test_every_field_is_used_somewhere(cases: dict[str, Case]) -> None:
    used: set[str] = set()
    for case in cases.values():
        used |= _paths(case.model_dump(exclude_none=True))
    expected = set(Case.model_fields) | {f"patient.{name}" for name in Patient.model_fields}
    expected |= {f"vitals.{name}" for name in Vitals.model_fields}
    expected |= {f"medications.{name}" for name in ("name", "rxcui", "dose", "route", "frequency", "status", "start")}
    expected |= {f"allergies.{name}" for name in ("name", "reaction", "severity", "status")}
    assert expected <= used


def test_the_bundle_reads_only_what_is_current(cases: dict[str, Case]) -> None:
    case = cases["fhir-uti-kidney"]
    assert case.patient.age == pytest.approx(67.6, abs=0.01)
    assert (case.vitals.temperature_c, case.patient.weight_kg, case.patient.height_cm) == (37.11, 69.85, 162.56)
    assert [item.name for item in case.medications or ()] == ["lisinopril"]
    assert [item.code for item in case.conditions or ()] == ["I10", "N18.4"]
    assert [(item.name, item.reaction) for item in case.allergies or ()] == [("sulfamethoxazole", "rash")]


def test_no_example_is_large() -> None:
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file()) < 100_000


def _paths(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        inner = [_paths(item, f"{path}.{key}" if path else key) for key, item in value.items()]
    elif isinstance(value, list | tuple):
        inner = [_paths(item, path) for item in value]
    else:
        inner = []
    return {path}.union(*inner)
