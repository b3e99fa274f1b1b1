"""Allergies: the action is a function of the reaction, the status and how near the drug is."""

from __future__ import annotations

import pytest

from cases.case import Case
from safety.allergies import Allergies
from safety.intake import Drug, KnownAllergy
from safety.rxnorm import OfflineResolver
from safety.screen import Screen

ENGINE = Allergies(OfflineResolver())


def _action(surface: str, names: tuple[str, ...], reaction: str, drug: str, *, refuted: bool = False) -> str | None:
    allergy = KnownAllergy(surface, names, reaction, "", refuted)
    found = ENGINE.check([allergy], [Drug(drug, new=True)])
    order = ["block", "interrupt", "warn", "note"]
    return min((item.action for item in found), key=order.index, default=None)


@pytest.mark.parametrize(
    ("allergen", "reaction", "drug", "action"),
    [
        ("amoxicillin", "nausea", "amoxicillin", "note"),
        ("amoxicillin", "mild rash", "amoxicillin", "block"),
        ("amoxicillin", "anaphylaxis", "amoxicillin", "block"),
        ("amoxicillin", "anaphylaxis", "cephalexin", "block"),
        ("amoxicillin", "anaphylaxis", "ceftriaxone", "warn"),
        ("penicillin v", "anaphylaxis", "cefazolin", "warn"),
        ("penicillin v", "anaphylaxis", "meropenem", "warn"),
        ("penicillin v", "anaphylaxis", "aztreonam", None),
        ("cephalexin", "hives", "ceftriaxone", "warn"),
        ("cephalexin", "hives", "amoxicillin", "block"),
        ("cephalexin", "toxic epidermal necrolysis", "ceftriaxone", "block"),
        ("amoxicillin", "mild rash", "ceftriaxone", "warn"),
        ("amoxicillin", "no rash, only nausea", "amoxicillin", "note"),
        ("amoxicillin", "Stevens-Johnson syndrome", "ceftriaxone", "block"),
        ("amoxicillin", "", "penicillin v", "block"),
        ("amoxicillin", "", "azithromycin", None),
        ("ceftriaxone", "hives", "cefuroxime", "block"),
        ("ceftazidime", "hives", "aztreonam", "block"),
        ("ceftriaxone", "hives", "aztreonam", None),
        ("sulfamethoxazole", "hives", "sulfasalazine", "block"),
        ("sulfamethoxazole", "hives", "furosemide", None),
        ("ciprofloxacin", "hives", "levofloxacin", "block"),
        ("ibuprofen", "wheeze", "aspirin", "block"),
        ("lisinopril", "angioedema", "ramipril", "block"),
        ("lisinopril", "angioedema", "sacubitril", "block"),
        ("lisinopril", "angioedema", "losartan", "warn"),
        ("lisinopril", "cough", "losartan", None),
        ("lisinopril", "cough", "ramipril", "warn"),
        ("losartan", "angioedema", "lisinopril", None),
        ("codeine", "itching", "morphine", "warn"),
        ("codeine", "anaphylaxis", "morphine", "block"),
        ("codeine", "anaphylaxis", "fentanyl", None),
        ("vancomycin", "red man syndrome", "vancomycin", "note"),
        ("vancomycin", "anaphylaxis", "teicoplanin", "warn"),
        ("heparin", "heparin-induced thrombocytopenia", "enoxaparin", "block"),
        ("atorvastatin", "rhabdomyolysis", "atorvastatin", "block"),
        ("omeprazole", "anaphylaxis", "pantoprazole", "warn"),
        ("benzocaine", "hives", "lidocaine", None),
        ("sulfamethoxazole", "hives", "celecoxib", None),
        ("sulfamethoxazole", "hives", "hydrochlorothiazide", None),
        ("azithromycin", "rash", "clarithromycin", "block"),
    ],
)
def test_action_follows_reaction_and_relation(allergen: str, reaction: str, drug: str, action: str | None) -> None:
    assert _action(allergen, (allergen,), reaction, drug) == action


@pytest.mark.parametrize(
    ("term", "drug"),
    [
        ("penicillin", "amoxicillin"),
        ("cephalosporins", "ceftriaxone"),
        ("sulfa", "sulfamethoxazole"),
        ("nsaids", "naproxen"),
    ],
)
def test_a_class_named_as_the_allergy_covers_its_members(term: str, drug: str) -> None:
    assert _action(term, (), "", drug) == "block"


def test_a_refuted_allergy_counts_as_none() -> None:
    assert _action("amoxicillin", ("amoxicillin",), "anaphylaxis", "amoxicillin", refuted=True) is None


def test_an_unconfirmed_allergy_counts(screen: Screen, make_case: object) -> None:
    case = make_case(allergies=[{"name": "penicillin", "status": "unconfirmed"}])  # type: ignore[operator]
    assert any(item.kind == "allergy" for item in screen.text(case, "Start amoxicillin 500 mg.").findings)


def test_a_severe_reaction_without_words_is_taken_as_severe() -> None:
    assert ENGINE.reaction(KnownAllergy("x", (), "", "severe")) == "anaphylaxis"
    assert ENGINE.reaction(KnownAllergy("x", (), "rash", "severe")) == "anaphylaxis"
    assert ENGINE.reaction(KnownAllergy("x", (), "", "")) == "unknown"


def test_allergies_of_the_text_and_non_drug_allergens(screen: Screen, make_case: object) -> None:
    case: Case = make_case(text="I am allergic to penicillin.", allergies=["peanuts", "NKDA"])  # type: ignore[operator]
    assert screen.patient(case).findings == ()
    rules = {item.rule for item in screen.text(case, "Start amoxicillin 500 mg.").findings}
    assert "allergy.penicillins" in rules or "allergy.aminopenicillin_side_chain" in rules


def test_an_allergy_that_cannot_be_read_is_a_finding(screen: Screen, make_case: object) -> None:
    case: Case = make_case(allergies=["Xyzqol"])  # type: ignore[operator]
    assert [item.kind for item in screen.patient(case).findings] == ["unresolved_drug"]
