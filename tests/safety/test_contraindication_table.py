"""Contraindications in bulk: what a row may hold, and what is said of it."""

from __future__ import annotations

import pytest

from safety.contraindication_table import ContraindicationTable
from safety.contraindications import Contraindications
from safety.rxnorm import OfflineResolver


@pytest.fixture(scope="module")
def table(resolver: OfflineResolver) -> ContraindicationTable:
    return ContraindicationTable(resolver, Contraindications(resolver))


WOMAN = {"age": "28", "sex": "female"}


@pytest.mark.parametrize(
    ("row", "action", "rule"),
    [
        ({"drug": "codeine", "age": "9"}, "block", "ci.codeine_tramadol_under_12"),
        ({"drug": "2670", "age": "9"}, "block", "ci.codeine_tramadol_under_12"),
        ({"drug": "isotretinoin", **WOMAN}, "interrupt", "ci.retinoid_pregnancy"),
        ({"drug": "isotretinoin", **WOMAN, "pregnant": "unknown"}, "interrupt", "ci.retinoid_pregnancy"),
        ({"drug": "isotretinoin", **WOMAN, "pregnant": "Yes"}, "block", "ci.retinoid_pregnancy"),
        ({"drug": "isotretinoin", **WOMAN, "gestation_weeks": "9"}, "block", "ci.retinoid_pregnancy"),
        ({"drug": "isotretinoin", **WOMAN, "pregnant": "0", "gestation_weeks": "0"}, "", ""),
        ({"drug": "isotretinoin", "age": "28", "sex": "m"}, "", ""),
        ({"drug": "propranolol", "condition_icd10": "I10; j45.901"}, "block", "ci.beta_blocker_asthma"),
        ({"drug": "propranolol", "condition_icd10": "J45901 I10"}, "block", "ci.beta_blocker_asthma"),
        ({"drug": "no such thing"}, "interrupt", "rx.unresolved"),
        ({"drug": "99999999"}, "interrupt", "rx.unresolved"),
        ({"drug": ""}, "interrupt", "rx.unresolved"),
        ({"drug": "warfarine", "age": "70", "sex": "male"}, "interrupt", "rx.fuzzy"),
    ],
)
def test_the_gravest_rule_answers(table: ContraindicationTable, row: dict[str, str], action: str, rule: str) -> None:
    assert table.row(row) == {"action": action, "rule": rule}


def test_rules_of_one_gravity_are_joined(table: ContraindicationTable) -> None:
    found = table.row({"drug": "codeine", "age": "9", "breastfeeding": "1"})
    assert found == {"action": "block", "rule": "ci.codeine_tramadol_under_12;ci.codeine_breastfeeding"}


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"age": "abc"}, "input.age"),
        ({"age": "nan"}, "input.age"),
        ({"age": "-3"}, "input.age"),
        ({"sex": "?"}, "input.sex"),
        ({"pregnant": "maybe"}, "input.pregnant"),
        ({"pregnant": "no", "gestation_weeks": "20"}, "input.gestation_weeks"),
        ({"breastfeeding": "2"}, "input.breastfeeding"),
        ({"egfr": ">90"}, "input.egfr"),
        ({"condition_icd10": "I10; asthma"}, "input.condition_icd10"),
        ({"region": "Europe"}, "input.region"),
        ({"age": "x", "egfr": "y"}, "input.age;input.egfr"),
    ],
)
def test_a_cell_that_cannot_be_read_blocks(table: ContraindicationTable, cells: dict[str, str], rule: str) -> None:
    assert table.row({"drug": "amoxicillin", **cells}) == {"action": "block", "rule": rule}


def test_a_combination_is_checked_by_all_its_ingredients(table: ContraindicationTable) -> None:
    assert table.row({"drug": "Percocet", "age": "30", "egfr": "90"}) == {"action": "", "rule": ""}
    assert "ci.codeine_tramadol_under_12" in table.row({"drug": "Ultracet", "age": "9"})["rule"]


@pytest.mark.parametrize(
    ("row", "action"),
    [
        ({"drug": "promethazine", "condition_icd10": "R11.0"}, ""),
        ({"drug": "promethazine", "age": "unknown", "condition_icd10": "R11.0"}, "interrupt"),
        ({"drug": "aspirin", "condition_icd10": "I25.10"}, ""),
        ({"drug": "codeine", "condition_icd10": "G47.33"}, ""),
        ({"drug": "lisinopril", "condition_icd10": "I10"}, ""),
        ({"drug": "lisinopril", "condition_icd10": "I10", "sex": "unknown"}, "interrupt"),
        ({"drug": "lisinopril", "condition_icd10": "I10", "sex": "female"}, "interrupt"),
        ({"drug": "lisinopril", "condition_icd10": "I10", "age": "30"}, "interrupt"),
        ({"drug": "lisinopril", "condition_icd10": "I10", "pregnant": "yes"}, "block"),
        ({"drug": "primaquine", "condition_icd10": "B51.9"}, "interrupt"),
    ],
)
def test_a_row_without_an_age_asks_about_an_adult(
    table: ContraindicationTable, row: dict[str, str], action: str
) -> None:
    assert table.row(row)["action"] == action
