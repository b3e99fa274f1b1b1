"""What T stochastic predictions say about their own doubt. All entropies in nats.

With p_t the draws and p their mean over t: predictive entropy H(p) = -sum_c p_c log p_c, mutual information
I = H(p) - mean_t H(p_t) (Houlsby et al. 2011, arXiv 1112.5745), confidence 1 - H(p) / log C, and the variation ratio,
the share of draws whose leading label is not the most frequent one (Freeman 1965).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Spread:
    """Mean prediction and uncertainty of a batch."""

    mean: Tensor  # (batch, labels)
    predictive_entropy: Tensor  # (batch,)
    mutual_information: Tensor  # (batch,)
    variation_ratio: Tensor  # (batch,)
    confidence: Tensor  # (batch,)


def entropy(p: Tensor) -> Tensor:
    """Return the entropy of the last dimension."""
    return -(p * p.clamp_min(1e-12).log()).sum(dim=-1)


def spread(draws: Tensor) -> Spread:
    """Summarise draws of shape (draws, batch, labels)."""
    mean = draws.mean(dim=0)
    total = entropy(mean)
    information = (total - entropy(draws).mean(dim=0)).clamp_min(0.0)
    votes = torch.nn.functional.one_hot(draws.argmax(dim=-1), draws.shape[-1]).double().mean(dim=0)
    confidence = (1 - total / math.log(draws.shape[-1])).clamp(0.0, 1.0)
    return Spread(mean, total, information, 1 - votes.amax(dim=-1), confidence)


def sharpen(mean: Tensor, temperature: float) -> Tensor:
    """Apply a temperature to an averaged prediction: softmax(log p / temperature)."""
    return torch.softmax(mean.clamp_min(1e-12).log() / temperature, dim=-1)
