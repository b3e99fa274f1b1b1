"""The base network: trained on texts of one's own alone, and kept, for it takes long.

It has seen none of the labelled rows, so every fold of an evaluation can use the same one.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from pipeline.classifier.examples import Example, labels_of
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
        texts: what it learns from.
        encoder: hub name or folder.
        recipe: hyperparameters.
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
    """Return a hash of everything that decides what the network becomes."""
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
    """Read what `save_base` wrote."""
    from peft import PeftModel

    plain, tokenizer = load_encoder(encoder)
    adapted: Any = PeftModel.from_pretrained(plain, str(folder))
    stage = json.loads((folder / STAGE).read_text(encoding="utf-8"))
    outputs, epochs = tuple(stage["outputs"]), tuple(Epoch(**epoch) for epoch in stage["epochs"])
    head = Head(plain.config.hidden_size, len(outputs), dropout=recipe.dropout)
    head.load_state_dict(load_file(folder / "head.safetensors"))
    return Trained(Network(adapted, head, frozen=recipe.frozen_layers), tokenizer, outputs, epochs)


def refuse_other_labels(base: Trained, rows: Sequence[Example]) -> None:
    """Raise if the rows hold labels that the base network does not know.

    Raises:
        ValueError: naming them.
    """
    unknown = sorted(set(labels_of(rows)) - set(base.outputs))
    if unknown:
        raise ValueError(
            f"the recipe's texts know no {', '.join(unknown)}; add texts of them or leave out `rows_apart`."
        )
