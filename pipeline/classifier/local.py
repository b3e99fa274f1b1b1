"""What labelled rows of one source say about texts like them: a local expert behind a gate.

Rows of one source share habits of wording, and what a label means among them may differ from what it means elsewhere.
A network that learns from them unlearns the rest; so the rows get an expert of their own (Jacobs et al. 1991, adaptive
mixtures of local experts): a linear support vector machine over n-grams and the network's features. A gate, the
probability that a text is one of the source's, decides how much the expert counts; a text unlike the rows is judged as
if there were none.

The expert also says how likely a text like the rows has none of its labels. It learned that by hiding labels from
itself, a quarter of them at a time, and looking at its largest margins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.model_selection import KFold
from torch import Tensor
from torch.nn.functional import logsigmoid

from pipeline.classifier import ngrams
from pipeline.classifier.calibrate import fit_temperature
from pipeline.classifier.examples import Example
from pipeline.classifier.lexicon import Lexicon, pooled
from pipeline.classifier.ngrams import TINY
from pipeline.classifier.sampler import Draws
from pipeline.monotone import MonotoneLogistic

FILE = "rows.safetensors"
FOLDS, SEED = 4, 42
CONTRASTED = 2000  # texts that the gate tells from the rows; more do not help
HALF = {"weights", "likeness"}  # kept in half precision
Array = NDArray[np.float64]


class Opinion(NamedTuple):
    """What the rows say of a batch."""

    gate: Tensor  # (batch,), how much the expert counts
    labels: Tensor  # (batch, labels), log-probabilities among the labels
    unknown: Tensor | None  # (batch,), log-odds of none of them; None where that could not be learned


@dataclass(frozen=True)
class LocalExpert:
    """A linear model of labelled rows, and how much a text is like them.

    Args:
        kept: (ngrams,), which of the hashed n-grams are looked at.
        idf: (ngrams,), their inverse document frequency among the rows.
        centre: (width,), mean features of texts of any source, taken off before features are scaled to unit length.
        weights, bias: (ngrams + width, labels) and (labels,), log-odds.
        likeness, likeness_bias: (ngrams,) and (1,), log-odds of being one of the source's texts.
        unknown: (2,), weight and bias of the largest margin, to the log-odds of none of the labels; zeros
            where there were too few labels to learn it.
    """

    kept: NDArray[np.int64]
    idf: Array
    centre: Array
    weights: Array
    bias: Array
    likeness: Array
    likeness_bias: Array
    unknown: Array

    @classmethod
    def fit(
        cls,
        rows: Sequence[Example],
        features: Tensor,
        *,
        texts: Sequence[Example],
        labels: Sequence[str],
        centre: Tensor,
    ) -> Self:
        """Fit to rows of one source.

        Args:
            rows: labelled rows.
            features: (rows, width), of the network.
            texts: of other sources, from which the gate tells the rows.
            labels: what the columns of the probabilities are.
            centre: (width,), mean features of texts.
        """
        truth = np.array([labels.index(row.label) for row in rows])
        found = ngrams.counts([row.text for row in rows])
        idf = ngrams.rarity(found)
        words = ngrams.weighed(found, idf)
        x = _beside(words, features.numpy(), centre.numpy())
        softness, unknown = _held_out(x, truth, len(labels))
        weights, bias = ngrams.margins(x, truth, len(labels))
        others = [text.text for text in texts[:: max(1, len(texts) // CONTRASTED)]]
        likeness, likeness_bias = _gate(words, ngrams.weighed(ngrams.counts(others), idf))
        kept = np.flatnonzero(idf)
        features_at = np.arange(len(idf), len(weights))
        return cls(
            kept, idf[kept], centre.numpy().astype(float), weights[np.r_[kept, features_at]] / softness,
            bias / softness, likeness[kept], likeness_bias, unknown,
        )  # fmt: skip

    def __call__(self, counts: csr_matrix, features: Tensor) -> Opinion:
        """Return what the rows say of texts with these counts of n-grams and features (batch, width)."""
        idf = np.zeros(2 * ngrams.BUCKETS)
        idf[self.kept] = self.idf
        words = ngrams.weighed(counts, idf)[:, self.kept]
        x = _beside(words, features.numpy(), self.centre)
        odds = torch.from_numpy(np.asarray(x @ self.weights + self.bias))
        gate = torch.from_numpy(np.asarray(words @ self.likeness + self.likeness_bias))
        weight, bias = self.unknown
        unknown = bias - weight * odds.amax(-1) if self.unknown.any() else None
        return Opinion(torch.sigmoid(gate), torch.log_softmax(odds, -1), unknown)

    def save(self, folder: Path) -> None:
        """Write safetensors."""
        parts = {name: torch.from_numpy(getattr(self, name)) for name in self.__dataclass_fields__}
        stored = {
            n: (p if n == "kept" else p.half() if n in HALF else p.float()).contiguous() for n, p in parts.items()
        }
        save_file(stored, folder / FILE)

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Read safetensors; None where no rows were read apart."""
        if not (folder / FILE).exists():
            return None
        stored = load_file(folder / FILE)
        return cls(**{n: p.numpy() if n == "kept" else p.double().numpy() for n, p in stored.items()})


