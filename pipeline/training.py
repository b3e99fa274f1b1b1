"""`wardround train ...` and `wardround fit ...`: bring the pipeline's parts to what is trained or fitted."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cases.case import Case
from cases.files import replacing
from cases.packages import minilm_folder
from cases.vocabulary.conditions import conditions
from pipeline.build import build_classifier, build_index, cache_folder, thresholds_of
from pipeline.classifier.data import Sets, cut, sha256
from pipeline.classifier.examples import OTHER, Example, labels_of, medquad_background, read_examples
from pipeline.classifier.fit import Second, fit, fit_routing
from pipeline.classifier.recipe import TrainingConfig, load_training_config
from pipeline.config import Config
from pipeline.evidence import look_up
from pipeline.questions import TABLE, Asker
from pipeline.thresholds import Calibration
from retrievers.embedding import SentenceEmbedding
from retrievers.library import read_library

DESCRIPTION = "description"
DESCRIBING = ("recognition", "danger_signs")  # sections of the library that say what a condition looks like


def train_classifier(recipe: Path) -> dict[str, Any]:
    """Train by a recipe and return the figures of the model card.

    Raises:
        ConfigError: if the recipe is wrong.
        ValueError: if the data is.
    """
    config = load_training_config(recipe)
    sets = read_sets(config)
    fitted = fit(config, sets, second=evidence_disagreement())
    inside = [(e.case, e.label) for e in sets.train if e.label != OTHER and e.style != DESCRIPTION]
    Asker.count(inside, labels_of(sets.train)).save(Path(config.out) / TABLE)
    return asdict(fitted)


def fit_thresholds(data: Path, out: Path, config: Config) -> Calibration:
    """Fit routing to labelled cases of one's own and write a calibration file.

    Args:
        data: CSV or JSONL with `text,label` and, where known, `emergency`; `other` is a label.
        out: the file; `routing.calibration` names it in a configuration.
        config: whose classifier is meant.

    Raises:
        ValueError: if the data is wrong.
    """
    examples = read_examples(data)
    half = len(examples) // 2  # the score is fitted on one half, limits and promise on the other
    mixed = [examples[i] for i in np.random.default_rng(config.runtime.seed).permutation(len(examples))]
    made = fit_routing(
        build_classifier(config),
        mixed[:half],
        mixed[half:],
        second=evidence_disagreement(),
        source=f"fit:{dt.date.today().isoformat()}:{sha256(data)[:8]}",
        split=f"{len(examples) - half} of {len(examples)} cases of {data.name}; the others fitted the doubt score",
    )
    made.save(out)
    return made


def promised(made: Calibration, config: Config) -> dict[str, Any]:
    """Return in plain values what a calibration allows under a configuration's target."""
    limits = thresholds_of(made, config)
    return {
        "target": limits.target,
        "source": limits.source,
        "cases": len(made.right),
        "right": sum(made.right),
        "limit": limits.limit if math.isfinite(limits.limit) else None,
        "urgent": limits.urgent,
        "immediate": limits.immediate,
        "promise": asdict(limits.promise) | {"threshold": None} if limits.promise else None,
        "can_be_promised": limits.promise.can_be_made if limits.promise else None,
    }


def evidence_disagreement() -> Second:
    """Return the second opinion: how far the evidence points away from a leading label."""
    retriever = build_index(Config()).retriever

    def ask(named: list[tuple[Case, str | None]]) -> list[float]:
        return [found.disagreement for found in look_up(retriever, named, k=1)]

    return ask


def read_sets(config: TrainingConfig) -> Sets:
    """Return the four sets of a recipe."""
    rows = read_examples(Path(config.data))
    texts = [example for path in config.texts for example in read_examples(Path(path))]
    labels = set(labels_of(rows))
    if config.descriptions:
        texts += descriptions(labels)
    if config.medquad:
        avoid = [word for label in labels for word in _words_of(label)]
        texts += medquad_background(Path(config.medquad), avoid=avoid, limit=config.medquad_questions)
    return cut(
        rows,
        texts=texts,
        develop=read_examples(Path(config.develop)) if config.develop else (),
        calibrate=read_examples(Path(config.calibrate)) if config.calibrate else (),
        embed=embed if texts else None,
        cosine=config.cosine,
    )


def embed(texts: list[str]) -> np.ndarray:
    """Return the MiniLM vectors (texts, 384) by which texts are compared; kept in the cache, for they take minutes."""
    digest = hashlib.sha256("\x1f".join(texts).encode()).hexdigest()
    path = cache_folder() / "embeddings" / f"{digest}.npy"
    if not path.exists():
        vectors = np.asarray(SentenceEmbedding(minilm_folder()).embed_documents(texts), dtype=np.float32)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.save(file, vectors, allow_pickle=False)
    return np.asarray(np.load(path, allow_pickle=False))


def descriptions(labels: set[str]) -> list[Example]:
    """Return what our library says a label looks like, one example a sentence."""
    return [
        Example(Case(id=f"{passage.id}-{number}", text=line), str(passage.label), style=DESCRIPTION)
        for passage in read_library()
        if passage.label in labels and passage.section in DESCRIBING
        for number, line in enumerate(passage.text.splitlines())
        if line.strip()
    ]


def _words_of(label: str) -> list[str]:
    entry = conditions().get(label)
    names = {label, *([entry.display] if entry else [])}
    return sorted({name.lower() for name in names} | SPOKEN.get(label, set()))


# what MedQuAD calls conditions of ours, so that none of them becomes background
SPOKEN: dict[str, set[str]] = {
    "Arthritis": {"arthrit"}, "Bronchial Asthma": {"asthma"}, "Cervical spondylosis": {"spondyl", "cervical"},
    "Chicken pox": {"chickenpox", "varicella", "shingles"}, "Common Cold": {"cold", "influenza"},
    "Dimorphic Hemorrhoids": {"hemorrhoid"}, "Fungal infection": {"fung", "ringworm", "tinea", "candid", "yeast"},
    "Hypertension": {"hypertens", "blood pressure"}, "Jaundice": {"jaundice", "hepatitis", "liver", "gallstone"},
    "Malaria": {"malaria"}, "Migraine": {"migraine", "headache"}, "Pneumonia": {"pneumon"}, "Psoriasis": {"psoria"},
    "Typhoid": {"typhoid"}, "Varicose Veins": {"varicose"}, "allergy": {"allerg", "hives", "hay fever", "urticaria"},
    "diabetes": {"diabet", "glucose", "glyc"}, "drug reaction": {"drug reaction", "side effect", "stevens"},
    "gastroesophageal reflux disease": {"reflux", "gerd", "heartburn"},
    "peptic ulcer disease": {"peptic", "ulcer", "pylori"},
    "urinary tract infection": {"urinary", "kidney infection", "bladder"},
}  # fmt: skip
