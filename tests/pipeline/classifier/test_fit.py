"""Training a label set of one's own: any CSV with `text,label` becomes weights, thresholds and a model card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cases.case import Case
from pipeline.classifier.classify import Classifier
from pipeline.classifier.data import near_duplicate_groups, split
from pipeline.classifier.examples import OTHER, read_examples
from pipeline.classifier.fit import fit
from pipeline.classifier.local import FILE as ROWS
from pipeline.classifier.recipe import TrainingConfig
from pipeline.classifier.train import Recipe
from pipeline.config import ConfigError
from pipeline.thresholds import Calibration
from pipeline.training import read_sets
from tests.pipeline.classifier.test_classifier import tiny_encoder

SAYINGS = {"itchy": "rash itch", "hot": "fever cough", "urinary": "burning unwell"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "own.csv"
    rows = [f"{words} number{i} {label}{i},{label}" for label, words in SAYINGS.items() for i in range(30)]
    path.write_text("text,label\n" + "\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    config = TrainingConfig(
        data=str(data),
        data_name="made-up sayings",
        data_licence="ours",
        encoder=str(tiny_encoder(tmp_path_factory.mktemp("encoder"))),
        out=str(folder),
        recipe=Recipe(epochs=8, learning_rate=5e-3, head_learning_rate=2e-2, dropout=0.1),
        icd10={"itchy": "L29.9", "hot": "R50.9", "urinary": "N39.0"},
    )
    fitted = fit(config, read_sets(config), second=lambda named: [0.0 for _ in named], samples=5)
    assert fitted.validation_accuracy == 1.0
    return folder


def test_what_was_trained_classifies(trained: Path) -> None:
    encoder = json.loads((trained / "adapter_config.json").read_text())["base_model_name_or_path"]
    classifier = Classifier(trained, encoder=encoder, samples=10)
    differentials = classifier.classify([Case(id=label, text=words) for label, words in SAYINGS.items()])
    assert [d.diagnoses[0].label for d in differentials] == list(SAYINGS)
    assert all(abs(sum(x.probability for x in d.diagnoses) - 1) < 1e-4 for d in differentials)


def test_the_weights_come_with_thresholds_and_a_card(trained: Path) -> None:
    limits = Calibration.load(trained / "calibration.json").thresholds(target="budget", review_budget=0.2)
    assert limits.source.startswith("fit:")
    card = (trained / "README.md").read_text(encoding="utf-8")
    assert "made-up sayings" in card
    assert "TF-IDF" in card
    assert not [path for path in trained.iterdir() if path.suffix in {".pt", ".bin", ".pkl"}]


def test_rows_read_apart_advise_on_texts_like_them(data: Path, tmp_path: Path) -> None:
    """The network learns from texts in other words than the rows; what it never read, the rows' expert knows."""
    said = {"itchy": "rash", "hot": "cough", "urinary": "burning", OTHER: "unwell"}
    lines = [
        json.dumps({"text": f"{word} since day {i}", "label": label}) for label, word in said.items() for i in range(20)
    ]
    (tmp_path / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    encoder = tiny_encoder(tmp_path)
    config = TrainingConfig(
        data=str(data),
        data_name="made-up sayings",
        data_licence="ours",
        texts=(str(tmp_path / "texts.jsonl"),),
        cosine=1.0,
        encoder=str(encoder),
        out=str(tmp_path / "weights"),
        rows_apart=True,
        base=str(tmp_path / "base"),
        recipe=Recipe(epochs=6, learning_rate=5e-3, head_learning_rate=2e-2, dropout=0.1),
        icd10={"itchy": "L29.9", "hot": "R50.9", "urinary": "N39.0"},
    )
    fitted = fit(config, read_sets(config), second=lambda named: [0.0 for _ in named], samples=5)
    assert fitted.validation_accuracy == 1.0
    assert "read apart" in (tmp_path / "weights" / "README.md").read_text(encoding="utf-8")
    case = Case(id="row", text="number3 itchy3")  # no word of the texts
    with_rows = Classifier(tmp_path / "weights", encoder=encoder, samples=5).classify([case])[0]
    (tmp_path / "weights" / ROWS).unlink()
    without = Classifier(tmp_path / "weights", encoder=encoder, samples=5).classify([case])[0]
    assert with_rows.diagnoses[0].label == "itchy"
    assert with_rows.diagnoses[0].probability > without.diagnoses[0].probability


def test_the_parts_of_a_split_share_no_text_and_no_near_duplicate_group(data: Path) -> None:
    examples = read_examples(data)
    texts = [e.text for e in examples]
    rows = split(examples)
    parts = [rows.train, rows.calibrate, rows.validation, rows.excluded]
    assert sorted(i for part in parts for i in part) == list(range(len(examples)))
    kept = sorted([*rows.train, *rows.calibrate])
    group = dict(zip(kept, near_duplicate_groups([texts[i] for i in kept]), strict=True))
    assert not {group[i] for i in rows.train} & {group[i] for i in rows.calibrate}
    assert not {texts[i] for i in kept} & {texts[i] for i in rows.validation}


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("words,label\na,b\n", encoding="utf-8")
    with pytest.raises(ValueError, match="text"):
        read_examples(tmp_path / "x.csv")


def test_an_unknown_key_of_a_recipe_is_refused(tmp_path: Path) -> None:
    from pipeline.classifier.recipe import load_training_config

    (tmp_path / "r.yaml").write_text("data: x\ndata_name: x\ndata_licence: x\nepoch: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="epoch"):
        load_training_config(tmp_path / "r.yaml")
