"""Training in two stages: first on texts of one's own alone, then on the labelled rows with some of those texts again.

The first stage is the long one and sees none of the rows, so every fold of an evaluation can start from the same base
network; the second is short. Without a recipe for a first stage there is one stage, on everything.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file, save_file

from pipeline.classifier.examples import OTHER, Example, labels_of
from pipeline.classifier.model import Head, Network, load_encoder
from pipeline.classifier.train import Epoch, Recipe, Trained, train

STAGE = "stage.json"

log = logging.getLogger(__name__)


def train_base(
    texts: Sequence[Example],
    *,
    encoder: str | Path,
    recipe: Recipe,
    develop: Sequence[Example],
    folder: Path,
) -> Trained:
    """Return the base network, from `folder` if it was made there of the same texts and recipe, else trained anew.

    Args:
        texts: what the first stage learns from.
        encoder: hub name or folder.
        recipe: of the first stage.
        develop: judges its epochs.
        folder: where the base network is kept.
    """
    made_of = fingerprint(texts, encoder=encoder, recipe=recipe)
    if (folder / STAGE).exists():
        if json.loads((folder / STAGE).read_text(encoding="utf-8"))["made_of"] == made_of:
            return load_base(folder, encoder=encoder, recipe=recipe)
        log.warning("%s was made of other texts or by another recipe: training it anew", folder)
    trained = train(texts, encoder=encoder, recipe=recipe, development=develop, logs=folder / "logs")
    save_base(folder, trained, made_of)
    return trained


def fingerprint(texts: Sequence[Example], *, encoder: str | Path, recipe: Recipe) -> str:
    """Return a hash of everything that decides what the first stage becomes."""
    learned = [(e.text, e.label, e.emergency, e.case.vitals.model_dump(mode="json")) for e in texts]
    parts = json.dumps([Path(encoder).name, asdict(recipe), learned], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()


def save_base(folder: Path, trained: Trained, made_of: str) -> None:
    """Write adapter, head and outputs; what says that all is there comes last."""
    trained.network.encoder.save_pretrained(str(folder), save_embedding_layers=False)
    state = {name: tensor.contiguous() for name, tensor in trained.network.head.state_dict().items()}
    save_file(state, folder / "head.safetensors")
    epochs = [asdict(epoch) for epoch in trained.epochs]
    stage = {"outputs": trained.outputs, "made_of": made_of, "epochs": epochs}
    (folder / STAGE).write_text(json.dumps(stage, indent=1), encoding="utf-8")


def load_base(folder: Path, *, encoder: str | Path, recipe: Recipe) -> Trained:
    """Read what `save_base` wrote, ready to be trained further."""
    from peft import PeftModel

    plain, tokenizer = load_encoder(encoder)
    adapted: Any = PeftModel.from_pretrained(plain, str(folder), is_trainable=True)
    stage = json.loads((folder / STAGE).read_text(encoding="utf-8"))
    outputs, epochs = tuple(stage["outputs"]), tuple(Epoch(**epoch) for epoch in stage["epochs"])
    head = Head(plain.config.hidden_size, len(outputs), dropout=recipe.dropout)
    head.load_state_dict(load_file(folder / "head.safetensors"))
    return Trained(Network(adapted, head, frozen=recipe.frozen_layers), tokenizer, outputs, epochs)


def second_stage(
    base: Trained,
    rows: Sequence[Example],
    texts: Sequence[Example],
    *,
    recipe: Recipe,
    encoder: str | Path,
    replay: int,
) -> Trained:
    """Train a copy of the base network on rows and on some of the texts again, so that nothing is forgotten.

    Args:
        base: the first stage's network; it stays as it is.
        rows: labelled rows.
        texts: the first stage's texts.
        recipe: of the second stage.
        encoder: hub name or folder.
        replay: how many texts for each row.
    """
    seen = [*rows, *replayed(texts, replay * len(rows), recipe.seed)]
    return train(seen, encoder=encoder, recipe=recipe, start=copy.deepcopy(base))


def replayed(texts: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Return `count` texts at random, a third of them background where there is any."""
    generator = np.random.default_rng(seed)
    background = [text for text in texts if text.label == OTHER]
    inside = [text for text in texts if text.label != OTHER]
    parts = ((inside, count - count // 3), (background, count // 3)) if background else ((inside, count),)
    return [pool[i] for pool, many in parts for i in generator.permutation(len(pool))[:many]]


def refuse_other_labels(base: Trained, rows: Sequence[Example]) -> None:
    """Raise if the rows hold labels that the base network does not know.

    Raises:
        ValueError: naming them.
    """
    unknown = sorted(set(labels_of(rows)) - set(base.outputs))
    if unknown:
        raise ValueError(f"the texts of the first stage know no {', '.join(unknown)}; add texts or leave out `first`.")
