"""Kidney function that a case file holds among its observations rather than in `patient.egfr`.

Without the date of the visit nobody can tell how old an observation is, so it may only hold back: a reduced value
counts, a normal one leaves the eGFR unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from cases.case import Case

EGFR_LOINC = frozenset({"33914-3", "62238-1", "69405-9", "77147-7", "98979-8"})  # as read from FHIR
REDUCED_BELOW = 60.0  # mL/min/1.73 m2; KDIGO 2024, categories G3a and worse
HIGHEST = 250.0


def with_observed_egfr(case: Case) -> Case:
    """Return the case with the lowest reduced eGFR of its observations, if `patient.egfr` is not given.

    Example:
        >>> case = Case(id="a", text="unwell", observations=({"loinc": "33914-3", "value": 18.0},))
        >>> with_observed_egfr(case).patient.egfr
        18.0
    """
    reduced = [value for value in _values(case) if value < REDUCED_BELOW]
    if case.patient.egfr is not None or not reduced:
        return case
    patient = case.patient.model_copy(update={"egfr": min(reduced)})
    return case.model_copy(update={"patient": patient})


def _values(case: Case) -> Iterator[float]:
    for item in case.observations:
        unit = (item.unit or "mL/min").lower().replace(" ", "")
        number = isinstance(item.value, int | float) and not isinstance(item.value, bool)
        if item.loinc in EGFR_LOINC and number and unit.startswith("ml/min") and 0 <= float(item.value or 0) <= HIGHEST:
            yield float(item.value or 0)
