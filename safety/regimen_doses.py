"""How an order departs from the regimens of the syndrome it is meant for.

A course has a dose and a length: half as much again, of either, is out of its regimen. A regimen without an end gives
the dose to begin with, which grows with time: there a higher dose is a question, and only far above it an alarm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cases.case import Case, Severity
from cases.vocabulary.tables import VOCABULARY, RegimenRow, regimens_of
from safety.orders import Order, Part, read_order

MORE = 1.5
FAR_MORE = 2.5
LESS = 0.5
SLACK = 1.001
SOURCE = "cases/vocabulary/regimens.csv"


@dataclass(frozen=True)
class Departure:
    """One way in which an order is not the syndrome's."""

    rule: str
    severity: Severity
    message: str
    why: str = SOURCE


class Departures:
    """Orders against regimens.

    Args:
        vocabulary: folder of the regimens.
    """

    def __init__(self, vocabulary: Path = VOCABULARY) -> None:
        self._vocabulary = vocabulary

    def check(self, case: Case, order: Order, syndrome: str) -> Iterator[Departure]:
        """Yield how an order departs from every regimen of its drug; nothing for a drug that is not among them."""
        rows = [row for row in regimens_of(syndrome, self._vocabulary) if set(row.ingredients) == set(order.names)]
        rows = [row for row in rows if not order.route or row.route == order.route]
        rows = [row for row in rows if _is_for(row, case)] or rows
        if not rows:
            return
        yield from _dose(order, rows, case.patient.weight_kg)
        yield from _length(order, rows)


def _is_for(row: RegimenRow, case: Case) -> bool:
    age = case.patient.age
    return age is None or ((row.age_min or 0) <= age and (row.age_max is None or age < row.age_max))


def _dose(order: Order, rows: Sequence[RegimenRow], weight: float | None) -> Iterator[Departure]:
    own = _size(order, weight)
    meant = [size for row in rows if (size := _size(row_order(row), weight)) is not None]
    if own is None or len(meant) != len(rows):
        return
    single, day = max(size[0] for size in meant), max(size[1] for size in meant)
    ratio = max(own[0] / single, own[1] / day if own[1] and day else 0.0)
    course = any(row.duration_days is not None or row.frequency == "once" for row in rows)
    if ratio > MORE * SLACK:
        severe = course or ratio > FAR_MORE * SLACK
        message = f"the dose is {ratio:.3g} times that of its regimen."
        yield Departure("dose.above_regimen", "major" if severe else "moderate", message)
    least = min(size[1] for size in meant)
    if course and own[1] and least and own[1] < least * LESS:
        yield Departure("dose.below_regimen", "moderate", "the dose is less than half of that of its regimen.")


def _length(order: Order, rows: Sequence[RegimenRow]) -> Iterator[Departure]:
    spans = [1 if row.frequency == "once" else row.duration_days for row in rows]
    known = [days for days in spans if days is not None]
    if order.days is None or len(known) != len(spans):
        return
    low, high = order.days
    if high > max(known) * MORE * SLACK:
        yield Departure("dose.too_long", "major", f"{high:g} days are longer than the {max(known)} of its regimen.")
    elif high < min(known) * LESS:
        message = f"{low:g} {'day is' if low == 1 else 'days are'} shorter than the {min(known)} of its regimen."
        yield Departure("dose.too_short", "moderate", message)


@cache
def row_order(row: RegimenRow) -> Order:
    """Read a regimen as an order."""
    cap = f", at most {row.max_dose} at a time" if row.max_dose else ""
    days = f" for {row.duration_days} days" if row.duration_days and row.frequency != "once" else ""
    return read_order(row.ingredients, f"{row.dose or ''} {row.frequency}{days}{cap}", route=row.route)


def _size(order: Order, weight: float | None) -> tuple[float, float] | None:
    """The largest amount at a time and a day of the main ingredient; None if none can be compared."""
    amounts = [(_first(part, order, weight), part) for part in order.parts if part.amounts]
    if not amounts or any(amount is None for amount, _ in amounts):
        return None
    single = max(amount for amount, part in amounts if amount is not None)
    days = [_a_day(amount, part) for amount, part in amounts if amount is not None]
    return single, max(days)


def _first(part: Part, order: Order, weight: float | None) -> float | None:
    """The larger ingredient's amount, so that the order in which a combination is written does not matter."""
    amount = max(part.amounts, key=lambda item: item.high)
    if amount.unit in ("%", "g"):
        return None
    high = amount.high
    if amount.per_kg:
        if weight is None:
            return None
        high *= weight
    if order.single_cap is not None and order.single_cap.unit == amount.unit:
        high = min(high, order.single_cap.high)
    return high


def _a_day(amount: float, part: Part) -> float:
    if part.whole_day:
        return amount
    return amount * part.times.high if part.times is not None else 0.0
