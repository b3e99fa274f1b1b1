# ruff: noqa: E501 - a template of Markdown tables
"""The model card, written from the run that made the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.classifier.recipe import TrainingConfig

TEMPLATE = """---
license: apache-2.0
library_name: peft
base_model: sentence-transformers/all-MiniLM-L6-v2
tags: [text-classification, medical, uncertainty]
---

# wardround classifier

A LoRA adapter (rank {rank}) on `{encoder}` with CLS pooling, a vitals branch and a dropout head, trained with
focal loss (gamma {gamma:g}; 0 is cross-entropy) to rank {labels} diagnosis labels from a description of symptoms. Uncertainty by Monte Carlo Dropout.

**Not a medical device.** Its labels are a small part of medicine and its training texts are short, clean and alike:
see *Limits* before using it for anything.

## Training data

{data_name} ({data_licence}): {rows} rows. The {validation_rows} validation rows were never seen, nor {excluded_rows} rows
that repeat one of them verbatim. The data holds no vital signs: the vitals branch got no gradient and adds exactly
nothing until it is trained on data that has them.

## Figures

| figure | value | on |
| --- | --- | --- |
| accuracy | {validation_accuracy:.3f} | {validation_rows} validation rows (`train_test_split(test_size=.2, stratify=label, random_state=42)`) |
| the trivial baseline, TF-IDF + linear SVM | {baseline_accuracy:.3f} | the same rows |
| expected calibration error, 15 bins | {validation_ece:.3f} | the same rows |
| accuracy before the last training pass | {calibration_accuracy:.3f} | {calibration_rows} rows, near-duplicate groups held out |
| temperature | {temperature:.3f} | fitted on those {calibration_rows} rows |

Command: `wardround train classifier --config configs/classifier.yaml`, seed {seed}. Thresholds: `calibration.json`
(`{source}`), used at whatever review budget the configuration asks for.

## Limits

A high score on this split is worth little: a linear model reaches it too, and {excluded_rows} of the other rows repeat a
validation row word for word. Models trained on this set alone have been measured at .42 accuracy (MiniLM with
logistic regression) on independently written vignettes of the same labels, with no more doubt outside the labels than
inside. Treat every released case accordingly: keep a clinician in the loop and measure on your own cases first.
"""


def write_card(out: Path, config: TrainingConfig, figures: dict[str, Any], source: str) -> None:
    """Write README.md beside the weights."""
    text = TEMPLATE.format(
        rank=config.recipe.lora_rank,
        gamma=config.recipe.gamma,
        encoder="all-MiniLM-L6-v2" if config.encoder == "embedded" else config.encoder,
        data_name=config.data_name,
        data_licence=config.data_licence,
        seed=config.recipe.seed,
        source=source,
        **figures,
    )
    (out / "README.md").write_text(text, encoding="utf-8")
