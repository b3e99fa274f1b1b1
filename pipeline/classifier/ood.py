"""How far a case lies from everything the classifier was trained on, by the encoder's deterministic CLS features.

Two distances, larger is further out: relative Mahalanobis (Ren et al. 2021, arXiv 2106.09022), to the nearest class
mean under a shared covariance less the distance to the overall mean; and the cosine distance to the k-th nearest
training text (Sun et al. 2022, arXiv 2204.06507). Where background texts were trained on as `other`, its probability
is the third witness. What they are worth together is fitted on held-out cases, in `pipeline.classifier.fit`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import normalize

TINY = 1e-12  # a variance, so that features which do not vary can be inverted too
SHRINKAGE = 0.1  # towards the mean variance: few rows for many dimensions
NEIGHBOUR = 10  # the k-th nearest is looked at
PRECISE = {"precision", "background"}  # kept in single precision: of narrow features they are huge
KEPT = 4000  # training features kept for the neighbours, drawn evenly


@dataclass(frozen=True)
class FeatureDensity:
    """Class means and precisions of training features, and the features themselves."""

    means: Tensor  # (labels, hidden)
    precision: Tensor  # (hidden, hidden), within classes
    centre: Tensor  # (hidden,)
    background: Tensor  # (hidden, hidden), of all features
    neighbours: Tensor  # (kept, hidden), unit length

    @classmethod
    def fit(cls, features: Tensor, targets: Tensor) -> Self:
        """Fit to features (rows, hidden) with class indices (rows,)."""
        classes, place = np.unique(targets.numpy(), return_inverse=True)
        targets = torch.from_numpy(place)
        means = torch.stack([features[targets == label].mean(0) for label in range(len(classes))])
        centre = features.mean(0)
        every = max(1, -(-len(features) // KEPT))
        return cls(
            means,
            _precision(features - means[targets]),
            centre,
            _precision(features - centre),
            normalize(features[::every], dim=-1),
        )

    def score(self, features: Tensor) -> Tensor:
        """Return the relative Mahalanobis distance, per dimension so that its size does not depend on the width."""
        nearest = _distance(features[:, None, :] - self.means, self.precision).amin(dim=1)
        return (nearest - _distance(features - self.centre, self.background)) / features.shape[-1]

    def nearness(self, features: Tensor) -> Tensor:
        """Return the cosine distance to the k-th nearest training text."""
        similar = normalize(features, dim=-1) @ self.neighbours.T
        return 1 - similar.topk(min(NEIGHBOUR, similar.shape[1]), dim=-1).values[:, -1]

    def save(self, path: Path) -> None:
        """Write safetensors, the features in half precision: the distances differ in the fourth digit."""
        tensors = {name: getattr(self, name) for name in self.__dataclass_fields__}
        save_file({n: (t.float() if n in PRECISE else t.half()).contiguous() for n, t in tensors.items()}, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read safetensors, into double precision."""
        return cls(**{name: tensor.double() for name, tensor in load_file(path).items()})


def _precision(residuals: Tensor) -> Tensor:
    covariance = residuals.T @ residuals / len(residuals)
    scale = covariance.diagonal().mean().clamp_min(TINY)
    identity = torch.eye(covariance.shape[0], dtype=covariance.dtype)
    precision: Tensor = torch.linalg.inv((1 - SHRINKAGE) * covariance + SHRINKAGE * scale * identity)
    return precision


def _distance(difference: Tensor, precision: Tensor) -> Tensor:
    distance: Tensor = ((difference @ precision) * difference).sum(-1)
    return distance
