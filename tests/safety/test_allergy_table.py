"""Allergies in bulk."""

from __future__ import annotations

import pytest

from safety.allergies import Allergies
from safety.allergy_table import AllergyRows
from safety.rxnorm import OfflineResolver

TABLE = AllergyRows(OfflineResolver(), Allergies(OfflineResolver()))


@pytest.mark.parametrize(
    ("allergen", "reaction", "severity", "drug", "action", "rule"),
    [
        ("penicillin", "anaphylaxis", "severe", "Augmentin", "block", "allergy.aminopenicillin_side_chain"),
        ("PCN", "rash", "mild", "cefazolin", "warn", "allergy.beta_lactams"),
        ("Bactrim", "hives", "", "furosemide", "", ""),
        ("peanut; codeine", "itching", "", "morphine", "warn", "allergy.natural_opioids"),
        ("peanut", "anaphylaxis", "severe", "amoxicillin", "", ""),
        ("xyzq", "", "", "amoxicillin", "interrupt", "rx.unresolved"),
        ("penicillin", "", "", "xyzq", "interrupt", "rx.unresolved"),
        ("penicillin", "", "quite bad", "amoxicillin", "block", "input.severity"),
        ("", "", "", "amoxicillin", "", ""),
    ],
)
def test_a_row_is_answered(allergen: str, reaction: str, severity: str, drug: str, action: str, rule: str) -> None:
    row = {"allergen": allergen, "reaction": reaction, "severity": severity, "drug": drug}
    assert TABLE.row(row) == {"action": action, "rule": rule}


def test_a_refuted_allergy_says_nothing() -> None:
    row = {"allergen": "penicillin", "reaction": "anaphylaxis", "status": "refuted", "drug": "amoxicillin"}
    assert TABLE.row(row) == {"action": "", "rule": ""}
