"""Measure an order's amounts against one range: at a time and a day, by weight or not, each combination's share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cases.case import Patient
from safety.amounts import Amount
from safety.dose_ranges import DoseRange, is_child
from safety.orders import Order, Part

TOLERANCE = 1.001
WEIGHT_TOLERANCE = 1.1  # doses by weight are rounded to what a bottle or tablet holds
FAR_BELOW = 0.5  # of the lowest usual dose


@dataclass(frozen=True)
class Level:
    """One amount measured against one range: `ratio` to the highest dose, and to the lowest usual one."""

    too_high: float | None
    too_low: float | None
    what: str
    row: DoseRange


def share_of(part: Part, index: int, ranges: Sequence[Sequence[DoseRange]]) -> Part:
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


def levels(row: DoseRange, order: Order, parts: Sequence[Part], patient: Patient) -> Iterator[Level]:
    """Measure each amount of an order at a time, and all of them a day."""
    by_weight = row.per_kg or any(part.amounts[0].per_kg for part in parts)
    slack = WEIGHT_TOLERANCE if by_weight else TOLERANCE
    per = " per kg" if row.per_kg else ""
    if is_one_figure(order):
        return
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
    day, most = a_day(order, parts, row, patient), row.limit(row.daily_max)
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


def a_day(order: Order, parts: Sequence[Part], row: DoseRange, patient: Patient) -> float | None:
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
    if not days:
        return None
    most = max(*days, clock)
    if cap is None or cap.unit != row.base_unit or row.per_kg:
        return most
    return min(most, cap.high)


def needs_weight(row: DoseRange, parts: Sequence[Part], patient: Patient) -> bool:
    """Whether a dose can only be judged by a weight that is not known."""
    if patient.weight_kg is not None or not parts:
        return False
    by_weight = any(part.amounts[0].per_kg for part in parts if part.amounts)
    return by_weight if not row.per_kg else is_child(patient) and not by_weight


def _said(value: float, row: DoseRange) -> str:
    if row.base_unit == "mg" and value < 1:
        return f"{value * 1000:.4g} mcg"
    return f"{value:.4g} {row.base_unit}"


def is_one_figure(order: Order) -> bool:
    """Whether a combination is ordered by one figure, "co-amoxiclav 625 mg", which is no ingredient's own."""
    return len(order.names) > 1 and any(len(part.amounts) == 1 for part in order.parts)


def whole_limit(order: Order, ranges: Sequence[Sequence[DoseRange]]) -> Level | None:
    """Measure a combination's one figure against the highest doses of its ingredients together, which bound it."""
    most = [rows[-1].limit(rows[-1].single_max) if rows else None for rows in ranges]
    figures = [part.amounts[0] for part in order.parts if len(part.amounts) == 1 and not part.whole_day]
    amount = max((item for item in figures if item.unit == "mg" and not item.per_kg), key=_high, default=None)
    if amount is None or None in most:
        return None
    total = sum(limit for limit in most if limit is not None)
    if amount.high <= total * TOLERANCE:
        return None
    row = ranges[0][-1]
    return Level(amount.high / total, None, f"{_said(amount.high, row)} at a time", row)


def is_foreign(rows: Sequence[DoseRange], parts: Sequence[Part]) -> bool:
    """Whether amounts are in a unit that no row of the drug is in; a strength in percent is no amount."""
    units = {row.base_unit for row in rows} - {""}
    amounts = [part.amounts[0] for part in parts if part.amounts[0].unit != "%"]
    return bool(units and amounts) and not any(amount.unit in units for amount in amounts)


def _high(amount: Amount) -> float:
    return amount.high
