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

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from cases.case import Case, Finding, Plan, Question, Statement, StatementKind
from cases.vocabulary.conditions import conditions
from cases.vocabulary.tables import VOCABULARY, RegimenRow, regimens, regimens_of
from safety.annotate import annotate
from safety.checks import Checks, Patient
from safety.intake import UNDOSED, Drug, finding, report, unresolved
from safety.mentions import Mention, find_mentions
from safety.nameless import nameless_orders
from safety.orders import Order, orders_in
from safety.population import check_population
from safety.resolver import Resolution, Resolver, refused
from safety.rules import KNOWLEDGE, RulesError, version
from safety.rxnorm import OfflineResolver, has_foreign_letters
from safety.verdict import RegimenScreen, Tally, Verdict, alternative, once, only_unknown, weighed

__all__ = ["NOT_SCREENED", "NO_REGIMENS", "RegimenScreen", "Screen", "Verdict"]

NOT_SCREENED = Verdict(unchecked=("the safety screen did not run",), priority="urgent")  # it may be an emergency
NO_REGIMENS = RegimenScreen()
MAX_TEXT = 100_000  # characters, as many as the text of a case may have
PASSIVE: frozenset[StatementKind] = frozenset({"danger_sign", "confirm", "alternative", "review_date", "safety_net"})


@dataclass
class _Named:
    """Names in a text: proposed, proposed one instead of another, named in passing, and taken already."""

    drugs: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    dosed: set[str] = field(default_factory=set)
    orders: list[Order] = field(default_factory=list)


