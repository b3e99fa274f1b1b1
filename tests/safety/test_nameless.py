"""Orders whose medicine cannot be read, and names whose letters only look Latin."""

from __future__ import annotations

from typing import Any

import pytest

from safety.screen import Screen


def rules(screen: Screen, case: Any, text: str) -> set[str]:
    return {
        item.rule for item in screen.text(case, text).findings if item.new and item.action in ("block", "interrupt")
    }


@pytest.mark.parametrize(
    "text",
    [
        "Take ?!?! 400 mg three times daily.",
        f"Take {'x' * 50_000} 400 mg.",
        "Give 500 mg twice daily.",
        "Acetaminophen 500 mg every six hours. Also take %% 20 mg at night.",
    ],
)
def test_an_order_without_a_medicine_is_a_finding(screen: Screen, make_case: Any, text: str) -> None:
    assert "rx.unresolved" in rules(screen, make_case(), text)


@pytest.mark.parametrize(
    "text",
    [
        "Acetaminophen suits best. Take 500 mg every six hours.",
        "Rest, drink enough, and take the temperature twice a day.",
        "Take blood: sugar was 250 mg/dL.",
        "Come back if it is worse.",
    ],
)
def test_what_orders_nothing_of_its_own_is_none(screen: Screen, make_case: Any, text: str) -> None:
    assert "rx.unresolved" not in rules(screen, make_case(), text)


def test_letters_that_only_look_latin_are_a_guess(screen: Screen, make_case: Any) -> None:
    assert "rx.fuzzy" in rules(screen, make_case(), "Start w\u0430rfarin 5 mg once daily.")
    assert "rx.fuzzy" not in rules(screen, make_case(), "Start warfarin 5 mg once daily.")
