"""The screen against data that were not made for it: reference lists, medication orders, and the alerts of patients.

The data lie outside the project (`../shared`); a figure whose file is not there is left out.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from cases.case import Case
from cases.facts import FactReader
from cases.read import read_cases
from cases.vocabulary.conditions import syndromes
from cases.vocabulary.lexicon import lexicon
from cases.vocabulary.tables import RegimenRow, regimens
from pipeline.classifier.metrics import share
from pipeline.safety_benchmark.judges import ScreenJudge
from pipeline.safety_benchmark.plans import Correct, order
from safety.interactions import Interactions
from safety.misspellings import measure, names_of
from safety.pairs import Pairs
from safety.population import check_population
from safety.resolver import Resolver

Figures = dict[str, Any]
GRAVE = ("contraindicated", "major")
CLINOSIM_PATIENTS = 300


def reference_figures(shared: Path, resolver: Resolver, screen: ScreenJudge, seed: int) -> Figures:
    """Return every figure whose data are there; misspellings need none."""
    pairs = Pairs(resolver, Interactions(resolver))
    knowledge, data = shared / "knowledge", shared / "data"
    figures: Figures = misspelt(resolver, seed)
    if (knowledge / "ONC_High_Priority_Mapped.csv").is_file():
        figures |= onc(knowledge / "ONC_High_Priority_Mapped.csv", resolver, pairs)
    if (knowledge / "top200_brand_generic.csv").is_file():
        figures |= most_dispensed(knowledge / "top200_brand_generic.csv", resolver, pairs)
    patients = [*synthea(data / "synthea-r4"), *clinosim(data / "clinosim-sample/csv")]
    if patients:
        figures |= orders(patients, resolver) | alerts(patients, screen, seed)
    return figures


def misspelt(resolver: Resolver, seed: int) -> Figures:
    """One and two edits in every name of the curated tables: the shares that are read right, and wrong."""
    figures: Figures = {}
    for edits, name in ((1, "one_edit"), (2, "two_edits")):
        score = measure(resolver, names_of(), edits, Random(seed), lexicon())
        figures[f"resolver.{name}.right"] = share(np.arange(score.total) < score.right)
        figures[f"resolver.{name}.wrong"] = share(np.arange(score.total) < score.wrong)
    return figures


def onc(path: Path, resolver: Resolver, pairs: Pairs) -> Figures:
    """The ONC high-priority pairs both of whose drugs are known: the share that is flagged major or above."""
    with path.open(encoding="utf-8-sig") as file:
        named = [(parts[0], parts[2]) for parts in (line.split("$") for line in file) if len(parts) > 2]
    known = [pair for pair in named if all(resolver.resolve(name).clear for name in pair)]
    flagged = np.array([pairs.check(*pair).severity in GRAVE for pair in known], dtype=bool)
    return {"onc.pairs": len(named), "onc.pairs_known": len(known), "onc.flagged_major": share(flagged)}


def most_dispensed(path: Path, resolver: Resolver, pairs: Pairs) -> Figures:
    """The share of the most dispensed brands that is read, and of the pairs of their ingredients that is flagged."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    read = np.array([resolver.resolve(row["brand"]).clear for row in rows], dtype=bool)
    names = sorted({name for row in rows for name in resolver.resolve(row["generic"]).names})
    severities = [pairs.check(*pair).severity for pair in combinations(names, 2)]
    flagged = np.array([severity in GRAVE for severity in severities], dtype=bool)
    return {
        "most_dispensed.brands_read": share(read),
        "most_dispensed.pairs": len(severities),
        "most_dispensed.pairs_major": share(flagged),
        "most_dispensed.pairs_any": share(np.array([bool(severity) for severity in severities], dtype=bool)),
    }


def synthea(folder: Path) -> Iterator[Case]:
    """Yield the patients of the Synthea bundles."""
    for path in sorted(folder.glob("*.json.gz")):
        yield from (case for case in read_cases([path]) if isinstance(case, Case))


