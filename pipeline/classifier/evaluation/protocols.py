"""Three protocols on Symptom2Disease, always together, because the first alone says next to nothing.

    paper    stratified 80/20, seed 42, as published: near-duplicates of test rows are in training
    clean    the unique texts, 5 folds; training rows with a MiniLM cosine above .90 to a test row are dropped
    strict   the same, above .80

At least the 8 least similar rows of each class are kept. The network and the words are the same in every fold: they
have seen none of the rows, and their texts were held to the stricter rule from the start. What is fitted to a fold is
the rows' own expert. The paper row is the shipped classifier itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold

from pipeline.classifier.calibrate import fit_temperature
from pipeline.classifier.data import Embed
from pipeline.classifier.evaluation.base import Base, part, told
from pipeline.classifier.evaluation.baselines import minilm, svm
from pipeline.classifier.examples import Example, labels_of
from pipeline.classifier.metrics import (
    aurc,
    auroc,
    bootstrap,
    brier,
    calibration_error,
    is_right,
    negative_log_likelihood,
    selective_accuracy,
    share,
)  # fmt: skip
from pipeline.classifier.uncertainty import sharpen

COSINES = {"clean": 0.90, "strict": 0.80}
FOLDS, SEED, FEWEST = 5, 42, 8
COVERAGE = 0.82  # the source paper sent 18% to review
Report = Callable[[str], None]


@dataclass(frozen=True)
class Predicted:
    """Out-of-fold predictions: probabilities, truth, mutual information, and whether each baseline was right."""

    p: np.ndarray  # (rows, labels), calibrated across folds
    truth: np.ndarray  # (rows,)
    information: np.ndarray  # (rows,)
    baselines: dict[str, np.ndarray]  # name to (rows,)


def unique_rows(rows: Sequence[Example]) -> list[Example]:
    """Return the rows with each text once."""
    return list({row.text: row for row in reversed(rows)}.values())[::-1]


def kept_rows(similarity: np.ndarray, labels: np.ndarray, limit: float) -> np.ndarray:
    """Return the indices of training rows that stay: those below the limit, and the least similar of each class.

    Args:
        similarity: (rows,), the largest cosine of each training row to a test row.
        labels: (rows,).
        limit: rows above it are dropped.
    """
    kept = similarity <= limit
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        kept[own[np.argsort(similarity[own], kind="stable")[:FEWEST]]] = True
    return np.flatnonzero(kept)


def evaluate(
    protocol: str, rows: Sequence[Example], network: Base, *, embed: Embed, tell: Report = lambda line: None
) -> Predicted:
    """Return out-of-fold predictions of a protocol, `clean` or `strict`.

    Args:
        protocol: of COSINES.
        rows: all labelled rows.
        network: network and words that have seen none of them.
        embed: MiniLM sentence vectors.
        tell: says what is going on.
    """
    unique = unique_rows(rows)
    names = labels_of(unique)
    truth = np.array([names.index(row.label) for row in unique])
    vectors, drawn = embed([row.text for row in unique]), network.draw(unique)
    means, information = np.zeros((len(unique), len(names))), np.zeros(len(unique))
    fold_of = np.zeros(len(unique), dtype=int)
    right = {"svm": np.zeros(len(unique), dtype=bool), "minilm_lr": np.zeros(len(unique), dtype=bool)}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for number, (train, test) in enumerate(folds.split(vectors, truth)):
        near = (vectors[train] @ vectors[test].T).max(axis=1)
        stays = train[kept_rows(near, truth[train], COSINES[protocol])]
        seen, asked = [unique[i] for i in stays], [unique[i] for i in test]
        expert = network.expert(seen, drawn.both[stays])
        means[test], information[test] = told(network.with_rows(expert, asked, part(drawn, test)), len(names))
        fold_of[test] = number
        for baseline in (svm(seen), minilm(seen, embed)):
            right[baseline.name][test] = baseline.right(asked)
        accuracy = (means[test].argmax(axis=1) == truth[test]).mean()
        tell(f"{protocol} fold {number + 1} of {FOLDS}: {len(stays)} rows, accuracy {accuracy:.3f}")
    return Predicted(_calibrated(means, truth, fold_of), truth, information, right)


def _calibrated(means: np.ndarray, truth: np.ndarray, fold_of: np.ndarray) -> np.ndarray:
    """Sharpen each fold by the temperature that fits the other folds."""
    p = np.zeros_like(means)
    for fold in np.unique(fold_of):
        others, own = fold_of != fold, fold_of == fold
        temperature = fit_temperature(torch.from_numpy(means[others]), torch.from_numpy(truth[others]))
        p[own] = sharpen(torch.from_numpy(means[own]), temperature).numpy()
    return p


def figures(name: str, found: Predicted) -> dict[str, float | dict[str, float]]:
    """Return every figure of a protocol under flat names."""
    p, truth = found.p, found.truth
    right = is_right(p, truth)
    doubt = 1 - p.max(axis=1)
    entropy = -(p * np.log(np.maximum(p, 1e-12))).sum(axis=1)
    return {
        f"{name}.accuracy": share(right),
        **{f"{name}.{baseline}.accuracy": share(rows) for baseline, rows in found.baselines.items()},
        f"{name}.selective_accuracy_82": bootstrap(
            lambda i: selective_accuracy(doubt[i], right[i], COVERAGE), len(right)
        ),
        f"{name}.error_auroc": bootstrap(lambda i: auroc(doubt[i], ~right[i]), len(right)),
        f"{name}.error_auroc.entropy": auroc(entropy, ~right),
        f"{name}.error_auroc.mutual_information": auroc(found.information, ~right),
        f"{name}.aurc": aurc(doubt, right),
        f"{name}.ece": calibration_error(p.max(axis=1), right),
        f"{name}.adaptive_ece": calibration_error(p.max(axis=1), right, adaptive=True),
        f"{name}.brier": brier(p, truth),
        f"{name}.nll": negative_log_likelihood(p, truth),
    }
