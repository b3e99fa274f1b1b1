"""What is said to people: complete, and never more certain than the result."""

from __future__ import annotations

import io
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cases.case import Action, FindingKind, Plan, ReasonCode, Severity, StatementKind, Vitals
from pipeline import words
from pipeline.passages import cut
from pipeline.summary import summary_table
from pipeline.tally import Tally
from tests.pipeline import made_up


def test_words_cover_every_reason_statement_action_severity_and_vital_sign() -> None:
    assert set(words.REASONS) == set(get_args(ReasonCode))
    assert set(words.STATEMENTS) == set(get_args(StatementKind))
    assert set(words.ACTIONS) == set(get_args(Action))
    assert set(words.SEVERITIES) == set(get_args(Severity))
    assert set(words.VITALS) == set(Vitals.model_fields)
    assert set(words.URGENT_FINDINGS) <= set(get_args(FindingKind))


def test_decision_is_immediate_whatever_the_route() -> None:
    assert words.decision(made_up.result("c-001", priority="immediate")) == "immediate"
    assert words.decision(made_up.review("c-001", priority="urgent")) == "urgent"
    assert words.decision(made_up.review("c-001")) == "review"
    assert words.decision(made_up.result("c-001", priority="urgent")) == "released"


def test_leading_line_of_an_emergency_is_never_its_plan() -> None:
    results = {result.case_id: result for _, result in made_up.every_shape()}
    assert words.leading_line(results["c-002"]) == "Call the emergency team now; do not send home."
    bare = results["c-002"].model_copy(update={"findings": ()})
    assert words.leading_line(bare) == "Assess now; no home plan is shown."


def test_leading_line_of_a_plan_that_was_not_released_is_a_draft() -> None:
    results = {result.case_id: result for _, result in made_up.every_shape()}
    assert words.leading_line(results["c-001"]).startswith("Nitrofurantoin")
    assert words.leading_line(results["c-003"]).startswith("Draft: Nitrofurantoin")
    abstained = made_up.result("c-001").model_copy(update={"plan": Plan(abstained=True)})
    assert words.leading_line(abstained) == "No plan: wardround abstained."


def test_main_reason_is_the_gravest() -> None:
    found = words.main_reason(made_up.review("c-001", "uncertain", "language", "red_flag"))
    assert found is not None
    assert found.code == "red_flag"
    assert words.main_reason(made_up.result("c-001")) is None


@pytest.mark.parametrize(
    ("patient", "said"),
    [
        ({"age": 34, "sex": "female", "pregnant": False}, "34 years, female, not pregnant"),
        ({"age": 70, "egfr": 54}, "70 years, eGFR 54 mL/min/1.73 m²"),
        ({"age": 0.05}, "18 days"),
        ({"age": 1.5, "weight_kg": 11.2}, "18 months, 11.2 kg"),
        ({"pregnant": True, "gestation_weeks": 22}, "pregnant, 22 weeks"),
        ({}, "nothing known about the patient"),
    ],
)  # fmt: skip
def test_patient_line_says_what_is_known(patient: dict[str, object], said: str) -> None:
    assert words.patient_line(made_up.case(1, patient=patient)) == said


def test_names_fall_back_on_identifiers(tmp_path: Path) -> None:
    names = words.Names(tmp_path)
    assert [names.label("a"), names.syndrome("b"), names.regimen("c"), names.drug("1")] == ["a", "b", "c", "1"]


def test_listed_joins_as_english_does() -> None:
    assert [words.listed([]), words.listed("a"), words.listed("ab"), words.listed("abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_tally_counts_new_alerts_about_medicines_only() -> None:
    tally = Tally()
    for _, result in made_up.every_shape():
        tally.add(result)
    assert tally.results == 11
    assert tally.interrupted == 1
    assert tally.alerts["block", False] == 0
    assert sum(tally.decisions.values()) == sum(point.of for point in tally.points) + 2  # two were not classified
    assert [stage.name for stage in tally.stages][:2] == ["classify", "retrieve"]


@given(st.text(max_size=40), st.data())
def test_cut_loses_and_repeats_nothing(text: str, data: st.DataObject) -> None:
    edge = st.integers(0, len(text))
    pairs = data.draw(st.lists(st.tuples(edge, edge).filter(lambda pair: pair[0] < pair[1]), max_size=5))
    pieces = cut(text, [(number, *pair) for number, pair in enumerate(pairs)])
    assert "".join(piece.text for piece in pieces) == text
    for number, (start, end) in enumerate(pairs):
        assert "".join(piece.text for piece in pieces if number in piece.cited_by) == text[start:end]
        assert sum(number in piece.begins for piece in pieces) == 1


def test_summary_table_puts_emergencies_first_and_cannot_steer_the_terminal() -> None:
    results = [made_up.result("a\u202eb[red]"), *(result for _, result in made_up.every_shape())]
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(summary_table(results))
    lines = console.export_text().splitlines()
    assert next(line for line in lines if "c-0" in line).split()[1] == "c-002"
    assert any("a b[red]" in line for line in lines)


def test_summary_table_is_cut_at_its_limit_and_says_so() -> None:
    table = summary_table((result for _, result in made_up.every_shape()), limit=4)
    assert table.row_count == 4
    assert table.caption == "and 7 less pressing cases"
