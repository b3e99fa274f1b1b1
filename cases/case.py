"""The nouns of wardround: what goes in (`Case`), what is passed between the rooms, and what comes out (`CaseResult`).

Every noun is frozen, typed, refuses unknown keys and survives a JSON round trip. `null` or an absent key means
*unknown*, which is not "no"; an empty list means *none*. Units are in the names. The ranges are limits of
plausibility, wide enough for any living patient: a value outside them is a unit error or a slip of the keyboard.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

SCHEMA_VERSION: Final = 1

Sex = Literal["female", "male", "other", "unknown"]
Setting = Literal["outpatient", "emergency", "inpatient"]
Consciousness = Literal["alert", "confusion", "voice", "pain", "unresponsive"]  # ACVPU
Route = Literal["auto", "review"]
Priority = Literal["immediate", "urgent", "routine"]
Reviewer = Literal["physician", "pharmacist", "radiologist"]
Grade = Literal["verified", "single", "drafted", "secondary"]
Severity = Literal["contraindicated", "major", "moderate", "minor"]
Action = Literal["block", "interrupt", "warn", "note"]
StatementKind = Literal[
    "danger_sign", "confirm", "non_drug", "drug", "no_drug", "alternative", "review_date", "safety_net"
]
FindingKind = Literal[
    "interaction", "allergy", "contraindication", "stewardship", "duplicate", "dose", "acuity", "red_flag",
    "unresolved_drug", "fuzzy_match", "withdrawn", "missing_fact",
]  # fmt: skip
ReasonCode = Literal[
    "uncertain", "out_of_distribution", "ambiguous_set", "undecided_syndrome", "test_required",
    "evidence_disagreement", "evidence_empty", "evidence_unverified", "unsupported_plan", "safety_block",
    "unresolved_drug", "missing_fact", "high_acuity", "red_flag", "language", "image_provenance",
    "unknown_scanner", "unreadable_input", "stage_failed",
]  # fmt: skip

_PRINTABLE = r"[^\x00-\x1f\x7f\ud800-\udfff]"
Text = Annotated[str, Field(min_length=1, max_length=100_000)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]


def _iso_date(value: Any) -> Any:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


Date = Annotated[dt.date, BeforeValidator(_iso_date)]


def _iso_time(value: Any) -> Any:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value


Time = Annotated[dt.datetime, BeforeValidator(_iso_time)]


class Noun(BaseModel):
    """A frozen value with a strict schema: no coercion, no unknown keys, no NaN."""

    model_config = ConfigDict(  # deferred: to build all validators takes longer than the rest of the import
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True, defer_build=True,
        regex_engine="python-re",
    )  # fmt: skip


# ── what goes in ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Patient(Noun):
    """Who the case is about. `age` is in years and may be fractional (0.05 is 18 days)."""

    age: float | None = Field(None, ge=0, le=125)
    sex: Sex | None = None
    pregnant: bool | None = None
    gestation_weeks: float | None = Field(None, ge=0, le=45)
    breastfeeding: bool | None = None
    weight_kg: float | None = Field(None, ge=0.3, le=650)
    height_cm: float | None = Field(None, ge=20, le=280)
    egfr: float | None = Field(None, ge=0, le=250, description="mL/min/1.73 m2")

    @model_validator(mode="after")
    def _gestation_needs_pregnancy(self) -> Self:
        if self.gestation_weeks is not None and self.pregnant is False:
            raise ValueError("gestation_weeks is given but pregnant is false")
        return self


class Vitals(Noun):
    """The vital signs of one moment."""

    temperature_c: float | None = Field(None, ge=20, le=45)
    heart_rate: float | None = Field(None, ge=0, le=350, description="beats/min")
    respiratory_rate: float | None = Field(None, ge=0, le=150, description="breaths/min")
    systolic_bp: float | None = Field(None, ge=0, le=350, description="mmHg")
    diastolic_bp: float | None = Field(None, ge=0, le=250, description="mmHg")
    spo2: float | None = Field(None, ge=20, le=100, description="percent")
    oxygen: bool | None = Field(None, description="true if breathing supplemental oxygen")
    consciousness: Consciousness | None = None

    @model_validator(mode="after")
    def _systolic_is_not_below_diastolic(self) -> Self:
        if self.systolic_bp is not None and self.diastolic_bp is not None and self.systolic_bp < self.diastolic_bp:
            raise ValueError("systolic_bp is below diastolic_bp")
        return self


class Observation(Noun):
    """One laboratory or bedside measurement, coded by LOINC."""

    loinc: str | None = Field(None, pattern=r"^\d{1,7}-\d$")
    display: Name | None = None
    value: float | str | bool | None = None
    unit: str | None = Field(None, max_length=50)
    time: Time | None = None


class Condition(Noun):
    """A problem the patient is known to have."""

    system: Literal["icd10", "snomed", "other"] = "icd10"
    code: str | None = Field(None, max_length=50)
    display: Name | None = None

    @model_validator(mode="after")
    def _has_code_or_display(self) -> Self:
        if not self.code and not self.display:
            raise ValueError("a condition needs a code or a display")
        return self


class Medication(Noun):
    """A medicine the patient takes; a bare string in a case file is its name."""

    name: Name | None = None
    rxcui: str | None = Field(None, pattern=r"^\d{1,9}$")
    dose: str | None = Field(None, max_length=200)
    route: str | None = Field(None, max_length=100)
    frequency: str | None = Field(None, max_length=200)
    status: Literal["active", "stopped", "unknown"] | None = None
    start: Date | None = None

    @model_validator(mode="after")
    def _has_name_or_code(self) -> Self:
        if not self.name and not self.rxcui:
            raise ValueError("a medication needs a name or an rxcui")
        return self


class Allergy(Noun):
    """An allergy or intolerance; a bare string in a case file is its name."""

    name: Name
    rxcui: str | None = Field(None, pattern=r"^\d{1,9}$")
    reaction: str | None = Field(None, max_length=500)
    severity: Literal["mild", "moderate", "severe"] | None = None
    status: Literal["confirmed", "unconfirmed", "refuted"] | None = None


class ImageRef(Noun):
    """An image beside the case file; `path` is relative to the case file's folder and may not leave it."""

    path: Name
    modality: str | None = Field(None, max_length=16, description="DICOM modality code, e.g. CR, CT, MR, US")


