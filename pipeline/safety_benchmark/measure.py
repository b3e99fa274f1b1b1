"""Sensitivity by class of error, over-blocking, alerts and time of a screen on mutated and on correct plans."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from cases.case import Action
from pipeline.classifier.metrics import share
from pipeline.safety_benchmark.judges import BASELINES, ScreenJudge
from pipeline.safety_benchmark.mutate import CLASSES, EXPECTED, Mutant, mutants
from pipeline.safety_benchmark.plans import Correct, correct_plans
from safety.rules import indications

Figures = dict[str, Any]
ACTIONS: tuple[Action, ...] = ("block", "interrupt", "warn", "note")


@dataclass(frozen=True)
class Outcome:
    """What the screen made of an error: whether it stopped it, and for the reason that was put in."""

    caught: bool
    right_reason: bool


def measure(screen: ScreenJudge, number: int, seed: int) -> Figures:
    """Return all figures of the mutation benchmark.

    Args:
        screen: the judge.
        number: of mutated plans, and of untouched ones beside them.
        seed: of everything that is drawn.
    """
    rng = Random(seed)
    errors, untouched = mutants(rng, number), correct_plans(rng, number)
    outcomes = [outcome(screen, mutant) for mutant in errors]
    return {
        **_sensitivity(errors, outcomes),
        **_over_block(screen, untouched),
        **_baselines(errors, untouched),
        **_alerts(screen, untouched),
    }


def outcome(screen: ScreenJudge, mutant: Mutant) -> Outcome:
    """Return what the screen newly says of the plan once the error is in it."""
    before = {(item.rule, item.drugs) for item in screen.stopping(mutant.before)}
    new = [item for item in screen.stopping(mutant.after) if (item.rule, item.drugs) not in before]
    return Outcome(bool(new), any(item.kind in EXPECTED[mutant.unsafe] for item in new))


def _sensitivity(errors: Sequence[Mutant], outcomes: Sequence[Outcome]) -> Figures:
    figures: Figures = {"mutation.cases": len(errors), "mutation.sensitivity": share(_of(outcomes, "caught"))}
    for name in CLASSES:
        own = [found for mutant, found in zip(errors, outcomes, strict=True) if mutant.unsafe == name]
        figures[f"mutation.{name}.sensitivity"] = share(_of(own, "caught"))
        figures[f"mutation.{name}.right_reason"] = share(_of(own, "right_reason"))
    return figures


def _of(outcomes: Sequence[Outcome], field: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.array([getattr(item, field) for item in outcomes], dtype=bool)


def _over_block(screen: ScreenJudge, plans: Sequence[Correct]) -> Figures:
    stopped = np.array([screen(plan) for plan in plans], dtype=bool)
    needed = np.array([_needs_antibiotic(plan) for plan in plans], dtype=bool)
    return {
        "correct.cases": len(plans),
        "correct.over_block": share(stopped),
        "correct.antibiotic_needed.over_block": share(stopped[needed]),
    }


def _needs_antibiotic(plan: Correct) -> bool:
    row = indications().get(plan.syndrome)
    return row is not None and row.tier == "always"


def _baselines(errors: Sequence[Mutant], plans: Sequence[Correct]) -> Figures:
    figures: Figures = {}
    for name, judge in BASELINES.items():
        figures[f"baseline.{name}.sensitivity"] = share(np.array([judge(m.after) for m in errors], dtype=bool))
        figures[f"baseline.{name}.over_block"] = share(np.array([judge(plan) for plan in plans], dtype=bool))
        for unsafe in CLASSES:
            own = np.array([judge(m.after) for m in errors if m.unsafe == unsafe], dtype=bool)
            figures[f"baseline.{name}.{unsafe}"] = share(own)
    return figures


def _alerts(screen: ScreenJudge, plans: Sequence[Correct]) -> Figures:
    """Alerts a correct plan, by tier, and milliseconds a plan."""
    counts: Counter[Action] = Counter()
    times = []
    for plan in plans:
        start = time.perf_counter()
        counts.update(item.action for item in screen.findings(plan))
        times.append((time.perf_counter() - start) * 1000)
    p50, p95 = np.percentile(times, (50, 95))
    return {
        **{f"correct.alerts_per_100.{action}": 100 * counts[action] / len(plans) for action in ACTIONS},
        "correct.milliseconds.p50": float(p50),
        "correct.milliseconds.p95": float(p95),
    }
