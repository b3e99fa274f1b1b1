"""The base network is kept while it fits what it would be made of."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cases.case import Case
from pipeline.classifier import base as bases
from pipeline.classifier.examples import OTHER, Example
from pipeline.classifier.train import Recipe, Trained
from tests.pipeline.classifier.test_classifier import tiny_encoder

RECIPE = Recipe(epochs=1, batch_size=4, dropout=0.1)
SAID = (("fever cough", "hot"), ("rash itch", "itchy"), ("burning unwell", OTHER))


def texts(more: str = "") -> list[Example]:
    return [Example(Case(id=f"{i}", text=f"{said}{more}"), label) for i in range(3) for said, label in SAID]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory.mktemp("encoder"))


def base(encoder: Path, folder: Path, *, more: str = "") -> Trained:
    return bases.train_base(texts(more), encoder=encoder, recipe=RECIPE, develop=(), folder=folder)


def test_a_base_that_fits_is_not_trained_again(encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = base(encoder, tmp_path)
    monkeypatch.setattr(bases, "train", lambda *_, **__: pytest.fail("trained again"))
    read = base(encoder, tmp_path)
    assert read.outputs == made.outputs == ("hot", "itchy", OTHER)
    for name, tensor in made.network.state_dict().items():
        assert torch.equal(read.network.state_dict()[name], tensor)


def test_a_base_of_other_texts_is_trained_anew(encoder: Path, tmp_path: Path) -> None:
    made = base(encoder, tmp_path)
    other = base(encoder, tmp_path, more=" since yesterday")
    assert not torch.equal(other.network.head.linear.weight, made.network.head.linear.weight)


def test_rows_of_labels_that_the_base_does_not_know_are_refused(encoder: Path, tmp_path: Path) -> None:
    made = base(encoder, tmp_path)
    with pytest.raises(ValueError, match="gout"):
        bases.refuse_other_labels(made, [Example(Case(id="x", text="toe"), "gout")])
