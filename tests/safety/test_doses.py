"""Doses and durations: orders read from words, ranges by population, regimens of the syndrome, sums over sources."""

from __future__ import annotations

import csv
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from cases.case import Finding, Plan, Statement
from cases.vocabulary.render import prescription, render
from cases.vocabulary.tables import RegimenRow, drugs, regimens, sources
from safety.dose_ranges import TABLE, DoseRange, dose_ranges, ranges_for
from safety.mentions import find_mentions
from safety.orders import Order, orders_in
from safety.regimen_doses import row_order
from safety.rules import KNOWLEDGE, RulesError
from safety.screen import Screen
from tests.safety.conftest import CaseMaker

ROWS = tuple(regimens().values())
ADULT = {"age": 40.0, "sex": "female", "pregnant": False, "weight_kg": 60.0, "egfr": 90.0}


def orders(text: str) -> list[Order]:
    return list(orders_in(text, find_mentions(text, default="proposed")))


def dose_findings(
    screen: Screen, make_case: CaseMaker, text: str, syndrome: str | None = None, **fields: Any
) -> list[Finding]:
    verdict = screen.text(make_case(**fields), text, syndrome)
    return [item for item in verdict.findings if item.rule.startswith("dose.")]


def rules(found: list[Finding]) -> set[str]:
    return {item.rule for item in found}


def patient_for(row: RegimenRow) -> dict[str, Any]:
    low = row.age_min or 0.0
    age = low + 1 if row.age_max is None else (low + row.age_max) / 2
    weight = 60.0 if age >= 12 else 3 * age + 7
    pregnant = row.pregnancy == "only" and row.sex == "female"
    sex = row.sex or "male"
    return {"age": age, "sex": sex, "pregnant": pregnant, "weight_kg": weight, "egfr": 90.0}


# ── reading orders ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "single", "times", "days"),
    [
        ("Amoxicillin 500 mg three times daily for 5 days.", 500, 3, 5),
        ("amoxicillin 1 g TDS x 7/7", 1000, 3, 7),
        ("Give 500 mg of amoxicillin every 8 hours.", 500, 3, None),
        ("Take two 500 mg tablets of paracetamol every 6 hours.", 1000, 4, None),
        ("Paracetamol 500 mg tablets: 2 tablets four times a day", 1000, 4, None),
        ("2 x 500 mg paracetamol qds", 1000, 4, None),
        ("amoxicillin 250 mg/5 mL, 10 mL three times daily for 5 days", 500, 3, 5),
        ("amoxicillin 400 mg/5 ml 1 teaspoon twice daily", 400, 2, None),
        ("salbutamol 2 puffs of 100 mcg as needed, up to 8 times daily", 0.2, 8, None),
        ("levothyroxine 100 micrograms daily", 0.1, 1, None),
        ("ibuprofen 400-600 mg every 6 to 8 hours as needed", 600, 4, None),
        ("methotrexate 15 mg once weekly", 15, 1 / 7, None),
        ("Paracetamol 1 g every 4 hours, up to 4 times a day", 1000, 4, None),
    ],
)
def test_orders_are_read_from_words(text: str, single: float, times: float, days: float | None) -> None:
    (order,) = orders(text)
    (part,) = order.parts
    assert part.amounts[0].high == pytest.approx(single)
    assert part.times is not None
    assert part.times.high == pytest.approx(times)
    assert (order.days[1] if order.days else None) == days


def test_orders_of_a_combination_have_an_amount_for_each_ingredient() -> None:
    (order,) = orders("Percocet 5/325 1-2 tablets every 6 hours as needed")
    assert sorted(amount.high for amount in order.parts[0].amounts) == [10, 650]


def test_orders_of_two_drugs_keep_to_their_own_stretch() -> None:
    first, second = orders("Give ibuprofen 400 mg three times daily and paracetamol 1 g four times daily.")
    assert (first.parts[0].amounts[0].high, first.parts[0].times) != (second.parts[0].amounts[0].high, None)
    assert second.parts[0].amounts[0].high == 1000


def test_orders_take_a_limit_they_set_themselves() -> None:
    (order,) = orders("acetaminophen 1 g every 4-6 hours as needed, max 4 g/day")
    assert order.daily_cap is not None
    assert order.daily_cap.high == 4000


