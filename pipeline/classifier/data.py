"""Labelled texts: any CSV or JSONL with `text,label`, and the split of Symptom2Disease that stays unseen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import AgglomerativeClustering
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

VALIDATION_SHARE = 0.2
VALIDATION_SEED = 42  # the published notebook's split, kept so that numbers compare
NEAR_DUPLICATE_COSINE = 0.6  # TF-IDF cosine above which two texts are one group


@dataclass(frozen=True)
class Splits:
    """Row indices of four sets that share no text; train and calibrate share no near-duplicate group either."""

    train: np.ndarray
    calibrate: np.ndarray
    validation: np.ndarray
    excluded: np.ndarray  # training rows that repeat a validation text verbatim


def read_labelled(path: Path) -> pd.DataFrame:
    """Read a CSV or JSONL with `text` and `label`.

    Raises:
        ValueError: if a column is missing or a cell is empty.
    """
    frame = pd.read_json(path, lines=True) if path.suffix in {".jsonl", ".json"} else pd.read_csv(path)
    missing = {"text", "label"} - {*frame.columns}
    if missing:
        raise ValueError(f"{path.name} has no column {', '.join(sorted(missing))}; it needs text,label.")
    empty = frame.index[frame.text.isna() | frame.label.isna()]
    if len(empty):
        raise ValueError(f"{path.name} row {int(empty[0]) + 2} has an empty text or label.")
    return frame.reset_index(drop=True)


def near_duplicate_groups(texts: list[str]) -> np.ndarray:
    """Return a group number for each text: connected components of TF-IDF cosine above the limit."""
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(texts)
    distance = 1 - (vectors @ vectors.T).toarray().clip(0, 1)
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="single", distance_threshold=1 - NEAR_DUPLICATE_COSINE
    )
    return np.asarray(clustering.fit_predict(distance))


def split(frame: pd.DataFrame, *, calibrate_folds: int = 8, seed: int = VALIDATION_SEED) -> Splits:
    """Cut off the fixed validation rows first, then a group-aware calibration set from the rest."""
    index = np.arange(len(frame))
    rest, validation = train_test_split(
        index, test_size=VALIDATION_SHARE, stratify=frame.label, random_state=VALIDATION_SEED
    )
    repeats = frame.text.iloc[rest].isin(set(frame.text.iloc[validation])).to_numpy()
    excluded, kept = np.sort(rest[repeats]), np.sort(rest[~repeats])
    part = frame.iloc[kept]
    folds = StratifiedGroupKFold(n_splits=calibrate_folds, shuffle=True, random_state=seed)
    train, calibrate = next(folds.split(part.text, part.label, near_duplicate_groups(part.text.tolist())))
    return Splits(kept[train], kept[calibrate], np.sort(validation), excluded)


def sha256(path: Path) -> str:
    """Return the hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
