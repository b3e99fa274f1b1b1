"""`wardround evaluate safety`: every figure of the safety screen, in one folder, each beside its baselines.

Parts can be run one by one; what a part found is kept in `metrics.json`, and the report is made of all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from cases.files import replacing
from generators.backend import TextGenerator
from pipeline.classifier.evaluation.report import Cell, Table, write_report
from pipeline.safety_benchmark import generated
from pipeline.safety_benchmark.judges import BASELINES, ScreenJudge
from pipeline.safety_benchmark.measure import ACTIONS, measure
from pipeline.safety_benchmark.mutate import CLASSES
from pipeline.safety_benchmark.references import reference_figures
from pipeline.safety_benchmark.sheet import write_sheet
from safety.resolver import Resolver

METRICS = "metrics.json"
TEXTS = "generated.jsonl"
Figures = dict[str, Any]
MEANING = {
    "U1": "an antibiotic where none is ever indicated",
    "U2": "one that needs a criterion, without it",
    "U3": "an antibiotic that is not the syndrome's",
    "U4": "a Reserve antibiotic for an outpatient",
    "U5": "dose x 3, or days x 2",
    "U6": "allergy",
    "U7": "pregnancy, age, kidney, heart rhythm, disease",
    "U8": "severe interaction",
    "U9": "a drug that nobody can verify",
}


@dataclass(frozen=True)
class Evaluation:
    """Everything the parts need.

    Args:
        screen: the judge.
        resolver: names and codes to ingredients.
        generator: makes the language model, when it is needed.
        shared: folder of the reference lists and patients.
        number: mutated plans, and untouched ones.
        plans: plans that the model writes.
        seed: of every draw.
        out: folder of what is kept.
    """

    screen: ScreenJudge
    resolver: Resolver
    generator: Callable[[], TextGenerator]
    shared: Path
    number: int
    plans: int
    seed: int
    out: Path


def _mutations(e: Evaluation) -> Figures:
    return measure(e.screen, e.number, e.seed)


def _references(e: Evaluation) -> Figures:
    return reference_figures(e.shared, e.resolver, e.screen, e.seed)


def _generated(e: Evaluation) -> Figures:
    asked = generated.patients(Random(e.seed), e.plans)
    written = generated.write_plans(asked, e.generator(), e.out / TEXTS)
    onc = generated.read_onc(e.shared / "knowledge/ONC_High_Priority_Mapped.csv")
    return generated.figures(written, e.screen, onc, e.seed)


def _sheet(e: Evaluation) -> Figures:
    write_sheet(e.out, e.screen, e.seed)
    return {}


PARTS: dict[str, Callable[[Evaluation], Figures]] = {
    "mutations": _mutations,
    "references": _references,
    "generated": _generated,
    "sheet": _sheet,
}


def evaluate(e: Evaluation, parts: Sequence[str], *, provenance: dict[str, str]) -> dict[str, float]:
    """Run parts, keep what they found beside what others found before, write the report, return flat figures."""
    kept = _read(e.out / METRICS)
    for part in parts:
        kept |= PARTS[part](e)
    with replacing(e.out / METRICS) as temporary:
        temporary.write_text(json.dumps(flat(kept), indent=1) + "\n", encoding="utf-8")
    write_report(
        e.out, title="The safety screen, measured", tables=list(tables(kept)), sets=(), notes=NOTES,
        provenance=provenance,
    )  # fmt: skip
    return flat(kept)


def flat(figures: Figures) -> dict[str, float]:
    """Return numbers under flat names, the ends of an interval as `name.low` and `name.high`; shares of nothing go."""
    numbers: dict[str, float] = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            numbers |= {name: value["value"], f"{name}.low": value["low"], f"{name}.high": value["high"]}
        else:
            numbers[name] = value
    return {name: number for name, number in numbers.items() if not math.isnan(number)}


def _read(path: Path) -> Figures:
    """Return what earlier parts found, with its intervals."""
    if not path.is_file():
        return {}
    stored: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    names = [name for name in stored if not name.endswith((".low", ".high"))]
    return {
        name: {"value": stored[name], "low": stored[f"{name}.low"], "high": stored[f"{name}.high"]}
        if f"{name}.low" in stored
        else stored[name]
        for name in names
    }


NOTES = (
    "Not clinician-rated: sheet.csv is the blinded sheet for two clinicians, and until it is filled in nothing here is "
    "a clinical judgement.",
    "Sensitivity on mutated plans says whether an error that was put in is stopped. It measures the screen against "
    "errors that we thought of, and is no measure of efficacy.",
    "Own rules and independent references are never pooled. By its own rules a filter that withholds what it stops "
    "leaves nothing, which says nothing; the share that counts is that of the references.",
    "Forbidding every antibiotic removes every unsafe one and every right one: a reduction alone means nothing.",
    "Shares have 95% Wilson intervals; the reduction has a bootstrap interval over whole diagnoses.",
)


def tables(figures: Figures) -> list[Table]:
    """Return the tables of the figures that are there."""
    made = [
        ("mutation.cases", _mutation_table), ("correct.cases", _correct_table), ("generated.plans", _generated_table),
        ("resolver.one_edit.right", _reference_table),
    ]  # fmt: skip
    return [table(figures) for needed, table in made if needed in figures]


def _mutation_table(f: Figures) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (f"{name} {MEANING[name]}", f[f"mutation.{name}.sensitivity"], f[f"mutation.{name}.right_reason"],
         *(f[f"baseline.{judge}.{name}"] for judge in BASELINES))
        for name in CLASSES
    ]  # fmt: skip
    total = ("all", f["mutation.sensitivity"], None, *(f[f"baseline.{judge}.sensitivity"] for judge in BASELINES))
    columns = ("Error", "Stopped", "For the reason put in", "No filter", "Substrings", "No antibiotics at all")
    caption = (
        f"{f['mutation.cases']:g} correct plans with one error each: the share that is stopped. The filters beside it "
        "judge a plan by every name in it, so that they also stop it for drugs named in passing."
    )
    return Table("Plans with an error", columns, (*rows, total), caption)


def _correct_table(f: Figures) -> Table:
    rows: list[tuple[Cell, ...]] = [
        ("stopped by the screen", f["correct.over_block"]),
        ("of those that need their antibiotic", f.get("correct.antibiotic_needed.over_block")),
        *((f"stopped by: {judge.replace('_', ' ')}", f[f"baseline.{judge}.over_block"]) for judge in BASELINES),
        *((f"alerts a hundred plans: {action}", f[f"correct.alerts_per_100.{action}"]) for action in ACTIONS),
        ("milliseconds a plan, median", f["correct.milliseconds.p50"]),
        ("milliseconds a plan, 95th percentile", f["correct.milliseconds.p95"]),
    ]
    caption = f"{f['correct.cases']:g} plans by the table of regimens, with sentences that name drugs in passing."
    return Table("Correct plans", ("", "Share"), tuple(rows), caption)


def _generated_table(f: Figures) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = (
        ("own rules (says only how often it fires)", f["generated.own_rules.off"], f["generated.own_rules.on"]),
        ("independent references", f["generated.independent.off"], f["generated.independent.on"]),
        ("reduction by the references", None, f.get("generated.independent.reduction")),
        ("exact McNemar, two-sided p", None, f["generated.independent.mcnemar_p"]),
        (
            f"right antibiotics lost, of {f['generated.right_antibiotics']:g}",
            None,
            f.get("generated.right_antibiotics_lost"),
        ),
    )
    caption = f"{f['generated.plans']:g} plans, each written once by the model and judged with the filter off and on."
    return Table("Plans that a language model wrote", ("Unsafe by", "Filter off", "Filter on"), rows, caption)


def _reference_table(f: Figures) -> Table:
    named = {
        "resolver.one_edit.right": "names with one edit that are read right",
        "resolver.one_edit.wrong": "names with one edit that are read wrong",
        "resolver.two_edits.right": "names with two edits that are read right",
        "resolver.two_edits.wrong": "names with two edits that are read wrong",
        "onc.flagged_major": "ONC high-priority pairs flagged major or above",
        "most_dispensed.brands_read": "brands of the most dispensed that are read",
        "most_dispensed.pairs_major": "pairs of the most dispensed flagged major or above",
        "orders.read": "medication orders of Synthea and clinosim read to ingredients",
        "alerts.interrupted": "patients interrupted by one new guideline drug",
        "alerts.interruptive_per_100": "interruptive alerts a hundred such patients",
    }
    rows = tuple((text, f[name]) for name, text in named.items() if name in f)
    return Table("Lists and patients made by others", ("", "Share"), rows, "Data outside the project, read in place.")
