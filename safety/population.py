"""For whom a regimen is: the population columns of its row, checked against the patient.

An unknown fact excludes a regimen only where it would be dangerous: eGFR at 65 and over or with kidney disease, the
weight for a dose by weight, the age for a child's regimen; unknown pregnancy excludes teratogens, through their rows
in `contraindications/`. Elsewhere it is a question of the kind `syndrome`, asked beside the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cases.case import Case, Finding, Question
from cases.facts import FactReader
from cases.vocabulary.tables import RegimenRow
from safety.intake import finding

CHILD_AGE = 18.0
FIRST_TRIMESTER_WEEKS = 14.0
TERM_WEEKS = 37.0
SOURCE = "population of the regimen: cases/vocabulary/regimens.csv"


@dataclass(frozen=True)
class Misfit:
    """One reason why a regimen does not fit; `ask` is set where an unknown fact is the reason."""

    rule: str
    message: str
    would_change_if: str
    ask: str = ""


@dataclass(frozen=True)
class Aside:
    """A question that does not exclude the regimen."""

    ask: str
    because: str


Check = Callable[[RegimenRow, Case, FactReader], Iterator[Misfit | Aside]]


def check_population(row: RegimenRow, case: Case, reader: FactReader) -> tuple[list[Finding], list[Question]]:
    """Return what excludes the patient from the regimen, and what should be asked."""
    findings, questions = [], []
    for check in CHECKS:
        for item in check(row, case, reader):
            if isinstance(item, Aside):
                questions.append(Question(ask=item.ask, because=item.because, kind="syndrome"))
                continue
            findings.append(_finding(row, item))
            if item.ask:
                questions.append(Question(ask=item.ask, because=f"{row.name}: {item.message}", kind="missing_fact"))
    return findings, questions


def _finding(row: RegimenRow, item: Misfit) -> Finding:
    return finding(
        rule=item.rule,
        kind="missing_fact" if item.ask else "contraindication",
        severity="major",
        action="interrupt" if item.ask else "block",
        drugs=(row.rxcui or row.name,),
        message=f"{row.name.capitalize()}: {item.message}",
        management="Choose a regimen that fits the patient." if not item.ask else "Find out before it is given.",
        would_change_if=item.would_change_if,
        source=SOURCE,
    )


def _age(row: RegimenRow, case: Case, _: FactReader) -> Iterator[Misfit | Aside]:
    age, low, high = case.patient.age, row.age_min, row.age_max
    if age is None:
        if high is not None and high <= CHILD_AGE:
            message = "a child's regimen, and the age is not known."
            yield Misfit("pop.age", message, f"the age is under {high:g}", "How old is the patient?")
        elif low is not None or high is not None:
            yield Aside("How old is the patient?", f"the regimen of {row.name} has an age limit")
    elif low is not None and age < low:
        yield Misfit("pop.age", f"for ages from {low:g}.", f"the patient is {low:g} or older")
    elif high is not None and age >= high:
        yield Misfit("pop.age", f"for ages under {high:g}.", f"the patient is under {high:g}")


def _sex(row: RegimenRow, case: Case, _: FactReader) -> Iterator[Misfit | Aside]:
    if row.sex is None:
        return
    if case.patient.sex in (None, "unknown"):
        if case.patient.pregnant and row.sex == "female":
            return
        yield Aside("What is the patient's sex?", f"the regimen of {row.name} is for {row.sex} patients")
    elif case.patient.sex != row.sex:
        yield Misfit("pop.sex", f"for {row.sex} patients.", f"the patient is {row.sex}")


def _pregnancy(row: RegimenRow, case: Case, reader: FactReader) -> Iterator[Misfit | Aside]:
    if row.pregnancy == "ok":
        return
    pregnant = reader["pregnant"].value
    if row.pregnancy == "only":
        if pregnant is not True:
            yield Misfit("pop.pregnancy", "for pregnancy only.", "the patient is pregnant")
    elif pregnant is None:
        yield from _maybe_pregnant(row, reader)
    elif pregnant:
        yield from _in_pregnancy(row, case, reader)


def _maybe_pregnant(row: RegimenRow, reader: FactReader) -> Iterator[Misfit | Aside]:
    """Ask; what is dangerous for an unborn child is blocked by its row in `contraindications/`."""
    if reader["childbearing_age"].value is not False:
        yield Aside(reader.ask("pregnant"), f"{row.name} is not for every stage of pregnancy")


def _in_pregnancy(row: RegimenRow, case: Case, reader: FactReader) -> Iterator[Misfit | Aside]:
    weeks = case.patient.gestation_weeks
    if row.pregnancy == "avoid":
        yield Misfit("pop.pregnancy", "to be avoided in pregnancy.", "the patient is not pregnant")
        return
    early = row.pregnancy == "first_trimester_avoid"
    stage = "the first trimester" if early else "the end of pregnancy"
    fact = reader["first_trimester"].value if early else None
    if weeks is None and fact is None:
        unknown = f"to be avoided in {stage}, and the week is not known."
        yield Misfit("pop.pregnancy", unknown, f"it is not {stage}", "How many weeks pregnant?")
    elif fact is True or (weeks is not None and (weeks < FIRST_TRIMESTER_WEEKS if early else weeks >= TERM_WEEKS)):
        yield Misfit("pop.pregnancy", f"to be avoided in {stage}.", f"it is not {stage}")


def _breastfeeding(row: RegimenRow, _: Case, reader: FactReader) -> Iterator[Misfit | Aside]:
    if row.breastfeeding == "ok":
        return
    value = reader["breastfeeding"].value
    if value is True and row.breastfeeding == "avoid":
        yield Misfit("pop.breastfeeding", "to be avoided while breastfeeding.", "the patient is not breastfeeding")
    elif value is True:
        ask = "Is breastfeeding safe with this medicine for this baby?"
        yield Aside(ask, f"{row.name} needs caution while breastfeeding")
    elif value is None and row.breastfeeding == "avoid" and reader["childbearing_age"].value is True:
        yield Aside(reader.ask("breastfeeding"), f"{row.name} is to be avoided while breastfeeding")


def _kidneys(row: RegimenRow, case: Case, reader: FactReader) -> Iterator[Misfit | Aside]:
    if row.egfr_min is None:
        return
    egfr = case.patient.egfr
    wanted = f"the eGFR is {row.egfr_min:g} or more"
    if egfr is not None:
        if egfr < row.egfr_min:
            yield Misfit("pop.egfr", f"needs an eGFR of {row.egfr_min:g} or more.", wanted)
    elif reader["elderly"].value is True or reader["ckd_known"].value is True:
        message = f"needs an eGFR of {row.egfr_min:g} or more, which is not known."
        yield Misfit("pop.egfr", message, wanted, "What is the eGFR?")


def _weight(row: RegimenRow, case: Case, _: FactReader) -> Iterator[Misfit | Aside]:
    weight, age = case.patient.weight_kg, case.patient.age
    by_weight = "/kg" in (row.dose or "")
    if weight is None:
        if by_weight or (row.weight_min_kg is not None and (age is None or age < CHILD_AGE)):
            yield Misfit("pop.weight", "the dose needs the weight.", "the weight is known", "What is the weight?")
    elif row.weight_min_kg is not None and weight < row.weight_min_kg:
        least = f"{row.weight_min_kg:g} kg or more"
        yield Misfit("pop.weight", f"for a weight of {least}.", f"the weight is {least}")


def _setting(row: RegimenRow, case: Case, _: FactReader) -> Iterator[Misfit | Aside]:
    here = case.setting or "outpatient"
    fits = row.setting in ("any", here) or (row.setting == "outpatient" and here == "emergency")
    if not fits:
        yield Misfit("pop.setting", f"for the setting {row.setting}.", f"the setting is {row.setting}")


def _region(row: RegimenRow, case: Case, _: FactReader) -> Iterator[Misfit | Aside]:
    if row.region and "any" not in row.region and case.region not in row.region:
        where = " or ".join(row.region)
        yield Misfit("pop.region", f"recommended in {where} only.", f"the region is {where}")


def _facts(row: RegimenRow, _: Case, reader: FactReader) -> Iterator[Misfit | Aside]:
    for name in row.require_facts:
        value, plain = reader[name].value, name.replace("_", " ")
        if value is not True:
            yield Misfit("pop.requires", f"only if this holds: {plain}.", f"this holds: {plain}")
        if value is None:
            yield Aside(reader.ask(name), f"{row.name} is for patients with: {plain}")
    for name in row.exclude_facts:
        value, plain = reader[name].value, name.replace("_", " ")
        if value is True:
            yield Misfit("pop.excludes", f"not if this holds: {plain}.", f"this does not hold: {plain}")
        elif value is None:
            yield Aside(reader.ask(name), f"{row.name} is not for patients with: {plain}")


CHECKS: tuple[Check, ...] = (
    _age, _sex, _pregnancy, _breastfeeding, _kidneys, _weight, _setting, _region, _facts,
)  # fmt: skip
