"""Doses and durations out of range: too much at a time or a day, too little, too long, too short, summed over sources.

Three yardsticks: the ranges of `dose_ranges.csv`; the regimens of the syndrome where it is known and the drug is one of
them; and the sum over everything that holds one ingredient. A dose that cannot be read, or that no row knows, is said
to be unchecked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cases.case import Case, Finding, Patient, Question, Severity
from cases.vocabulary.tables import VOCABULARY
from safety.amounts import Amount
from safety.dose_ranges import DoseRange, dose_ranges, is_child, ranges_for
from safety.intake import finding
from safety.orders import Order, Part
from safety.regimen_doses import Departures
from safety.resolver import Resolver, labels
from safety.rules import ACTION_OF, KNOWLEDGE

TOLERANCE = 1.001
WEIGHT_TOLERANCE = 1.1  # doses by weight are rounded to what a bottle or tablet holds
GROSS = 3.0  # this many times the highest dose blocks
FAR_BELOW = 0.5  # of the lowest usual dose
UNIT_ERROR = 300.0  # this many times the highest dose looks like mg written for mcg
LOCAL = frozenset({"topical", "ophthalmic", "otic"})


@dataclass
class Found:
    """Findings, questions and gaps as they are collected."""

    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Level:
    """One amount measured against one range: `ratio` to the highest dose, and to the lowest usual one."""

    too_high: float | None
    too_low: float | None
    what: str
    row: DoseRange


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
        for order in orders:
            self._order(case, order, syndrome, found)
        together = [order for order in orders if not order.apart]
        if any(order.new for order in together):
            self._sums(case.patient, together, found)
        return found

    def _order(self, case: Case, order: Order, syndrome: str | None, found: Found) -> None:
        if order.unread and order.new:
            found.unchecked.append(f"{_name(order)}: the dose could not be read")
        for name, rows, parts in self._ingredients(case.patient, order):
            if not rows and order.dosed and order.new:
                found.unchecked.append(f"{name}: dose not checked")
            self._amounts(name, order, rows, parts, case.patient, found)
            self._course(name, order, rows, found)
        if order.new and syndrome is not None:
            for item in self._departures.check(case, order, syndrome):
                found.findings.append(
                    self._finding(order.names, order, item.rule, item.severity, item.message, item.why)
                )

    def _ingredients(
        self, patient: Patient, order: Order
    ) -> Iterator[tuple[str, tuple[DoseRange, ...], tuple[Part, ...]]]:
        """Yield each ingredient with its ranges and its share of the order's amounts."""
        ranges = [ranges_for(name, order.route, patient, self._knowledge) for name in order.names]
        for index, (name, rows) in enumerate(zip(order.names, ranges, strict=True)):
            yield name, rows, tuple(_share(part, index, ranges) for part in order.parts)

    def _amounts(
        self, name: str, order: Order, rows: Sequence[DoseRange], parts: Sequence[Part], patient: Patient, found: Found
    ) -> None:
        if len(order.names) > 1 and any(len(part.amounts) == 1 for part in parts):
            return  # one figure for a combination is not this ingredient's
        levels = [level for row in rows for level in _levels(row, order, parts, patient)]
        if any(_needs_weight(row, parts, patient) for row in rows):
            self._ask_weight(name, order, found)
        high = [level for level in levels if level.too_high is not None]
        low = [level for level in levels if level.too_low is not None and level.row is rows[0]]
        if high:
            self._too_high(name, order, max(high, key=lambda level: level.too_high or 0), found)
        elif low and order.new:
            message = f"{low[0].what} is far below the usual dose."
            found.findings.append(self._finding((name,), order, "dose.too_low", "moderate", message, low[0].row.source))

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

    def _course(self, name: str, order: Order, rows: Sequence[DoseRange], found: Found) -> None:
        """How long, and how often, against the row of the patient."""
        row = rows[0] if rows else None
        if row is None:
            return
        if row.days_max is not None and order.days is not None and order.days[0] > row.days_max and order.new:
            message = f"{order.days[0]:g} days are longer than the {row.days_max:g} that it is meant for."
            found.findings.append(self._finding((name,), order, "dose.too_long", "major", message, row.source))
        most = max((part.times.high for part in order.parts if part.times), default=0.0)
        once_off = order.days is not None and order.days[1] <= 1
        if row.interval_days is not None and most * row.interval_days > TOLERANCE and most >= 2 / row.interval_days:
            if once_off:
                return
            message = f"it is taken every {row.interval_days:g} days, not {_often(most)}."
            found.findings.append(
                self._finding((name,), order, "dose.too_often", "contraindicated", message, row.source)
            )

    def _sums(self, patient: Patient, orders: Sequence[Order], found: Found) -> None:
        """Add up what different medicines hold of one ingredient; the same one named twice in a text is one."""
        totals: dict[str, dict[tuple[tuple[str, ...], bool], float]] = defaultdict(dict)
        unknown: set[str] = set()
        for order in orders:
            for name, rows, parts in self._ingredients(patient, order):
                day = _daily(order, parts, patient, rows)
                key = (order.names, order.new)
                totals[name][key] = max(totals[name].get(key, 0.0), day or 0.0)
                unknown |= {name} if day is None else set()
        for name, by_source in totals.items():
            row = _row_with_maximum(ranges_for(name, "", patient, self._knowledge))
            if len(by_source) < 2 or row is None:
                continue
            if name in unknown:
                found.unchecked.append(f"{name}: the total a day of several medicines could not be added up")
            self._sum(name, sum(by_source.values()), _cap(row, patient), row, found)

    def _sum(self, name: str, total: float, limit: float | None, row: DoseRange, found: Found) -> None:
        if limit is None or total <= limit * TOLERANCE:
            return
        found.findings.append(
            finding(
                rule=f"dose.{name.replace(' ', '_')}_sum",
                kind="dose",
                severity="contraindicated" if total >= GROSS * limit else "major",
                action="block" if total >= GROSS * limit else "interrupt",
                drugs=labels((name,), self._resolver),
                message=f"{name.capitalize()}: {total:g} mg a day in all medicines together; the most is {limit:g} mg.",
                management="Leave one of the medicines out, or lower the doses.",
                would_change_if=f"the total is {limit:g} mg a day or less",
                source=row.source,
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


def _name(order: Order) -> str:
    return " + ".join(order.names)


def _share(part: Part, index: int, ranges: Sequence[Sequence[DoseRange]]) -> Part:
    """An ingredient's amount of a combination, in the order of the names, or reversed where only that fits."""
    if len(part.amounts) != len(ranges):
        return part
    amounts = part.amounts
    if len(amounts) == 2 and not _fits(amounts, ranges) and _fits(amounts[::-1], ranges):
        amounts = amounts[::-1]
    return Part((amounts[index],), part.times, part.whole_day, part.clock)


def _fits(amounts: Sequence[Amount], ranges: Sequence[Sequence[DoseRange]]) -> bool:
    for amount, rows in zip(amounts, ranges, strict=True):
        row = rows[-1] if rows else None
        most = row.limit(row.daily_max if amount.per_day else row.single_max) if row else None
        if most is not None and not amount.per_kg and amount.high > most * TOLERANCE:
            return False
    return True


def _levels(row: DoseRange, order: Order, parts: Sequence[Part], patient: Patient) -> Iterator[Level]:
    """Measure each amount of an order at a time, and all of them a day."""
    slack = WEIGHT_TOLERANCE if row.per_kg else TOLERANCE
    per = " per kg" if row.per_kg else ""
    for part in parts:
        span = _measured(part.amounts[0], row, patient, order)
        if span is None or part.whole_day:
            continue
        high = span[1]
        most, least = row.limit(row.single_max), row.limit(row.single_min)
        yield Level(
            too_high=high / most if most is not None and high > most * slack else None,
            too_low=high / least if least is not None and high < least * FAR_BELOW else None,
            what=f"{_said(high, row)}{per} at a time",
            row=row,
        )
    day, most = _day(order, parts, row, patient), row.limit(row.daily_max)
    if day is not None and most is not None and day > most * slack:
        yield Level(too_high=day / most, too_low=None, what=f"{_said(day, row)}{per} a day", row=row)


def _measured(amount: Amount, row: DoseRange, patient: Patient, order: Order) -> tuple[float, float] | None:
    """An amount in the terms of a row, by weight or not; None if it cannot be compared."""
    if amount.unit != row.base_unit:
        return None
    low, high = amount.low, amount.high
    if amount.per_kg != row.per_kg:
        weight = patient.weight_kg
        if weight is None:
            return None
        scale = weight if amount.per_kg else 1 / weight
        low, high = low * scale, high * scale
    cap = order.single_cap
    if cap is not None and cap.unit == amount.unit and not row.per_kg:
        low, high = min(low, cap.high), min(high, cap.high)
    return low, high


def _day(order: Order, parts: Sequence[Part], row: DoseRange, patient: Patient) -> float | None:
    """The most that an order comes to in a day; amounts at different hours add up, others follow one another."""
    days: list[float] = []
    clock = 0.0
    for part in parts:
        span = _measured(part.amounts[0], row, patient, order)
        if span is None or (part.times is None and not part.whole_day):
            continue
        day = span[1] if part.whole_day or part.times is None else span[1] * part.times.high
        days.append(day)
        clock += day if part.clock else 0.0
    cap = order.daily_cap
    most = max([*days, clock], default=None)
    if most is None or cap is None or cap.unit != row.base_unit or row.per_kg:
        return most
    return min(most, cap.high)


def _daily(order: Order, parts: Sequence[Part], patient: Patient, rows: Sequence[DoseRange]) -> float | None:
    """The milligrams a day of one ingredient in an order; None if they cannot be told."""
    row = _row_with_maximum(rows)
    if row is None or (len(order.names) > 1 and any(len(part.amounts) == 1 for part in order.parts)):
        return None
    plain = row.model_copy(update={"per_kg": False})
    return _day(order, parts, plain, patient)


def _row_with_maximum(rows: Sequence[DoseRange]) -> DoseRange | None:
    return next((row for row in rows if row.daily_max is not None and row.base_unit == "mg"), None)


def _cap(row: DoseRange, patient: Patient) -> float | None:
    limit = row.limit(row.daily_max)
    if limit is None or not row.per_kg:
        return limit
    return None if patient.weight_kg is None else limit * patient.weight_kg * WEIGHT_TOLERANCE


def _needs_weight(row: DoseRange, parts: Sequence[Part], patient: Patient) -> bool:
    """Whether a dose can only be judged by a weight that is not known."""
    if patient.weight_kg is not None or not parts:
        return False
    by_weight = any(part.amounts[0].per_kg for part in parts if part.amounts)
    return by_weight if not row.per_kg else is_child(patient) and not by_weight


def _said(value: float, row: DoseRange) -> str:
    if row.base_unit == "mg" and value < 1:
        return f"{value * 1000:.4g} mcg"
    return f"{value:.4g} {row.base_unit}"


def _often(times: float) -> str:
    return "daily" if times <= 1 else f"{times:g} times a day"
