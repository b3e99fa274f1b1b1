"""What the words say by themselves: n-grams under a linear support vector machine.

The encoder reads meaning and forgets spelling; words know drugs, sites and set phrases by name. The two err on
different cases, so their opinions are pooled as equals: a product of experts (Hinton 2002), each to the power one half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from scipy.sparse import csr_matrix
from torch import Tensor

from pipeline.classifier import ngrams
from pipeline.classifier.examples import Example
from pipeline.classifier.model import Logits
from pipeline.classifier.ngrams import TINY
from pipeline.classifier.sampler import Draws

FILE = "words.safetensors"
SOFTNESS, SOFTNESS_EMERGENCY = 0.2, 0.125  # margins are divided by it to become log-odds; from the development set
MOST = -math.log(TINY)  # neither opinion can rule anything out alone


@dataclass(frozen=True)
class Lexicon:
    """A linear model over n-grams.

    Args:
        idf: (features,), inverse document frequency; 0 for what is too rare to be used.
        weights: (features, outputs).
        bias: (outputs,).
        emergency: (features,), of an emergency; 0 where no text said whether it is one.
        emergency_bias: (1,).
    """

    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    emergency: NDArray[np.float32]
    emergency_bias: NDArray[np.float32]

    @classmethod
    def fit(cls, examples: Sequence[Example], outputs: Sequence[str]) -> Self:
        """Fit to labelled examples, background included; `outputs` are the columns of the probabilities."""
        counts = ngrams.counts([e.text for e in examples])
        idf = ngrams.rarity(counts)
        targets = np.array([outputs.index(e.label) for e in examples])
        x = ngrams.weighed(counts, idf)
        parts = (idf, *ngrams.margins(x, targets, len(outputs)), *_emergency(x, examples))
        return cls(*(part.astype(np.float32) for part in parts))

    def __call__(self, counts: csr_matrix) -> Logits:
        """Return what the words of a batch say, in double precision; `counts` are those of `ngrams.counts`."""
        x = ngrams.weighed(counts, self.idf)
        margins, emergency = x @ self.weights + self.bias, x @ self.emergency + self.emergency_bias
        labels, alarm = (torch.from_numpy(np.asarray(part, dtype=np.float64)) for part in (margins, emergency))
        return Logits(labels / SOFTNESS, alarm / SOFTNESS_EMERGENCY)

    def save(self, folder: Path) -> None:
        """Write safetensors, the weights in half precision."""
        parts = {
            name: torch.from_numpy(np.ascontiguousarray(getattr(self, name))) for name in self.__dataclass_fields__
        }
        save_file(
            {n: part.half() if n in ("weights", "emergency") else part for n, part in parts.items()}, folder / FILE
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read safetensors."""
        return cls(**{name: tensor.float().numpy() for name, tensor in load_file(folder / FILE).items()})


def pooled(draws: Draws, words: Logits) -> Draws:
    """Return the draws, each pooled with what the words say: the normalised geometric mean of the probabilities."""
    emergency = (torch.logit(draws.emergency.double(), eps=TINY) + words.emergency.clamp(-MOST, MOST)) / 2
    return draws._replace(
        labels=pooled_labels(draws.labels, words.labels), emergency=torch.sigmoid(emergency).to(draws.emergency.dtype)
    )


def pooled_labels(p: Tensor, words: Tensor) -> Tensor:
    """Return the normalised geometric mean of p (..., batch, outputs) and the softmax of words (batch, outputs)."""
    mean = (p.double().clamp_min(TINY).log() + torch.log_softmax(words, dim=-1).clamp_min(-MOST)) / 2
    return torch.softmax(mean, dim=-1).to(p.dtype)


def _emergency(x: csr_matrix, examples: Sequence[Example]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights and bias of an emergency; both kinds weigh alike, for missing one is the worse mistake."""
    known = [i for i, e in enumerate(examples) if e.emergency is not None]
    truth = np.array([bool(examples[i].emergency) for i in known])
    if not truth.any() or truth.all():
        return np.zeros(x.shape[1]), np.zeros(1)
    model = ngrams.machine(x[known], truth, class_weight="balanced")
    return model.coef_[0], model.intercept_
