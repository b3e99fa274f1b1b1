"""The annotated text: the words as they were, with a mark behind every drug that a finding is about."""

from __future__ import annotations

from typing import Any

from safety.screen import Screen


def test_a_drug_with_a_finding_is_marked_where_it_stands(screen: Screen, make_case: Any) -> None:
    case = make_case(medications=["warfarin"], conditions=[{"code": "N10"}])
    verdict = screen.text(case, "Give ibuprofen 400 mg and rest.")
    assert verdict.annotated is not None
    assert verdict.annotated.startswith("Give ibuprofen [INTERRUPT: ddi.anticoagulant_nsaid")
    assert verdict.annotated.endswith("] 400 mg and rest.")


def test_without_the_marks_it_is_the_text_as_written(screen: Screen, make_case: Any) -> None:
    text = "Avoid ibuprofen. Take paracetamol 1 g four times daily."
    assert screen.text(make_case(), text).annotated == text


def test_a_name_that_cannot_be_read_is_marked(screen: Screen, make_case: Any) -> None:
    annotated = screen.text(make_case(), "Start zyxcillin 500 mg.").annotated
    assert annotated == "Start zyxcillin [INTERRUPT: rx.unresolved] 500 mg."
