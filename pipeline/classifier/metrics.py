"""How good a classifier is, how well it knows it, and what it costs to let it abstain. Arrays in, numbers out.

`p` is (cases, labels); `targets` (cases,) holds class indices, and anything outside `0 .. labels - 1` is out of label,
on which every answer is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, rankdata

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
BINS = 15
TINY = 1e-12


def is_right(p: Floats, targets: NDArray[np.int_]) -> Bools:
    """Return whether the leading label is the truth."""
    return np.asarray(p.argmax(axis=1) == targets)


def calibration_error(confidence: Floats, right: Bools, *, bins: int = BINS, adaptive: bool = False) -> float:
    """Return the expected calibration error: |accuracy - confidence|, averaged over bins by their size.

    Bins are of equal width (Naeini et al. 2015), or of equal count if adaptive (Nixon et al. 2019).
    """
    if adaptive:
        parts = [part for part in np.array_split(np.argsort(confidence, kind="stable"), bins) if len(part)]
    else:
        place = np.clip((confidence * bins).astype(int), 0, bins - 1)
        parts = [np.flatnonzero(place == b) for b in range(bins) if (place == b).any()]
    return float(sum(abs(right[i].mean() - confidence[i].mean()) * len(i) for i in parts) / len(confidence))


def brier(p: Floats, targets: NDArray[np.int_]) -> float:
    """Return the mean squared error of the probability vector (Brier 1950), between 0 and 2."""
    truth = np.arange(p.shape[1]) == targets[:, None]
    return float(((p - truth) ** 2).sum(axis=1).mean())


def negative_log_likelihood(p: Floats, targets: NDArray[np.int_]) -> float:
    """Return the mean negative log-likelihood of the truth, in nats."""
    truth = np.arange(p.shape[1]) == targets[:, None]
    return float(-np.log(np.maximum((p * truth).sum(axis=1), TINY)).mean())


def auroc(score: Floats, positive: Bools) -> float:
    """Return the probability that a positive case scores above a negative one; ties count half. NaN without both."""
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return float("nan")
    return float((rankdata(score)[positive].sum() - n * (n + 1) / 2) / (n * m))


def risk_coverage(doubt: Floats, right: Bools) -> tuple[Floats, Floats]:
    """Return coverage and selective risk when the least doubtful k cases are answered, k = 1 .. cases.

    Equally doubtful cases share their errors evenly, so that the order of the file decides nothing.
    """
    order = np.argsort(doubt, kind="stable")
    _, tie, sizes = np.unique(doubt[order], return_inverse=True, return_counts=True)
    wrong = (np.bincount(tie, weights=~right[order]) / sizes)[tie]
    answered = np.arange(1, len(right) + 1)
    return answered / len(right), np.cumsum(wrong) / answered


def aurc(doubt: Floats, right: Bools) -> float:
    """Return the area under the risk-coverage curve (Geifman et al. 2019): smaller is better."""
    return float(risk_coverage(doubt, right)[1].mean())


def selective_accuracy(doubt: Floats, right: Bools, coverage: float) -> float:
    """Return the accuracy over the least doubtful share of cases."""
    answered = max(1, round(coverage * len(right)))
    return float(1 - risk_coverage(doubt, right)[1][answered - 1])


def share(right: Bools) -> dict[str, float]:
    """Return a share with its 95% Wilson interval, as `value`, `low`, `high`; NaN of nothing."""
    n, k = len(right), int(np.sum(right))
    if not n:
        return {"value": float("nan"), "low": float("nan"), "high": float("nan")}
    interval = binomtest(k, n).proportion_ci(0.95, method="wilson")
    return {"value": k / n, "low": float(interval.low), "high": float(interval.high)}


def bootstrap(
    figure: Callable[[NDArray[np.int_]], float], cases: int, *, draws: int = 1000, seed: int = 42
) -> dict[str, float]:
    """Return a figure over all cases with its 95% percentile bootstrap interval.

    Args:
        figure: the figure of the cases with these indices.
        cases: how many there are.
    """
    generator = np.random.default_rng(seed)
    values = [figure(generator.integers(0, cases, cases)) for _ in range(draws)]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return {"value": figure(np.arange(cases)), "low": float(low), "high": float(high)}
