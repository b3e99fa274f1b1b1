"""Who sees a case, and why: a pure function of everything that was found, and the last word.

Every check can only add a reason; nothing takes one away. A case without a reason is released.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cases.case import (
    Case,
    Differential,
    Evidence,
    Finding,
    Plan,
    Priority,
    Question,
    Reason,
    ReasonCode,
    Reviewer,
    Route,
)  # fmt: skip
from cases.instructions import instruction_in
from cases.languages import likely_other_language
from cases.vocabulary.tables import regimens
from pipeline.syndromes import Decision
from pipeline.thresholds import Thresholds

PRIORITIES: tuple[Priority, ...] = ("immediate", "urgent", "routine")
MIN_WORDS = 2  # fewer say nothing about a patient
_WORD = re.compile(r"[^\W\d_]{2,}")
REVIEWERS: dict[ReasonCode, tuple[Reviewer, ...]] = {
    "safety_block": ("physician", "pharmacist"),
    "unresolved_drug": ("pharmacist",),
    "image_provenance": ("radiologist",),
    "unknown_scanner": ("radiologist",),
}
BY_SIGNAL: dict[str, ReasonCode] = {
    "unsure": "uncertain",
    "mutual_information": "uncertain",
    "ood_score": "out_of_distribution",
    "set_size": "ambiguous_set",
    "emergency": "high_acuity",
    "disagreement": "evidence_disagreement",
}
DOUBTS = {"uncertain", "out_of_distribution", "ambiguous_set", "evidence_disagreement"}
BY_FINDING: dict[str, ReasonCode] = {
    "acuity": "high_acuity",
    "red_flag": "red_flag",
    "unresolved_drug": "unresolved_drug",
    "fuzzy_match": "unresolved_drug",
    "missing_fact": "missing_fact",
}


@dataclass(frozen=True)
class Assessment:
    """Everything the stages found about one case.

    Args:
        priority: the most pressing that any stage asked for.
        questions: dangerous unknowns among them are of kind `missing_fact`.
        first_question: what would most reduce the doubt; asked if the case is doubtful.
        failed: names of stages that failed for this case.
        planned: false with --no-plan; then no reason of the plan's stages is raised.
    """

    case: Case
    differential: Differential
    decision: Decision
    evidence: tuple[Evidence, ...]
    plan: Plan | None
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    first_question: Question | None
    unchecked: tuple[str, ...]
    priority: Priority
    failed: tuple[str, ...]
    planned: bool


@dataclass(frozen=True)
class Routing:
    """The decision."""

    route: Route
    priority: Priority
    reviewers: tuple[Reviewer, ...]
    reasons: tuple[Reason, ...]
    questions: tuple[Question, ...] = ()


def learned_priority(differential: Differential, limits: Thresholds) -> Priority:
    """Return what the classifier's probability of an emergency asks for."""
    emergency = differential.uncertainty.emergency
    if emergency >= limits.immediate:
        return "immediate"
    return "urgent" if emergency >= limits.urgent else "routine"


def most_pressing(*priorities: Priority) -> Priority:
    """Return the most pressing of several priorities; routine if there is none."""
    return min(priorities, key=PRIORITIES.index, default="routine")


def route(assessment: Assessment, thresholds: Thresholds, *, languages: tuple[str, ...], rules: str) -> Routing:
    """Decide who sees the case.

    Args:
        assessment: what was found.
        thresholds: fitted limits of doubt.
        languages: those the models were trained for.
        rules: version of the safety rules, as a reason's source.
    """
    reasons = (
        *_failures(assessment),
        *_input(assessment, languages),
        *_doubt(assessment, thresholds),
        *_safety(assessment, f"rules:{rules}"),
        *(_plan(assessment, f"rules:{rules}") if assessment.planned else ()),
    )
    who = dict.fromkeys(person for reason in reasons for person in REVIEWERS.get(reason.code, ("physician",)))
    doubtful = any(reason.code in DOUBTS for reason in reasons)
    asked = (assessment.first_question,) if doubtful and assessment.first_question else ()
    return Routing("review" if reasons else "auto", assessment.priority, tuple(who), reasons, asked)


def _failures(a: Assessment) -> Iterator[Reason]:
    for stage in a.failed:
        yield Reason(code="stage_failed", signal=stage, value="failed", threshold=None, source="pipeline")


