"""The safety rules as data: YAML tables read once, validated, frozen. The engine is code, the rules are not.

classes.yaml                 which ingredients belong to a class
interactions/*.yaml          class or drug x class or drug, a file a theme
allergy_groups.yaml          which allergies carry over to which drugs, and what to do for which reaction
contraindications/*.yaml     drug x state of the patient
antibiotic_indications.yaml  is an antibiotic ever, sometimes or never indicated in this syndrome
red_flags.yaml               facts that make a case urgent
vitals.yaml                  score bands and limits of vital signs
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from cases.case import Action, Priority, Severity
from cases.vocabulary.tables import VOCABULARY, drugs
from cases.whole import REMEDY
from cases.yaml_file import read_yaml

KNOWLEDGE = Path(__file__).parent / "knowledge"
INTERACTION_THEMES = (
    "antimicrobials",
    "bleeding",
    "heart_and_kidney",
    "mechanisms",
    "metabolism_and_immunity",
    "nervous_system",
)
CONTRAINDICATION_THEMES = (
    "age",
    "disease_blood_and_infection",
    "disease_gut_and_bladder",
    "disease_heart_and_lungs",
    "disease_hormones_and_salts",
    "disease_nerves_and_mind",
    "kidney_and_liver",
    "liver",
    "pregnancy_and_lactation",
)
ACTION_OF: dict[Severity, Action] = {
    "contraindicated": "block",
    "major": "interrupt",
    "moderate": "warn",
    "minor": "note",
}
STOPPING: frozenset[Action] = frozenset({"block", "interrupt"})
Tier = Literal["always", "sometimes", "never"]
Reaction = Literal["intolerance", "mild", "unknown", "anaphylaxis", "severe_skin"]
Relation = Literal["same", "side_chain", "class", "related"]


class RulesError(ValueError):
    """A rule table is missing or wrong: the message names the file and the entry."""

    remedy = REMEDY


class Rule(BaseModel):
    """A frozen entry of a rule table; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class DrugClass(Rule):
    """Ingredients that a rule treats alike; two members at once are a duplicate where `duplicate` says how bad.

    The members are those named, and every ingredient whose ATC code begins with one of `atc`, less those of `exclude`:
    a new drug has the rules of its ATC class from its first day.
    """

    id: str
    label: str
    members: tuple[str, ...] = ()
    atc: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    duplicate: Severity | None = None
    source: str


class InteractionRule(Rule):
    """One interacting pair; `a` and `b` are a drug's name or `class:<id>`.

    A `general` rule follows from a mechanism alone; it gives way to any other rule for the same pair.
    """

    id: str
    a: str
    b: str
    severity: Severity
    general: bool = False
    effect: str
    management: str
    would_change_if: str | None = None
    sources: tuple[str, ...] = Field(min_length=1)
    hit: tuple[tuple[str, str], ...] = Field(min_length=1)
    miss: tuple[tuple[str, str], ...] = ()


class AllergyGroup(Rule):
    """Drugs between which an allergy carries over: a shared side chain, a class, or a related class.

    `exempt` members are not hit by an allergy, `causes` are the only ones that make one (all members without it).
    `only` limits the group to some reactions, `named_only` to allergies that are named by a term of the group, and
    `actions` outweighs the table of reaction x relation.
    """

    id: str
    label: str
    relation: Relation
    terms: tuple[str, ...] = ()
    members: tuple[str, ...] = Field(min_length=1)
    exempt: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    only: tuple[Reaction, ...] = ()
    named_only: bool = False
    actions: dict[Reaction, Severity] = {}
    source: str


class AllergyTable(Rule):
    """Groups, the words of each kind of reaction, what to do for reaction x relation, and what is not a drug."""

    groups: tuple[AllergyGroup, ...]
    reactions: dict[Reaction, tuple[str, ...]]
    actions: dict[Reaction, dict[Relation, Severity]]
    sources: tuple[str, ...]
    not_drugs: tuple[str, ...]
    nothing: tuple[str, ...]


