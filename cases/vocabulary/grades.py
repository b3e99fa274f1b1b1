"""Grade a regimen from what its two sources say: `verified`, `single` or `drafted`.

A row is `verified` only if two different sources were looked up, one of them a guideline body and the other a
guideline or a drug label, both state the row's dose and frequency, and at least one states its duration while none
contradicts it. One source that states the row's dose makes it `single`. The grade column is never believed: it is
recomputed here and compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cases.case import Grade
from cases.vocabulary.tables import RegimenRow, Source

SILENT = "-"
HOURS_A_DAY = 24
_NUMBER = r"\d+(?:[.,]\d+)?"
_AMOUNT = re.compile(rf"({_NUMBER})(?:\s*(?:-|–|to)\s*({_NUMBER}))?\s*([a-z%/µ]+(?:/kg)?)?", re.IGNORECASE)
_TIMES = {"once": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_COUNT = rf"\d|{'|'.join(_TIMES)}"
_TIMES_A_DAY = re.compile(rf"({_COUNT})(?:\s*(?:-|–|to|or)\s*({_COUNT}))?\s*(?:times?)?\s*(?:a |per |/)?\s*da(?:y|ily)")
_UNITS = {
    "milligrams": "mg",
    "milligram": "mg",
    "micrograms": "mcg",
    "microgram": "mcg",
    "µg": "mcg",
    "grams": "g",
    "gram": "g",
}
_PER_GRAM = 1000.0


@dataclass(frozen=True)
class Says:
    """What one source states; None where it is silent."""

    dose: str | None
    frequency: str | None
    duration: str | None


def parse_says(text: str | None) -> Says | None:
    """Read a `says_*` cell, `dose; frequency; duration`; None if it is empty or malformed."""
    parts = [part.strip() for part in (text or "").split(";")]
    if len(parts) != 3:
        return None
    return Says(*(None if part in (SILENT, "") else part for part in parts))


def amounts(text: str) -> list[tuple[float, float, str]]:
    """Return every amount in `text` as (low, high, unit), grams turned into milligrams."""
    found = []
    for low, high, unit in _AMOUNT.findall(text.lower()):
        bottom, top = float(low.replace(",", ".")), float((high or low).replace(",", "."))
        name = _UNITS.get(unit, unit)
        scale, name = (_PER_GRAM, "mg") if name == "g" else (1.0, name)
        found.append((bottom * scale, top * scale, name))
    return found


def dose_agrees(dose: str | None, says: str | None) -> bool:
    """Whether every amount of `dose` lies within an amount, of the same unit, that the source states."""
    if dose is None:
        return True
    if says is None:
        return False
    if dose.lower() == says.lower():
        return True
    stated, wanted = amounts(says), amounts(dose)
    return bool(wanted) and all(
        any(low <= amount <= high and unit == said_unit for low, high, said_unit in stated)
        for amount, _, unit in wanted
    )


def times_a_day(text: str) -> tuple[float, float] | None:
    """Return the fewest and most administrations a day that `text` allows; None if it says nothing of the kind."""
    lowered = text.lower()
    hours = re.search(rf"every\s+({_NUMBER})(?:\s*(?:-|–|to)\s*({_NUMBER}))?\s*h", lowered)
    if hours:
        low, high = float(hours[1]), float(hours[2] or hours[1])
        return HOURS_A_DAY / high, HOURS_A_DAY / low
    counted = _TIMES_A_DAY.search(lowered)
    if counted:
        low, high = (float(_TIMES.get(word, word)) for word in (counted[1], counted[2] or counted[1]))
        return low, high
    return (
        (1.0, 1.0)
        if re.search(r"\b(daily|at night|at bedtime|nightly|in the morning|in the evening)\b", lowered)
        else None
    )


def frequency_agrees(frequency: str, says: str | None) -> bool:
    """Whether the source states the row's frequency, or a range that contains it."""
    if says is None:
        return False
    if frequency.lower() == says.lower():
        return True
    wanted, stated = times_a_day(frequency), times_a_day(says)
    if "as needed" in frequency.lower():
        return "as needed" in says.lower() and (wanted is None or (stated is not None and wanted[1] <= stated[1]))
    if "as needed" in says.lower() or wanted is None or stated is None:
        return False
    return stated[0] <= wanted[0] and wanted[1] <= stated[1]


def duration_agrees(days: int | None, says: str | None) -> bool | None:
    """Whether the source states the duration; None where it is silent."""
    if says is None:
        return None
    stated = [(low, high) for low, high, _ in amounts(says)]
    if days is None:
        return not stated
    return any(low <= days <= high for low, high in stated)


def source_agrees(row: RegimenRow, says: Says | None) -> bool:
    """Whether one source states the row's dose and frequency and does not contradict its duration."""
    if says is None or not dose_agrees(row.dose, says.dose) or not frequency_agrees(row.frequency, says.frequency):
        return False
    return duration_agrees(row.duration_days, says.duration) is not False


def grade(row: RegimenRow, sources: Mapping[str, Source]) -> Grade:
    """Return the grade that the row's two sources earn it."""
    agreeing = []
    for source_id, locator, text, date in (
        (row.source_a, row.locator_a, row.says_a, row.looked_up_a),
        (row.source_b, row.locator_b, row.says_b, row.looked_up_b),
    ):
        says = parse_says(text)
        if source_id and source_id in sources and locator and date and source_agrees(row, says):
            agreeing.append((sources[source_id], says))
    if not agreeing:
        return "drafted"
    return "verified" if _two_that_count(row, agreeing) else "single"


def _two_that_count(row: RegimenRow, agreeing: list[tuple[Source, Says | None]]) -> bool:
    kinds = [source.kind for source, _ in agreeing]
    different = len({source.id for source, _ in agreeing}) == 2
    durations = [duration_agrees(row.duration_days, says.duration) for _, says in agreeing if says]
    duration_stated = row.duration_days is None or row.frequency == "once" or True in durations
    return different and "guideline" in kinds and set(kinds) <= {"guideline", "label"} and duration_stated
