"""Labels are not treatable entities: the facts of a case decide the syndrome under its label."""

from __future__ import annotations

import pytest

from cases.case import Case
from cases.vocabulary.check import problems
from cases.vocabulary.conditions import conditions
from cases.vocabulary.tables import VOCABULARY, regimens
from pipeline.syndromes import decide

WOMAN = {"age": 34.0, "sex": "female", "pregnant": False}


def test_the_shipped_vocabulary_has_no_mistake() -> None:
    assert problems(VOCABULARY) == []


def test_sixty_regimens_are_verified() -> None:
    assert sum(row.grade == "verified" for row in regimens().values()) >= 60


@pytest.mark.parametrize("label", sorted(conditions()))
def test_a_text_that_says_nothing_still_has_a_syndrome(label: str) -> None:
    decision = decide(Case(id="a", text="unwell"), label)
    assert decision.syndrome is not None


def test_cystitis_is_decided_by_what_is_absent() -> None:
    text = "burning when I pass urine for three days, no fever, no flank pain, no vaginal discharge"
    decision = decide(Case(id="a", text=text, patient=WOMAN), "urinary tract infection")
    assert decision.noun is not None
    assert "cystitis" in decision.noun.id
    assert "no fever" in decision.noun.decided_by


def test_flank_pain_and_fever_are_not_cystitis() -> None:
    text = "burning when I pass urine, fever of 39 and flank pain with chills"
    decision = decide(Case(id="a", text=text, patient=WOMAN), "urinary tract infection")
    assert decision.syndrome is not None
    assert "cystitis" not in decision.syndrome.id


def test_an_unknown_must_know_fact_leaves_it_undecided_and_asks() -> None:
    decision = decide(Case(id="a", text="burning when I pass urine"), "urinary tract infection")
    assert decision.undecided
    assert decision.questions


def test_malaria_is_not_treated_before_a_test() -> None:
    decision = decide(Case(id="a", text="fever and chills after a trip", patient=WOMAN), "Malaria")
    assert decision.syndrome is not None
    assert decision.syndrome.plan != "drug"


def test_ketoacidosis_is_not_type_2_diabetes() -> None:
    text = "known diabetic, vomiting, fruity breath, deep breathing and drowsy"
    decision = decide(Case(id="a", text=text), "diabetes")
    assert decision.syndrome is not None
    assert decision.syndrome.priority == "immediate"


def test_a_label_outside_the_vocabulary_has_no_syndrome() -> None:
    assert decide(Case(id="a", text="x y z"), "no such label").syndrome is None
