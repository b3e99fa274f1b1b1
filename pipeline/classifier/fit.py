"""`wardround train classifier`: train, calibrate on cases that were not trained on, score the validation rows once.

    rows (text,label) ──► validation rows, set aside
                     └──► + texts of one's own, background ──► train ◄── develop judges each epoch
                                                                 │
    calibrate ──► temperature, prediction sets, thresholds ◄─────┴──► weights, model card

The scores that combine signals (out of label, emergency, doubt) are fitted on the development set where there is one,
so that the calibration set only sets limits and its promises stay honest.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from cases.case import Case
from cases.packages import minilm_folder
from cases.vocabulary.conditions import conditions
from pipeline.classifier.base import refuse_other_labels, train_base
from pipeline.classifier.calibrate import class_thresholds, conformal_threshold, fit_temperature
from pipeline.classifier.card import write_card
from pipeline.classifier.classify import CARD, WITNESSES, Classifier
from pipeline.classifier.data import Sets, sha256
from pipeline.classifier.examples import OTHER, Example
from pipeline.classifier.lexicon import Lexicon
from pipeline.classifier.local import FILE as ROWS
from pipeline.classifier.local import LocalExpert
from pipeline.classifier.metrics import calibration_error
from pipeline.classifier.ood import FeatureDensity
from pipeline.classifier.recipe import TrainingConfig
from pipeline.classifier.sampler import Draws
from pipeline.classifier.train import Trained, train
from pipeline.classifier.uncertainty import sharpen
from pipeline.config import EMBEDDED
from pipeline.monotone import MonotoneLogistic, log_odds
from pipeline.thresholds import SIGNALS, Calibration, fit_doubt, signals, with_disagreement

log = logging.getLogger(__name__)
CALIBRATION = "calibration.json"
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
Second = Callable[[list[tuple[Case, str | None]]], list[float]]  # the evidence's disagreement with leading labels


@dataclass(frozen=True)
class Fitted:
    """What training and calibration found; percentages are shares."""

    labels: int
    rows: int
    background_rows: int
    develop_rows: int
    calibration_rows: int
    validation_rows: int
    excluded_rows: int
    similar_rows: int
    epochs: int
    calibration_accuracy: float
    validation_accuracy: float
    validation_ece: float
    baseline_accuracy: float
    temperature: float


def fit(config: TrainingConfig, sets: Sets, *, second: Second, samples: int = 50) -> Fitted:
    """Train, calibrate, save, evaluate once.

    Args:
        config: the recipe.
        sets: the four sets.
        second: the evidence's disagreement with a leading label, for a batch of (case, label).
        samples: Monte Carlo draws.
    """
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    trained = train_network(config, sets)
    save(out, config, trained, sets)
    temperature = calibrate(out, config, sets, samples)
    classifier = load(out, config, samples)
    digest = sha256(*(Path(p) for p in (config.data, config.calibrate) if p))[:8]
    source = f"fit:{dt.date.today().isoformat()}:{digest}"
    words = f"{len(sets.calibrate)} cases of {config.calibrate or config.data_name}, kept out of training"
    fit_routing(classifier, sets.develop, sets.calibrate, second=second, source=source, split=words).save(
        out / CALIBRATION
    )
    fitted = _evaluate(classifier, sets, len(trained.epochs), temperature)
    write_card(out, config, asdict(fitted), source)
    return fitted


def train_network(config: TrainingConfig, sets: Sets) -> Trained:
    """Train on everything, or on the further texts alone where the rows are read apart."""
    encoder, logs = encoder_of(config), Path("build") / "logs" / Path(config.out).name
    log.info("training on %d rows and %d texts", len(sets.rows), len(sets.texts))
    if not config.rows_apart:
        return train(sets.train, encoder=encoder, recipe=config.recipe, development=sets.develop, logs=logs)
    trained = train_base(
        sets.texts, encoder=encoder, recipe=config.recipe, develop=sets.develop, folder=Path(config.base)
    )  # fmt: skip
    refuse_other_labels(trained, sets.rows)
    return trained


def encoder_of(config: TrainingConfig) -> str | Path:
    """Resolve `embedded`."""
    return minilm_folder() if config.encoder == EMBEDDED else config.encoder


def load(out: Path, config: TrainingConfig, samples: int) -> Classifier:
    """Return the classifier that was saved."""
    return Classifier(out, encoder=encoder_of(config), samples=samples, seed=config.recipe.seed)


def save(out: Path, config: TrainingConfig, trained: Trained, sets: Sets) -> None:
    """Write adapter, head, words, card and feature density; what is calibrated later is neutral until then."""
    trained.network.encoder.save_pretrained(str(out), save_embedding_layers=False)
    _name_base_model(out, MINILM if config.encoder == EMBEDDED else config.encoder)
    head = {name: tensor.contiguous() for name, tensor in trained.network.head.state_dict().items()}
    save_file(head, out / "head.safetensors")
    labels = [name for name in trained.outputs if name != OTHER]
    card = {
        "labels": [{"label": name, "icd10": _icd10(config, name)} for name in labels],
        "other": OTHER in trained.outputs,
        "max_tokens": config.recipe.max_tokens,
        "dropout": config.recipe.dropout,
        "temperature": 1.0,
        "conformal_threshold": 1.0,
        "class_thresholds": [1.0] * len(labels),
        "out_of_label": _neutral(WITNESSES if OTHER in trained.outputs else WITNESSES[:2]).to_json(),
        "emergency": None,
        "epochs": [asdict(epoch) for epoch in trained.epochs],
    }
    _write_card(out, card)
    Lexicon.fit(sets.texts if config.rows_apart else sets.train, trained.outputs).save(out)
    (out / ROWS).unlink(missing_ok=True)
    inside = [e for e in sets.train if e.label != OTHER]
    hidden = trained.network.head.linear.in_features
    FeatureDensity(*(torch.zeros(s) for s in ((1, hidden), 1, hidden, 1, (1, hidden)))).save(
        out / "density.safetensors"
    )
    read = load(out, config, 0).draw_all([e.case for e in inside])
    FeatureDensity.fit(read.features, _targets(labels, inside)).save(out / "density.safetensors")
    if config.rows_apart:
        rows = [e for e in sets.rows if e.label != OTHER]  # they come first
        own, others = read.both[: len(rows)], read.both[len(rows) :]
        LocalExpert.fit(rows, own, texts=sets.texts, labels=labels, centre=others.mean(dim=0)).save(out)


def calibrate(out: Path, config: TrainingConfig, sets: Sets, samples: int) -> float:
    """Fit what turns draws into probabilities, write it into the card, return the temperature."""
    card = json.loads((out / CARD).read_text(encoding="utf-8"))
    labels = [item["label"] for item in card["labels"]]
    classifier = load(out, config, samples)
    scored = sets.develop or sets.calibrate
    card["out_of_label"] = _out_of_label(classifier, scored).to_json()
    card["emergency"] = _emergency(classifier, scored)
    inside = [e for e in sets.calibrate if e.label != OTHER]
    mean = classifier.draw_all([e.case for e in inside]).labels.mean(dim=0)[:, : len(labels)]
    targets = _targets(labels, inside)
    card["temperature"] = fit_temperature(mean, targets)
    p = sharpen(mean, card["temperature"])
    card["conformal_threshold"] = conformal_threshold(p, targets, alpha=config.alpha)
    card["class_thresholds"] = class_thresholds(p, targets, alpha=config.alpha)
    _write_card(out, card)
    return float(card["temperature"])


def fit_routing(
    classifier: Classifier,
    develop: Sequence[Example],
    calibrate: Sequence[Example],
    *,
    second: Second,
    source: str,
    split: str,
) -> Calibration:
    """Return the signals of the calibration cases, and the doubt score fitted on the development cases.

    Args:
        classifier: calibrated.
        develop: the doubt score is fitted on them; on the calibration cases where there are none.
        calibrate: labelled cases, `other` included, like those that will come.
        second: the evidence's disagreement.
        source: of the thresholds.
        split: what the calibration cases are, in words.
    """
    rows, right = outcomes(classifier, calibrate, second)
    scored, truth = outcomes(classifier, develop, second) if develop else (rows, right)
    doubt = fit_doubt(scored, truth) if len(set(truth)) > 1 else _neutral(SIGNALS)
    return Calibration(rows, right, [e.emergency for e in calibrate], doubt, source, split)


def outcomes(
    classifier: Classifier, examples: Sequence[Example], second: Second
) -> tuple[list[list[float]], list[bool]]:
    """Return the signals of examples, and whether releasing each would have been right."""
    differentials = classifier.classify([e.case for e in examples])
    leading = [d.diagnoses[0].label for d in differentials]
    against = second([(e.case, label) for e, label in zip(examples, leading, strict=True)])
    rows = [list(signals(with_disagreement(d, value))) for d, value in zip(differentials, against, strict=True)]
    right = [label == e.label and not e.emergency for label, e in zip(leading, examples, strict=True)]
    return rows, right


def _neutral(names: tuple[str, ...]) -> MonotoneLogistic:
    """A score that knows nothing yet: the first signal counts."""
    return MonotoneLogistic(names, (0.0,) * len(names), (1.0,) * len(names), (1.0,) + (0.0,) * (len(names) - 1), 0.0)


def _out_of_label(classifier: Classifier, examples: Sequence[Example]) -> MonotoneLogistic:
    """Fit the witnesses on examples; with none out of label, the score is how unusual the distance is among them."""
    draws: Draws = classifier.draw_all([e.case for e in examples])
    witnesses = classifier.witnesses(draws)
    names = WITNESSES[: witnesses.shape[1]]
    outside = np.array([e.label == OTHER for e in examples])
    if outside.any() and not outside.all():
        return MonotoneLogistic.fit(names, witnesses, outside)
    centre, scale = np.quantile(witnesses, 0.99, axis=0), np.maximum(witnesses.std(axis=0), 1e-6)
    weights = (1.0, *(0.0,) * (len(names) - 1))
    return MonotoneLogistic(names, tuple(map(float, centre)), tuple(map(float, scale)), weights, 0.0)


def _emergency(classifier: Classifier, examples: Sequence[Example]) -> dict[str, Any] | None:
    known = [e for e in examples if e.emergency is not None]
    truth = np.array([bool(e.emergency) for e in known])
    if not truth.any() or truth.all():
        return None
    raw = classifier.draw_all([e.case for e in known]).emergency.mean(dim=0).numpy()
    return MonotoneLogistic.fit(("emergency",), log_odds(raw)[:, None], truth).to_json()


def _evaluate(classifier: Classifier, sets: Sets, epochs: int, temperature: float) -> Fitted:
    labels = [label.name for label in classifier.labels]

    def accuracy(examples: Sequence[Example]) -> tuple[float, float]:
        inside = [e for e in examples if e.label != OTHER]
        p = classifier.judge([e.case for e in inside]).p.numpy()
        right = p.argmax(axis=1) == _targets(labels, inside).numpy()
        return float(right.mean()), calibration_error(p.max(axis=1), right)

    validation, ece = accuracy(sets.validation)
    return Fitted(
        labels=len(labels),
        rows=len(sets.train),
        background_rows=sum(e.label == OTHER for e in sets.train),
        develop_rows=len(sets.develop),
        calibration_rows=len(sets.calibrate),
        validation_rows=len(sets.validation),
        excluded_rows=sets.excluded,
        similar_rows=sets.similar,
        epochs=epochs,
        calibration_accuracy=accuracy(sets.calibrate)[0],
        validation_accuracy=validation,
        validation_ece=ece,
        baseline_accuracy=baseline_accuracy(sets),
        temperature=temperature,
    )


def baseline_accuracy(sets: Sets) -> float:
    """Return the validation accuracy of TF-IDF and a linear SVM on the same training texts: the number to beat."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    inside = [e for e in sets.train if e.label != OTHER]
    model: Any = make_pipeline(TfidfVectorizer(), LinearSVC(random_state=0))
    model.fit([e.text for e in inside], [e.label for e in inside])
    return float(model.score([e.text for e in sets.validation], [e.label for e in sets.validation]))


def _targets(labels: Sequence[str], examples: Sequence[Example]) -> Tensor:
    return torch.tensor([labels.index(e.label) for e in examples], dtype=torch.long)


def _write_card(out: Path, card: dict[str, Any]) -> None:
    (out / CARD).write_text(json.dumps(card, indent=1), encoding="utf-8")


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
