# ruff: noqa: E501 - a template of Markdown tables
"""The model card, written from the run that made the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.classifier.recipe import TrainingConfig
from pipeline.config import EMBEDDED

MINILM = "all-MiniLM-L6-v2"
SHIPPED = "pipeline/classifier/weights"

TEMPLATE = """---
license: apache-2.0
library_name: peft
base_model: {base_model}
tags: [text-classification, medical, uncertainty]
---

# wardround classifier

A LoRA adapter (rank {rank}) on `{encoder}` with CLS pooling, branches for vital signs and an image vector, dropout, and
two heads: {labels} diagnosis labels{and_other}, and whether the patient needs emergency care now. Focal loss (gamma {gamma:g}; 0 is
cross-entropy). Its opinion is pooled with that of a linear model over n-grams (`words.safetensors`). Uncertainty by Monte
Carlo Dropout of the last layer and the heads.

**Not a medical device.** Its labels are a small part of medicine, most of its training texts were written by language
models, and no clinician has checked them: see *Limits* before using it for anything.

## Training data

| set | rows | for |
| --- | --- | --- |
| training | {rows}, {background_rows} of them background | {learned} |
| development | {develop_rows} | judges the epochs; the scores that combine signals are fitted on it |
| calibration | {calibration_rows} | temperature, prediction sets, thresholds |
| validation | {validation_rows} | scored once, below |

The labelled rows are {data_name} ({data_licence}); the rest are {others}.
Never seen were the {validation_rows} validation rows, {excluded_rows} rows that repeat one of them verbatim, and {similar_rows} texts of our own
that were too like a row of {data_name}. {data_name} holds no vital signs; where a training text holds none, the vitals
branch adds exactly nothing.

## Figures

| figure | value | on |
| --- | --- | --- |
| accuracy | {calibration_accuracy:.3f} | the labelled part of the {calibration_rows} calibration cases, which nothing was trained on |
| accuracy | {validation_accuracy:.3f} | {validation_rows} validation rows (`train_test_split(test_size=.2, stratify=label, random_state=42)`) |
| the trivial baseline, TF-IDF + linear SVM | {baseline_accuracy:.3f} | the same rows, trained on the same texts |
| expected calibration error, 15 bins | {validation_ece:.3f} | the same rows |
| temperature | {temperature:.3f} | fitted on the calibration cases |

Command: `wardround train classifier --config {recipe}`, seed {seed}, {epochs} epochs. Thresholds: `calibration.json`
(`{source}`), used at whatever target the configuration asks for. All other figures: `wardround evaluate classifier`.

## Limits

The score on the validation rows is worth little: a linear model reaches it too, for they repeat or resemble training
rows. Models trained on Symptom2Disease alone have been measured at .42 accuracy (MiniLM with logistic regression) on
independently written vignettes of the same labels, with no more doubt outside the labels than inside. The calibration
cases were written by language models too, so they share habits that real patients do not have: every promise is for
cases like them. Keep a clinician in the loop, and fit routing to your own cases first: `wardround fit routing`.
"""
APART = "the network and the words learn from our own texts alone; the labelled rows are read apart (`rows.safetensors`) and count for texts like them"
OURS = "texts written for wardround (CC BY 4.0), the library's sentences on recognition, and MedQuAD questions (CC BY 4.0) as background"


def write_card(out: Path, config: TrainingConfig, figures: dict[str, Any], source: str) -> None:
    """Write README.md beside the weights."""
    text = TEMPLATE.format(
        rank=config.recipe.lora_rank,
        gamma=config.recipe.gamma,
        base_model=f"sentence-transformers/{MINILM}" if config.encoder == EMBEDDED else config.encoder,
        encoder=MINILM if config.encoder == EMBEDDED else config.encoder,
        and_other=" and `other`" if figures["background_rows"] else "",
        learned=APART if config.rows_apart else "all are learned together",
        others=OURS if config.texts else "none",
        recipe="RECIPE.yaml" if config.out != SHIPPED else "configs/classifier.yaml",
        data_name=config.data_name,
        data_licence=config.data_licence,
        seed=config.recipe.seed,
        source=source,
        **figures,
    )
    (out / "README.md").write_text(text, encoding="utf-8")
