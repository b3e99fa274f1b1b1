"""The shipped weights on text that no training set looks like: nothing hostile, foreign or urgent is ever released."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cases.case import Case, CaseResult
from pipeline.build import build
from pipeline.config import Config

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parent / "fixtures" / "robustness.jsonl").read_text(encoding="utf-8").splitlines()
]
EMERGENCIES = [case for case in CASES if case.get("emergency")]
FOREIGN = [case for case in CASES if case["what"] == "another language"]
TOLD = [case for case in CASES if case["what"] == "an instruction in the text"]
KNOWN = (  # one text in several manners of writing, and what it is
    ("Pneumonia", "68M prod cough green x4/7, T38.9, R pleuritic CP, RR 22, creps R base. ex-smoker. no haemoptysis"),
    ("urinary tract infection", "it burns wen i wee n im goin every 10 mins, wee is cloudy an smells, no fever"),
    ("Psoriasis", "My husband has thick red patches with silvery scales on elbows and scalp, as his mother had."),
    ("Migraine", "This woman of 29 has monthly throbbing one-sided headaches after zigzag lines, and vomits."),
)  # fmt: skip


@pytest.fixture(scope="module")
def results() -> dict[str, CaseResult]:
    """Everything as a run makes it, plans left out: the more reasons for review, the less a test would say."""
    cases = [Case(id=case["id"], text=case["text"]) for case in CASES]
    cases += [Case(id=label, text=text) for label, text in KNOWN]
    made = build(Config(plan=False)).batch(cases)
    return {result.case_id: result for result in made}


def codes(result: CaseResult) -> set[str]:
    return {reason.code for reason in result.reasons}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_nothing_odd_is_released(results: dict[str, CaseResult], case: dict[str, Any]) -> None:
    assert results[case["id"]].route == "review", case["what"]


@pytest.mark.parametrize("case", EMERGENCIES, ids=lambda case: str(case["id"]))
def test_an_emergency_in_odd_words_is_not_routine(results: dict[str, CaseResult], case: dict[str, Any]) -> None:
    assert results[case["id"]].priority != "routine", case["what"]


@pytest.mark.parametrize("case", FOREIGN, ids=lambda case: str(case["id"]))
def test_another_language_is_named(results: dict[str, CaseResult], case: dict[str, Any]) -> None:
    assert "language" in codes(results[case["id"]])


@pytest.mark.parametrize("case", TOLD, ids=lambda case: str(case["id"]))
def test_an_instruction_in_a_case_is_named(results: dict[str, CaseResult], case: dict[str, Any]) -> None:
    assert "unreadable_input" in codes(results[case["id"]])


@pytest.mark.parametrize("label", [label for label, _ in KNOWN])
def test_a_manner_of_writing_does_not_hide_the_condition(results: dict[str, CaseResult], label: str) -> None:
    assert results[label].differential[0].label == label
