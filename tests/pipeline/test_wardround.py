"""The whole journey on the shipped vocabulary, library and rules; only the classifier is played by hand."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cases.case import (
    Allergy,
    Case,
    CaseResult,
    Diagnosis,
    Differential,
    Medication,
    Patient,
    Plan,
    Run,
    Uncertainty,
    Vitals,
)  # fmt: skip
from cases.vocabulary.conditions import conditions
from cases.vocabulary.tables import regimens
from pipeline.config import load_config
from pipeline.monotone import MonotoneLogistic
from pipeline.routing import Assessment, Routing, route
from pipeline.thresholds import SIGNALS, Thresholds
from pipeline.wardround import Rooms, Wardround
from retrievers.hybrid import HybridRetriever
from retrievers.lexical import Lexical
from retrievers.library import read_library
from retrievers.passage import Passage, Query
from safety.rules import KNOWLEDGE
from safety.screen import Screen, Verdict

DOUBT = MonotoneLogistic(SIGNALS, (0.0,) * 6, (1.0,) * 6, (1.0, 1.0, 1.0, 0.0, 0.0, 0.0), 9.0)
LIMITS = Thresholds(DOUBT, limit=0.9, urgent=0.3, immediate=0.8, target="test", source="fit:test")
RUN = Run(version="0", config="c", models={}, index="i", rules="r", seed=42)
WOMAN = Patient(age=34.0, sex="female", pregnant=False, breastfeeding=False, weight_kg=62.0, egfr=95.0)
CYSTITIS = (
    "Burning when I pass urine and going every half hour for two days. No fever, no flank pain, no vomiting, "
    "no vaginal discharge, not pregnant, no catheter."
)


class Told:
    """A classifier that is told the answer by the case's group."""

    labels = ()

    def classify(self, cases: Sequence[Case]) -> list[Differential]:
        return [self._answer(case.group or "Acne") for case in cases]

    def _answer(self, label: str) -> Differential:
        if label == "crash":
            raise RuntimeError("the model fell over")
        label, _, emergency = label.partition("!")
        diagnosis = Diagnosis(label=label, icd10=conditions()[label].icd10, probability=0.95)
        return Differential(
            diagnoses=(diagnosis,),
            prediction_set=(label,),
            uncertainty=Uncertainty(confidence=0.95, samples=1, emergency=0.9 if emergency else 0.0),
        )