class Screen:
    """The safety screen, its tables read once.

    Args:
        vocabulary: folder of drugs, conditions, regimens and facts.
        knowledge: folder of the rules.
        resolver: reads the names and codes of medicines; without one, the committed tables alone.

    Example:
        >>> [f.rule for f in Screen().interactions(["simvastatin", "clarithromycin"]).findings]
        ['ddi.statin_3a_strong_inhibitor']
    """

    def __init__(
        self, *, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE, resolver: Resolver | None = None
    ) -> None:
        self._vocabulary = vocabulary
        self._knowledge = knowledge
        self._resolver: Resolver = resolver or OfflineResolver(vocabulary=vocabulary, knowledge=knowledge)
        self._checks = Checks(self._resolver, vocabulary=vocabulary, knowledge=knowledge)
        self.rules_version = _version_or_unknown(knowledge)

    def patient(self, case: Case, labels: Sequence[str] = ()) -> Verdict:
        """Screen what is known before any plan.

        Args:
            case: the case, with setting and region filled in.
            labels: diagnoses in question, whose own red flags are added to those of every label.
        """
        tally = Tally()
        patient = self._checks.patient(case, tally)
        tally.add(patient.intake.findings, patient.intake.questions, patient.intake.unchecked)
        self._checks.urgency(patient, tally, labels)
        self._checks.drugs(patient, [], tally)
        return tally.verdict()

    def regimens(self, case: Case, syndrome: str) -> RegimenScreen:
        """Screen every regimen of a syndrome; rows of one course are given together or not at all."""
        gaps = Tally()
        patient = self._checks.patient(case, gaps, syndrome)
        rows = regimens_of(syndrome, self._vocabulary)
        found = {row.id: self._screen_row(patient, row, gaps) for row in rows}
        spoiled = {row.course for row in rows if row.course and found[row.id].stopping}
        allowed = tuple(row for row in rows if not found[row.id].stopping and row.course not in spoiled)
        excluded = tuple(alternative(row, found[row.id].stopping) for row in rows if row not in allowed)
        questions = [
            weighed(question, decides=not allowed and only_unknown(tally.stopping))
            for tally in found.values()
            for question in tally.questions
        ]
        return RegimenScreen(allowed, excluded, once(questions))

    def plan(self, case: Case, plan: Plan, syndrome: str | None) -> Verdict:
        """Screen everything a plan proposes: the regimens of its statements, and every drug that its words name.

        What `patient` reports already is not repeated; the red flags of the syndrome's own label are added here.
        """
        tally = Tally()
        patient = self._checks.patient(case, tally, syndrome)
        proposed: list[Drug] = []
        others: list[list[Drug]] = []
        named = _Named()
        for statement in plan.statements:
            drugs = self._stated(patient, statement, tally)
            if statement.kind == "alternative":
                others.append(drugs)
            else:
                proposed += drugs
            self._name(statement.text, named, tally, passive=statement.kind in PASSIVE)
        self._check_named(patient, proposed, named, tally)
        self._checks.apart(patient, [group for group in others if group], tally, firm=True)
        self._checks.flags(patient, tally, self._labels_of(syndrome))
        tally.findings = [item for item in tally.findings if item.new]
        return tally.verdict()

    def text(self, case: Case, text: str, syndrome: str | None = None) -> Verdict:
        """Screen free text, for example a plan that somebody else wrote, for one patient.

        Args:
            case: the patient.
            text: what was written; the verdict holds it with the findings marked in it.
            syndrome: what it is meant to treat, if that is known.
        """
        tally, named = Tally(), _Named()
        _check_size(text, tally)
        patient = self._checks.patient(case, tally, syndrome)
        tally.add(patient.intake.findings, patient.intake.questions, patient.intake.unchecked)
        self._checks.urgency(patient, tally, ())
        self._name(text[:MAX_TEXT], named, tally)
        have = {drug.name for drug in patient.intake.drugs}
        patient.intake.drugs += [Drug(name, new=False, origin="text") for name in _new(named.current, have)]
        self._check_named(patient, [], named, tally)
        annotated = self._annotated(text, named, tally)
        return replace(tally.verdict(), annotated=annotated)

    def _annotated(self, text: str, named: _Named, tally: Tally) -> str:
        """Mark the findings in a text; one that cannot be marked stays as it was written, and that is a finding."""
        mark = partial(annotate, text, named.mentions, tally.verdict().findings, self._resolver)
        return tally.guarded("marks in the text", "unresolved_drug", mark, text)

    def marked(self, text: str, findings: Sequence[Finding]) -> str:
        """Return a text with findings marked behind the drugs that they are about."""
        mentions = find_mentions(text, default="proposed", vocabulary=self._vocabulary, knowledge=self._knowledge)
        return annotate(text, mentions, findings, self._resolver)

    def interactions(self, names: Sequence[str]) -> Verdict:
        """Screen drugs for interactions among themselves."""
        tally = Tally()
        drugs = self._drugs(names, "", "", tally)
        if tally.findings:
            tally.unchecked.append("a medicine that was not clearly identified")
        self._checks.interactions(drugs, tally)
        return tally.verdict()

    def _screen_row(self, patient: Patient, row: RegimenRow, gaps: Tally) -> Tally:
        tally = Tally(findings=gaps.stopping)
        self._fit(patient, row, tally)
        self._checks.drugs(patient, self._drugs(row.ingredients, row.route, row.id, tally), tally)
        return tally

    def _fit(self, patient: Patient, row: RegimenRow, tally: Tally) -> None:
        nothing: tuple[list[Finding], list[Question]] = ([], [])
        check = partial(check_population, row, patient.case, patient.reader)
        tally.add(*tally.guarded("population", "contraindication", check, nothing))

    def _stated(self, patient: Patient, statement: Statement, tally: Tally) -> list[Drug]:
        """The drugs of a statement's regimen, after comparing the regimen with its row."""
        stated = statement.regimen
        if stated is None:
            return []
        row = regimens(self._vocabulary).get(stated.id)
        plain = stated.model_copy(update={"rxcui": None})
        if row is None or row.regimen.model_copy(update={"rxcui": None}) != plain:
            tally.findings.append(_not_in_table(stated.rxcui or stated.name, stated.name))
        if row is not None:
            self._fit(patient, row, tally)
        return self._drugs(stated.name.split(" + "), stated.route, stated.id, tally)

    def _drugs(self, names: Iterable[str], route: str, origin: str, tally: Tally) -> list[Drug]:
        drugs = []
        for name in names:
            read = self._read(name, tally)
            drugs += [Drug(ingredient, new=True, route=route, origin=origin) for ingredient in read.names]
        return drugs

    def _read(self, name: str, tally: Tally) -> Resolution:
        """Read one name; a resolver that cannot answer is a blocking finding, never an unknown name."""
        nothing = refused(name, "the resolver could not answer")
        read = tally.guarded("names of medicines", "unresolved_drug", partial(self._resolver.resolve, name), nothing)
        if read is not nothing:
            tally.findings += report(read, self._resolver)
        return read

    def _name(self, text: str, named: _Named, tally: Tally, *, passive: bool = False) -> None:
        """Sort what a text names by how firmly it proposes; names that cannot be read become findings.

        Args:
            text: what was written.
            named: takes the names.
            tally: takes the findings.
            passive: whether the text is of a kind that names drugs in passing, such as an alternative for somebody
                else: there, what has no dose is an aside.
        """
        nothing: tuple[Mention, ...] = ()
        find = partial(find_mentions, text, default="proposed", vocabulary=self._vocabulary, knowledge=self._knowledge)
        found = tally.guarded("names in the text", "unresolved_drug", find, nothing)
        named.orders += tally.guarded("doses in the text", "dose", lambda: [*orders_in(text, found, apart=passive)], [])
        if not passive:
            find_orders = partial(nameless_orders, text, found, knowledge=self._knowledge)
            nameless: list[str] = []
            for order in tally.guarded("orders in the text", "unresolved_drug", lambda: [*find_orders()], nameless):
                tally.findings.append(unresolved(order, "an amount is ordered, and no medicine is named"))
        for item in found:
            if item.names and has_foreign_letters(item.surface):
                self._read(item.surface, tally)
            named.mentions.append(item)
            if item.role == "current":
                named.current += item.names
            if item.role != "proposed" or (passive and not item.ordered):
                continue
            names = item.names
            if not names:
                names = self._read(item.surface, tally).names
            named.dosed |= set(names) if item.dosed else set()
            firm = named.apart if passive or item.kind == "class" else named.drugs
            (named.asides if passive and not item.dosed else firm).extend(names)

    def _check_named(self, patient: Patient, proposed: list[Drug], named: _Named, tally: Tally) -> None:
        have = {drug.name for drug in proposed}
        origins = dict.fromkeys(named.dosed, "text")
        told = [Drug(name, new=True, origin=origins.get(name, UNDOSED)) for name in _new(named.drugs, have)]
        drugs = [*proposed, *told]
        self._checks.drugs(patient, drugs, tally, named.orders)
        have |= {drug.name for drug in drugs}
        for names, firm in ((named.apart, True), (named.asides, False)):
            alone = [[Drug(name, new=True, origin="text")] for name in _new(names, have)]
            self._checks.apart(patient, alone, tally, firm=firm)

    def _labels_of(self, syndrome: str | None) -> tuple[str, ...]:
        entries = conditions(self._vocabulary).values()
        return tuple(entry.label for entry in entries if any(item.id == syndrome for item in entry.syndromes))


def _check_size(text: str, tally: Tally) -> None:
    """Refuse what is too long to be read in bounded time, and say so where there is nothing to read."""
    if len(text) > MAX_TEXT:
        tally.fail("the text", "unresolved_drug", f"of its {len(text)} characters only {MAX_TEXT} were read")
    if not any(letter.isalnum() for letter in text):
        tally.unchecked.append("the text: it says nothing")


def _new(names: Iterable[str], have: set[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name not in have]


def _version_or_unknown(knowledge: Path) -> str:
    try:
        return version(knowledge)
    except RulesError:
        return "unknown"


def _not_in_table(drug: str, name: str) -> Finding:
    return finding(
        rule="dose.not_in_table",
        kind="dose",
        severity="major",
        action="interrupt",
        drugs=(drug,),
        message=f"{name.capitalize()}: dose, route, frequency or duration is not that of the table of regimens.",
        management="Use the regimen of the table, or have a pharmacist check it.",
        would_change_if="the regimen equals its row",
        source="cases/vocabulary/regimens.csv",
    )
