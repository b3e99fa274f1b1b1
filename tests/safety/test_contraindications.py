"""Every row speaks of its own example and is silent about its near miss."""

from __future__ import annotations

from typing import Any

import pytest

from cases.case import Case
from cases.facts import FactReader
from safety.contraindications import Contraindications, evaluate
from safety.intake import Drug
from safety.rules import Contraindication, Example, When, contraindications, members
from safety.rxnorm import OfflineResolver

ROWS = contraindications()
PATIENT = ("age", "sex", "pregnant", "gestation_weeks", "breastfeeding", "weight_kg", "egfr")


@pytest.fixture(scope="module")
def engine(resolver: OfflineResolver) -> Contraindications:
    return Contraindications(resolver)


def _case(example: Example) -> Case:
    return Case.model_validate(
        {
            "id": "example",
            "text": example.text or "One patient.",
            "region": example.region,
            "patient": {name: getattr(example, name) for name in PATIENT},
            "conditions": tuple({"code": code} for code in example.icd10),
        }
    )


def _found(engine: Contraindications, example: Example) -> dict[str, str]:
    case = _case(example)
    findings, _ = engine.check(case, FactReader(case), [Drug(example.drug, new=True)])
    return {item.rule: item.kind for item in findings}


def _ids(rows: tuple[Contraindication, ...]) -> list[str]:
    return [row.id for row in rows]


@pytest.mark.parametrize("row", ROWS, ids=_ids(ROWS))
def test_the_row_hits_its_example_and_misses_the_other(engine: Contraindications, row: Contraindication) -> None:
    assert row.hit is not None
    assert row.miss is not None
    assert {row.hit.drug, row.miss.drug} <= members(row.subject)
    assert _found(engine, row.hit).get(row.id) == "contraindication"
    assert row.id not in _found(engine, row.miss)


@pytest.mark.parametrize(
    ("code", "below", "holds"),
    [
        ("N18.4", 30.0, True),
        ("N18.4", 15.0, None),
        ("N18.6", 15.0, True),
        ("N18.32", 45.0, True),
        ("N18.2", 60.0, None),
        ("N18.2", 45.0, False),
        ("N18.31", 30.0, False),
        ("N18.31", 45.0, None),
        ("N18.32", 30.0, None),
        ("N18.30", 30.0, None),
        ("N18.9", 30.0, None),
    ],
)
def test_a_stage_of_kidney_disease_bounds_an_egfr_that_is_not_known(
    make_case: Any, code: str, below: float, holds: bool | None
) -> None:
    case = make_case(conditions=[{"code": code}])
    assert evaluate(When(egfr_below=below), case, FactReader(case)) is holds


def test_a_stage_says_nothing_of_kidneys_that_fail_now(make_case: Any) -> None:
    case = make_case(conditions=[{"code": "N18.31"}, {"code": "N17.9"}])
    assert evaluate(When(egfr_below=30.0), case, FactReader(case)) is None


def test_a_measured_egfr_outweighs_the_stage(make_case: Any) -> None:
    case = make_case(conditions=[{"code": "N18.4"}], patient={"egfr": 50.0})
    assert evaluate(When(egfr_below=30.0), case, FactReader(case)) is False


@pytest.mark.parametrize(
    ("patient", "holds"),
    [
        ({"weight_kg": 14.0}, True),
        ({"weight_kg": 15.0, "age": 3.0}, False),
        ({"age": 3.0}, None),
        ({"age": 40.0}, False),
        ({}, None),
    ],
)
def test_a_weight_that_is_not_known_is_above_the_limits_of_children_in_adults_only(
    make_case: Any, patient: dict[str, float], holds: bool | None
) -> None:
    case = make_case(patient=patient)
    assert evaluate(When(weight_below=15.0), case, FactReader(case)) is holds


def test_an_adult_whose_weight_is_not_known_may_weigh_less_than_the_limit_of_adults(make_case: Any) -> None:
    case = make_case(patient={"age": 70.0})
    assert evaluate(When(weight_below=50.0), case, FactReader(case)) is None


@pytest.mark.parametrize(("age", "stopped"), [(None, True), (3.0, True), (30.0, False)])
def test_the_screen_holds_the_limits_for_children_against_an_age_that_is_not_known(
    engine: Contraindications, age: float | None, stopped: bool
) -> None:
    assert bool(_found(engine, Example(drug="codeine", age=age, sex="male"))) is stopped


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("US", {"ci.nitrofurantoin_egfr_us"}),
        ("GB", set()),
        (None, {"ci.nitrofurantoin_egfr_us"}),
    ],
)
def test_a_limit_is_that_of_the_region_and_the_strictest_where_none_is_known(
    engine: Contraindications, region: str | None, expected: set[str]
) -> None:
    example = Example(drug="nitrofurantoin", age=40, sex="male", egfr=50, region=region)
    assert {rule for rule in _found(engine, example) if "egfr" in rule} == expected


@pytest.mark.parametrize(("code", "stopped"), [("A77.0", False), ("J01.9", True)])
def test_doxycycline_under_eight_is_right_for_rickettsial_disease(
    engine: Contraindications, code: str, stopped: bool
) -> None:
    found = _found(engine, Example(drug="doxycycline", age=6, sex="male", icd10=(code,)))
    assert ("ci.tetracycline_under_8" in found) is stopped


@pytest.mark.parametrize(
    "example",
    [
        Example(drug="amoxicillin", age=30, sex="female", pregnant=True, gestation_weeks=10),
        Example(drug="acetaminophen", age=30, sex="female", pregnant=True, gestation_weeks=32),
        Example(drug="sertraline", age=30, sex="female", pregnant=True),
        Example(drug="quetiapine", age=70, icd10=("G20",)),
        Example(drug="metoprolol", age=60, icd10=("I44.0",)),
        Example(drug="simvastatin", age=60, sex="male", icd10=("K76.0",)),
        Example(drug="apixaban", age=60, sex="male", icd10=("D68.51",)),
        Example(drug="oxybutynin", age=70, icd10=("H40.11X0",)),
        Example(drug="metformin", age=60, egfr=60, icd10=("E11.9",)),
    ],
    ids=lambda example: example.drug,
)
def test_what_is_safe_for_this_patient_is_not_stopped(engine: Contraindications, example: Example) -> None:
    case = _case(example)
    findings, _ = engine.check(case, FactReader(case), [Drug(example.drug, new=True)])
    assert not [item.rule for item in findings if item.action in ("block", "interrupt")]
