"""Tables of diagnoses: one answer a row, the best-supported diagnosis counts, and doubt never reads as consent."""

from __future__ import annotations

import pytest

from safety.rxnorm import OfflineResolver
from safety.stewardship_table import ANSWERS, StewardshipTable


@pytest.fixture(scope="module")
def table(resolver: OfflineResolver) -> StewardshipTable:
    return StewardshipTable(resolver)


def said(table: StewardshipTable, icd10: str, drug: str = "", age: str = "", setting: str = "") -> tuple[str, ...]:
    found = table.row({"icd10": icd10, "drug": drug, "age": age, "setting": setting})
    assert tuple(found) == ANSWERS
    return tuple(found[name] for name in ("tier", "line", "action", "rule"))


@pytest.mark.parametrize(
    ("icd10", "drug", "expected"),
    [
        ("J20.9", "azithromycin", ("never", "not_listed", "block", "abx.never.bronchitis.acute")),
        ("J20.9", "ibuprofen", ("never", "not_antibiotic", "", "")),
        ("J20.9", "", ("never", "", "", "")),
        ("J10.1", "oseltamivir", ("never", "not_antibiotic", "", "")),
        ("B35.1", "terbinafine", ("never", "not_antibiotic", "", "")),
        ("J18.9", "amoxicillin", ("always", "first", "", "")),
        ("J189", "723", ("always", "first", "", "")),
        ("N30.00", "Macrobid", ("always", "first", "", "")),
        ("N30.00", "Bactrim", ("always", "first", "", "")),
        ("N30.00", "ciprofloxacin", ("always", "alternative", "note", "abx.alternative")),
        ("N30.00", "azithromycin", ("always", "not_listed", "interrupt", "abx.not_first_line")),
        ("N39.0", "linezolid", ("always", "not_listed", "block", "abx.reserve")),
        ("J02.0", "penicillin V", ("sometimes", "first", "", "")),
        ("J02.9", "amoxicillin", ("sometimes", "first", "interrupt", "abx.criterion.pharyngitis")),
        ("L70.0", "doxycycline", ("sometimes", "first", "interrupt", "abx.criterion.acne")),
        ("A15.0", "isoniazid", ("always", "first", "", "")),
        ("L01.00", "mupirocin", ("sometimes", "first", "", "")),
    ],
)
def test_a_diagnosis_and_a_drug_are_answered(
    table: StewardshipTable, icd10: str, drug: str, expected: tuple[str, ...]
) -> None:
    assert said(table, icd10, drug) == expected


@pytest.mark.parametrize(
    ("icd10", "drug"),
    [
        ("A01.0", "azithromycin"),
        ("A01.00", "ceftriaxone"),
        ("A01.09", "ciprofloxacin"),
        ("B50.9", "doxycycline"),
        ("B54", "clindamycin"),
        ("J20.9;B50.9", "doxycycline"),
        ("K76.82", "rifaximin"),
        ("A77.0", "doxycycline"),
    ],
)
def test_the_traps_are_right(table: StewardshipTable, icd10: str, drug: str) -> None:
    assert said(table, icd10, drug)[2:] == ("", "")


def test_a_child_with_rickettsial_disease_may_have_doxycycline(table: StewardshipTable) -> None:
    assert said(table, "A77.0", "doxycycline", age="5")[2:] == ("", "")


@pytest.mark.parametrize(
    ("icd10", "tier"),
    [("I10;N10", "always"), ("N10;I10", "always"), ("J20.9, J02.9", "sometimes"), ("J00 J20.9", "never")],
)
def test_the_best_supported_diagnosis_counts(table: StewardshipTable, icd10: str, tier: str) -> None:
    assert said(table, icd10)[0] == tier


@pytest.mark.parametrize("icd10", ["E11.9;L97.511", "M06.9;M00.9", "R17;K83.0", "B01.9;L01.00", "E11.9;E11.621"])
def test_never_gives_way_to_an_infection_of_the_same_patient(table: StewardshipTable, icd10: str) -> None:
    assert said(table, icd10, "flucloxacillin")[0] != "never"


@pytest.mark.parametrize(
    ("icd10", "expected"),
    [
        ("", ("unknown", "not_listed", "interrupt", "abx.no_entry")),
        ("unknown", ("unknown", "not_listed", "interrupt", "abx.no_entry")),
        ("J20.9;nonsense", ("unknown", "not_listed", "block", "input.icd10")),
        ("A10", ("unknown", "not_listed", "interrupt", "abx.no_entry")),
        ("J20.9;A10", ("unknown", "not_listed", "interrupt", "abx.no_entry")),
        ("N10;nonsense", ("always", "not_listed", "block", "input.icd10")),
    ],
)
def test_what_is_not_known_is_never_clear(table: StewardshipTable, icd10: str, expected: tuple[str, ...]) -> None:
    assert said(table, icd10, "azithromycin") == expected


@pytest.mark.parametrize(
    ("age", "setting", "rule"), [("-1", "", "input.age"), ("old", "", "input.age"), ("", "moon", "input.setting")]
)
def test_a_cell_that_cannot_be_read_blocks(table: StewardshipTable, age: str, setting: str, rule: str) -> None:
    assert said(table, "J18.9", "amoxicillin", age, setting)[2:] == ("block", rule)


def test_an_unknown_drug_is_a_finding_whatever_the_diagnosis(table: StewardshipTable) -> None:
    assert said(table, "J18.9", "xyzzyq") == ("always", "", "interrupt", "rx.unresolved")


def test_a_misspelt_drug_is_a_finding_and_still_judged(table: StewardshipTable) -> None:
    assert said(table, "J18.9", "amoxicilin")[2:] == ("interrupt", "rx.fuzzy")
    assert said(table, "J20.9", "amoxicilin")[2:] == ("block", "abx.never.bronchitis.acute")


def test_a_reserve_antibiotic_in_hospital_is_not_blocked_for_that(table: StewardshipTable) -> None:
    assert said(table, "N39.0", "linezolid", setting="inpatient")[2:] == ("interrupt", "abx.not_first_line")


def test_age_decides_where_the_tier_depends_on_it(table: StewardshipTable) -> None:
    assert said(table, "H66.91", "amoxicillin", age="0.3") == ("always", "first", "", "")
    assert said(table, "H66.91", "amoxicillin", age="4")[2] == "interrupt"


def test_a_part_of_a_listed_combination_is_not_listed(table: StewardshipTable) -> None:
    assert said(table, "W54.0XXA", "amoxicillin")[1] == "not_listed"
    assert said(table, "W54.0XXA", "Augmentin")[1] == "first"
