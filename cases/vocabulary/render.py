"""Write a regimen as the one sentence that the library carries, the plan proposes and the grounding check reads back.

    Nitrofurantoin 100 mg by mouth twice daily for 5 days (aged 18 years or more; female patients; ...); with food.

Name, dose, route, frequency and duration come first, in that order, and no other quantity stands before them, so that
reading the sentence returns the row. Whom it is for stands in brackets, the note last. Facts that exclude a regimen
are not written out: the screen has applied them before a sentence is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cases.dosing import spoken_route
from cases.vocabulary.tables import RegimenRow

ONCE = "once"
MONTHS_A_YEAR = 12
MAY_BREASTFEED_FROM = 12  # years
CHILD_UP_TO = 18  # years: below it patients are called girls and boys
_PREGNANCY = {
    "ok": "",
    "avoid": "not in pregnancy",
    "first_trimester_avoid": "not in the first trimester of pregnancy",
    "term_avoid": "not at term of pregnancy",
    "only": "in pregnancy",
}
_BREASTFEEDING = {"ok": "", "avoid": "not while breastfeeding", "caution": "with caution while breastfeeding"}
_SETTING = {"inpatient": "in hospital", "emergency": "in the emergency department"}
_REGION = {"US": "United States practice", "GB": "United Kingdom practice"}


def render(row: RegimenRow) -> str:
    """Return the canonical sentence of a regimen."""
    bracket = "; ".join(population(row))
    note = f"; {row.note.rstrip('.')}" if row.note else ""
    return f"{prescription(row)}{f' ({bracket})' if bracket else ''}{note}."


def prescription(row: RegimenRow) -> str:
    """Return the sentence's head: name, dose, route, frequency and duration, without a full stop.

    A single dose has no duration beside it.
    """
    name = re.sub(r"(?<= )[a-z](?!\w)", lambda letter: letter[0].upper(), row.name)  # penicillin V
    parts = [name[:1].upper() + name[1:], row.dose or "", spoken_route(row.route), row.frequency]
    if row.duration_days is not None and row.frequency != ONCE:
        parts.append(f"for {row.duration_days} {'day' if row.duration_days == 1 else 'days'}")
    return " ".join(part for part in parts if part)


def population(row: RegimenRow) -> tuple[str, ...]:
    """Return the clauses that say for whom, and up to which amount, the regimen is meant."""
    return tuple(clause for clause in _clauses(row) if clause)


def _clauses(row: RegimenRow) -> Iterator[str]:
    yield f"at most {row.max_dose} at a time" if row.max_dose else ""
    yield _ages(row.age_min, row.age_max)
    yield _sex(row)
    yield f"weight {row.weight_min_kg:g} kg or more" if row.weight_min_kg is not None else ""
    if row.sex != "male":
        yield _PREGNANCY[row.pregnancy]
        yield _BREASTFEEDING[row.breastfeeding] if _may_breastfeed(row) else ""
    yield f"eGFR {row.egfr_min:g} or more" if row.egfr_min is not None else ""
    yield _SETTING.get(row.setting, "")
    yield " or ".join(_REGION.get(region, f"practice in {region}") for region in row.region if region != "any")


def _may_breastfeed(row: RegimenRow) -> bool:
    return row.age_max is None or row.age_max > MAY_BREASTFEED_FROM


def _sex(row: RegimenRow) -> str:
    if row.sex is None:
        return ""
    girl, woman = ("girls", "women") if row.sex == "female" else ("boys", "men")
    if row.age_max is not None and row.age_max <= CHILD_UP_TO:
        return girl
    return woman if row.age_min is not None and row.age_min >= CHILD_UP_TO else f"{girl} and {woman}"


def _ages(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    if high is None:
        return f"aged {_age(low or 0)} or more"
    if low is None or low == 0:
        return f"aged under {_age(high)}"
    return f"aged {_age(low)} to under {_age(high)}"


def _age(years: float) -> str:
    """Return an age in whole years, or below two in months."""
    if years >= 2 or years == int(years) > 0:
        return f"{years:g} {'year' if years == 1 else 'years'}"
    months = round(years * MONTHS_A_YEAR)
    return f"{months} {'month' if months == 1 else 'months'}" if months else f"{round(years * 365)} days"
