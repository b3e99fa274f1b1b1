"""Roles of drugs in text; the trap sentences are made up."""

from __future__ import annotations

import pytest

from safety.mentions import find_mentions


@pytest.mark.parametrize(
    ("text", "default", "roles"),
    [
        ("Avoid NSAIDs such as ibuprofen; take paracetamol 1 g.", "proposed", ["advised_against"] * 2 + ["proposed"]),
        ("Avoid alcohol while taking metronidazole 400 mg.", "proposed", ["proposed"]),
        ("Start amoxicillin instead of ciprofloxacin.", "proposed", ["proposed", "advised_against"]),
        ("Take nitrofurantoin, not ciprofloxacin.", "proposed", ["proposed", "advised_against"]),
        ("Do not stop warfarin.", "proposed", ["current"]),
        ("Do not delay ceftriaxone.", "proposed", ["proposed"]),
        ("Start amoxicillin without waiting for the culture.", "proposed", ["proposed"]),
        ("Not only amoxicillin but also clarithromycin.", "proposed", ["proposed", "proposed"]),
        ("No antibiotic is needed. Amoxicillin is not indicated.", "proposed", ["advised_against"]),
        ("Do not combine simvastatin with clarithromycin.", "proposed", ["advised_against"] * 2),
        ("Stop simvastatin for the course and give clarithromycin.", "proposed", ["advised_against", "proposed"]),
        ("Stop smoking, amoxicillin 500 mg three times daily.", "proposed", ["proposed"]),
        ("Take amoxicillin 500 mg as ibuprofen is contraindicated.", "proposed", ["proposed", "advised_against"]),
        ("Advise against anti-inflammatory painkillers.", "proposed", ["advised_against"]),
        ("Avoid trimethoprim 200 mg.", "proposed", ["advised_against"]),
        ("If you develop fever, take ibuprofen.", "proposed", ["proposed"]),
        ("Ask about aspirin and anticoagulants.", "proposed", ["mentioned", "mentioned"]),
        ("Ask about penicillin reactions; start amoxicillin 500 mg.", "proposed", ["mentioned", "proposed"]),
        ("The patient is on warfarin. Start co-trimoxazole.", "proposed", ["current", "proposed"]),
        ("I am allergic to penicillin and I take metformin daily.", "current", ["allergy", "current"]),
        ("Allergies: penicillin, aspirin", "current", ["allergy", "allergy"]),
        ("Penicillin allergy. Denies taking aspirin.", "current", ["allergy", "negated"]),
        ("No known allergy to penicillin.", "current", ["negated"]),
        ("He used to take lisinopril.", "current", ["historical"]),
    ],
)
def test_find_mentions_tells_the_role(text: str, default: str, roles: list[str]) -> None:
    assert [item.role for item in find_mentions(text, default=default)] == roles  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["Give amoxicilin 500 mg.", "Xyzolin 500 mg twice daily", "start ceftriaxzone now"])
def test_find_mentions_reports_what_looks_like_a_drug_but_is_unknown(text: str) -> None:
    found = find_mentions(text, default="proposed")
    assert [item.names for item in found] == [()]


@pytest.mark.parametrize(
    "text",
    [
        "My cholesterol and my iron are low, the water is cold and the potassium was 4.1 mmol/L.",
        "I have had a cough for three days and my head hurts; it started in April.",
        "The exam was hard, for a reason that no person could name.",
        "Glucose 126 mg/dL, sodium 140 mmol/L.",
    ],
)
def test_find_mentions_leaves_ordinary_and_laboratory_words_alone(text: str) -> None:
    assert find_mentions(text, default="current") == ()


def test_find_mentions_sees_orders_and_doses() -> None:
    ordered, plain = find_mentions("Give ibuprofen 400 mg. Naproxen suits others.", default="proposed")
    assert (ordered.ordered, ordered.dosed) == (True, True)
    assert (plain.ordered, plain.dosed) == (False, False)