def test_orders_say_when_a_dose_cannot_be_read() -> None:
    (order,) = orders("Take morphine 10 mg/5 ml every 4 hours.")
    assert order.unread
    assert order.dosed


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_doses_table_names_known_drugs_and_sources() -> None:
    rows = [row for items in dose_ranges().values() for row in items]
    assert len(rows) > 250
    assert {row.name for row in rows} <= set(drugs())
    assert {row.source for row in rows} <= set(sources())


def test_doses_table_is_sorted() -> None:
    with (KNOWLEDGE / TABLE).open(newline="", encoding="utf-8") as file:
        keys = [(row["name"], row["route"], row["population"]) for row in csv.DictReader(file)]
    assert keys == sorted(keys)


def test_doses_table_refuses_a_least_dose_above_the_highest() -> None:
    row = next(iter(dose_ranges()["amoxicillin"]))
    with pytest.raises(ValueError, match="must not be above"):
        DoseRange.model_validate({**row.model_dump(), "single_min": 9000.0})


def test_doses_without_their_table_block(make_case: CaseMaker, tmp_path: Path) -> None:
    knowledge = tmp_path / "knowledge"
    copytree(KNOWLEDGE, knowledge)
    (knowledge / TABLE).unlink()
    with pytest.raises(RulesError):
        dose_ranges(knowledge)
    verdict = Screen(knowledge=knowledge).text(make_case(), "Amoxicillin 500 mg three times daily.")
    assert any(item.rule == "screen.failed.doses" and item.action == "block" for item in verdict.findings)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_doses_of_every_regimen_have_a_row(row: RegimenRow, make_case: CaseMaker) -> None:
    patient = make_case(patient=patient_for(row)).patient
    assert all(ranges_for(name, row.route, patient) for name in row.ingredients)
    assert row_order(row).parts or row.route in ("topical", "vaginal")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_doses_of_every_regimen_are_within_range(row: RegimenRow, screen: Screen, make_case: CaseMaker) -> None:
    for text in (f"{prescription(row)}.", render(row)):
        assert not dose_findings(screen, make_case, text, row.syndrome, patient=patient_for(row)), text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_doses_of_every_composed_statement_are_within_range(
    row: RegimenRow, screen: Screen, make_case: CaseMaker
) -> None:
    statement = Statement(
        kind="drug", text=render(row), citations=("lib:x",), span=(0, 1), supported=True, regimen=row.regimen
    )
    verdict = screen.plan(make_case(patient=patient_for(row)), Plan(statements=(statement,)), row.syndrome)
    assert not [item for item in verdict.findings if item.kind == "dose"]
    assert not [item for item in verdict.unchecked if "dose" in item]


@pytest.mark.parametrize("row", [row for row in ROWS if row.duration_days], ids=lambda row: row.id)
def test_doses_of_a_regimen_taken_three_times_too_long_are_found(
    row: RegimenRow, screen: Screen, make_case: CaseMaker
) -> None:
    if row.frequency == "once":
        return
    known = [item.duration_days or 0 for item in ROWS if item.syndrome == row.syndrome and item.name == row.name]
    text = prescription(row).rpartition(" for ")[0] + f" for {max(known) * 3} days."
    assert "dose.too_long" in rules(dose_findings(screen, make_case, text, row.syndrome, patient=patient_for(row)))


# ── too much, too little ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "rule", "action"),
    [
        ("Ibuprofen 800 mg every 4 hours.", "dose.too_high", "interrupt"),
        ("Simvastatin 80 mg at night.", "dose.too_high", "interrupt"),
        ("Metformin 5 g daily.", "dose.too_high", "block"),
        ("Levothyroxine 100 mg daily.", "dose.too_high", "block"),
        ("Colchicine 6 mg twice daily.", "dose.too_high", "block"),
        ("Apixaban 5 mg six times daily.", "dose.too_high", "interrupt"),
        ("Amoxicillin 50 mg three times daily.", "dose.too_low", "warn"),
        ("Sertraline 5 mg daily.", "dose.too_low", "warn"),
        ("Methotrexate 10 mg daily.", "dose.too_often", "block"),
        ("Alendronate 70 mg daily.", "dose.too_high", "interrupt"),
        ("Domperidone 10 mg three times daily for 21 days.", "dose.too_long", "interrupt"),
        ("Gabapentin 1800 mg in the morning and 2400 mg at night.", "dose.too_high", "interrupt"),
        ("co-amoxiclav 9 g three times daily", "dose.too_high", "block"),
        ("Amoxicillin 9 g daily in three divided doses.", "dose.too_high", "block"),
    ],
)
def test_doses_out_of_range_are_found(text: str, rule: str, action: str, screen: Screen, make_case: CaseMaker) -> None:
    found = dose_findings(screen, make_case, text, patient=ADULT)
    assert (rule, action) in {(item.rule, item.action) for item in found}