def _input(a: Assessment, languages: tuple[str, ...]) -> Iterator[Reason]:
    if a.case.language.split("-")[0] not in languages:
        accepted = ", ".join(languages)
        yield Reason(code="language", signal="language", value=a.case.language, threshold=accepted, source="config")
    other = likely_other_language(a.case.text or "")
    if other is not None and other not in languages:
        yield Reason(
            code="language", signal="text", value=other, threshold=", ".join(languages), source="cases.languages"
        )
    told = instruction_in(a.case.text or "") or instruction_in(a.case.question or "")
    if told is not None:
        yield Reason(
            code="unreadable_input", signal="instruction", value=told, threshold=None, source="instructions.yaml"
        )
    said = len(_WORD.findall(a.case.text or ""))
    if said < MIN_WORDS:
        yield Reason(code="unreadable_input", signal="words", value=said, threshold=MIN_WORDS, source="pipeline")
    if a.case.images:
        yield Reason(
            code="image_provenance", signal="images", value=len(a.case.images), threshold=0, source="images.enabled"
        )


def _doubt(a: Assessment, limits: Thresholds) -> Iterator[Reason]:
    if not a.differential.diagnoses:
        yield Reason(code="uncertain", signal="diagnoses", value=0, threshold=1, source="classifier")
        return
    doubt, signal = limits.judge(a.differential)
    if not doubt <= limits.limit:
        code = BY_SIGNAL[signal] if a.planned or signal != "disagreement" else "uncertain"
        limit = _six_digits(limits.limit) if math.isfinite(limits.limit) else "nothing can be released"
        yield Reason(code=code, signal="doubt", value=_six_digits(doubt), threshold=limit, source=limits.source)
    if len(a.differential.prediction_set) != 1:
        size = len(a.differential.prediction_set)
        yield Reason(code="ambiguous_set", signal="prediction_set", value=size, threshold=1, source=limits.source)
    emergency = a.differential.uncertainty.emergency
    if emergency >= limits.urgent:
        threshold = _six_digits(limits.urgent)
        yield Reason(code="high_acuity", signal="emergency", value=emergency, threshold=threshold, source=limits.source)


def _six_digits(value: float) -> float:
    """Return what a reason shows; what decides is not rounded."""
    return float(f"{value:.6g}")


def _safety(a: Assessment, source: str) -> Iterator[Reason]:
    pressing = False
    for finding in a.findings:
        code = BY_FINDING.get(finding.kind)
        if code == "missing_fact" and not a.planned:
            continue
        if code is None and finding.action in ("block", "interrupt"):
            code = "safety_block"
        if code is not None and (finding.action != "note" or finding.kind in ("unresolved_drug", "fuzzy_match")):
            pressing |= code in ("high_acuity", "red_flag")
            yield Reason(code=code, signal="finding", value=finding.rule, threshold=None, source=source)
    if a.priority != "routine" and not pressing:
        yield Reason(code="high_acuity", signal="priority", value=a.priority, threshold="routine", source=source)


def _plan(a: Assessment, source: str) -> Iterator[Reason]:
    syndrome = a.decision.syndrome
    for fact in a.decision.undecided if syndrome else ("no syndrome",):
        yield Reason(code="undecided_syndrome", signal="fact", value=fact, threshold=None, source="conditions.yaml")
    if syndrome and syndrome.plan == "refer":
        yield Reason(code="red_flag", signal="syndrome", value=syndrome.id, threshold=None, source="conditions.yaml")
    for test in a.decision.untested:
        yield Reason(code="test_required", signal="test", value=test, threshold=None, source="conditions.yaml")
    for question in a.questions:
        if question.kind == "missing_fact":
            yield Reason(code="missing_fact", signal="question", value=question.because, threshold=None, source=source)
    if not a.evidence:
        yield Reason(code="evidence_empty", signal="passages", value=0, threshold=1, source="retrieval")
    if a.priority == "immediate":
        return  # no home plan is offered, so none can lack support
    if a.plan is None or a.plan.abstained:
        yield Reason(code="unsupported_plan", signal="plan", value="abstained", threshold=None, source="generator")
        return
    yield from _statements(a.plan, a.evidence)
    if syndrome and syndrome.plan == "drug" and not any(s.kind == "drug" for s in a.plan.statements):
        yield Reason(code="unsupported_plan", signal="drug", value="no regimen fits", threshold=None, source=source)


def _statements(plan: Plan, evidence: tuple[Evidence, ...]) -> Iterator[Reason]:
    grades = {item.id: item.grade for item in evidence}
    for statement in plan.statements:
        if not statement.supported or statement.citations[0] not in grades:
            yield Reason(
                code="unsupported_plan",
                signal=statement.kind,
                value=statement.citations[0],
                threshold=None,
                source="grounding",
            )
        elif statement.regimen and regimens()[statement.regimen.id].grade != "verified":
            grade = regimens()[statement.regimen.id].grade
            yield Reason(
                code="evidence_unverified",
                signal=statement.regimen.id,
                value=grade,
                threshold="verified",
                source="regimens.csv",
            )
        elif not statement.regimen and grades[statement.citations[0]] == "drafted":
            yield Reason(
                code="evidence_unverified",
                signal=statement.citations[0],
                value="drafted",
                threshold="single",
                source="library",
            )