def advised(draws: Draws, texts: Sequence[str], words: Lexicon, rows: LocalExpert | None, *, has_other: bool) -> Draws:
    """Return the network's draws pooled with the words' opinion, and with the rows' where rows were read apart."""
    counts = ngrams.counts(texts)
    draws = pooled(draws, words(counts))
    return draws if rows is None else with_rows(draws, rows(counts, draws.both), has_other=has_other)


def with_rows(draws: Draws, rows: Opinion, *, has_other: bool) -> Draws:
    """Return the draws, each pooled log-linearly with what the rows say, to the power of the gate.

    The labels and "none of them" are pooled apart, because the expert answers them apart.

    Args:
        draws: of the network and the words.
        rows: what the rows say.
        has_other: whether the last output is "other".
    """
    p = draws.labels.double().clamp_min(TINY)
    labels = rows.labels.shape[-1]
    gate = rows.gate
    inside = torch.log_softmax(p[..., :labels].log(), dim=-1)
    mixed = torch.log_softmax(inside * (1 - gate)[:, None] + rows.labels * gate[:, None], dim=-1)
    if has_other:
        odds = torch.logit(p[..., labels], eps=TINY)
        odds = odds if rows.unknown is None else odds * (1 - gate) + rows.unknown * gate
        mixed = torch.cat([mixed + logsigmoid(-odds)[..., None], logsigmoid(odds)[..., None]], dim=-1)
    return draws._replace(labels=mixed.exp().to(draws.labels.dtype))


def _beside(words: csr_matrix, features: NDArray[np.floating], centre: NDArray[np.floating]) -> csr_matrix:
    """Return words and, off their centre, both halves of the features (CLS row, context), each of unit length."""
    halves = np.split(features.astype(float) - centre, 2, axis=1)
    unit = [half / np.maximum(np.linalg.norm(half, axis=1, keepdims=True), TINY) for half in halves]
    return csr_matrix(hstack([words, *(csr_matrix(half) for half in unit)]))


def _held_out(x: csr_matrix, truth: NDArray[np.int64], labels: int) -> tuple[float, Array]:
    """Return the softness of the margins, and weight and bias of the largest one where labels may be unknown."""
    margins = np.zeros((len(truth), labels))
    for train, test in KFold(FOLDS, shuffle=True, random_state=SEED).split(truth):
        weights, bias = ngrams.margins(x[train], truth[train], labels)
        margins[test] = x[test] @ weights + bias
    softness = fit_temperature(torch.softmax(torch.from_numpy(margins), dim=-1), torch.from_numpy(truth))
    largest, outside = [margins.max(axis=1)], [np.zeros(len(truth), dtype=bool)]
    for hidden in _quarters(truth):
        weights, bias = ngrams.margins(x[~hidden], truth[~hidden], labels)
        largest.append((x[hidden] @ weights + bias).max(axis=1))
        outside.append(np.ones(int(hidden.sum()), dtype=bool))
    if len(largest) == 1:
        return softness, np.zeros(2)
    return softness, np.array(_line(-np.concatenate(largest) / softness, np.concatenate(outside)))


def _quarters(truth: NDArray[np.int64]) -> Iterator[NDArray[np.bool_]]:
    """Yield which rows are hidden when a quarter of the labels is; nothing where there are fewer labels than that."""
    names = np.random.default_rng(SEED).permutation(np.unique(truth))
    if len(names) < FOLDS:
        return
    for part in np.array_split(names, FOLDS):
        yield np.isin(truth, part)


def _gate(rows: csr_matrix, texts: csr_matrix) -> tuple[Array, Array]:
    """Return weights and bias of the log-odds of being a row, judged on rows and texts that were held out."""
    x, truth = csr_matrix(vstack([rows, texts])), np.repeat([True, False], [rows.shape[0], texts.shape[0]])
    margins = np.zeros(len(truth))
    for train, test in KFold(FOLDS, shuffle=True, random_state=SEED).split(truth):
        margins[test] = ngrams.machine(x[train], truth[train], class_weight="balanced").decision_function(x[test])
    model = ngrams.machine(x, truth, class_weight="balanced")
    weight, bias = _line(margins, truth)
    return model.coef_[0] * weight, model.intercept_ * weight + bias


def _line(margins: Array, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Return weight and bias that turn margins into log-odds (Platt 1999)."""
    fitted = MonotoneLogistic.fit(("margin",), margins[:, None], truth)
    weight = fitted.weights[0] / fitted.scale[0]
    return weight, fitted.bias - fitted.centre[0] * weight