class Case(Noun):
    """One presentation of one patient. Only `id` and one of `text`, `images` are required."""

    id: str = Field(min_length=1, max_length=200, pattern=rf"^{_PRINTABLE}*\S{_PRINTABLE}*$")
    text: Text | None = None
    language: str = Field("en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    setting: Setting | None = None
    region: str | None = Field(None, pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    patient: Patient = Patient.model_construct()
    vitals: Vitals = Vitals.model_construct()
    observations: tuple[Observation, ...] = ()
    conditions: tuple[Condition, ...] | None = None
    medications: tuple[Medication, ...] | None = None
    allergies: tuple[Allergy, ...] | None = None
    images: tuple[ImageRef, ...] = ()
    question: Text | None = None
    group: Name | None = None

    @field_validator("patient", "vitals", mode="before")
    @classmethod
    def _null_is_unknown(cls, value: Any) -> Any:
        return {} if value is None else value

    @field_validator("observations", "images", mode="before")
    @classmethod
    def _null_is_empty(cls, value: Any) -> Any:
        return tuple(value or ()) if value is None or isinstance(value, list | tuple) else value

    @field_validator("medications", "allergies", mode="before")
    @classmethod
    def _names_are_enough(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return tuple({"name": item} if isinstance(item, str) else item for item in value)
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.text and self.text.strip()) and not self.images:
            raise ValueError("a case needs text or images")
        return self


# ── what the rooms pass to each other ────────────────────────────────────────────────────────────────────────────────


class Diagnosis(Noun):
    """One ranked label with its calibrated probability."""

    label: str
    icd10: str
    probability: Probability


class Uncertainty(Noun):
    """What the classifier and the evidence say about their own doubt; entropies are in nats."""

    confidence: Probability = 0.0
    predictive_entropy: float = Field(0.0, ge=0)
    mutual_information: float = Field(0.0, ge=0)
    ood_score: Probability = Field(0.0, description="probability that none of the labels applies")
    emergency: Probability = Field(0.0, description="probability that the patient needs emergency care now")
    disagreement: float = Field(0.0, ge=0)
    doubt: Probability = Field(1.0, description="all signals together: probability that releasing the case is wrong")
    samples: int = Field(0, ge=0, description="Monte Carlo draws; 0 means that nothing was classified")


class Differential(Noun):
    """What the classifier thinks: diagnoses in falling probability, the prediction set, the uncertainty."""

    diagnoses: tuple[Diagnosis, ...] = ()
    prediction_set: tuple[str, ...] = ()
    uncertainty: Uncertainty = Uncertainty.model_construct()


class SyndromeDecision(Noun):
    """The treatable entity under the leading label, and the facts that decided it."""

    id: str
    decided_by: tuple[str, ...] = ()


class Question(Noun):
    """A fact that the file does not hold and the diagnosis or the plan turns on."""

    ask: str
    because: str
    kind: Literal["red_flag", "differential", "syndrome", "missing_fact", "test"]


class Evidence(Noun):
    """A passage that was retrieved; `regimens` are the ids of the regimens whose statements it carries."""

    id: str
    title: str
    text: str
    grade: Grade
    source: str
    year: int | None = None
    url: str | None = None
    licence: str
    score: float
    rank: int = Field(ge=1)
    sha256: str
    regimens: tuple[str, ...] = ()


class DrugRef(Noun):
    """An ingredient; `rxcui` is null where no two sources agree on the code."""

    rxcui: str | None
    name: str


class Regimen(Noun):
    """A drug as it is prescribed. `dose` may be null for topicals, `duration_days` for long-term treatment.

    Combination products join their ingredients' names, and codes, with " + ".
    """

    id: str
    rxcui: str | None
    name: str
    dose: str | None
    route: str
    frequency: str
    duration_days: int | None = Field(None, ge=1)


class Statement(Noun):
    """One sentence of a plan; `span` is a half-open character range in the text of the first citation."""

    kind: StatementKind
    text: str
    citations: tuple[str, ...] = Field(min_length=1)
    span: tuple[int, int]
    supported: bool
    regimen: Regimen | None = None
    drugs: tuple[DrugRef, ...] = ()


class Alternative(Noun):
    """A regimen of the syndrome that was not proposed: what excluded it and the smallest change that would allow it."""

    regimen: str
    excluded_by: tuple[str, ...]
    would_be_allowed_if: str | None = None


class Plan(Noun):
    """A treatment plan; an abstained plan has no statements."""

    statements: tuple[Statement, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    abstained: bool = False
    generator: str = "composed"


class Finding(Noun):
    """One thing the safety screen found; `drugs` are RxCUIs, or names where no code is known."""

    rule: str
    kind: FindingKind
    severity: Severity
    action: Action
    drugs: tuple[str, ...] = ()
    new: bool = Field(True, description="false if the patient lives with it already")
    message: str
    management: str
    would_change_if: str | None = None
    source: str


class Reason(Noun):
    """Why a case goes to a person: which signal had which value against which threshold, and who says so."""

    code: ReasonCode
    signal: str
    value: float | str | None
    threshold: float | str | None
    source: str


# ── what comes out ───────────────────────────────────────────────────────────────────────────────────────────────────


class Audit(Noun):
    """Whether a released case was drawn for blinded audit, and with what probability: weights for any refit."""

    drawn: bool
    probability: Probability


class Run(Noun):
    """Everything needed to make the same result again."""

    version: str
    config: str
    models: dict[str, str]
    index: str
    rules: str
    seed: int


class CaseResult(Noun):
    """One line of `results.jsonl`: the whole record of what wardround made of a case."""

    schema_version: Literal[1] = Field(SCHEMA_VERSION, alias="schema")
    case_id: str
    route: Route
    priority: Priority
    reviewers: tuple[Reviewer, ...]
    reasons: tuple[Reason, ...]
    differential: tuple[Diagnosis, ...] = ()
    prediction_set: tuple[str, ...] = ()
    syndrome: SyndromeDecision | None = None
    uncertainty: Uncertainty = Uncertainty.model_construct()
    questions: tuple[Question, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    plan: Plan | None = None
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[str, ...] = ()
    audit: Audit | None = Field(None, description="of a released case; null for one that is reviewed anyway")
    run: Run
    timings_ms: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _auto_means_without_reason(self) -> Self:
        if (self.route == "auto") != (not self.reasons):
            raise ValueError("route is auto exactly when there are no reasons")
        return self
