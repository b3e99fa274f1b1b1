"""The recipe file of `wardround train classifier`: data, encoder, hyperparameters, where the weights go."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.classifier.train import Recipe
from pipeline.config import EMBEDDED, ConfigError


class TrainingConfig(BaseModel):
    """What to train on and how.

    Args:
        data: CSV or JSONL with `text,label`.
        data_name, data_licence: for the model card.
        encoder: hub name, folder, or `embedded`.
        out: folder of the weights.
        alpha: miss rate of the conformal prediction set.
        recipe: hyperparameters.
        icd10: code of each label; the vocabulary's where absent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    data_name: str
    data_licence: str
    encoder: str = EMBEDDED
    out: str = "build/classifier"
    alpha: float = 0.05
    recipe: Recipe = Recipe()
    icd10: dict[str, str] = {}


def load_training_config(path: Path) -> TrainingConfig:
    """Read a recipe.

    Raises:
        ConfigError: if the file is missing or a key is unknown or wrong.
    """
    try:
        return TrainingConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ConfigError(f"no recipe {path}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