@pytest.mark.parametrize(
    "text",
    [
        "Ibuprofen 400 mg every 6 hours as needed.",
        "Acetaminophen 1 g every 4-6 hours as needed, max 4 g/day.",
        "Levothyroxine 100 mcg daily.",
        "Methotrexate 15 mg once weekly.",
        "Alendronate 70 mg once weekly.",
        "Azithromycin 500 mg once, then 250 mg daily for 4 days.",
        "Doxycycline 200 mg on day 1, then 100 mg once daily for 5 days.",
        "Augmentin 875/125 mg BID for 7 days.",
        "co-amoxiclav 625 mg three times daily for 7 days",
        "Trimethoprim-sulfamethoxazole 160/800 mg twice daily for 3 days.",
        "Prednisone 40 mg daily for 5 days, then 20 mg daily for 5 days.",
        "Lisinopril 20 mg daily and amlodipine 10 mg daily.",
        "Continue warfarin 5 mg daily.",
        "Take ibuprofen if needed.",
        "Do not exceed 4 g of acetaminophen a day.",
    ],
)
def test_doses_within_range_raise_nothing(text: str, screen: Screen, make_case: CaseMaker) -> None:
    assert not dose_findings(screen, make_case, text, patient=ADULT)


def test_doses_in_a_wrong_unit_are_named(screen: Screen, make_case: CaseMaker) -> None:
    (found,) = dose_findings(screen, make_case, "Levothyroxine 125 mg daily.", patient=ADULT)
    assert "unit" in found.message


def test_doses_that_no_row_knows_are_unchecked(screen: Screen, make_case: CaseMaker) -> None:
    verdict = screen.text(make_case(), "Teduglutide 4 mg daily.")
    assert "teduglutide: dose not checked" in verdict.unchecked


def test_doses_that_cannot_be_read_are_unchecked(screen: Screen, make_case: CaseMaker) -> None:
    verdict = screen.text(make_case(), "Take morphine 10 mg/5 ml every 4 hours.")
    assert "morphine: the dose could not be read" in verdict.unchecked


def test_doses_in_a_unit_that_the_row_does_not_know_are_unchecked(screen: Screen, make_case: CaseMaker) -> None:
    verdict = screen.text(make_case(), "Amoxicillin 500 units three times daily.")
    assert "amoxicillin: the dose could not be compared" in verdict.unchecked


def test_doses_of_current_medicines_are_a_note(screen: Screen, make_case: CaseMaker) -> None:
    taken = [{"name": "ibuprofen", "dose": "800 mg", "frequency": "every 4 hours"}]
    found = [item for item in screen.patient(make_case(medications=taken)).findings if item.kind == "dose"]
    assert [(item.rule, item.action) for item in found] == [("dose.too_high", "note")]


# ── children ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_doses_of_a_child_need_the_weight(screen: Screen, make_case: CaseMaker) -> None:
    verdict = screen.text(make_case(patient={"age": 5}), "Amoxicillin 500 mg three times daily.")
    found = next(item for item in verdict.findings if item.rule == "dose.weight")
    assert (found.kind, found.action) == ("missing_fact", "interrupt")
    assert any(question.kind == "missing_fact" for question in verdict.questions)


