"""What the words say by themselves: n-grams, hashed and weighed, under a linear support vector machine.

The encoder reads meaning and forgets spelling; words know drugs, sites and set phrases by name, and learn from a few
dozen rows without forgetting anything. The two err on different cases, so their opinions are pooled as equals: a
product of experts (Hinton 2002), each to the power one half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from scipy.sparse import csr_matrix, diags, hstack
from torch import Tensor

from pipeline.classifier.examples import Example
from pipeline.classifier.model import Logits
from pipeline.classifier.sampler import Draws

FILE = "words.safetensors"
BUCKETS = 2**16  # of words, and as many of characters
FEWEST = 2  # training texts that must hold an n-gram
SOFTNESS, SOFTNESS_EMERGENCY = 0.2, 0.125  # margins are divided by it to become log-odds; from the development set
PENALTY = 0.5  # C of the support vector machine, for a text
TINY = 1e-9
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
    def fit(
        cls, rows: Sequence[Example], texts: Sequence[Example], outputs: Sequence[str], *, row: float = 6.0
    ) -> Self:
        """Fit to labelled rows and further texts.

        Args:
            rows: labelled rows.
            texts: texts of one's own, background included.
            outputs: what the columns of the probabilities are.
            row: how many texts one row counts for.
        """
        examples = [*rows, *texts]
        counts = _counts([e.text for e in examples])
        seen = np.asarray((counts > 0).sum(axis=0)).ravel()
        idf = np.where(seen >= min(FEWEST, len(examples)), np.log((1 + len(examples)) / (1 + seen)) + 1, 0.0)
        targets = np.array([outputs.index(e.label) for e in examples])
        weight = np.repeat([row, 1.0], [len(rows), len(texts)])
        x = _weighed(counts, idf)
        model = _machine(x, targets, weight=weight)
        coefficients, intercepts = model.coef_, model.intercept_
        if len(coefficients) == 1:  # of two classes: the first one's margin is the opposite of the second one's
            coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.r_[-intercepts, intercepts]
        margins, bias = np.zeros((len(idf), len(outputs))), np.full(len(outputs), -1.0)
        margins[:, model.classes_], bias[model.classes_] = coefficients.T, intercepts
        parts = (idf, margins, bias, *_emergency(x, examples))
        return cls(*(part.astype(np.float32) for part in parts))

    def __call__(self, texts: Sequence[str]) -> Logits:
        """Return what the words of a batch say, in double precision."""
        x = _weighed(_counts(texts), self.idf)
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


def _machine(x: csr_matrix, targets: NDArray[Any], **how: Any) -> Any:
    from sklearn.svm import LinearSVC

    weight = how.pop("weight", None)
    return LinearSVC(C=PENALTY, random_state=0, **how).fit(x, targets, sample_weight=weight)


def _emergency(x: csr_matrix, examples: Sequence[Example]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights and bias of an emergency; both kinds weigh alike, for missing one is the worse mistake."""
    known = [i for i, e in enumerate(examples) if e.emergency is not None]
    truth = np.array([bool(examples[i].emergency) for i in known])
    if not truth.any() or truth.all():
        return np.zeros(x.shape[1]), np.zeros(1)
    model = _machine(x[known], truth, class_weight="balanced")
    return model.coef_[0], model.intercept_


@cache
def _vectorizers() -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import HashingVectorizer

    plain = {"n_features": BUCKETS, "alternate_sign": False, "norm": None, "dtype": np.float32}
    return (
        HashingVectorizer(ngram_range=(1, 2), **plain),
        HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), **plain),
    )


def _counts(texts: Sequence[str]) -> csr_matrix:
    found = csr_matrix(hstack([vectorizer.transform(texts) for vectorizer in _vectorizers()]))
    found.data = 1 + np.log(found.data)  # one text that says a word ten times does not say it ten times as much
    return found


def _weighed(counts: csr_matrix, idf: NDArray[Any]) -> csr_matrix:
    """Words and characters each of unit length."""
    weighed = csr_matrix(counts @ diags(idf.astype(np.float32)))
    parts = (weighed[:, :BUCKETS], weighed[:, BUCKETS:])
    lengths = (np.sqrt(np.asarray(part.multiply(part).sum(axis=1))).ravel() for part in parts)
    unit = [diags(1 / np.maximum(length, np.float32(TINY))) @ part for length, part in zip(lengths, parts, strict=True)]
    return csr_matrix(hstack(unit))
