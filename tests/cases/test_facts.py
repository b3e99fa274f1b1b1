"""Three-valued facts: fields, codes and text, and what is unknown stays unknown."""

from __future__ import annotations

from typing import Any

import pytest

from cases.case import Case
from cases.facts import FactReader, facts


def known(fact: str, text: str = "unwell", **fields: Any) -> bool | None:
    return FactReader(Case(id="a", text=text, **fields))[fact].value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fever since yesterday", True),
        ("no fever, chills or flank pain", False),
        ("denies fever", False),
        ("unwell", None),
        ("come back if you develop a fever", None),
        ("mother had a fever", None),
    ],
)
def test_fever_in_text(text: str, expected: bool | None) -> None:
    assert known("fever", text) is expected


def test_a_field_speaks_where_the_text_is_silent() -> None:
    assert known("fever", vitals={"temperature_c": 38.4}) is True
    assert known("fever", vitals={"temperature_c": 36.8}) is False


def test_either_witness_of_a_danger_is_enough() -> None:
    assert known("fever", "fever all night", vitals={"temperature_c": 36.8}) is True
    assert known("fever", "no fever", vitals={"temperature_c": 39.0}) is True


def test_a_code_makes_a_fact_true() -> None:
    assert known("ckd_known", conditions=({"system": "icd10", "code": "N18.3"},)) is True


@pytest.mark.parametrize("code", ["N18.3", "N183", "n18.3", " N18.3"])
def test_a_code_may_be_written_in_any_way(code: str) -> None:
    assert known("ckd_known", conditions=({"system": "icd10", "code": code},)) is True


@pytest.mark.parametrize("system", ["icd10", "snomed", "other"])
def test_a_condition_may_be_given_in_words(system: str) -> None:
    named = {"system": system, "display": "Chronic kidney disease stage 4"}
    assert known("ckd_known", conditions=(named,)) is True
    assert known("ckd_known", conditions=({**named, "display": "Family history of chronic kidney disease"},)) is None
    assert known("ckd_known", conditions=({**named, "system": "snomed", "code": "N18.3", "display": "Gout"},)) is None


def test_a_condition_in_words_is_not_denied_by_the_text() -> None:
    assert known("heart_failure_known", "no heart failure", conditions=({"display": "Heart failure"},)) is True


def test_a_lasting_condition_counts_although_it_is_history() -> None:
    text = "Past medical history significant for heart failure."
    assert known("heart_failure_known", text) is True
    assert known("fever", "History of fever last year.") is not True


def test_what_cannot_be_is_false() -> None:
    assert known("pregnant", patient={"sex": "male"}) is False
    assert known("pregnant", patient={"sex": "female", "age": 70.0}) is False
    assert known("pregnant", patient={"sex": "female", "age": 30.0}) is None


def test_every_fact_can_be_asked_for_and_recognised() -> None:
    for name, fact in facts().items():
        assert fact.ask.endswith("?"), name
        assert fact.terms or fact.phrases or fact.fields or fact.icd10 or fact.implied_true_by, name


def test_every_fact_can_be_read_of_any_case() -> None:
    reader = FactReader(Case(id="a", text="unwell"))
    for name in facts():
        assert reader[name].value in (True, False, None)


def test_a_question_may_affirm_and_never_deny() -> None:
    assert known("fever", "unwell", question="She has a fever since yesterday. What may she take?") is True
    assert known("fever", "unwell", question="There is no fever, is there?") is None


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        ({"sex": "female", "age": 30.0}, True),
        ({"sex": "female"}, True),
        ({"sex": "female", "age": 12.0}, True),
        ({"sex": "female", "age": 11.0}, False),
        ({"sex": "female", "age": 55.0}, True),
        ({"sex": "female", "age": 56.0}, False),
        ({"sex": "female", "age": 78.0}, False),
        ({"sex": "male", "age": 30.0}, False),
        ({"age": 30.0}, None),
    ],
)
def test_the_bounds_of_age_outweigh_the_sex(patient: dict[str, Any], expected: bool | None) -> None:
    assert known("childbearing_age", patient=patient) is expected
