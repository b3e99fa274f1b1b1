"""How results are said to people: one wording for the report, the summary table and the review queue.

Nothing here decides anything. Unknown identifiers are shown as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Literal

from cases.case import Action, Case, CaseResult, Finding, FindingKind, Reason, ReasonCode, Severity, StatementKind
from cases.vocabulary.conditions import conditions, syndromes
from cases.vocabulary.tables import VOCABULARY, VocabularyError, drugs, regimens

Decision = Literal["immediate", "urgent", "review", "released"]

DECISIONS: dict[Decision, str] = {
    "immediate": "Act now",
    "urgent": "Urgent review",
    "review": "Review",
    "released": "Released",
}

# Whether what the clinic asked for can be promised for a run.
STANDINGS: dict[bool | None, str] = {
    True: "The target holds for these cases.",
    None: "Whether the target holds cannot be told.",
    False: "The target is not promised for these cases.",
}

# Gravest first: the first of a case's reasons in this order is its main reason.
REASONS: dict[ReasonCode, str] = {
    "high_acuity": "Needs care today or sooner",
    "red_flag": "Red flag in the presentation",
    "safety_block": "Safety screen stopped the plan",
    "unresolved_drug": "A medicine could not be identified",
    "test_required": "A test must come before treatment",
    "missing_fact": "A fact that the plan turns on is missing",
    "stage_failed": "A step failed",
    "unreadable_input": "The input says too little to work with",
    "undecided_syndrome": "Which form of the condition is undecided",
    "ambiguous_set": "Several diagnoses remain possible",
    "uncertain": "The classifier is uncertain",
    "out_of_distribution": "Unlike the cases the classifier learned from",
    "evidence_disagreement": "The evidence and the classifier disagree",
    "evidence_empty": "No evidence was found",
    "evidence_unverified": "The evidence is not verified",
    "unsupported_plan": "A sentence of the plan is not supported",
    "language": "Written in a language that is not covered",
    "image_provenance": "Whether the image is authentic is in doubt",
    "unknown_scanner": "The image comes from an unknown scanner",
}

# In the order in which a plan is read.
STATEMENTS: dict[StatementKind, str] = {
    "danger_sign": "Danger signs",
    "confirm": "Confirm first",
    "non_drug": "Care without medicines",
    "drug": "Medicines",
    "no_drug": "No medicine indicated",
    "alternative": "Alternatives",
    "review_date": "When to review",
    "safety_net": "Safety net",
}

VITALS: dict[str, tuple[str, str]] = {
    "temperature_c": ("Temperature", "°C"),
    "heart_rate": ("Heart rate", "/min"),
    "respiratory_rate": ("Breaths", "/min"),
    "systolic_bp": ("Systolic", "mmHg"),
    "diastolic_bp": ("Diastolic", "mmHg"),
    "spo2": ("SpO₂", "%"),
    "oxygen": ("On oxygen", ""),
    "consciousness": ("Consciousness", ""),
}
SEVERITIES: tuple[Severity, ...] = ("contraindicated", "major", "moderate", "minor")
ACTIONS: tuple[Action, ...] = ("block", "interrupt", "warn", "note")
_LEADING_STATEMENTS: tuple[StatementKind, ...] = ("drug", "no_drug", "non_drug", "confirm")
URGENT_FINDINGS: tuple[FindingKind, ...] = ("red_flag", "acuity")


class Names:
    """Display names of labels, syndromes, regimens and drugs, from the vocabulary's tables.

    A table that cannot be read only costs the names that it holds: identifiers are shown instead.
    """

    def __init__(self, folder: Path = VOCABULARY) -> None:
        self._folder = folder

    def label(self, label: str) -> str:
        """The display name of a diagnosis label."""
        return self._labels.get(label, label)

    def syndrome(self, syndrome: str) -> str:
        """The display name of a syndrome."""
        return self._syndromes.get(syndrome, syndrome)

    def regimen(self, regimen: str) -> str:
        """Name, dose, frequency and duration of a regimen."""
        return self._regimens.get(regimen, regimen)

    def drug(self, rxcui: str) -> str:
        """The name behind an RxCUI."""
        return self._drugs.get(rxcui, rxcui)

    @cached_property
    def _labels(self) -> dict[str, str]:
        try:
            return {label: entry.display for label, entry in conditions(self._folder).items()}
        except (OSError, VocabularyError):
            return {}

    @cached_property
    def _syndromes(self) -> dict[str, str]:
        try:
            return {name: syndrome.display for name, syndrome in syndromes(self._folder).items()}
        except (OSError, VocabularyError):
            return {}

    @cached_property
    def _regimens(self) -> dict[str, str]:
        try:
            rows = regimens(self._folder).values()
        except (OSError, VocabularyError):
            return {}
        return {row.id: _regimen(row.name, row.dose, row.frequency, row.duration_days) for row in rows}

    @cached_property
    def _drugs(self) -> dict[str, str]:
        try:
            return {drug.rxcui: name for name, drug in drugs(self._folder).items() if drug.rxcui}
        except (OSError, VocabularyError):
            return {}


def decision(result: CaseResult) -> Decision:
    """What is to be done with a result, as one word."""
    if result.priority == "immediate":
        return "immediate"
    if result.route == "auto":
        return "released"
    return "urgent" if result.priority == "urgent" else "review"


def main_reason(result: CaseResult) -> Reason | None:
    """The gravest reason of a result, or None if it was released."""
    order = list(REASONS)
    return min(result.reasons, key=lambda reason: order.index(reason.code), default=None)


def urgent_findings(result: CaseResult) -> tuple[Finding, ...]:
    """The findings that make a case an emergency: red flags first, then acuity."""
    found = [finding for finding in result.findings if finding.kind in URGENT_FINDINGS and finding.action != "note"]
    return tuple(sorted(found, key=lambda finding: URGENT_FINDINGS.index(finding.kind)))


def reason_detail(result: CaseResult, reason: Reason) -> str:
    """What stands behind a reason: the message of the finding it names, or its signal against its threshold."""
    for finding in result.findings:
        if finding.rule == reason.value:
            return finding.message
    if reason.value is None:
        return ""
    said = f"{reason.signal.replace('_', ' ')}: {number(reason.value)}"
    return said if reason.threshold is None else f"{said}, threshold {number(reason.threshold)}"


def vitals(case: Case) -> list[tuple[str, str]]:
    """The vital signs that are known, with their units."""
    known = case.vitals.model_dump(exclude_none=True)
    return [(name, f"{spoken(known[key])} {unit}".strip()) for key, (name, unit) in VITALS.items() if key in known]


def leading_line(result: CaseResult) -> str:
    """The one line to read first: what to do now, or the first treatment; a draft where nothing was released."""
    if result.priority == "immediate":
        return next((finding.management for finding in urgent_findings(result)), "Assess now; no home plan is shown.")
    if result.plan is None:
        return "No plan was asked for."
    by_kind = {statement.kind: statement.text for statement in reversed(result.plan.statements)}
    texts = [by_kind[kind] for kind in (*_LEADING_STATEMENTS, *STATEMENTS) if kind in by_kind]
    if not texts:
        return "No plan: wardround abstained."
    return texts[0] if result.route == "auto" else f"Draft: {texts[0]}"


def patient_line(case: Case) -> str:
    """Age, sex and what changes doses, in one line; what is unknown is left out."""
    patient = case.patient
    parts = [
        _age(patient.age),
        patient.sex if patient.sex != "unknown" else None,
        _pregnancy(patient.pregnant, patient.gestation_weeks),
        {True: "breastfeeding", False: "not breastfeeding", None: None}[patient.breastfeeding],
        _amount(patient.weight_kg, "kg"),
        _amount(patient.height_cm, "cm"),
        f"eGFR {patient.egfr:g} mL/min/1.73 m²" if patient.egfr is not None else None,
    ]
    return ", ".join(part for part in parts if part) or "nothing known about the patient"


def listed(items: Iterable[str]) -> str:
    """Join words as English does: "a", "a and b", "a, b and c"."""
    *most, last = list(items) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def spoken(value: float | str | bool | None) -> str:
    """A measured value as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def number(value: float | str | None) -> str:
    """A signal's value or threshold, short enough to read."""
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _regimen(name: str, dose: str | None, frequency: str, days: int | None) -> str:
    course = f"for {days} day{'s' if days != 1 else ''}" if days else None
    return " ".join(part for part in (name, dose, frequency, course) if part)


def _age(age: float | None) -> str | None:
    if age is None:
        return None
    if age >= 2:
        return f"{age:.0f} years" if age == int(age) else f"{age:.1f} years"
    return f"{age * 12:.0f} months" if age >= 2 / 12 else f"{age * 365.25:.0f} days"


def _pregnancy(pregnant: bool | None, weeks: float | None) -> str | None:
    if weeks is not None:
        return f"pregnant, {weeks:g} weeks"
    return {True: "pregnant", False: "not pregnant", None: None}[pregnant]


def _amount(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value:g} {unit}"
