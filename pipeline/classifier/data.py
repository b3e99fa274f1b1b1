"""The four sets a classifier is made with, kept apart: train, develop, calibrate, and validation, which is scored once.

From any CSV or JSONL with `text,label` all four are cut: the validation rows first, then a calibration set that shares
no near-duplicate group with what is trained on. Sets of one's own, written apart, replace the cut ones; and every text
of one's own that is too like a labelled row is left out of training.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.cluster import AgglomerativeClustering
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from pipeline.classifier.examples import OTHER, Example

VALIDATION_SHARE = 0.2
VALIDATION_SEED = 42  # the published notebook's split, kept so that numbers compare
NEAR_DUPLICATE_COSINE = 0.6  # TF-IDF cosine above which two texts are one group
Embed = Callable[[list[str]], np.ndarray]  # texts to unit vectors (texts, width)


@dataclass(frozen=True)
class Splits:
    """Row indices of four sets that share no text; train and calibrate share no near-duplicate group either."""

    train: np.ndarray
    calibrate: np.ndarray
    validation: np.ndarray
    excluded: np.ndarray  # training rows that repeat a validation text verbatim


@dataclass(frozen=True)
class Sets:
    """Examples of each set.

    Args:
        rows: labelled rows to train on.
        texts: further texts to train on, background included.
        develop: judges epochs; empty if there is none.
        calibrate: temperature, prediction sets and thresholds are fitted on it.
        validation: rows of the published split, for comparison.
        excluded: rows that repeat a validation row verbatim, left out.
        similar: further texts that were too like a labelled row, left out.
    """

    rows: list[Example]
    texts: list[Example]
    develop: list[Example]
    calibrate: list[Example]
    validation: list[Example]
    excluded: int
    similar: int

    @property
    def train(self) -> list[Example]:
        """Everything that is learned from."""
        return [*self.rows, *self.texts]


def near_duplicate_groups(texts: list[str]) -> np.ndarray:
    """Return a group number for each text: connected components of TF-IDF cosine above the limit."""
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(texts)
    distance = 1 - (vectors @ vectors.T).toarray().clip(0, 1)
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="single", distance_threshold=1 - NEAR_DUPLICATE_COSINE
    )
    return np.asarray(clustering.fit_predict(distance))


def split(rows: Sequence[Example], *, calibrate_folds: int = 8, seed: int = VALIDATION_SEED) -> Splits:
    """Cut off the fixed validation rows first, then a group-aware calibration set from the rest.

    With `calibrate_folds` 0 nothing is cut off for calibration.
    """
    index, labels = np.arange(len(rows)), np.array([row.label for row in rows])
    texts = np.array([row.text for row in rows], dtype=object)
    rest, validation = train_test_split(
        index, test_size=VALIDATION_SHARE, stratify=labels, random_state=VALIDATION_SEED
    )
    repeats = np.isin(texts[rest], texts[validation])
    excluded, kept = np.sort(rest[repeats]), np.sort(rest[~repeats])
    if not calibrate_folds:
        return Splits(kept, kept[:0], np.sort(validation), excluded)
    folds = StratifiedGroupKFold(n_splits=calibrate_folds, shuffle=True, random_state=seed)
    groups = near_duplicate_groups(list(texts[kept]))
    train, calibrate = next(folds.split(texts[kept], labels[kept], groups))
    return Splits(kept[train], kept[calibrate], np.sort(validation), excluded)


def cut(
    rows: Sequence[Example],
    *,
    texts: Sequence[Example] = (),
    develop: Sequence[Example] = (),
    calibrate: Sequence[Example] = (),
    embed: Embed | None = None,
    cosine: float = 1.0,
) -> Sets:
    """Return the four sets.

    Args:
        rows: labelled rows, split 80/20; a calibration set is cut from them unless there is one.
        texts: more to train on, background included.
        develop, calibrate: sets written apart.
        embed: for the similarity of `texts` to rows; needed if `cosine` is below 1.
        cosine: texts more like any labelled row than this are left out; those that repeat one always are.
    """
    parts = split(rows, calibrate_folds=0 if calibrate else 8)
    validation = [rows[i] for i in parts.validation]
    known = {row.text for row in rows}
    kept = [e for e in texts if e.text not in known]
    if embed and cosine < 1 and kept:
        near = nearest(embed([e.text for e in kept]), embed([e.text for e in rows]))
        kept = [e for e, value in zip(kept, near, strict=True) if value <= cosine or e.label == OTHER]
    return Sets(
        rows=[rows[i] for i in parts.train],
        texts=kept,
        develop=list(develop),
        calibrate=list(calibrate) or [rows[i] for i in parts.calibrate],
        validation=validation,
        excluded=len(parts.excluded),
        similar=len(texts) - len(kept),
    )


def nearest(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the largest cosine of each unit vector (rows, width) to any of the others (rows, width)."""
    return np.asarray((vectors @ others.T).max(axis=1))


def sha256(*paths: Path) -> str:
    """Return one hex digest of files, and of the files of folders."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()