class Everything:
    """A ranker that finds every passage the query admits, in corpus order, as a dense index does."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages

    def search(self, queries: Sequence[Query], k: int) -> list[list[tuple[int, float]]]:
        return [[(n, 1.0) for n, p in enumerate(self._passages) if query.admits(p)][:k] for query in queries]


@cache
def rooms() -> Rooms:
    passages = read_library()
    retriever = HybridRetriever(passages, lexical=Lexical(passages), dense=Everything(passages))
    return Rooms(Told(), retriever, Screen(), None, LIMITS, RUN)  # type: ignore[arg-type]


def wardround(*settings: str) -> Wardround:
    return Wardround(rooms(), load_config(settings=settings))


def cystitis(**changes: object) -> Case:
    values = {
        "id": "uti", "text": CYSTITIS, "group": "urinary tract infection", "patient": WOMAN,
        "medications": (), "allergies": (), "conditions": (), **changes,
    }  # fmt: skip
    return Case(**values)  # type: ignore[arg-type]


def proposed(result: CaseResult) -> set[str]:
    return {s.regimen.name for s in result.plan.statements if s.kind == "drug" and s.regimen} if result.plan else set()


def test_simple_cystitis_is_released_with_a_cited_verified_drug() -> None:
    result = wardround().invoke(cystitis())
    assert [reason.code for reason in result.reasons] == []
    assert result.route == "auto"
    assert proposed(result)
    by_id = {item.id: item for item in result.evidence}
    for statement in result.plan.statements:
        start, end = statement.span
        assert by_id[statement.citations[0]].text[start:end]
        assert statement.supported
        if statement.regimen:
            assert regimens()[statement.regimen.id].grade == "verified"
            said = by_id[statement.citations[0]].text[start:end].lower()
            assert statement.regimen.name.split(" + ")[0] in said
            assert statement.regimen.dose in said
            assert statement.regimen.frequency in said


def test_a_complete_plan_says_danger_check_treatment_review_and_safety_net() -> None:
    kinds = {s.kind for s in wardround().invoke(cystitis()).plan.statements}
    assert {"danger_sign", "confirm", "drug", "review_date", "safety_net"} <= kinds


def test_an_allergy_changes_the_drug_or_stops_it() -> None:
    first = next(iter(proposed(wardround().invoke(cystitis()))))
    allergic = cystitis(allergies=(Allergy(name=first.split(" + ")[0], reaction="anaphylaxis", status="confirmed"),))
    result = wardround().invoke(allergic)
    assert first not in proposed(result)
    assert any(a.excluded_by for a in result.plan.alternatives)


def test_warfarin_never_meets_co_trimoxazole() -> None:
    result = wardround().invoke(cystitis(medications=(Medication(name="warfarin"),)))
    assert "sulfamethoxazole + trimethoprim" not in proposed(result)


def test_pregnancy_is_another_syndrome() -> None:
    patient = WOMAN.model_copy(update={"pregnant": True, "gestation_weeks": 12.0})
    text = CYSTITIS.replace("not pregnant", "12 weeks pregnant")
    result = wardround().invoke(cystitis(patient=patient, text=text))
    assert result.syndrome is not None
    assert "pregnan" in result.syndrome.id


def test_an_unknown_medicine_goes_to_review() -> None:
    result = wardround().invoke(cystitis(medications=(Medication(name="zzqxitol"),)))
    assert "unresolved_drug" in {reason.code for reason in result.reasons}


def test_a_sick_patient_is_immediate_and_gets_no_home_plan() -> None:
    vitals = Vitals(
        temperature_c=39.5, heart_rate=135.0, respiratory_rate=30.0, systolic_bp=82.0, diastolic_bp=45.0, spo2=88.0,
        oxygen=False, consciousness="confusion",
    )  # fmt: skip
    result = wardround().invoke(cystitis(vitals=vitals))
    assert result.priority == "immediate"
    assert result.route == "review"
    assert result.plan is not None
    assert result.plan.statements == ()


def test_an_emergency_is_immediate_even_when_the_model_is_sure_of_a_harmless_label() -> None:
    result = wardround().invoke(cystitis(group="Acne!emergency"))
    assert (result.route, result.priority) == ("review", "immediate")
    assert result.differential[0].label == "Acne"
    assert result.plan is not None
    assert result.plan.statements == ()


def test_a_released_case_says_whether_it_is_audited() -> None:
    audited = wardround("routing.audit_share=1.0").invoke(cystitis())
    assert audited.audit is not None
    assert (audited.route, audited.audit.drawn, audited.audit.probability) == ("auto", True, 1.0)
    assert wardround().invoke(cystitis(group="crash")).audit is None


def test_a_stage_that_falls_over_sends_only_its_case_to_review() -> None:
    results = wardround().batch([cystitis(), cystitis(id="b", group="crash")])
    assert results[0].route == "auto"
    assert "stage_failed" in {reason.code for reason in results[1].reasons}


def test_a_case_that_cannot_be_routed_goes_to_review_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbling(assessment: Assessment, *args: Any, **options: Any) -> Routing:
        if assessment.case.id == "b":
            raise KeyError("a regimen that no table has")
        return route(assessment, *args, **options)

    monkeypatch.setattr("pipeline.wardround.route", stumbling)
    results = wardround().batch([cystitis(), cystitis(id="b")])
    assert [result.route for result in results] == ["auto", "review"]
    assert [(r.code, r.signal) for r in results[1].reasons] == [("stage_failed", "route")]
    assert results[1].priority == "urgent"


def test_a_patient_who_was_not_screened_is_not_last_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **options: Any) -> Verdict:
        raise OSError("a table is gone")

    monkeypatch.setattr(Screen, "patient", broken)
    result = wardround().invoke(cystitis())
    assert (result.route, result.priority) == ("review", "urgent")
    assert "stage_failed" in {reason.code for reason in result.reasons}


def test_an_emergency_that_the_plans_screen_finds_takes_the_plan_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Screen, "plan", lambda *args: Verdict(priority="immediate"))
    result = wardround().invoke(cystitis())
    assert (result.priority, result.route, result.plan) == ("immediate", "review", Plan(abstained=True))


def test_the_result_does_not_depend_on_the_batch() -> None:
    cases = [
        cystitis(),
        Case(id="m", text="fever with chills and sweats after travel", group="Malaria", patient=WOMAN),
        Case(id="g", text="??? ... !!"),
    ]
    together = [r.model_copy(update={"timings_ms": {}}) for r in wardround().batch(cases)]
    alone = [wardround().invoke(case).model_copy(update={"timings_ms": {}}) for case in cases]
    assert together == alone


def test_no_plan_leaves_the_plan_out() -> None:
    result = wardround("plan=false").invoke(cystitis())
    assert result.plan is None
    assert result.differential


def test_a_text_that_says_nothing_is_a_result_to_review() -> None:
    result = wardround().invoke(Case(id="g", text="??? ... !!"))
    assert result.route == "review"


def test_it_is_a_runnable() -> None:
    from langchain_core.runnables import RunnableLambda

    route = (wardround() | RunnableLambda(lambda result: result.route)).invoke(cystitis())
    assert route == "auto"
    assert [r.case_id for r in wardround().stream(cystitis())] == ["uti"]


@pytest.mark.parametrize("label", sorted(conditions()))
def test_every_condition_gets_a_plan_or_says_why_not(label: str) -> None:
    result = wardround().invoke(Case(id="a", text="unwell for two days", group=label, patient=WOMAN))
    assert result.priority == "immediate" or result.plan.statements or result.reasons
    assert len(CaseResult.model_validate_json(result.model_dump_json(by_alias=True)).reasons) == len(result.reasons)


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_with_a_broken_table_of_rules_every_case_goes_to_review(tmp_path: Path, damage: str) -> None:
    knowledge = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, knowledge)
    table = knowledge / "interactions" / "bleeding.yaml"
    lines = table.read_bytes().splitlines(keepends=True)
    table.unlink() if damage == "gone" else table.write_bytes(b"".join(lines[: len(lines) // 2]))
    broken = Wardround(replace(rooms(), screen=Screen(knowledge=knowledge)), load_config())
    for result in broken.batch([cystitis(), cystitis(id="b", text="An itchy rash for a week.", group="Acne")]):
        assert result.route == "review"
        assert {"safety_block", "unresolved_drug"} & {reason.code for reason in result.reasons}
        assert any("bleeding.yaml" in gap for gap in result.unchecked)
