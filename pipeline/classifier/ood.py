"""How far a case lies from everything the classifier was trained on.

Relative Mahalanobis distance (Ren et al. 2021, arXiv 2106.09022): the distance to the nearest class mean under a
shared covariance, less the distance to the overall mean, on the encoder's deterministic CLS features. Larger is
further out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

SHRINKAGE = 0.1  # towards the mean variance: few rows for many dimensions


@dataclass(frozen=True)
class FeatureDensity:
    """Class means and precisions of training features."""

    means: Tensor  # (labels, hidden)
    precision: Tensor  # (hidden, hidden), within classes
    centre: Tensor  # (hidden,)
    background: Tensor  # (hidden, hidden), of all features

    @classmethod
    def fit(cls, features: Tensor, targets: Tensor) -> Self:
        """Fit to features (rows, hidden) with class indices (rows,)."""
        means = torch.stack([features[targets == label].mean(0) for label in range(int(targets.max()) + 1)])
        centre = features.mean(0)
        return cls(means, _precision(features - means[targets]), centre, _precision(features - centre))

    def score(self, features: Tensor) -> Tensor:
        """Return one score a row, per dimension so that its size does not depend on the width."""
        nearest = _distance(features[:, None, :] - self.means, self.precision).amin(dim=1)
        return (nearest - _distance(features - self.centre, self.background)) / features.shape[-1]

    def save(self, path: Path) -> None:
        """Write safetensors, in single precision."""
        save_file({name: getattr(self, name).float().contiguous() for name in self.__dataclass_fields__}, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read safetensors, into double precision."""
        return cls(**{name: tensor.double() for name, tensor in load_file(path).items()})


def _precision(residuals: Tensor) -> Tensor:
    covariance = residuals.T @ residuals / len(residuals)
    scale = covariance.diagonal().mean()
    identity = torch.eye(covariance.shape[0])
    precision: Tensor = torch.linalg.inv((1 - SHRINKAGE) * covariance + SHRINKAGE * scale * identity)
    return precision


def _distance(difference: Tensor, precision: Tensor) -> Tensor:
    distance: Tensor = ((difference @ precision) * difference).sum(-1)
    return distance
