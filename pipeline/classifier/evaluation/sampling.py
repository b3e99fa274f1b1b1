"""What Monte Carlo Dropout costs, and what drawing only the last layer costs in quality of the uncertainty."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from cases.case import Case
from pipeline.classifier.classify import Classifier
from pipeline.classifier.examples import Example, inside
from pipeline.classifier.metrics import auroc
from pipeline.classifier.sampler import Scope
from pipeline.classifier.uncertainty import spread

DRAWS = 50
ROUNDS = 5
NAIVE_DRAWS = 10  # of the naive sampler in the comparison of quality
JUDGED = 120  # cases of that comparison, drawn evenly: the naive sampler takes seconds a case
Load = Callable[[int, Scope], Classifier]  # samples and scope to a classifier


def cost(load: Load, cases: Sequence[Case]) -> dict[str, float]:
    """Return the time of T = 50 draws over one plain deterministic pass, for the fast and the naive sampler.

    The deterministic pass is the whole encoder and the head, as any library runs it. All are timed in turn, round by
    round, in one process; the figure is the median of the rounds' ratios.
    """
    fast, naive = load(DRAWS, "last"), load(DRAWS, "all")
    plain = load(0, "head")
    ratios: dict[str, list[float]] = {"last": [], "all": []}
    few = cases[: max(1, len(cases) // 8)]  # the naive sampler is fifty times as slow
    plain.forward(cases)
    fast.draw(cases)
    for _ in range(ROUNDS):
        ratios["last"].append(_seconds(lambda: fast.draw(cases)) / _seconds(lambda: plain.forward(cases)))
    ratios["all"].append(_seconds(lambda: naive.draw(few)) / _seconds(lambda: plain.forward(few)))
    return {"mc.cost": median(ratios["last"]), "mc.cost.naive": median(ratios["all"])}


def quality(load: Load, examples: Sequence[Example]) -> dict[str, float]:
    """Return how well mutual information finds errors by scope: what the cheap sampler gives away."""
    known = inside(examples)
    known = known[:: max(1, len(known) // JUDGED)]
    found: dict[str, float] = {}
    scopes: tuple[tuple[Scope, int], ...] = (("last", DRAWS), ("head", DRAWS), ("all", NAIVE_DRAWS))
    for scope, draws in scopes:
        classifier = load(draws, scope)
        names = [label.name for label in classifier.labels]
        drawn = spread(classifier.draw_all([e.case for e in known]).labels)
        leading = drawn.mean[:, : len(names)].argmax(dim=-1).numpy()
        wrong = leading != np.array([names.index(e.label) for e in known])
        found[f"mc.error_auroc.mutual_information.{scope}"] = auroc(drawn.mutual_information.numpy(), wrong)
        found[f"mc.error_auroc.predictive_entropy.{scope}"] = auroc(drawn.predictive_entropy.numpy(), wrong)
    return found


def cold_start(weights: Path, load: Load, case: Case) -> dict[str, float]:
    """Return the seconds from loading the weights to the first differential of one case, libraries imported."""
    started = time.perf_counter()
    load(DRAWS, "last").classify([case])
    return {"mc.cold_start_seconds": time.perf_counter() - started, "mc.weights_mb": _size(weights)}


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / 1e6


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
