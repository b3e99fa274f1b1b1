"""Every row speaks of its own example and is silent about its near miss."""

from __future__ import annotations

from typing import Any

import pytest

from cases.case import Case
from cases.facts import FactReader
from safety.contraindications import Contraindications
from safety.intake import Drug
from safety.rules import Contraindication, Example, contraindications, members
from safety.rxnorm import OfflineResolver

ROWS = contraindications()
PATIENT = ("age", "sex", "pregnant", "gestation_weeks", "breastfeeding", "egfr")


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
    ],
)
def test_a_stage_of_kidney_disease_bounds_an_egfr_that_is_not_known(
    make_case: Any, code: str, below: float, holds: bool | None
) -> None:
    from safety.contraindications import evaluate
    from safety.rules import When

    case = make_case(conditions=[{"code": code}])
    assert evaluate(When(egfr_below=below), case, FactReader(case)) is holds


def test_a_measured_egfr_outweighs_the_stage(make_case: Any) -> None:
    from safety.contraindications import evaluate
    from safety.rules import When

    case = make_case(conditions=[{"code": "N18.4"}], patient={"egfr": 50.0})
    assert evaluate(When(egfr_below=30.0), case, FactReader(case)) is False
