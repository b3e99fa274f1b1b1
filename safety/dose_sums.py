"""The sum a day of one ingredient over everything that holds it: acetaminophen in four remedies is one dose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from cases.case import Patient
from safety.dose_levels import TOLERANCE, WEIGHT_TOLERANCE, a_day, is_one_figure
from safety.dose_ranges import DoseRange
from safety.orders import Order, Part


@dataclass(frozen=True)
class Share:
    """One ingredient's part in one order, and the ranges that hold for it."""

    name: str
    order: Order
    parts: tuple[Part, ...]
    rows: tuple[DoseRange, ...]


@dataclass
class Total:
    """Milligrams a day of one ingredient, by medicine; `unknown` if one of them cannot be told."""

    by_medicine: dict[tuple[tuple[str, ...], bool], float] = field(default_factory=dict)
    unknown: bool = False
    row: DoseRange | None = None

    @property
    def milligrams(self) -> float:
        """The sum of what is known."""
        return sum(self.by_medicine.values())

    def excess(self, patient: Patient) -> float | None:
        """Return the limit if the sum is above it."""
        limit = _limit(self.row, patient)
        return limit if limit is not None and self.milligrams > limit * TOLERANCE else None


def totals(shares: Sequence[Share], patient: Patient) -> dict[str, Total]:
    """Add up each ingredient that several medicines hold; one that is named twice in a text is one medicine."""
    found: dict[str, Total] = defaultdict(Total)
    for share in shares:
        total, day = found[share.name], _milligrams(share, patient)
        key = (share.order.names, share.order.new)
        total.by_medicine[key] = max(total.by_medicine.get(key, 0.0), day or 0.0)
        total.unknown |= day is None
        total.row = total.row or _row_with_maximum(share.rows)
    return {name: total for name, total in found.items() if len(total.by_medicine) > 1 and total.row is not None}


def _milligrams(share: Share, patient: Patient) -> float | None:
    """The milligrams a day of one ingredient in an order; None if they cannot be told."""
    row = _row_with_maximum(share.rows)
    if row is None or is_one_figure(share.order):
        return None
    return a_day(share.order, share.parts, row.model_copy(update={"per_kg": False}), patient)


def _row_with_maximum(rows: Sequence[DoseRange]) -> DoseRange | None:
    return next((row for row in rows if row.daily_max is not None and row.base_unit == "mg"), None)


def _limit(row: DoseRange | None, patient: Patient) -> float | None:
    limit = None if row is None else row.limit(row.daily_max)
    if limit is None or row is None or not row.per_kg:
        return limit
    return None if patient.weight_kg is None else limit * patient.weight_kg * WEIGHT_TOLERANCE
