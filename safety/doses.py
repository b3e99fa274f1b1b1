"""Doses and durations out of range: too much at a time or a day, too little, too long, too short, summed over sources.

Three yardsticks: the ranges of `dose_ranges.csv`; the regimens of the syndrome where it is known and the drug is one of
them; and the sum over everything that holds one ingredient. A dose that cannot be read, or that no row knows, is said
to be unchecked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cases.case import Case, Finding, Patient, Question, Severity
from cases.vocabulary.tables import VOCABULARY
from safety.dose_levels import Level, is_foreign, is_one_figure, levels, needs_weight, share_of, whole_limit
from safety.dose_ranges import DoseRange, dose_ranges, ranges_for
from safety.dose_sums import Share, Total, totals
from safety.intake import finding
from safety.orders import Order
from safety.regimen_doses import Departures
from safety.resolver import Resolver, labels
from safety.rules import ACTION_OF, KNOWLEDGE

GROSS = 3.0  # this many times the highest dose blocks
UNIT_ERROR = 300.0  # this many times the highest dose looks like mg written for mcg
MANY = 2.0  # doses in the time of one
LOCAL = frozenset({"topical", "ophthalmic", "otic"})


@dataclass
class Found:
    """Findings, questions and gaps as they are collected."""

    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


class Doses:
    """The dose check.

    Args:
        resolver: for the codes of the findings.
        vocabulary: folder of the regimens.
        knowledge: folder of the ranges.

    Raises:
        RulesError: if the table of ranges is missing or wrong.
    """

    def __init__(self, resolver: Resolver, *, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE) -> None:
        self._resolver = resolver
        self._knowledge = knowledge
        self._departures = Departures(vocabulary)
        self.known = frozenset(dose_ranges(knowledge))

    def check(self, case: Case, orders: Sequence[Order], syndrome: str | None = None) -> Found:
        """Check every order, and what several of them hold together."""
        found = Found()
        shares = [share for order in orders for share in self._shares(order, case.patient)]
        for order in orders:
            self._read(order, case.patient, found)
            if order.new and syndrome is not None:
                for item in self._departures.check(case, order, syndrome):
                    found.findings.append(
                        self._finding(order.names, order, item.rule, item.severity, item.message, item.why)
                    )
        for share in shares:
            self._amounts(share, case.patient, found)
            self._course(share, found)
        together = [share for share in shares if not share.order.apart]
        if any(share.order.new for share in together):
            for name, total in totals(together, case.patient).items():
                self._sum(name, total, case.patient, found)
        return found

    def _shares(self, order: Order, patient: Patient) -> Iterator[Share]:
        """Yield each ingredient with its ranges and its share of the order's amounts."""
        ranges = [ranges_for(name, order.route, patient, self._knowledge) for name in order.names]
        for index, (name, rows) in enumerate(zip(order.names, ranges, strict=True)):
            yield Share(name, order, tuple(share_of(part, index, ranges) for part in order.parts), rows)

    def _read(self, order: Order, patient: Patient, found: Found) -> None:
        """Say what cannot be read, and measure the one figure of a combination."""
        if order.unread and order.new and order.route not in LOCAL:
            found.unchecked.append(f"{' + '.join(order.names)}: the dose could not be read")
        if is_one_figure(order):
            ranges = [ranges_for(name, order.route, patient, self._knowledge) for name in order.names]
            level = whole_limit(order, ranges)
            if level is not None:
                self._too_high(" + ".join(order.names), order, level, found)

    def _amounts(self, share: Share, patient: Patient, found: Found) -> None:
        order, rows = share.order, share.rows
        if not rows and order.dosed and order.new:
            found.unchecked.append(f"{share.name}: dose not checked")
        elif order.new and is_foreign(rows, share.parts):
            found.unchecked.append(f"{share.name}: the dose could not be compared")
        if any(needs_weight(row, share.parts, patient) for row in rows):
            self._ask_weight(share.name, order, found)
        measured = [level for row in rows for level in levels(row, order, share.parts, patient)]
        high = [level for level in measured if level.too_high is not None]
        low = [level for level in measured if level.too_low is not None and level.row is rows[0]]
        if high:
            self._too_high(share.name, order, max(high, key=lambda level: level.too_high or 0), found)
        elif low and order.new:
            message = f"{low[0].what} is far below the usual dose."
            source = low[0].row.source
            found.findings.append(self._finding((share.name,), order, "dose.too_low", "moderate", message, source))

    def _too_high(self, name: str, order: Order, level: Level, found: Found) -> None:
        ratio = level.too_high or 0
        severity: Severity = "contraindicated" if ratio >= GROSS else "major"
        hint = " A unit may be wrong: micrograms are not milligrams." if ratio >= UNIT_ERROR else ""
        message = f"{level.what} is {ratio:.3g} times the highest dose.{hint}"
        found.findings.append(self._finding((name,), order, "dose.too_high", severity, message, level.row.source))

    def _ask_weight(self, name: str, order: Order, found: Found) -> None:
        if not order.new:
            return
        message = f"{name.capitalize()}: the dose depends on the weight, which is not known."
        found.questions.append(Question(ask="What is the weight?", because=message, kind="missing_fact"))
        found.findings.append(
            finding(
                rule="dose.weight",
                kind="missing_fact",
                severity="major",
                action="interrupt",
                drugs=labels((name,), self._resolver),
                message=message,
                management="Weigh the patient before it is given.",
                would_change_if="the weight is known",
                source="knowledge/dose_ranges.csv",
            )
        )

    def _course(self, share: Share, found: Found) -> None:
        """How long, and how often, against the row of the patient."""
        order, row = share.order, share.rows[0] if share.rows else None
        if row is None or not order.new:
            return
        if row.days_max is not None and order.days is not None and order.days[0] > row.days_max:
            message = f"{order.days[0]:g} days are longer than the {row.days_max:g} that it is meant for."
            found.findings.append(self._finding((share.name,), order, "dose.too_long", "major", message, row.source))
        often = _too_often(order, row)
        if often is not None:
            message = f"it is taken every {row.interval_days:g} days, not {often}."
            rule, drugs = "dose.too_often", (share.name,)
            found.findings.append(self._finding(drugs, order, rule, "contraindicated", message, row.source))

    def _sum(self, name: str, total: Total, patient: Patient, found: Found) -> None:
        if total.unknown:
            found.unchecked.append(f"{name}: the total a day of several medicines could not be added up")
        limit = total.excess(patient)
        if limit is None or total.row is None:
            return
        severity: Severity = "contraindicated" if total.milligrams >= GROSS * limit else "major"
        found.findings.append(
            finding(
                rule=f"dose.{name.replace(' ', '_')}_sum",
                kind="dose",
                severity=severity,
                action=ACTION_OF[severity],
                drugs=labels((name,), self._resolver),
                message=f"{name.capitalize()}: {total.milligrams:g} mg a day in all medicines; at most {limit:g} mg.",
                management="Leave one of the medicines out, or lower the doses.",
                would_change_if=f"the total is {limit:g} mg a day or less",
                source=total.row.source,
            )
        )

    def _finding(
        self, names: Sequence[str], order: Order, rule: str, severity: Severity, message: str, source: str
    ) -> Finding:
        return finding(
            rule=rule,
            kind="dose",
            severity=severity,
            action=ACTION_OF[severity],
            drugs=labels(tuple(names), self._resolver),
            new=order.new,
            message=f"{' + '.join(names).capitalize()}: {message}",
            management="Check the dose, its unit and how often it is given.",
            would_change_if="the order is within the range" if order.new else None,
            source=source,
        )


def _too_often(order: Order, row: DoseRange) -> str | None:
    """How often a drug that has days between its doses is taken; None if that is right, or for one day only."""
    most = max((part.times.high for part in order.parts if part.times), default=0.0)
    single = order.days is not None and order.days[1] <= 1
    if row.interval_days is None or single or most * row.interval_days < MANY:
        return None
    return "daily" if most <= 1 else f"{most:g} times a day"
