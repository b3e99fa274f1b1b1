"""The usual and the highest doses of drugs, read from `knowledge/dose_ranges.csv`, and which of them a patient has.

A child is somebody under 12, or under 18 who weighs less than 40 kg; what a label says of adults holds from then on.
Masses are compared in milligrams.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from cases.case import Patient
from cases.vocabulary.tables import Route, Row, VocabularyError, read_csv
from safety.amounts import in_unit
from safety.rules import KNOWLEDGE, RulesError

CHILD_AGE = 12.0
ADULT_AGE = 18.0
ADULT_WEIGHT_KG = 40.0
TABLE = "dose_ranges.csv"


class DoseRange(Row):
    """What one population takes of one drug by one route.

    `single_min` is the lowest usual dose, `single_max` and `daily_max` are the highest at a time and a day, for a body
    weight where `per_kg` is 1; `days_max` the longest course, `interval_days` the days between two doses of a drug that
    is not taken daily. What a source does not limit is empty. A dose for a week counts one seventh a day.
    """

    name: str
    route: Route
    population: Literal["adult", "child"]
    single_min: float | None = Field(gt=0)
    single_max: float | None = Field(gt=0)
    daily_max: float | None = Field(gt=0)
    unit: Literal["mg", "mcg", "g", "units", "ml", "mmol", "meq"] | None
    per_kg: bool
    days_max: float | None = Field(gt=0)
    interval_days: float | None = Field(gt=1)
    source: str
    note: str | None

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        least, most = self.single_min, [value for value in (self.single_max, self.daily_max) if value is not None]
        if least is not None and any(value < least for value in most):
            raise ValueError("single_min must not be above single_max or daily_max")
        if (least or most) and self.unit is None:
            raise ValueError("an amount needs a unit")
        return self

    def limit(self, value: float | None) -> float | None:
        """Return one of the range's amounts in the unit that amounts are compared in."""
        return None if value is None or self.unit is None else in_unit(value, self.unit)[0]

    @property
    def base_unit(self) -> str:
        """The unit that its amounts are compared in."""
        return "" if self.unit is None else in_unit(1.0, self.unit)[1]


@cache
def dose_ranges(folder: Path = KNOWLEDGE) -> dict[str, tuple[DoseRange, ...]]:
    """Every range, by ingredient.

    Raises:
        RulesError: if the table is missing, wrong, or has two rows for one drug, route and population.
    """
    try:
        rows = read_csv(folder / TABLE, DoseRange)
    except (OSError, UnicodeDecodeError, VocabularyError) as error:
        raise RulesError(f"{TABLE}: {error}") from error
    keys = [(row.name, row.route, row.population) for row in rows]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    if repeated:
        raise RulesError(f"{TABLE}: rows occur twice: {repeated}")
    found: dict[str, list[DoseRange]] = defaultdict(list)
    for row in rows:
        found[row.name].append(row)
    return {name: tuple(items) for name, items in found.items()}


def is_child(patient: Patient) -> bool:
    """Whether a patient has a child's doses; an unknown age is an adult's."""
    if patient.age is None or patient.age >= ADULT_AGE:
        return False
    return patient.age < CHILD_AGE or (patient.weight_kg is not None and patient.weight_kg < ADULT_WEIGHT_KG)


def ranges_for(name: str, route: str, patient: Patient, folder: Path = KNOWLEDGE) -> tuple[DoseRange, ...]:
    """Return the ranges that hold for a patient: a child's own row, and the adult's, which no child exceeds.

    Without a route, by mouth if there is such a row, else by the only route there is.
    """
    rows = dose_ranges(folder).get(name, ())
    routes = dict.fromkeys(row.route for row in rows)
    by_default = "oral" if "oral" in routes or len(routes) != 1 else next(iter(routes))
    mine = [row for row in rows if row.route == (route or by_default)]
    populations = ("child", "adult") if is_child(patient) else ("adult",)
    return tuple(row for population in populations for row in mine if row.population == population)
