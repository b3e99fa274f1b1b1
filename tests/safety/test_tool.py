"""The screen as an agent's tool: what it answers, and that whatever it is told it never raises nor claims a check."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import ToolMessage

import safety.tool as module
from safety.tool import ScreenDrugs, screen_drugs

TOLD = {"age": 50, "sex": "male", "egfr": 90, "medications": ["warfarin"], "allergies": [], "conditions": ["I10"]}
UNSAFE = "Take ibuprofen 400 mg three times daily."


def _answer(given: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(screen_drugs.invoke(given))
    return answer


def test_it_finds_what_speaks_against_a_text() -> None:
    answer = _answer({"text": UNSAFE, **TOLD})
    assert answer["checked"]
    assert not answer["released"]
    assert "ddi.anticoagulant_nsaid" in {item["rule"] for item in answer["findings"]}


def test_it_releases_what_nothing_speaks_against() -> None:
    answer = _answer({"text": "Take acetaminophen 500 mg every six hours.", **TOLD})
    assert answer["released"]


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        ({"allergies": ["ibuprofen"]}, "allergy"),
        ({"conditions": ["stomach ulcer"]}, "ulcer"),
        ({"conditions": ["K25.4"]}, "ulcer"),
        ({"egfr": 12}, "nsaid"),
        ({"sex": "female", "age": 30, "pregnant": True, "gestation_weeks": 32}, "pregnan"),
    ],
)
def test_every_kind_of_argument_counts(told: dict[str, Any], rule: str) -> None:
    rules = {item["rule"] for item in _answer({"text": UNSAFE, **TOLD, "medications": [], **told})["findings"]}
    assert any(rule in name for name in rules), rules


def test_what_is_left_out_is_unknown() -> None:
    gaps = _answer({"text": UNSAFE})["unchecked"]
    assert any(gap.startswith("current medicines: unknown") for gap in gaps)
    assert "allergies: unknown" in gaps


@pytest.mark.parametrize(
    "given",
    [
        None, 3, [1], {}, {"text": None}, {"text": ""}, {"text": " \t"}, {"text": ["x"]},
        {"text": UNSAFE, "alergies": ["penicillin"]}, {"text": UNSAFE, "medications": "warfarin"},
        {"text": UNSAFE, "medications": [""]}, {"text": UNSAFE, "medications": [7]}, {"text": UNSAFE, "age": -3},
        {"text": UNSAFE, "age": "old"}, {"text": UNSAFE, "age": float("nan")}, {"text": UNSAFE, "egfr": float("inf")},
        {"text": UNSAFE, "sex": "f"}, {"text": UNSAFE, "pregnant": "perhaps"}, {"text": UNSAFE, "region": "Utopia"},
        {"text": UNSAFE, "conditions": [""]}, {"text": UNSAFE, "allergies": ["\ud800"]},
        {"text": UNSAFE, "pregnant": False, "gestation_weeks": 20},
    ],
)  # fmt: skip
def test_bad_arguments_give_an_error_that_says_that_nothing_was_checked(given: Any) -> None:
    answer = _answer(given)
    assert not answer["checked"]
    assert not answer["released"]
    assert answer["error"].endswith("Nothing was checked.")
    assert "findings" not in answer


def test_a_failure_inside_says_that_nothing_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def boom() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "default_screen", boom)
    assert not _answer({"text": UNSAFE, **TOLD})["checked"]


def test_an_error_repeats_nothing_of_the_patient() -> None:
    assert "secret" not in screen_drugs.invoke({"text": UNSAFE, "age": "secret", "sex": "secret"})


def test_a_tool_call_gets_a_tool_message() -> None:
    call = {"type": "tool_call", "id": "1", "name": "screen_drugs", "args": {"text": UNSAFE, **TOLD}}
    message = screen_drugs.invoke(call)
    assert isinstance(message, ToolMessage)
    assert json.loads(str(message.content))["checked"]


def test_every_argument_is_described() -> None:
    assert all(field.description for field in ScreenDrugs.model_fields.values())
    assert set(screen_drugs.args) == set(ScreenDrugs.model_fields)
