"""Doses, frequencies, durations and routes, as clinicians, labels and patients write them."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.language import (
    Quantity,
    canonical_dose,
    canonical_frequency,
    find_doses,
    find_durations,
    find_frequencies,
    find_routes,
)

Finder = Callable[[str], tuple[Quantity, ...]]


def _values(found: tuple[Quantity, ...]) -> list[str]:
    return [quantity.value for quantity in found]


@pytest.mark.parametrize(
    ("text", "doses", "frequencies", "durations", "routes"),
    [
        ("500mg BID x 7 days", ["500 mg"], ["twice daily"], ["7"], []),
        ("1 g three times a day for 5-7 days", ["1000 mg"], ["three times daily"], ["5-7"], []),
        ("5 mg/kg/day in 2 divided doses", ["5 mg/kg/day"], ["in 2 divided doses"], [], []),
        ("1-2 tablets every 4 to 6 hours as needed", ["1-2 tablets"], ["every 4-6 hours, as needed"], [], []),
        ("875/125 mg b.d. PO", ["875 mg + 125 mg"], ["twice daily"], [], ["oral"]),
        ("875 mg + 125 mg by mouth twice daily", ["875 mg + 125 mg"], ["twice daily"], [], ["oral"]),
        ("875-125 mg q12h", ["875 mg + 125 mg"], ["every 12 hours"], [], []),
        ("2 puffs of 100 micrograms prn", ["2 puffs of 100 mcg"], ["as needed"], [], []),
        ("as needed, up to four times daily", [], ["as needed, up to 4 times daily"], [], []),
        ("1% + 5% gel at night", ["1% + 5% gel"], ["at night"], [], []),
        ("50 mcg/g + 500 mcg/g ointment", ["50 mcg/g + 500 mcg/g ointment"], [], [], []),
        ("250 mg/5 mL suspension", ["250 mg/5 ml"], [], [], []),
        ("500 mg to 1 g q6h prn", ["500-1000 mg"], ["every 6 hours, as needed"], [], []),
        ("1.2 million units IM stat", ["1200000 units"], ["once"], [], ["intramuscular"]),
        ("1,200,000 units as a single dose", ["1200000 units"], ["once"], [], []),
        ("50,000 IU weekly for 8 weeks", ["50000 units"], ["once weekly"], ["56"], []),
        ("10 mg/kg per day divided every 12 hours", ["10 mg/kg/day"], ["every 12 hours"], [], []),
        ("one tablet t.d.s. for 5/7", ["1 tablets"], ["three times daily"], ["5"], []),
        ("4 times a day", [], ["four times daily"], [], []),
        ("8-hourly", [], ["every 8 hours"], [], []),
        ("for two weeks", [], [], ["14"], []),
        ("a 5-day course", [], [], ["5"], []),
        ("for 12 hours", [], [], ["0.5"], []),
        ("3 days ago", [], [], [], []),
        ("after 48 hours; a 3 year old, aged 2 to 11 years", [], [], [], []),
        ("two sprays into each nostril daily", ["2 sprays"], ["once daily"], [], ["intranasal"]),
        ("1 drop in the affected eye qid", ["1 drops"], ["four times daily"], [], ["ophthalmic"]),
        ("1 drop in both eyes qid", ["1 drops"], ["four times daily"], [], ["ophthalmic"]),
        ("BP 120/80 mmHg, SpO2 98 on air", [], [], [], []),
    ],
)
def test_dosing_reads(
    text: str, doses: list[str], frequencies: list[str], durations: list[str], routes: list[str]
) -> None:
    finders: tuple[Finder, ...] = (find_doses, find_frequencies, find_durations, find_routes)
    assert [_values(find(text)) for find in finders] == [doses, frequencies, durations, routes]


def test_dosing_canonical_strings_are_equal_only_for_equal_quantities() -> None:
    assert canonical_dose("1 g") == canonical_dose("1,000mg") != canonical_dose("100 mg")
    assert canonical_dose("50 mg") != canonical_dose("150 mg")
    assert canonical_dose("500 mg") != canonical_dose("500 mcg")
    assert canonical_dose("5 mg/kg") != canonical_dose("5 mg/kg/day") != canonical_dose("5 mg")
    assert canonical_frequency("BID") == canonical_frequency("b.d.") == canonical_frequency("two times a day")
    assert canonical_frequency("every 12 hours") == canonical_frequency("q12h") == "every 12 hours"
    assert canonical_frequency("whenever the moon is full") == "whenever the moon is full"


@pytest.mark.parametrize("find", [find_doses, find_frequencies, find_durations, find_routes])
def test_dosing_places_are_where_the_quantity_stands(find: Finder) -> None:
    text = "Amoxicillin 500 mg by mouth three times daily for 7 days."
    (found,) = find(text)
    assert text[found.start : found.end] in {"500 mg", "by mouth", "three times daily", "for 7 days"}


@pytest.mark.parametrize(
    "unit", ["1 ", "1/", "500 mg + ", "1-", "every 4 to ", "a ", "5 mg/kg/", "twice ", "for ", "9"]
)
def test_dosing_is_linear_in_the_length_of_the_text(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    start = time.perf_counter()
    for find in (find_doses, find_frequencies, find_durations, find_routes):
        find(text)
    assert time.perf_counter() - start < 20  # a quadratic reader needs many minutes


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_dosing_accepts_any_text(text: str) -> None:
    for find in (find_doses, find_frequencies, find_durations, find_routes):
        for quantity in find(text):
            assert 0 <= quantity.start < quantity.end <= len(text)
            assert quantity.value


@pytest.mark.parametrize(
    ("text", "durations"),
    [("amoxicillin 500 mg tds 5/7", ["5"]), ("od 2/52", ["14"]), ("power 5/5, seen 5/7", []), ("daily 5/7/2024", [])],
)
def test_a_slashed_duration_stands_behind_how_often(text: str, durations: list[str]) -> None:
    assert [item.value for item in find_durations(text)] == durations


@pytest.mark.parametrize(
    ("text", "frequencies"),
    [("cefixime 400 mg x 1", ["once"]), ("100 mg 1-0-1", ["twice daily"]), ("0-0-1", ["at night"]), ("x 1 week", [])],
)
def test_find_frequencies_reads_single_doses_and_the_columns_of_a_day(text: str, frequencies: list[str]) -> None:
    assert [item.value for item in find_frequencies(text)] == frequencies
