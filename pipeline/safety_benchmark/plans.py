"""Correct plans, built without asking the screen: a regimen of the table, for a patient whom its row describes.

Each is a short letter: care in words, the order, sentences that name drugs without proposing any, and what to come
back for. The patient fits the row's columns by construction, and the facts that the syndrome asks for stand in the
text of the case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from cases.case import Case
from cases.facts import FactReader, facts
from cases.vocabulary.conditions import conditions, syndromes
from cases.vocabulary.lexicon import find_names
from cases.vocabulary.tables import RegimenRow, regimens
from cases.yaml_file import read_yaml
from safety.rules import indications

WORDS = Path(__file__).parent / "mutations.yaml"
ADULT, OLD = 25.0, 55.0
TRAPS = 2
QUIET_MEDICINES = ("latanoprost eye drops", "cetirizine", "emollient cream")


@cache
def words() -> dict[str, Any]:
    """The words, orders, pairs and states that plans and mutations are made of."""
    read: dict[str, Any] = read_yaml(WORDS)
    return read


@dataclass(frozen=True)
class Correct:
    """A correct plan: for whom, what for, the rows it gives, and its sentences; `orders` are places in them."""

    case: Case
    syndrome: str
    rows: tuple[RegimenRow, ...]
    sentences: tuple[str, ...]
    orders: tuple[int, ...]

    @property
    def text(self) -> str:
        """The plan as one text."""
        return " ".join(self.sentences)


def correct_plans(rng: Random, number: int) -> list[Correct]:
    """Return correct plans, every course of every syndrome in turn, until there are `number`."""
    courses = [rows for rows in _courses() if _case_of(rows, Random(0)) is not None]
    found: list[Correct] = []
    while len(found) < number:
        rng.shuffle(courses)
        for rows in courses[: number - len(found)]:
            case = _case_of(rows, rng)
            if case is not None:
                found.append(_plan(case, rows, rng))
    return found


def drugless_plan(syndrome: str, rng: Random) -> Correct | None:
    """Return a plan without any drug for a syndrome in which no antibiotic is ever indicated; None for emergencies."""
    if syndromes()[syndrome].priority != "routine":
        return None
    label = next(entry.display for entry in conditions().values() if any(s.id == syndrome for s in entry.syndromes))
    age = float(rng.randint(int(ADULT), int(OLD)))
    case = _make(f"{label}.", {"age": age, "sex": "male", "egfr": 92.0, "weight_kg": 78.0}, "US", "outpatient")
    return Correct(case, syndrome, (), _letter([], rng), ())


def order(name: str, dose: str, frequency: str, days: int | None, rng: Random) -> str:
    """Return one sentence that orders a drug."""
    template: str = rng.choice(words()["orders"])
    lasting = f" for {days} days" if days is not None and frequency != "once" else ""
    filled = template.format(name=name, Name=name[:1].upper() + name[1:], dose=dose, frequency=frequency, days=lasting)
    return " ".join(filled.replace(" ,", ",").split())


def _courses() -> Iterator[tuple[RegimenRow, ...]]:
    """Regimens that stand alone, and whole courses, of the rows that a dose and a route make an order of."""
    groups: dict[tuple[str, str], list[RegimenRow]] = {}
    for row in regimens().values():
        groups.setdefault((row.syndrome, row.course or row.id), []).append(row)
    for rows in groups.values():
        if all(row.grade == "verified" for row in rows) and syndromes()[rows[0].syndrome].priority == "routine":
            yield tuple(rows)


def _plan(case: Case, rows: Sequence[RegimenRow], rng: Random) -> Correct:
    orders = [order(row.name, row.dose or "", row.frequency, row.duration_days, rng) for row in rows]
    sentences = _letter(orders, rng)
    places = tuple(sentences.index(sentence) for sentence in orders)
    return Correct(case, rows[0].syndrome, tuple(rows), sentences, places)


def _letter(orders: Sequence[str], rng: Random) -> tuple[str, ...]:
    table = words()
    traps = [trap for trap in table["traps"] if not _shares_a_drug(trap, orders)]
    middle = [*orders, *rng.sample(traps, TRAPS)]
    return (*rng.sample(table["care"], 2), *middle, rng.choice(table["net"]))


def _shares_a_drug(trap: str, orders: Sequence[str]) -> bool:
    named = {name for mention in find_names(trap) for name in mention.names}
    return any(named & set(mention.names) for sentence in orders for mention in find_names(sentence))


def _case_of(rows: Sequence[RegimenRow], rng: Random) -> Case | None:
    """Return a patient whom all rows describe and for whom the syndrome's criterion holds; None if words fail."""
    wanted = {fact for row in rows for fact in row.require_facts}
    indication = indications().get(rows[0].syndrome)
    if indication and indication.tier == "sometimes":
        wanted |= set(indication.criteria[:1])
    named = rows[0].syndrome.split(".")[0].replace("_", " ")
    text = ". ".join([named, *(_said(fact) for fact in sorted(wanted))]) + "."
    case = _make(text, _patient(rows, rng), rows[0].region[0], rows[0].setting)
    reader = FactReader(case)
    return case if all(reader[fact].value is True for fact in wanted) else None


def _said(fact: str) -> str:
    terms = facts()[fact].terms
    return terms[0] if terms else fact.replace("_", " ")


def _patient(rows: Sequence[RegimenRow], rng: Random) -> Mapping[str, Any]:
    low = max((row.age_min for row in rows if row.age_min is not None), default=0.0)
    high = min((row.age_max for row in rows if row.age_max is not None), default=125.0)
    age = _age(low, high, rng)
    pregnant = any(row.pregnancy == "only" for row in rows)
    sexes = {row.sex for row in rows if row.sex}
    sex = "female" if pregnant else (sexes.pop() if sexes else rng.choice(("female", "male")))
    told = {"pregnant": pregnant, "breastfeeding": False} if sex == "female" else {}
    weeks = {"gestation_weeks": 24.0} if pregnant else {}
    weight = max(3.5 + 2.6 * age, 4.0) if age < 15 else 68.0
    return {"age": age, "sex": sex, "weight_kg": round(weight, 1), "egfr": 95.0, **told, **weeks}


def _age(low: float, high: float, rng: Random) -> float:
    """An age between the limits; an adult's of working age where both allow it."""
    if low <= ADULT and high > OLD:
        return float(rng.randint(int(ADULT), int(OLD)))
    if high > 100:
        return low + float(rng.randint(0, 10))
    return round(low + (high - low) * rng.uniform(0.2, 0.8), 2)


def _make(text: str, patient: Mapping[str, Any], region: str, setting: str) -> Case:
    where = "US" if region == "any" else region
    known: dict[str, list[str]] = {"medications": [], "allergies": [], "conditions": []}
    fields = {"id": "plan", "text": text, "region": where, "setting": "outpatient" if setting == "any" else setting}
    return Case.model_validate({**fields, **known, "patient": dict(patient)}, strict=False)
