"""The door of the room: regimens, plans, free text, and failing closed."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.case import Plan, Statement
from cases.vocabulary.render import render
from cases.vocabulary.tables import drugs, regimens
from safety.rules import KNOWLEDGE
from safety.screen import Screen

CYSTITIS = "uti.cystitis_uncomplicated"
NITROFURANTOIN = f"{CYSTITIS}.nitrofurantoin"
TMP_SMX = f"{CYSTITIS}.tmp_smx"
WOMAN = {"age": 34.0, "sex": "female", "pregnant": False, "egfr": 90.0, "weight_kg": 62.0}


def _statement(regimen: str, **changes: Any) -> Statement:
    row = regimens()[regimen]
    noun = row.regimen.model_copy(update=changes)
    text = render(row)
    return Statement(kind="drug", text=text, citations=("lib:x#y",), span=(0, len(text)), supported=True, regimen=noun)


def _said(text: str, kind: str = "drug") -> Statement:
    return Statement(kind=kind, text=text, citations=("lib:x#y",), span=(0, 1), supported=True)  # type: ignore[arg-type]


def _rules(screen: Screen, case: Any, *statements: Statement) -> set[str]:
    return {item.rule for item in screen.plan(case, Plan(statements=statements), CYSTITIS).findings}


def test_regimens_fit_the_patient_and_say_what_excluded_the_others(screen: Screen, make_case: Any) -> None:
    screened = screen.regimens(make_case(patient=WOMAN, medications=["warfarin"]), CYSTITIS)
    assert NITROFURANTOIN in {row.id for row in screened.allowed}
    (excluded,) = [item for item in screened.excluded if item.regimen == TMP_SMX]
    assert excluded.excluded_by == ("ddi.warfarin_tmp_smx",)
    assert excluded.would_be_allowed_if == "the patient does not take warfarin"


def test_regimens_are_allowed_or_excluded_never_both(screen: Screen, make_case: Any) -> None:
    screened = screen.regimens(make_case(patient=WOMAN), CYSTITIS)
    allowed, excluded = {row.id for row in screened.allowed}, {item.regimen for item in screened.excluded}
    assert not allowed & excluded
    assert allowed | excluded == {row.id for row in regimens().values() if row.syndrome == CYSTITIS}


def test_a_course_is_given_whole_or_not_at_all(screen: Screen, make_case: Any) -> None:
    case = make_case(region="GB", patient={"age": 40.0, "sex": "male", "egfr": 90.0}, allergies=["clarithromycin"])
    screened = screen.regimens(case, "peptic_ulcer.hp_positive")
    courses: dict[str, set[bool]] = {}
    for row in (row for row in regimens().values() if row.syndrome == "peptic_ulcer.hp_positive" and row.course):
        courses.setdefault(row.course or "", set()).add(row in screened.allowed)
    assert all(len(outcomes) == 1 for outcomes in courses.values())


def test_a_missing_fact_that_decides_holds_the_case_up(screen: Screen, make_case: Any) -> None:
    case = make_case(patient={"age": 30.0, "sex": "female"})
    screened = screen.regimens(case, "heart_failure.reduced_ejection_fraction")
    assert not screened.allowed
    assert "Is the patient pregnant?" in {item.ask for item in screened.questions if item.kind == "missing_fact"}


def test_unknown_medicines_are_unchecked_and_asked_for_but_do_not_block(screen: Screen, make_case: Any) -> None:
    case = make_case(patient=WOMAN, medications=None, allergies=None)
    verdict = screen.patient(case)
    assert not verdict.findings
    assert any("medicines" in gap for gap in verdict.unchecked)
    assert {item.kind for item in verdict.questions} == {"syndrome"}
    assert screen.regimens(case, CYSTITIS).allowed


def test_a_sound_plan_passes(screen: Screen, make_case: Any) -> None:
    assert _rules(screen, make_case(patient=WOMAN), _statement(NITROFURANTOIN)) == set()


@pytest.mark.parametrize("change", [{"dose": "300 mg"}, {"duration_days": 30}, {"frequency": "four times daily"}])
def test_a_changed_dose_or_duration_is_found(screen: Screen, make_case: Any, change: dict[str, Any]) -> None:
    assert "dose.not_in_table" in _rules(screen, make_case(patient=WOMAN), _statement(NITROFURANTOIN, **change))


def test_a_drug_slipped_into_the_words_is_found(screen: Screen, make_case: Any) -> None:
    case = make_case(patient=WOMAN, medications=["simvastatin"])
    slipped = _said("Also take clarithromycin 500 mg twice daily.", "non_drug")
    assert "ddi.statin_3a_strong_inhibitor" in _rules(screen, case, _statement(NITROFURANTOIN), slipped)


def test_asking_about_a_drug_proposes_nothing(screen: Screen, make_case: Any) -> None:
    asked = _said("Ask about warfarin, methotrexate and penicillin reactions.", "confirm")
    assert _rules(screen, make_case(patient=WOMAN), _statement(TMP_SMX), asked) == set()


def test_an_alternative_is_not_taken_beside_the_first_choice(screen: Screen, make_case: Any) -> None:
    first, other = _statement("gerd.uncomplicated.omeprazole"), _statement("gerd.uncomplicated.lansoprazole")
    case = make_case(patient={"age": 40.0, "sex": "male"})
    beside = screen.plan(case, Plan(statements=(first, other)), "gerd.uncomplicated")
    instead = screen.plan(
        case, Plan(statements=(first, other.model_copy(update={"kind": "alternative"}))), "gerd.uncomplicated"
    )
    assert "dup.ppi" in {item.rule for item in beside.findings}
    assert "dup.ppi" not in {item.rule for item in instead.findings}


def test_a_misspelling_in_a_plan_is_a_finding(screen: Screen, make_case: Any) -> None:
    assert "rx.fuzzy" in _rules(screen, make_case(patient=WOMAN), _said("Give nitrofurantoine 100 mg."))


def test_a_name_and_a_code_that_disagree_are_both_screened_and_reported(screen: Screen, make_case: Any) -> None:
    metformin = drugs()["metformin"].rxcui
    case = make_case(patient=WOMAN, medications=[{"name": "warfarin", "rxcui": metformin}])
    assert "rx.unresolved" in {item.rule for item in screen.patient(case).findings}
    assert "ddi.warfarin_tmp_smx" in _rules(screen, case, _statement(TMP_SMX))


def test_stopped_medicines_do_not_count(screen: Screen, make_case: Any) -> None:
    case = make_case(patient=WOMAN, medications=[{"name": "warfarin", "status": "stopped"}])
    assert TMP_SMX in {row.id for row in screen.regimens(case, CYSTITIS).allowed}


TEXTS = st.sampled_from(
    ["warfarin", "lisinopril", "simvastatin", "spironolactone", "ibuprofen", "sertraline", "Xyzq", "lithium"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(taken=st.lists(TEXTS, max_size=4, unique=True), more=TEXTS)
def test_one_more_medicine_never_removes_a_finding_or_allows_a_regimen(
    screen: Screen, make_case: Any, taken: list[str], more: str
) -> None:
    few, many = (make_case(patient=WOMAN, medications=names) for names in (taken, [*taken, more]))
    plan = Plan(statements=(_statement(TMP_SMX), _said("Give clarithromycin 500 mg and ibuprofen 400 mg.")))
    before, after = (
        {(item.rule, item.drugs) for item in screen.plan(case, plan, CYSTITIS).findings} for case in (few, many)
    )
    assert before <= after
    assert {row.id for row in screen.regimens(many, CYSTITIS).allowed} <= {
        row.id for row in screen.regimens(few, CYSTITIS).allowed
    }


TABLES = ["interactions/bleeding.yaml", "classes.yaml", "allergy_groups.yaml", "contraindications/age.yaml", "antibiotic_indications.yaml", "roles.yaml", "vitals.yaml", "red_flags.yaml"]  # fmt: skip  # noqa: E501


@pytest.mark.parametrize("table", ["vitals.yaml", "red_flags.yaml"])
def test_acuity_that_cannot_be_judged_is_urgent(tmp_path: Path, make_case: Any, table: str) -> None:
    knowledge = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, knowledge)
    (knowledge / table).unlink()
    case = make_case(text="unwell", vitals={"heart_rate": 80.0})
    assert Screen(knowledge=knowledge).patient(case).priority == "urgent"


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("damage", ["missing", "broken"])
def test_a_table_that_cannot_be_read_blocks(tmp_path: Path, make_case: Any, table: str, damage: str) -> None:
    knowledge = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, knowledge)
    if damage == "missing":
        (knowledge / table).unlink()
    else:
        (knowledge / table).write_text("- {oops: [", encoding="utf-8")
    broken = Screen(knowledge=knowledge)
    case = make_case(text="I take ibuprofen.", patient=WOMAN, vitals={"heart_rate": 80.0})
    plan = Plan(statements=(_statement(NITROFURANTOIN),))
    verdicts = [broken.patient(case), broken.plan(case, plan, CYSTITIS)]
    failed = {item.action for verdict in verdicts for item in verdict.findings if item.rule.startswith("screen.failed")}
    assert failed == {"block"}
    assert any(verdict.unchecked for verdict in verdicts)


def test_an_exception_in_one_check_is_a_finding_and_the_others_still_run(
    make_case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()

    def boom(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(screen._checks._allergies, "check", boom)
    case = make_case(patient=WOMAN, medications=["warfarin"])
    rules = _rules(screen, case, _statement(TMP_SMX))
    assert {"screen.failed.allergies", "ddi.warfarin_tmp_smx"} <= rules
    assert not screen.regimens(case, CYSTITIS).allowed


def test_red_flags_of_a_label_need_the_label(screen: Screen, make_case: Any) -> None:
    case = make_case(
        text="burning urine and my blood pressure is low", vitals={"systolic_bp": 85.0, "heart_rate": 80.0}
    )
    assert "rf.uti.sepsis_pressure" not in {item.rule for item in screen.patient(case).findings}
    flagged = screen.patient(case, labels=["urinary tract infection"])
    assert "rf.uti.sepsis_pressure" in {item.rule for item in flagged.findings}
    assert flagged.priority == "immediate"


def test_a_plan_repeats_nothing_that_the_patient_screen_said(screen: Screen, make_case: Any) -> None:
    case = make_case(patient=WOMAN, medications=["warfarin", "ibuprofen"], vitals={"heart_rate": 140.0})
    said = screen.patient(case).findings
    again = screen.plan(case, Plan(statements=(_statement(NITROFURANTOIN),)), CYSTITIS).findings
    assert said
    assert not set(said) & set(again)


def test_a_plan_adds_the_red_flags_of_its_own_label(screen: Screen, make_case: Any) -> None:
    case = make_case(patient=WOMAN, vitals={"systolic_bp": 85.0})
    verdict = screen.plan(case, Plan(), CYSTITIS)
    assert "rf.uti.sepsis_pressure" in {item.rule for item in verdict.findings}
    assert verdict.priority == "immediate"


def test_screening_takes_milliseconds(screen: Screen, make_case: Any) -> None:
    case = make_case(patient=WOMAN, medications=["warfarin", "lisinopril", "metformin"], allergies=["penicillin"])
    screen.regimens(case, CYSTITIS)
    start = time.perf_counter()
    for _ in range(10):
        screen.patient(case)
        screen.regimens(case, CYSTITIS)
        screen.plan(case, Plan(statements=(_statement(NITROFURANTOIN),)), CYSTITIS)
    assert (time.perf_counter() - start) / 10 < 0.1


def test_a_current_medicine_named_without_a_dose_is_no_second_one(screen: Screen, make_case: Any) -> None:
    case = make_case(medications=["warfarin"])

    def action(text: str) -> str | None:
        found = screen.text(case, text).findings
        return next((item.action for item in found if item.rule == "dup.same_ingredient"), None)

    assert action("The plan includes warfarin and rest.") in (None, "note")
    assert action("Start warfarin 5 mg once daily.") == "interrupt"
