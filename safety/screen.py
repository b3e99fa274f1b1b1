"""One verdict on every drug of a case: the room's door.

    patient(case)                what is known before any plan: acuity, red flags, names that cannot be read
    regimens(case, syndrome)     which regimens of the syndrome this patient may have, and what excludes the others
    plan(case, plan, syndrome)   every drug that a plan proposes, in its regimens and in its words
    text(case, text)             the same for free text that somebody else wrote
    interactions(names)          drugs alone

Everything fails closed: a table that cannot be read, or an exception in one check, is a blocking finding and an entry
in `unchecked`; the other checks still run. Adding a drug never removes a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cases.case import Alternative, Case, Finding, FindingKind, Plan, Priority, Question, Statement
from cases.facts import FactReader
from cases.vocabulary.conditions import conditions
from cases.vocabulary.tables import VOCABULARY, RegimenRow, regimens, regimens_of
from safety.acuity import assess, worst
from safety.allergies import Allergies
from safety.contraindications import Contraindications
from safety.intake import Drug, Intake, finding, read_intake, report
from safety.interactions import Interactions
from safety.mentions import find_mentions
from safety.population import check_population
from safety.rules import KNOWLEDGE, STOPPING, allergy_table, version
from safety.rxnorm import OfflineResolver
from safety.stewardship import Stewardship

Part = TypeVar("Part")


@dataclass(frozen=True)
class Verdict:
    """What the screen found, what it could not check, what it would ask, and how urgent the case is."""

    findings: tuple[Finding, ...] = ()
    unchecked: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    priority: Priority = "routine"


@dataclass(frozen=True)
class RegimenScreen:
    """The regimens that a patient may have, those that are excluded and why, and the questions that would help."""

    allowed: tuple[RegimenRow, ...] = ()
    excluded: tuple[Alternative, ...] = ()
    questions: tuple[Question, ...] = ()


NOT_SCREENED = Verdict(unchecked=("the safety screen did not run",))
NO_REGIMENS = RegimenScreen()


@dataclass
class _Tally:
    """Findings, questions and gaps as they are collected."""

    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    priority: Priority = "routine"

    def verdict(self) -> Verdict:
        """Freeze it, every entry once."""
        return Verdict(
            tuple(dict.fromkeys(self.findings)),
            tuple(dict.fromkeys(self.unchecked)),
            tuple(dict.fromkeys(self.questions)),
            self.priority,
        )


class Screen:
    """The safety screen, its tables read once.

    Args:
        vocabulary: folder of drugs, conditions, regimens and facts.
        knowledge: folder of the rules.

    Example:
        >>> [f.rule for f in Screen().interactions(["simvastatin", "clarithromycin"]).findings]
        ['ddi.statin_3a_strong_inhibitor']
    """

    def __init__(self, *, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE) -> None:
        self._vocabulary = vocabulary
        self._knowledge = knowledge
        self._broken: dict[str, str] = {}
        self.rules_version = self._load("version", lambda: version(knowledge)) or "unknown"
        self._resolver = OfflineResolver(vocabulary=vocabulary, knowledge=knowledge)
        self._interactions = self._load("interactions", lambda: Interactions(self._resolver, knowledge=knowledge))
        self._allergies = self._load("allergies", lambda: Allergies(self._resolver, knowledge=knowledge))
        self._contraindications = self._load(
            "contraindications", lambda: Contraindications(self._resolver, knowledge=knowledge)
        )
        self._stewardship = self._load(
            "stewardship", lambda: Stewardship(self._resolver, vocabulary=vocabulary, knowledge=knowledge)
        )

    def patient(self, case: Case, labels: Sequence[str] = ()) -> Verdict:
        """Screen what is known before any plan.

        Args:
            case: the case, with setting and region filled in.
            labels: diagnoses in question, whose own red flags are added to those of every label.
        """
        tally, reader = _Tally(), FactReader(case, folder=self._vocabulary)
        intake = self._intake(case, tally)
        tally.findings += intake.findings
        tally.questions += intake.questions
        tally.unchecked += intake.unchecked
        self._urgency(case, reader, tally, labels)
        self._check_drugs(case, reader, intake, [], None, tally)
        return tally.verdict()

    def regimens(self, case: Case, syndrome: str) -> RegimenScreen:
        """Screen every regimen of a syndrome; rows of one course are given together or not at all."""
        reader, gaps = FactReader(case, folder=self._vocabulary), _Tally()
        intake = self._intake(case, gaps)
        rows = regimens_of(syndrome, self._vocabulary)
        found = {row.id: self._screen_row(case, reader, intake, row, gaps) for row in rows}
        stopped = {row.id: [item for item in found[row.id].findings if item.action in STOPPING] for row in rows}
        spoiled = {row.course for row in rows if row.course and stopped[row.id]}
        allowed = tuple(row for row in rows if not stopped[row.id] and (not row.course or row.course not in spoiled))
        kept = {row.id for row in allowed}
        excluded = tuple(_alternative(row, stopped[row.id]) for row in rows if row.id not in kept)
        questions = [question for row in rows for question in found[row.id].questions]
        return RegimenScreen(allowed, excluded, _asked(questions, blocked=not allowed))

    def plan(self, case: Case, plan: Plan, syndrome: str | None) -> Verdict:
        """Screen everything a plan proposes: the regimens of its statements, and every drug that its words name."""
        tally, reader = _Tally(), FactReader(case, folder=self._vocabulary)
        intake = self._intake(case, tally)
        proposed: list[Drug] = []
        for statement in plan.statements:
            proposed += self._stated(case, reader, statement, tally)
        said = "\n".join(statement.text for statement in plan.statements)
        self._check_words(case, reader, intake, said, proposed, syndrome, tally)
        self._urgency(case, reader, tally, self._labels_of(syndrome))
        return tally.verdict()

    def text(self, case: Case, text: str) -> Verdict:
        """Screen free text, for example a plan that somebody else wrote, for one patient."""
        tally, reader = _Tally(), FactReader(case, folder=self._vocabulary)
        intake = self._intake(case, tally)
        tally.findings += intake.findings
        tally.questions += intake.questions
        tally.unchecked += intake.unchecked
        self._urgency(case, reader, tally, ())
        self._check_words(case, reader, intake, text, [], None, tally)
        return tally.verdict()

    def interactions(self, names: Sequence[str]) -> Verdict:
        """Screen drugs for interactions among themselves."""
        tally, drugs = _Tally(), []
        for name in names:
            read = self._resolver.resolve(name)
            tally.findings += report(read, self._resolver)
            if not read.resolved:
                tally.unchecked.append("a medicine that could not be identified")
            drugs += [Drug(ingredient, new=True) for ingredient in read.names]
        self._interact(drugs, tally)
        self._note_without_rules(drugs, tally)
        return tally.verdict()

    # ── the parts ────────────────────────────────────────────────────────────────────────────────────────────────

    def _load(self, part: str, read: Callable[[], Part]) -> Part | None:
        try:
            return read()
        except Exception as error:  # whatever is wrong with a table, the screen must stand and say so
            self._broken[part] = type(error).__name__
            return None

    def _intake(self, case: Case, tally: _Tally) -> Intake:
        return self._guarded(
            "allergies",
            "allergy",
            tally,
            lambda: read_intake(case, self._resolver, allergy_table(self._knowledge), vocabulary=self._vocabulary),
            Intake(),
        )

    def _urgency(self, case: Case, reader: FactReader, tally: _Tally, labels: Sequence[str]) -> None:
        wanted = ("any", *labels)
        acuity = self._guarded(
            "acuity", "acuity", tally, lambda: assess(case, reader, labels=wanted, knowledge=self._knowledge), None
        )
        if acuity is not None:
            tally.findings += acuity.findings
            tally.unchecked += acuity.unchecked
            tally.questions += acuity.questions
            tally.priority = worst((tally.priority, acuity.priority))

    def _stated(self, case: Case, reader: FactReader, statement: Statement, tally: _Tally) -> list[Drug]:
        """The drugs of a statement's regimen, after comparing the regimen with its row."""
        if statement.regimen is None:
            return []
        row = regimens(self._vocabulary).get(statement.regimen.id)
        if row is None or row.regimen.model_copy(update={"rxcui": None}) != statement.regimen.model_copy(
            update={"rxcui": None}
        ):
            tally.findings.append(_not_in_table(statement))
        if row is not None:
            findings, questions = check_population(row, case, reader)
            tally.findings += findings
            tally.questions += questions
        return self._drugs(statement.regimen.name.split(" + "), statement.regimen.route, statement.regimen.id, tally)

    def _drugs(self, names: Iterable[str], route: str, origin: str, tally: _Tally) -> list[Drug]:
        drugs = []
        for name in names:
            read = self._resolver.resolve(name)
            tally.findings += report(read, self._resolver)
            drugs += [Drug(ingredient, new=True, route=route, origin=origin) for ingredient in read.names]
        return drugs

    def _check_words(
        self,
        case: Case,
        reader: FactReader,
        intake: Intake,
        text: str,
        proposed: list[Drug],
        syndrome: str | None,
        tally: _Tally,
    ) -> None:
        """Add the drugs that the words propose, and check them all; a class is checked member by member."""
        have = {drug.name for drug in proposed}
        classes: dict[str, tuple[str, ...]] = {}
        for mention in find_mentions(text, default="proposed", folder=self._vocabulary):
            if mention.role != "proposed":
                continue
            if mention.kind == "class":
                classes[mention.surface.lower()] = mention.names
                continue
            names = mention.names
            if not names:
                read = self._resolver.resolve(mention.surface)
                tally.findings += report(read, self._resolver)
                names = read.names
            proposed += [Drug(name, new=True, origin="text") for name in names if name not in have]
            have.update(names)
        self._check_drugs(case, reader, intake, proposed, syndrome, tally)
        for members in classes.values():
            for name in members:
                if name not in have:
                    self._check_drugs(case, reader, intake, [Drug(name, new=True, origin="text")], syndrome, tally)

    def _screen_row(self, case: Case, reader: FactReader, intake: Intake, row: RegimenRow, gaps: _Tally) -> _Tally:
        tally = _Tally(findings=[item for item in gaps.findings if item.action in STOPPING])
        findings, questions = check_population(row, case, reader)
        tally.findings += findings
        tally.questions += questions
        proposed = self._drugs(row.ingredients, row.route, row.id, tally)
        self._check_drugs(case, reader, intake, proposed, row.syndrome, tally)
        return tally

    def _check_drugs(
        self,
        case: Case,
        reader: FactReader,
        intake: Intake,
        proposed: list[Drug],
        syndrome: str | None,
        tally: _Tally,
    ) -> None:
        drugs = [*intake.drugs, *proposed]
        self._interact(drugs, tally)
        allergies = self._allergies
        if allergies is not None:
            tally.findings += self._guarded(
                "allergies", "allergy", tally, lambda: allergies.check(intake.allergies, drugs), []
            )
        contraindicated = self._contraindications
        if contraindicated is not None:
            found = self._guarded(
                "contraindications",
                "contraindication",
                tally,
                lambda: contraindicated.check(case, reader, drugs),
                ([], []),
            )
            _add(tally, found)
        stewardship = self._stewardship
        if stewardship is not None:
            found = self._guarded(
                "stewardship", "stewardship", tally, lambda: stewardship.check(case, reader, drugs, syndrome), ([], [])
            )
            _add(tally, found)
        self._report_broken(tally)
        self._note_without_rules(drugs, tally)

    def _interact(self, drugs: list[Drug], tally: _Tally) -> None:
        interactions = self._interactions
        if interactions is None:
            self._report_broken(tally)
            return
        tally.findings += self._guarded("interactions", "interaction", tally, lambda: interactions.check(drugs), [])

    def _note_without_rules(self, drugs: Iterable[Drug], tally: _Tally) -> None:
        with_rules = {
            *(self._interactions.known if self._interactions else ()),
            *(self._contraindications.known if self._contraindications else ()),
        }
        tally.unchecked += [f"{drug.name}: known, no rules" for drug in drugs if drug.name not in with_rules]

    def _report_broken(self, tally: _Tally) -> None:
        for part in self._broken:
            if part in KINDS:
                _fail(tally, part, KINDS[part])

    def _guarded(
        self, part: str, kind: FindingKind, tally: _Tally, check: Callable[[], Part], otherwise: Part
    ) -> Part:
        """Run one check; if it fails, say so with a blocking finding and go on."""
        try:
            return check()
        except Exception:  # a check that fails must never look like a check that found nothing
            _fail(tally, part, kind)
            return otherwise

    def _labels_of(self, syndrome: str | None) -> tuple[str, ...]:
        entries = conditions(self._vocabulary).values()
        return tuple(entry.label for entry in entries if any(item.id == syndrome for item in entry.syndromes))