class When(Rule):
    """The state of a patient: every given condition must hold, and none of `unless` be known true.

    Ages in years, weight in kg, eGFR in mL/min/1.73 m2.
    """

    facts: tuple[str, ...] = ()
    any_facts: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    age_below: float | None = None
    age_at_least: float | None = None
    weight_below: float | None = None
    egfr_below: float | None = None
    gestation_at_least: float | None = None


class Example(Rule):
    """A drug and a patient of whom a row must speak, or must not; what is not given is not known."""

    drug: str
    age: float | None = None
    sex: Literal["female", "male"] | None = None
    pregnant: bool | None = None
    gestation_weeks: float | None = None
    breastfeeding: bool | None = None
    weight_kg: float | None = None
    egfr: float | None = None
    icd10: tuple[str, ...] = ()
    region: str | None = None
    text: str | None = None


class Contraindication(Rule):
    """A drug or class that this state of the patient speaks against.

    `unknown` says what follows while the state is not known: `ignore`, `ask` a question, or `block` where one of
    `at_risk` (facts; empty means anybody) is true or, for `strict`, not known to be false. A `relative` row is only a
    warning about a drug that comes from the table of regimens, which weighed it already. `hit` and `miss` are what the
    tests hold the row to.
    """

    id: str
    subject: str
    when: When
    severity: Severity
    relative: bool = False
    unknown: Literal["ignore", "ask", "block", "strict"] = "ask"
    at_risk: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    message: str
    management: str
    would_change_if: str | None = None
    sources: tuple[str, ...] = Field(min_length=1)
    hit: Example | None = None
    miss: Example | None = None


class Indication(Rule):
    """Whether an antibiotic is indicated in a syndrome; `criteria` are facts, any of which makes it so."""

    syndrome: str
    tier: Tier
    criteria: tuple[str, ...] = ()
    why: str
    sources: tuple[str, ...] = Field(min_length=1)


