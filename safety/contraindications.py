"""Drugs that a state of the patient speaks against; a state that is not known blocks only where that is dangerous."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from cases.case import Case, Finding, Patient, Question, Severity
from cases.facts import FactReader
from cases.vocabulary.tables import VOCABULARY, regimens
from safety.intake import Drug, finding
from safety.interactions import LOCAL_ROUTES
from safety.resolver import Resolver, labels
from safety.rules import ACTION_OF, KNOWLEDGE, Contraindication, When, contraindications, members

STAGE_BELOW = {"ckd_stage_5": 15.0, "ckd_stage_4": 30.0, "ckd_stage_3b": 45.0, "ckd_stage_3": 60.0}
"""Upper bounds of the eGFR by stage of kidney disease, mL/min/1.73 m2 (KDIGO 2024)."""
STAGE_ABOVE = {"ckd_stage_3a": 45.0, "ckd_stage_2": 60.0, "ckd_stage_1": 90.0}
"""Lower bounds of the eGFR by stage."""
STAGE_MARGIN = 15.0  # a stage may be old: it only rules out an eGFR that is a whole stage lower
KIDNEYS_WORSE = ("ckd_stage_3b", "ckd_stage_4", "ckd_stage_5", "acute_kidney_failure")
ADULT_AGE = 18.0
CHILD_WEIGHT_KG = 20.0  # limits of weight up to here are meant for children


class Contraindications:
    """The rows, indexed by ingredient.

    Args:
        resolver: for the codes of the findings.
        knowledge: folder of the rules.

    Raises:
        RulesError: if a table is missing or wrong.
    """

    def __init__(self, resolver: Resolver, *, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE) -> None:
        self._resolver = resolver
        self._regimens = frozenset(regimens(vocabulary))
        self._rows: dict[str, list[Contraindication]] = defaultdict(list)
        for row in contraindications(knowledge):
            for name in members(row.subject, knowledge):
                self._rows[name].append(row)
        self.known = frozenset(self._rows)

    def check(
        self, case: Case, reader: FactReader, drugs: Sequence[Drug], *, adult: bool = False
    ) -> tuple[list[Finding], list[Question]]:
        """Return what speaks against each drug, and the questions whose answers are missing.

        Args:
            case: the case.
            reader: its facts.
            drugs: what is taken or proposed.
            adult: whether an age that is not told is an adult's, and a patient of whom neither age nor sex is told one
                who cannot be pregnant: so in a table of questions, never in the screen.
        """
        findings: list[Finding] = []
        questions: list[Question] = []
        for drug in drugs:
            for row in self._rows.get(drug.name, ()):
                if _covers(row, case, drug) and not (adult and _is_about_others(row, case)):
                    self._judge(row, drug, evaluate(row.when, case, reader), reader, findings, questions)
        return findings, list(dict.fromkeys(questions))

    def _judge(
        self,
        row: Contraindication,
        drug: Drug,
        state: bool | None,
        reader: FactReader,
        findings: list[Finding],
        questions: list[Question],
    ) -> None:
        if state is True:
            findings.append(self._finding(row, drug))
        elif state is None and row.unknown != "ignore" and drug.new:
            blocks = _is_dangerous(row, reader)
            questions.append(_question(row, reader, drug, blocks=blocks))
            if blocks:
                findings.append(self._missing(row, drug))

    def _finding(self, row: Contraindication, drug: Drug) -> Finding:
        severity: Severity = "moderate" if row.relative and drug.origin in self._regimens else row.severity
        return finding(
            rule=row.id,
            kind="contraindication",
            severity=severity,
            action=ACTION_OF[severity],
            drugs=labels((drug.name,), self._resolver),
            new=drug.new,
            message=f"{drug.name.capitalize()}: {row.message}",
            management=row.management,
            would_change_if=row.would_change_if,
            source="; ".join(row.sources),
        )

    def _missing(self, row: Contraindication, drug: Drug) -> Finding:
        return finding(
            rule=row.id,
            kind="missing_fact",
            severity="major",
            action="interrupt",
            drugs=labels((drug.name,), self._resolver),
            message=f"{drug.name.capitalize()}: {row.message} Whether this holds is not known.",
            management="Find out before it is given.",
            would_change_if=row.would_change_if or "the missing fact is known",
            source="; ".join(row.sources),
        )


def evaluate(when: When, case: Case, reader: FactReader) -> bool | None:
    """Return whether the state holds: false if any part is known false, unknown if any part is unknown."""
    parts = [*_fact_parts(when, reader), *_number_parts(when, case), *_kidney_parts(when, case, reader)]
    if False in parts:
        return False
    return None if None in parts else True


def _fact_parts(when: When, reader: FactReader) -> Iterator[bool | None]:
    yield from (reader[name].value for name in when.facts)
    if when.any_facts:
        values = [reader[name].value for name in when.any_facts]
        yield True if True in values else (None if None in values else False)
    if reader.true(when.unless):
        yield False


def _number_parts(when: When, case: Case) -> Iterator[bool | None]:
    patient = case.patient
    if when.age_below is not None:
        yield None if patient.age is None else patient.age < when.age_below
    if when.age_at_least is not None:
        yield None if patient.age is None else patient.age >= when.age_at_least
    if when.weight_below is not None:
        yield _weighs_less(when.weight_below, patient)
    if when.gestation_at_least is not None:
        yield None if patient.gestation_weeks is None else patient.gestation_weeks >= when.gestation_at_least


def _weighs_less(limit: float, patient: Patient) -> bool | None:
    """An adult whose weight is not known weighs more than the limits of small children."""
    if patient.weight_kg is not None:
        return patient.weight_kg < limit
    adult = patient.age is not None and patient.age >= ADULT_AGE
    return False if adult and limit <= CHILD_WEIGHT_KG else None


def _kidney_parts(when: When, case: Case, reader: FactReader) -> Iterator[bool | None]:
    """The eGFR, or while it is not known what the stage of a listed kidney disease says of it."""
    if when.egfr_below is None:
        return
    if case.patient.egfr is not None:
        yield case.patient.egfr < when.egfr_below
    else:
        yield _egfr_by_stage(when.egfr_below, reader)


def _egfr_by_stage(limit: float, reader: FactReader) -> bool | None:
    if any(reader[stage].value is True and below <= limit for stage, below in STAGE_BELOW.items()):
        return True
    if reader.true(KIDNEYS_WORSE):
        return None
    floors = (above for stage, above in STAGE_ABOVE.items() if reader[stage].value is True)
    return False if min(floors, default=0.0) >= limit + STAGE_MARGIN else None


def _covers(row: Contraindication, case: Case, drug: Drug) -> bool:
    """Rows may name routes and regions; without routes a row speaks of everything but local use."""
    if row.regions and case.region is not None and case.region not in row.regions:
        return False
    return drug.route in row.routes if row.routes and drug.route else bool(row.routes) or drug.route not in LOCAL_ROUTES


def _is_about_others(row: Contraindication, case: Case) -> bool:
    """Whether a row speaks of children or of pregnancy, and nothing is told that makes the patient one of them."""
    patient = case.patient
    if patient.age is not None:
        return False
    if row.when.age_below is not None and not row.when.facts:
        return True
    told = patient.sex in ("female", "other") or patient.pregnant is not None or patient.gestation_weeks is not None
    return "childbearing_age" in row.at_risk and not told


def _is_dangerous(row: Contraindication, reader: FactReader) -> bool:
    if row.unknown not in ("block", "strict"):
        return False
    values = [reader[name].value for name in row.at_risk]
    if row.unknown == "strict":
        return not values or any(value is not False for value in values)
    return not values or True in values


def _question(row: Contraindication, reader: FactReader, drug: Drug, *, blocks: bool) -> Question:
    unknown = reader.unknown((*row.when.facts, *row.when.any_facts))
    ask = reader.ask(unknown[0]) if unknown else _ask_number(row.when)
    because = f"{drug.name}: {row.message}"
    return Question(ask=ask, because=because, kind="missing_fact" if blocks else "syndrome")


def _ask_number(when: When) -> str:
    if when.egfr_below is not None:
        return "What is the eGFR?"
    if when.weight_below is not None:
        return "What does the patient weigh?"
    return "How many weeks pregnant?" if when.gestation_at_least is not None else "How old is the patient?"
