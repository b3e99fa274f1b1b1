"""`wardround train ...`: bring the pipeline's parts to what is trained."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.build import build_index
from pipeline.classifier.fit import fit
from pipeline.classifier.recipe import load_training_config
from pipeline.config import Config
from pipeline.evidence import look_up


def train_classifier(recipe: Path) -> dict[str, Any]:
    """Train by a recipe and return the figures of the model card.

    Raises:
        ConfigError: if the recipe is wrong.
        ValueError: if the data is.
    """
    config = load_training_config(recipe)
    retriever = build_index(Config()).retriever
    fitted = fit(config, opinion=lambda named: [f.disagreement for f in look_up(retriever, named, k=1)])
    return asdict(fitted)
