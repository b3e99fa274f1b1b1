"""What is fitted on held-out cases: the temperature, and the limits of the prediction set."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from torch import Tensor

from pipeline.classifier.uncertainty import sharpen

TEMPERATURES = (0.05, 10.0)
FEW = 10  # cases of a label below which its own limit says too little and the common one stands


def negative_log_likelihood(p: Tensor, targets: Tensor) -> float:
    """Return the mean negative log-likelihood of class indices under (rows, labels) probabilities."""
    return float(-p[torch.arange(len(targets)), targets].clamp_min(1e-12).log().mean())


def fit_temperature(mean: Tensor, targets: Tensor) -> float:
    """Return the temperature of the averaged prediction with the least negative log-likelihood (Guo et al. 2017)."""
    low, high = (math.log(bound) for bound in TEMPERATURES)
    found = minimize_scalar(
        lambda t: negative_log_likelihood(sharpen(mean, math.exp(t)), targets), bounds=(low, high), method="bounded"
    )
    return float(math.exp(found.x))


def conformal_threshold(p: Tensor, targets: Tensor, *, alpha: float) -> float:
    """Return the score up to which a label joins the prediction set.

    Split conformal (Vovk et al. 2005): the ceil((n + 1)(1 - alpha)) / n quantile of 1 - p_y over held-out rows; the
    set then holds the truth with probability at least 1 - alpha for exchangeable cases.
    """
    return _quantile((1 - p[torch.arange(len(targets)), targets]).numpy(), alpha)


def class_thresholds(p: Tensor, targets: Tensor, *, alpha: float) -> list[float]:
    """Return one such score a label, so that every label is covered and not only the average case (Vovk 2012).

    A label with few held-out cases gets the larger of its own score and the common one: a larger set, never a smaller.
    """
    common = conformal_threshold(p, targets, alpha=alpha)
    limits = []
    for label in range(p.shape[1]):
        scores = (1 - p[targets == label, label]).numpy()
        own = _quantile(scores, alpha) if len(scores) else 1.0
        limits.append(own if len(scores) >= FEW else max(own, common))
    return limits


def prediction_set(p: NDArray[np.float64], limits: NDArray[np.float64]) -> list[int]:
    """Return the indices of the labels that cannot be ruled out, most probable first.

    Where no label is probable enough by itself, the set would be empty just where doubt is largest; then it holds the
    fewest leading labels that together are. It never holds less than the conformal set, so the coverage is kept.

    Args:
        p: (labels,), probabilities.
        limits: (labels,), scores 1 - p up to which a label joins.
    """
    ranked = np.argsort(-p, kind="stable")
    within = [int(i) for i in ranked if 1 - p[i] <= limits[i]]
    if within:
        return within
    enough = int(np.searchsorted(np.cumsum(p[ranked]), 1 - limits[ranked[0]]))
    return [int(i) for i in ranked[: max(enough, 1) + 1]]  # never one alone, not even by a rounding error


def _quantile(scores: np.ndarray, alpha: float) -> float:
    rank = math.ceil((len(scores) + 1) * (1 - alpha))
    if rank > len(scores):
        return 1.0  # too few cases to promise it: every label joins
    return float(np.sort(scores)[rank - 1])
