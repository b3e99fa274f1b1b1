"""`wardround train classifier`: train, calibrate on held-out groups, train again on everything but the validation rows.

Two models are trained by the same recipe. The first leaves out a group-aware calibration set; on it the temperature,
the conformal threshold and the review signals are fitted. The second, which ships, also sees those rows; its
calibration is the first's, which assumes that more data of the same kind does not make the model less sure than it
should be. The validation rows are touched once, after everything is fixed, for the model card.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from torch import Tensor

from cases.case import Case
from cases.packages import minilm_folder
from cases.vocabulary.conditions import conditions
from pipeline.classifier.calibrate import (
    conformal_threshold,
    expected_calibration_error,
    fit_temperature,
)
from pipeline.classifier.card import write_card
from pipeline.classifier.classify import CARD, Classifier
from pipeline.classifier.data import Splits, read_labelled, sha256, split
from pipeline.classifier.ood import FeatureDensity
from pipeline.classifier.recipe import TrainingConfig
from pipeline.classifier.train import Trained, train
from pipeline.classifier.uncertainty import sharpen, spread
from pipeline.config import EMBEDDED
from pipeline.thresholds import Calibration

log = logging.getLogger(__name__)
CALIBRATION = "calibration.json"
Opinion = Callable[[list[tuple[Case, str | None]]], list[float]]


@dataclass(frozen=True)
class Fitted:
    """What training and calibration found; percentages are shares."""

    labels: int
    rows: int
    calibration_rows: int
    validation_rows: int
    excluded_rows: int
    calibration_accuracy: float
    validation_accuracy: float
    validation_ece: float
    baseline_accuracy: float
    temperature: float


def as_cases(frame: pd.DataFrame, rows: np.ndarray) -> list[Case]:
    """Return rows of `text` as cases, named by their row number."""
    return [Case(id=f"row-{i}", text=str(frame.text[i])) for i in rows]


def fit(config: TrainingConfig, *, opinion: Opinion, samples: int = 50) -> Fitted:
    """Train, calibrate, save, evaluate once.

    Args:
        config: the recipe.
        opinion: the evidence's disagreement with a leading label, for a batch of (case, label).
        samples: Monte Carlo draws.
    """
    data, out = Path(config.data), Path(config.out)
    frame = read_labelled(data)
    rows = split(frame)
    out.mkdir(parents=True, exist_ok=True)
    source = f"fit:{dt.date.today().isoformat()}:{sha256(data)[:8]}"
    _save(out, config, _train(config, frame, rows.train), frame, rows.train, temperature=1.0, threshold=1.0)
    temperature, threshold, accuracy = _calibrate(out, config, frame, rows, samples)
    everything = np.concatenate([rows.train, rows.calibrate])
    _rewrite_card(out, temperature=temperature, conformal_threshold=threshold)
    _signals(out, config, frame, rows, opinion, source, samples).save(out / CALIBRATION)
    final = _train(config, frame, everything)
    _save(out, config, final, frame, everything, temperature=temperature, threshold=threshold)
    fitted = _evaluate(out, config, frame, rows, samples, accuracy, temperature)
    write_card(out, config, asdict(fitted), source)
    return fitted


def encoder_of(config: TrainingConfig) -> str | Path:
    """Resolve `embedded`."""
    return minilm_folder() if config.encoder == EMBEDDED else config.encoder


def _train(config: TrainingConfig, frame: pd.DataFrame, rows: np.ndarray) -> Trained:
    log.info("training on %d rows", len(rows))
    return train(
        as_cases(frame, rows), frame.label.iloc[rows].tolist(), encoder=encoder_of(config), recipe=config.recipe
    )


def _save(
    out: Path,
    config: TrainingConfig,
    trained: Trained,
    frame: pd.DataFrame,
    rows: np.ndarray,
    *,
    temperature: float,
    threshold: float,
) -> None:
    trained.network.encoder.save_pretrained(str(out), save_embedding_layers=False)
    _name_base_model(out, "sentence-transformers/all-MiniLM-L6-v2" if config.encoder == EMBEDDED else config.encoder)
    save_file(
        {name: tensor.contiguous() for name, tensor in trained.network.head.state_dict().items()},
        out / "head.safetensors",
    )
    card = {
        "labels": [{"label": name, "icd10": _icd10(config, name)} for name in trained.labels],
        "max_tokens": config.recipe.max_tokens,
        "dropout": config.recipe.dropout,
        "temperature": temperature,
        "conformal_threshold": threshold,
        "losses": [round(loss, 4) for loss in trained.losses],
    }
    (out / CARD).write_text(json.dumps(card, indent=1), encoding="utf-8")
    FeatureDensity(*(torch.zeros(1) for _ in range(4))).save(out / "density.safetensors")  # replaced below
    features = _draw(_load(out, config, 0), as_cases(frame, rows))[1]
    targets = torch.tensor([trained.labels.index(label) for label in frame.label.iloc[rows]])
    FeatureDensity.fit(features, targets).save(out / "density.safetensors")


def _name_base_model(out: Path, name: str) -> None:
    """Write the encoder's name, not the place it was loaded from, into the adapter's configuration."""
    path = out / "adapter_config.json"
    adapter = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**adapter, "base_model_name_or_path": name}, indent=1), encoding="utf-8")


def _icd10(config: TrainingConfig, label: str) -> str:
    if label in config.icd10:
        return config.icd10[label]
    entry = conditions().get(label)
    if entry is None:
        raise ValueError(f"no ICD-10 code for the label {label!r}: add it to the recipe under icd10.")
    return entry.icd10


def _load(out: Path, config: TrainingConfig, samples: int) -> Classifier:
    return Classifier(out, encoder=encoder_of(config), samples=samples, seed=config.recipe.seed)


def _draw(classifier: Classifier, cases: list[Case], size: int = 32) -> tuple[Tensor, Tensor]:
    parts = [classifier.draw(cases[start : start + size]) for start in range(0, len(cases), size)]
    return torch.cat([draws for draws, _ in parts], dim=1), torch.cat([features for _, features in parts])


def _targets(classifier: Classifier, frame: pd.DataFrame, rows: np.ndarray) -> Tensor:
    names = [label.name for label in classifier.labels]
    return torch.tensor([names.index(label) for label in frame.label.iloc[rows]])


def _calibrate(
    out: Path, config: TrainingConfig, frame: pd.DataFrame, rows: Splits, samples: int
) -> tuple[float, float, float]:
    classifier = _load(out, config, samples)
    mean = spread(_draw(classifier, as_cases(frame, rows.calibrate))[0]).mean
    targets = _targets(classifier, frame, rows.calibrate)
    temperature = fit_temperature(mean, targets)
    calibrated = sharpen(mean, temperature)
    accuracy = float((calibrated.argmax(-1) == targets).float().mean())
    return temperature, conformal_threshold(calibrated, targets, alpha=config.alpha), accuracy


def _rewrite_card(out: Path, **values: float) -> None:
    card = json.loads((out / CARD).read_text(encoding="utf-8"))
    (out / CARD).write_text(json.dumps({**card, **values}, indent=1), encoding="utf-8")


def _signals(
    out: Path, config: TrainingConfig, frame: pd.DataFrame, rows: Splits, opinion: Opinion, source: str, samples: int
) -> Calibration:
    cases = as_cases(frame, rows.calibrate)
    differentials = _load(out, config, samples).classify(cases)
    against = opinion([(c, d.diagnoses[0].label) for c, d in zip(cases, differentials, strict=True)])
    named = ("confidence", "mutual_information", "ood_score")
    signals: dict[str, list[float]] = {n: [getattr(d.uncertainty, n) for d in differentials] for n in named}
    split_words = f"{len(cases)} rows of {config.data_name}, near-duplicate groups held out of training"
    return Calibration({**signals, "disagreement": against}, source, split_words)


def _evaluate(
    out: Path,
    config: TrainingConfig,
    frame: pd.DataFrame,
    rows: Splits,
    samples: int,
    accuracy: float,
    temperature: float,
) -> Fitted:
    classifier = _load(out, config, samples)
    targets = _targets(classifier, frame, rows.validation)
    p = sharpen(spread(_draw(classifier, as_cases(frame, rows.validation))[0]).mean, temperature)
    return Fitted(
        labels=len(classifier.labels),
        rows=len(rows.train) + len(rows.calibrate),
        calibration_rows=len(rows.calibrate),
        validation_rows=len(rows.validation),
        excluded_rows=len(rows.excluded),
        calibration_accuracy=accuracy,
        validation_accuracy=float((p.argmax(-1) == targets).float().mean()),
        validation_ece=expected_calibration_error(p, targets),
        baseline_accuracy=baseline_accuracy(frame, rows),
        temperature=temperature,
    )


def baseline_accuracy(frame: pd.DataFrame, rows: Splits) -> float:
    """Return the validation accuracy of TF-IDF and a linear SVM: the number to beat before claiming anything.

    It is trained as published, on all rows outside validation, verbatim repeats included.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    seen = np.setdiff1d(np.arange(len(frame)), rows.validation)
    model: Any = make_pipeline(TfidfVectorizer(), LinearSVC(random_state=0))
    model.fit(frame.text.iloc[seen], frame.label.iloc[seen])
    return float(model.score(frame.text.iloc[rows.validation], frame.label.iloc[rows.validation]))