@pytest.mark.parametrize(
    ("text", "age", "weight", "found"),
    [
        ("Amoxicillin 500 mg three times daily.", 5, 18, False),
        ("Amoxicillin 1 g three times daily.", 2, 12, True),
        ("Acetaminophen 1 g four times daily.", 6, 20, True),
        ("Acetaminophen 15 mg/kg every 6 hours.", 6, 20, False),
        ("Acetaminophen 40 mg/kg every 6 hours.", 6, 20, True),
        ("Loratadine 40 mg daily.", 7, 25, True),
        ("Acetaminophen 650 mg every 6 hours.", 14, 55, False),
        ("Acetaminophen 1 g every 6 hours.", 14, 30, True),
    ],
)
def test_doses_of_a_child_go_by_weight(
    text: str, age: float, weight: float, found: bool, screen: Screen, make_case: CaseMaker
) -> None:
    patient = {"age": float(age), "weight_kg": float(weight)}
    assert ("dose.too_high" in rules(dose_findings(screen, make_case, text, patient=patient))) is found


# ── the syndrome's regimens ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "syndrome", "rule", "action"),
    [
        ("Nitrofurantoin 100 mg twice daily for 14 days.", "uti.cystitis_uncomplicated", "dose.too_long", "interrupt"),
        ("Nitrofurantoin 100 mg twice daily for 1 day.", "uti.cystitis_uncomplicated", "dose.too_short", "warn"),
        ("Amoxicillin 2 g three times daily for 5 days.", "pneumonia.adult", "dose.above_regimen", "interrupt"),
        ("Amoxicillin 250 mg once daily for 5 days.", "pneumonia.adult", "dose.below_regimen", "warn"),
        ("Lisinopril 20 mg daily.", "hypertension.primary_stage_1", "dose.above_regimen", "warn"),
        ("Metformin 1 g three times daily.", "diabetes.type2_confirmed", "dose.above_regimen", "interrupt"),
    ],
)
def test_doses_that_depart_from_the_regimen_are_found(
    text: str, syndrome: str, rule: str, action: str, screen: Screen, make_case: CaseMaker
) -> None:
    found = dose_findings(screen, make_case, text, syndrome, patient=ADULT)
    assert (rule, action) in {(item.rule, item.action) for item in found}


def test_doses_of_another_drug_are_not_measured_by_the_syndrome(screen: Screen, make_case: CaseMaker) -> None:
    text = "Azithromycin 500 mg daily for 3 days."
    assert not dose_findings(screen, make_case, text, "uti.cystitis_uncomplicated", patient=ADULT)


# ── sums ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_doses_of_acetaminophen_add_up_over_all_medicines(screen: Screen, make_case: CaseMaker) -> None:
    taken = [{"name": "co-codamol 30/500", "dose": "2 tablets", "frequency": "four times daily"}]
    text = "Acetaminophen 1 g three times daily."
    found = dose_findings(screen, make_case, text, patient=ADULT, medications=taken)
    assert ("dose.acetaminophen_sum", "interrupt") in {(item.rule, item.action) for item in found}


def test_doses_of_acetaminophen_that_stay_below_the_sum_raise_nothing(screen: Screen, make_case: CaseMaker) -> None:
    taken = [{"name": "Percocet 5/325", "dose": "1 tablet", "frequency": "twice daily"}]
    found = dose_findings(screen, make_case, "Acetaminophen 500 mg four times daily.", patient=ADULT, medications=taken)
    assert not found


def test_doses_of_ibuprofen_add_up_too(screen: Screen, make_case: CaseMaker) -> None:
    taken = [{"name": "ibuprofen", "dose": "800 mg", "frequency": "three times daily"}]
    found = dose_findings(screen, make_case, "Ibuprofen 400 mg every 6 hours.", patient=ADULT, medications=taken)
    assert "dose.ibuprofen_sum" in rules(found)


def test_doses_that_cannot_be_added_up_are_unchecked(screen: Screen, make_case: CaseMaker) -> None:
    verdict = screen.text(make_case(medications=["Percocet"]), "Acetaminophen 1 g four times daily.")
    assert any("could not be added up" in item for item in verdict.unchecked)


@pytest.mark.parametrize("more", ["Amoxicillin 500 mg three times daily.", "Acetaminophen 500 mg.", "Percocet."])
def test_doses_are_monotone_in_what_is_added(more: str, screen: Screen, make_case: CaseMaker) -> None:
    text = "Acetaminophen 1 g every 4 hours. Simvastatin 80 mg daily. Methotrexate 10 mg daily."
    before = rules(dose_findings(screen, make_case, text, patient=ADULT))
    assert before <= rules(dose_findings(screen, make_case, f"{text} {more}", patient=ADULT))
