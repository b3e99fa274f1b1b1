"""What a case says of its medicines: a class alone hides one."""

from __future__ import annotations

from typing import Any

import pytest

from safety.screen import Screen


def rules(case: Any) -> set[str]:
    return {finding.rule for finding in Screen().patient(case).findings if finding.action != "note"}


@pytest.mark.parametrize("text", ["I am on blood thinners.", "She takes a statin.", "takes an anticoagulant"])
def test_a_class_without_a_name_is_an_unresolved_medicine(make_case: Any, text: str) -> None:
    assert "rx.unresolved" in rules(make_case(text=text, medications=[]))


@pytest.mark.parametrize(
    ("text", "medications"),
    [
        ("I am on a blood thinner.", ["apixaban"]),
        ("I am on a blood thinner (apixaban).", []),
        ("I stopped my beta blocker.", []),
        ("I take no blood thinners.", []),
    ],
)
def test_a_class_that_is_named_or_not_taken_is_none(make_case: Any, text: str, medications: list[str]) -> None:
    assert rules(make_case(text=text, medications=medications)) == set()
