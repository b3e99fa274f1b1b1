"""An eGFR among the observations can only hold a drug back."""

from __future__ import annotations

from typing import Any

import pytest

from cases.case import Case
from cases.observed import with_observed_egfr
from safety.screen import Screen


def case(*observations: dict[str, Any], **patient: Any) -> Case:
    return Case(id="a", text="burning urine", observations=observations, patient={"age": 34.0, **patient})


def test_the_lowest_reduced_value_counts() -> None:
    found = with_observed_egfr(case({"loinc": "33914-3", "value": 41.0}, {"loinc": "98979-8", "value": 18.0}))
    assert found.patient.egfr == 18.0


@pytest.mark.parametrize(
    "observation",
    [
        {"loinc": "33914-3", "value": 95.0},
        {"loinc": "33914-3", "value": ">60"},
        {"loinc": "33914-3", "value": True},
        {"loinc": "33914-3", "value": 18.0, "unit": "mL/s"},
        {"loinc": "2160-0", "value": 18.0},
        {"loinc": "33914-3"},
    ],
)
def test_anything_else_leaves_it_unknown(observation: dict[str, Any]) -> None:
    assert with_observed_egfr(case(observation)).patient.egfr is None


def test_the_field_goes_before_the_observation() -> None:
    assert with_observed_egfr(case({"loinc": "33914-3", "value": 18.0}, egfr=90.0)).patient.egfr == 90.0


def test_the_screen_knows_an_observed_kidney_failure() -> None:
    screen, syndrome = Screen(), "uti.cystitis_uncomplicated"
    failing = case({"loinc": "33914-3", "value": 18.0, "unit": "mL/min/{1.73_m2}"}, sex="female", pregnant=False)
    drugs = {row.name for row in screen.regimens(failing, syndrome).allowed}
    healthy = {row.name for row in screen.regimens(failing.model_copy(update={"observations": ()}), syndrome).allowed}
    assert "nitrofurantoin" in healthy - drugs