class RedFlag(Rule):
    """Facts that make a case urgent or immediate under these labels (`any`: under every label).

    All of `facts` must be true, and one of `any_facts` where there are any.
    """

    id: str
    labels: tuple[str, ...]
    facts: tuple[str, ...] = ()
    any_facts: tuple[str, ...] = ()
    priority: Priority
    message: str
    source: str

    @field_validator("labels", mode="before")
    @classmethod
    def _one_label(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _needs_a_fact(self) -> Self:
        if not self.facts and not self.any_facts:
            raise ValueError(f"{self.id}: a red flag needs a fact")
        return self


class Band(Rule):
    """Points for a value in [at_least, below)."""

    points: int = Field(ge=0, le=3)
    at_least: float | None = None
    below: float | None = None

    def holds(self, value: float) -> bool:
        """Whether `value` lies in the band."""
        return (self.at_least is None or value >= self.at_least) and (self.below is None or value < self.below)


class VitalLimit(Rule):
    """A vital sign that is abnormal for somebody NEWS2 is not valid for."""

    id: str
    population: Literal["child", "pregnant"]
    field: str
    age_at_least: float | None = None
    age_below: float | None = None
    at_least: float | None = None
    below: float | None = None
    priority: Priority
    source: str


class VitalsTable(Rule):
    """The bands of NEWS2 and the limits for children and pregnancy."""

    news2_source: str
    news2_min_age: float
    news2_urgent: int
    news2_emergency: int
    news2_single: int
    oxygen_points: int
    consciousness_points: int
    spo2_scale1: tuple[Band, ...]
    spo2_scale2_on_air: tuple[Band, ...]
    spo2_scale2_on_oxygen: tuple[Band, ...]
    bands: dict[str, tuple[Band, ...]]
    limits: tuple[VitalLimit, ...]


Rule_ = TypeVar("Rule_", InteractionRule, Contraindication)


def _read(path: Path, kind: Any) -> Any:
    try:
        data = read_yaml(path)
        return TypeAdapter(kind).validate_python(data)
    except (OSError, yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        raise RulesError(f"{path.name}: {error}") from error


def _read_all(folder: Path, themes: Iterable[str], kind: type[Rule_]) -> tuple[Rule_, ...]:
    """Read every table of a folder: the themes that must be there, and those that a hospital adds."""
    paths = sorted({*folder.glob("*.yaml"), *(folder / f"{theme}.yaml" for theme in themes)})
    rows = tuple(row for path in paths for row in _read(path, tuple[kind, ...]))  # type: ignore[valid-type]
    repeated = sorted(name for name, count in Counter(row.id for row in rows).items() if count > 1)
    if repeated:
        raise RulesError(f"{folder.name}: ids occur twice: {', '.join(repeated)}")
    return rows


@cache
def classes(folder: Path = KNOWLEDGE) -> dict[str, DrugClass]:
    """Every drug class, by id.

    Raises:
        RulesError: if the table is missing or wrong (so with every reader here).
    """
    found: tuple[DrugClass, ...] = _read(folder / "classes.yaml", tuple[DrugClass, ...])
    return {item.id: item.model_copy(update={"members": _members(item)}) for item in found}


@cache
def _atc_codes() -> tuple[tuple[str, str], ...]:
    return tuple(sorted((code, drug.name) for drug in drugs(VOCABULARY).values() for code in drug.atc))


def _by_atc(stretch: str) -> Iterator[str]:
    codes = _atc_codes()
    for code, name in islice(codes, bisect_left(codes, (stretch,)), None):
        if not code.startswith(stretch):
            return
        yield name


def _members(group: DrugClass) -> tuple[str, ...]:
    by_atc = {name for stretch in group.atc for name in _by_atc(stretch)}
    found = tuple(sorted((by_atc | set(group.members)) - set(group.exclude)))
    if not found:
        raise RulesError(f"classes.yaml: {group.id} has no members")
    return found


@cache
def interaction_rules(folder: Path = KNOWLEDGE) -> tuple[InteractionRule, ...]:
    """Every interaction rule."""
    return _read_all(folder / "interactions", INTERACTION_THEMES, InteractionRule)


@cache
def allergy_table(folder: Path = KNOWLEDGE) -> AllergyTable:
    """The allergy groups and the table of actions."""
    table: AllergyTable = _read(folder / "allergy_groups.yaml", AllergyTable)
    return table


@cache
def contraindications(folder: Path = KNOWLEDGE) -> tuple[Contraindication, ...]:
    """Every contraindication."""
    return _read_all(folder / "contraindications", CONTRAINDICATION_THEMES, Contraindication)


@cache
def indications(folder: Path = KNOWLEDGE) -> dict[str, Indication]:
    """Every antibiotic indication, by syndrome."""
    rows: tuple[Indication, ...] = _read(folder / "antibiotic_indications.yaml", tuple[Indication, ...])
    return {row.syndrome: row for row in rows}


@cache
def red_flags(folder: Path = KNOWLEDGE) -> tuple[RedFlag, ...]:
    """Every red flag."""
    rows: tuple[RedFlag, ...] = _read(folder / "red_flags.yaml", tuple[RedFlag, ...])
    return rows


@cache
def vitals_table(folder: Path = KNOWLEDGE) -> VitalsTable:
    """The bands and limits of vital signs."""
    table: VitalsTable = _read(folder / "vitals.yaml", VitalsTable)
    return table


def version(folder: Path = KNOWLEDGE) -> str:
    """The version of the rule set."""
    try:
        return (folder / "VERSION").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"VERSION: {error}") from error


def members(subject: str, folder: Path = KNOWLEDGE) -> frozenset[str]:
    """The ingredients that `subject` names: a class's members, or the one drug."""
    if not subject.startswith("class:"):
        return frozenset({subject})
    try:
        return frozenset(classes(folder)[subject.removeprefix("class:")].members)
    except KeyError as error:
        raise RulesError(f"classes.yaml: no class {subject}") from error
