"""What is fitted on held-out cases: a temperature, a conformal threshold, the signals that set review thresholds."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from pipeline.classifier.uncertainty import sharpen

TEMPERATURES = (0.05, 10.0)


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
    scores = (1 - p[torch.arange(len(targets)), targets]).numpy()
    level = min(1.0, math.ceil((len(scores) + 1) * (1 - alpha)) / len(scores))
    return float(np.quantile(scores, level, method="higher"))


def expected_calibration_error(p: Tensor, targets: Tensor, *, bins: int = 15) -> float:
    """Return the gap between confidence and accuracy, averaged over equal-width bins of confidence."""
    confidence, predicted = p.max(dim=-1)
    right = (predicted == targets).float()
    edges = torch.linspace(0, 1, bins + 1)
    place = torch.bucketize(confidence, edges[1:-1])
    gaps = [
        abs(float(right[place == b].mean() - confidence[place == b].mean())) * float((place == b).float().mean())
        for b in range(bins)
        if bool((place == b).any())
    ]
    return sum(gaps)