KINDS: dict[str, FindingKind] = {
    "interactions": "interaction",
    "allergies": "allergy",
    "contraindications": "contraindication",
    "stewardship": "stewardship",
}


def _add(tally: _Tally, found: tuple[list[Finding], list[Question]]) -> None:
    tally.findings += found[0]
    tally.questions += found[1]


def _fail(tally: _Tally, part: str, kind: FindingKind) -> None:
    tally.unchecked.append(f"{part}: could not be checked")
    tally.findings.append(
        finding(
            rule=f"screen.failed.{part}",
            kind=kind,
            severity="contraindicated",
            action="block",
            message=f"The check of {part} failed.",
            management="Check by hand; nothing may be released on this verdict.",
            source="screen",
        )
    )


def _not_in_table(statement: Statement) -> Finding:
    regimen = statement.regimen
    name = regimen.name if regimen else "the drug"
    return finding(
        rule="dose.not_in_table",
        kind="dose",
        severity="major",
        action="interrupt",
        drugs=((regimen.rxcui or name),) if regimen else (),
        message=f"{name.capitalize()}: dose, route, frequency or duration is not that of the table of regimens.",
        management="Use the regimen of the table, or have a pharmacist check it.",
        would_change_if="the regimen equals its row",
        source="cases/vocabulary/regimens.csv",
    )


def _alternative(row: RegimenRow, stopped: Sequence[Finding]) -> Alternative:
    if not stopped:
        other = "another drug of the course is allowed"
        return Alternative(regimen=row.id, excluded_by=("course.incomplete",), would_be_allowed_if=other)
    changes = list(dict.fromkeys(item.would_change_if for item in stopped))
    known = [change for change in changes if change]
    would = "; and ".join(known) if len(known) == len(changes) else None
    return Alternative(
        regimen=row.id, excluded_by=tuple(dict.fromkeys(item.rule for item in stopped)), would_be_allowed_if=would
    )


def _asked(questions: Iterable[Question], *, blocked: bool) -> tuple[Question, ...]:
    """A missing fact holds the case up only if no regimen is left; else it is asked beside the plan."""
    asked = [
        item if blocked or item.kind != "missing_fact" else item.model_copy(update={"kind": "syndrome"})
        for item in questions
    ]
    first: dict[str, Question] = {}
    for item in sorted(asked, key=lambda question: question.kind != "missing_fact"):
        first.setdefault(item.ask, item)
    return tuple(first.values())