def clinosim(folder: Path, number: int = CLINOSIM_PATIENTS) -> Iterator[Case]:
    """Yield the first patients of clinosim's tables that have a prescription, with their medicines and conditions."""
    if not (folder / "prescriptions.csv.gz").is_file():
        return
    medicines: dict[str, dict[str, None]] = defaultdict(dict)
    for row in _rows(folder / "prescriptions.csv.gz"):
        medicines[row["patient_id"]][row["drug_name"]] = None
    told = {row["patient_id"]: row for row in _rows(folder / "patients.csv.gz")}
    for patient in [name for name in sorted(medicines) if name in told][:number]:
        yield _clinosim_case(told[patient], list(medicines[patient]))


def _clinosim_case(row: Mapping[str, str], medicines: Sequence[str]) -> Case:
    codes = [code for code in row["chronic_conditions"].split("|") if code]
    female = row["sex"] == "F"
    patient = {"age": float(row["age"]), "sex": "female" if female else "male", "weight_kg": float(row["weight_kg"]),
               **({"pregnant": False, "breastfeeding": False} if female else {})}  # fmt: skip
    return Case.model_validate(
        {"id": row["patient_id"], "text": "Seen in clinic.", "patient": patient, "medications": list(medicines),
         "allergies": [], "conditions": [{"code": code} for code in codes], "region": "US", "setting": "outpatient"},
        strict=False,
    )  # fmt: skip


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def orders(patients: Iterable[Case], resolver: Resolver) -> Figures:
    """The share of medication orders that are read to ingredients, by code or by name."""
    read = []
    for case in patients:
        for item in case.medications or ():
            by_code = item.rxcui is not None and resolver.resolve_code(item.rxcui).resolved
            read.append(by_code or (item.name is not None and resolver.resolve(item.name).clear))
    return {"orders.read": share(np.array(read, dtype=bool)), "orders.number": len(read)}


def alerts(patients: Sequence[Case], screen: ScreenJudge, seed: int) -> Figures:
    """Alerts by tier for every 100 patients, each given one new guideline drug that age, sex and pregnancy allow.

    The drug is drawn from the first lines of the table; it is new to the patient, but nobody has looked whether it goes
    with what the patient takes or has. What is not known of a patient, such as the eGFR, is left unknown.
    """
    rng, counts, interrupted = Random(seed), Counter[str](), []
    for case in patients:
        taken = {name for item in case.medications or () for name in screen.ingredients(item.name or item.rxcui or "")}
        fitting = [row for row in _first_lines() if _fits(row, case) and not taken & set(row.ingredients)]
        if not fitting:
            continue
        row = rng.choice(fitting)
        sentence = order(row.name, row.dose or "", row.frequency, row.duration_days, rng)
        known = case.model_copy(update={"allergies": case.allergies or ()})
        found = screen.findings(Correct(known, row.syndrome, (row,), (sentence,), (0,)))
        own = [item for item in found if item.kind != "stewardship"]  # the draw made the indication
        counts.update(item.action for item in own)
        interrupted.append(any(item.action in ("block", "interrupt") for item in own))
    number = len(interrupted)
    return {
        "alerts.patients": number,
        "alerts.interrupted": share(np.array(interrupted, dtype=bool)),
        "alerts.interruptive_per_100": 100 * (counts["block"] + counts["interrupt"]) / number,
        **{
            f"alerts.{action}_per_100": 100 * counts[action] / number
            for action in ("block", "interrupt", "warn", "note")
        },
    }


def _first_lines() -> list[RegimenRow]:
    return [
        row for row in regimens().values()
        if row.line == "first" and row.grade == "verified" and not row.course and not row.require_facts
        and syndromes()[row.syndrome].priority == "routine"
    ]  # fmt: skip


def _fits(row: RegimenRow, case: Case) -> bool:
    reader = FactReader(case)
    return not any(item.action == "block" for item in check_population(row, case, reader)[0])
