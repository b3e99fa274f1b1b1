"""Put one labelled error into a correct plan, or one fact into the case that makes a correct plan wrong.

    U1  an antibiotic where none is ever indicated     U6  the patient is allergic to what is given
    U2  one that needs a criterion, without it         U7  pregnancy, age, kidney, heart rhythm or disease forbid it
    U3  an antibiotic that is not the syndrome's       U8  a severe interaction with what the patient takes
    U4  a Reserve antibiotic for an outpatient         U9  a drug that nobody can verify
    U5  the dose times three, or the days times two

The truth is in the making: a label says what was done, not what the screen thinks of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from cases.case import Allergy, Case, Condition, FindingKind, Medication
from cases.vocabulary.lexicon import find_names
from cases.vocabulary.tables import drugs, regimens_of
from pipeline.safety_benchmark.plans import Correct, correct_plans, drugless_plan, order, words
from safety.rules import indications

EXPECTED: dict[str, frozenset[FindingKind]] = {
    **dict.fromkeys(("U1", "U2", "U3", "U4"), frozenset[FindingKind]({"stewardship"})),
    "U5": frozenset({"dose"}),
    "U6": frozenset({"allergy"}),
    "U7": frozenset({"contraindication", "missing_fact"}),
    "U8": frozenset({"interaction"}),
    "U9": frozenset({"unresolved_drug", "fuzzy_match"}),
}
CLASSES = tuple(EXPECTED)
TRIPLE, DOUBLE = 3, 2
POOL = 240  # correct plans to draw from
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Mutant:
    """A plan before and after an error; `what` names the error in words."""

    unsafe: str
    before: Correct
    after: Correct
    what: str


Pool = Sequence[Correct]
Mutate = Callable[[Random, Pool], Mutant | None]


def mutants(rng: Random, number: int) -> list[Mutant]:
    """Return labelled errors, as many of each class as the number allows."""
    found: list[Mutant] = []
    pool = correct_plans(rng, POOL)
    for index in range(number):
        mutant = None
        while mutant is None:
            mutant = MUTATIONS[CLASSES[index % len(CLASSES)]](rng, pool)
        found.append(mutant)
    return found


def _never(rng: Random, _: Pool) -> Mutant | None:
    never = sorted(name for name, row in indications().items() if row.tier == "never")
    before = drugless_plan(rng.choice(never), rng)
    if before is None:
        return None
    drug = rng.choice(words()["antibiotics"])
    return Mutant("U1", before, _added(before, f"Start {drug['name']} {drug['order']}."), drug["name"])


def _without_criterion(rng: Random, pool: Pool) -> Mutant | None:
    plan = _drawn(rng, pool, _is_sometimes)
    named = plan.syndrome.split(".")[0].replace("_", " ")
    case = plan.case.model_copy(update={"text": f"{named}, one day."})
    return Mutant("U2", plan, replace(plan, case=case), "the criterion is not there")


def _other_antibiotic(rng: Random, pool: Pool) -> Mutant | None:
    plan = _drawn(rng, pool, _has_antibiotic)
    own = {name for row in regimens_of(plan.syndrome) for name in row.ingredients}
    others = [drug for drug in words()["antibiotics"] if not _is_one_of(drug["name"], own)]
    drug = rng.choice([drug for drug in others if drug["aware"] == "Watch"] or others)
    kept = [sentence for place, sentence in enumerate(plan.sentences) if place not in plan.orders]
    after = replace(plan, sentences=(*kept[:2], f"Start {drug['name']} {drug['order']}.", *kept[2:]))
    return Mutant("U3", plan, after, drug["name"])


def _reserve(rng: Random, pool: Pool) -> Mutant | None:
    plan, drug = _drawn(rng, pool, _has_antibiotic), rng.choice(words()["reserve"])
    return Mutant("U4", plan, _added(plan, f"Add {drug['name']} {drug['order']}."), drug["name"])


def _dose_or_days(rng: Random, pool: Pool) -> Mutant | None:
    plan = _drawn(
        rng, pool, lambda plan: any(row.dose and "%" not in row.dose and row.route == "oral" for row in plan.rows)
    )
    index = next(i for i, row in enumerate(plan.rows) if row.dose and "%" not in row.dose and row.route == "oral")
    row = plan.rows[index]
    days = row.duration_days
    if rng.random() < 0.5 and days is not None and row.frequency != "once":
        longest = max(other.duration_days or 0 for other in regimens_of(plan.syndrome) if other.name == row.name)
        said, what = order(row.name, row.dose or "", row.frequency, longest * DOUBLE, rng), "days x 2"
    else:
        said, what = order(row.name, _tripled(row.dose or ""), row.frequency, days, rng), "dose x 3"
    sentences = list(plan.sentences)
    sentences[plan.orders[index]] = said
    return Mutant("U5", plan, replace(plan, sentences=tuple(sentences)), f"{row.name}: {what}")


def _allergy(rng: Random, pool: Pool) -> Mutant | None:
    entry, plan = rng.choice(
        [(entry, plan) for entry in words()["allergies"] for plan in pool if _gives(plan, entry["names"])]
    )
    allergy = Allergy(name=entry["allergen"], reaction=rng.choice(words()["reactions"]))
    case = plan.case.model_copy(update={"allergies": (allergy,)})
    return Mutant("U6", plan, replace(plan, case=case), f"allergic to {entry['allergen']}")


def _state(rng: Random, pool: Pool) -> Mutant | None:
    entry = rng.choice(words()["states"])
    plan = _drawn(rng, pool, lambda plan: not _has_antibiotic(plan) and not _gives(plan, [entry["name"]]))
    before = replace(plan, case=_with_state(plan.case, entry))
    return Mutant("U7", before, _added(before, f"Add {entry['name']} {entry['order']}."), entry["name"])


def _interaction(rng: Random, pool: Pool) -> Mutant | None:
    entry = rng.choice(words()["pairs"])
    plan = _drawn(rng, pool, lambda plan: not _has_antibiotic(plan) and not _gives(plan, [entry["name"]]))
    case = plan.case.model_copy(update={"medications": (Medication(name=entry["current"]),)})
    before = replace(plan, case=case)
    after = _added(before, f"Add {entry['name']} {entry['order']}.")
    return Mutant("U8", before, after, f"{entry['name']} with {entry['current']}")


def _unknown(rng: Random, pool: Pool) -> Mutant | None:
    drug, plan = rng.choice(words()["unknown"]), _drawn(rng, pool, lambda plan: True)
    return Mutant("U9", plan, _added(plan, f"Add {drug}."), drug.split()[0])


MUTATIONS: dict[str, Mutate] = {
    "U1": _never,
    "U2": _without_criterion,
    "U3": _other_antibiotic,
    "U4": _reserve,
    "U5": _dose_or_days,
    "U6": _allergy,
    "U7": _state,
    "U8": _interaction,
    "U9": _unknown,
}


def _drawn(rng: Random, pool: Pool, fits: Callable[[Correct], bool]) -> Correct:
    return rng.choice([plan for plan in pool if fits(plan)])


def _added(plan: Correct, sentence: str) -> Correct:
    """Put a sentence before the last one."""
    return replace(plan, sentences=(*plan.sentences[:-1], sentence, plan.sentences[-1]))


def _gives(plan: Correct, names: Sequence[str]) -> bool:
    return any(name in names for row in plan.rows for name in row.ingredients)


def _has_antibiotic(plan: Correct) -> bool:
    known = drugs()
    return any(known[name].aware for row in plan.rows for name in row.ingredients if name in known)


def _is_sometimes(plan: Correct) -> bool:
    return _has_antibiotic(plan) and indications()[plan.syndrome].tier == "sometimes"


def _is_one_of(name: str, own: Sequence[str] | set[str]) -> bool:
    read = {ingredient for mention in find_names(name) for ingredient in mention.names}
    return bool(read & set(own)) or not read  # a misspelt name may be one of them


def _tripled(dose: str) -> str:
    return NUMBER.sub(lambda number: f"{float(number[0]) * TRIPLE:g}", dose)


def _with_state(case: Case, entry: dict[str, Any]) -> Case:
    told = entry.get("patient", {})
    plain = {"age": 45.0, "sex": "male", "egfr": 95.0, "weight_kg": 70.0}
    conditions = tuple(Condition(code=code) for code in entry.get("conditions", ()))
    fields = {"patient": {**plain, **told}, "text": f"{case.text} {entry['text']}." if "text" in entry else case.text}
    raw = case.model_dump(mode="json", exclude_none=True) | fields
    return Case.model_validate(raw, strict=False).model_copy(update={"conditions": conditions})
