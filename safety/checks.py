"""All checks of a set of drugs for one patient, each guarded: one that cannot run blocks, the others still run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from cases.case import Case, Finding, FindingKind, Question
from cases.facts import FactReader
from cases.observed import with_observed_egfr
from cases.whole import check_whole
from safety.acuity import Acuity, assess, flagged, worst
from safety.allergies import Allergies
from safety.contraindications import Contraindications
from safety.doses import Doses, Found
from safety.flags import Flags
from safety.intake import Drug, Intake, read_intake
from safety.interactions import Interactions
from safety.orders import Order
from safety.resolver import Resolver
from safety.stewardship import Stewardship
from safety.verdict import Tally, softened, why_of

Part = TypeVar("Part")
KINDS: dict[str, FindingKind] = {
    "interactions": "interaction",
    "allergies": "allergy",
    "contraindications": "contraindication",
    "stewardship": "stewardship",
    "doses": "dose",
    "flags": "withdrawn",
    "tables": "unresolved_drug",
}


@dataclass(frozen=True)
class Patient:
    """One case as the checks see it: its facts, its drugs, the syndrome in question."""

    case: Case
    reader: FactReader
    intake: Intake
    syndrome: str | None = None


class Checks:
    """The rule engines, read once; an engine whose table is wrong is remembered as broken.

    Args:
        resolver: names to ingredients.
        vocabulary: folder of drugs, conditions, regimens and facts.
        knowledge: folder of the rules.
    """

    def __init__(self, resolver: Resolver, *, vocabulary: Path, knowledge: Path) -> None:
        self._resolver = resolver
        self._vocabulary = vocabulary
        self._knowledge = knowledge
        self.broken: dict[str, str] = {}
        both = {"vocabulary": vocabulary, "knowledge": knowledge}
        self._load("tables", lambda: [check_whole(folder) for folder in (vocabulary, knowledge)])
        self._interactions = self._load("interactions", lambda: Interactions(resolver, knowledge=knowledge))
        self._allergies = self._load("allergies", lambda: Allergies(resolver, knowledge=knowledge))
        self._contraindications = self._load("contraindications", lambda: Contraindications(resolver, **both))
        self._stewardship = self._load("stewardship", lambda: Stewardship(resolver, **both))
        self._doses = self._load("doses", lambda: Doses(resolver, **both))
        self._flags = self._load("flags", lambda: Flags(resolver, knowledge=knowledge))

    def patient(self, case: Case, tally: Tally, syndrome: str | None = None) -> Patient:
        """Read the case; what cannot be read of it blocks."""
        case = with_observed_egfr(case)
        read = partial(read_intake, case, self._resolver, vocabulary=self._vocabulary, knowledge=self._knowledge)
        intake = tally.guarded("medicines and allergies", "unresolved_drug", read, Intake())
        return Patient(case, FactReader(case, folder=self._vocabulary), intake, syndrome)

    def urgency(self, patient: Patient, tally: Tally, labels: Sequence[str]) -> None:
        """Add acuity and the red flags of every label and of `labels`."""
        self._take(partial(assess, patient.case, patient.reader, knowledge=self._knowledge), "acuity", "acuity", tally)
        self.flags(patient, tally, ("any", *labels))

    def flags(self, patient: Patient, tally: Tally, labels: Sequence[str]) -> None:
        """Add the red flags of `labels` alone."""
        check = partial(flagged, patient.reader, labels, knowledge=self._knowledge)
        self._take(check, "red flags", "red_flag", tally)

    def _take(self, check: Callable[[], Acuity], part: str, kind: FindingKind, tally: Tally) -> None:
        acuity = tally.guarded(part, kind, check, Acuity(priority="urgent"))  # unread, it may be an emergency
        tally.add(acuity.findings, acuity.questions, acuity.unchecked)
        tally.priority = worst((tally.priority, acuity.priority))

    def drugs(self, patient: Patient, proposed: Sequence[Drug], tally: Tally, orders: Sequence[Order] = ()) -> None:
        """Check what the patient takes together with what is proposed, and with how it is ordered."""
        drugs = [*patient.intake.drugs, *proposed]
        self.interactions(drugs, tally)
        allergies, contraindications, stewardship = self._allergies, self._contraindications, self._stewardship
        if allergies is not None:
            known = patient.intake.allergies
            tally.add(tally.guarded("allergies", "allergy", lambda: allergies.check(known, drugs), []))
        nothing: tuple[list[Finding], list[Question]] = ([], [])
        if contraindications is not None:
            check = partial(contraindications.check, patient.case, patient.reader, drugs)
            tally.add(*tally.guarded("contraindications", "contraindication", check, nothing))
        if stewardship is not None:
            check = partial(stewardship.check, patient.case, patient.reader, drugs, patient.syndrome)
            tally.add(*tally.guarded("stewardship", "stewardship", check, nothing))
        if self._flags is not None:
            flag = partial(self._flags.check, patient.case, drugs)
            tally.add(tally.guarded("flags", "withdrawn", flag, []))
        self._check_doses(patient, orders, tally)
        self._tell_broken(tally, *self.broken)

    def _check_doses(self, patient: Patient, orders: Sequence[Order], tally: Tally) -> None:
        engine = self._doses
        if engine is None:
            return
        check = partial(engine.check, patient.case, [*patient.intake.orders, *orders], patient.syndrome)
        found = tally.guarded("doses", "dose", check, Found())
        tally.add(found.findings, found.questions, found.unchecked)

    def interactions(self, drugs: Sequence[Drug], tally: Tally) -> None:
        """Check the drugs among themselves, and note those that no rule knows."""
        engine = self._interactions
        self._tell_broken(tally, "tables", "interactions")
        if engine is not None:
            tally.add(tally.guarded("interactions", "interaction", lambda: engine.check(drugs), []))
        engines = (self._interactions, self._contraindications, self._allergies)
        known = [engine.known for engine in engines if engine is not None]
        without = [drug.name for drug in drugs if not any(drug.name in names for names in known)]
        tally.unchecked += [f"{name}: known, no rules" for name in without]

    def apart(self, patient: Patient, groups: Iterable[Sequence[Drug]], tally: Tally, *, firm: bool) -> None:
        """Check groups of drugs that are not taken together, each rule reported once.

        Args:
            patient: the patient.
            groups: alternatives, the members of a class, or drugs named in passing.
            tally: takes what is found.
            firm: whether they are proposed; an aside only warns.
        """
        told = {item.rule for item in tally.findings if item.new}
        for group in groups:
            one = Tally()
            self.drugs(patient, group, one)
            found = [item for item in one.findings if item.rule not in told and item.new]
            told |= {item.rule for item in found}
            questions = [item for item in one.questions if firm or item.kind != "missing_fact"]
            tally.add(found if firm else [softened(item) for item in found], questions, one.unchecked)

    def _load(self, part: str, read: Callable[[], Part]) -> Part | None:
        try:
            return read()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a table, the screen must stand and say so
            self.broken[part] = why_of(error)
            return None

    def _tell_broken(self, tally: Tally, *parts: str) -> None:
        for part in parts:
            if part in self.broken:
                tally.fail(part, KINDS[part], self.broken[part])
