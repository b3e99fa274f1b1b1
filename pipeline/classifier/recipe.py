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
        data: CSV or JSONL with `text,label`; a fifth of it is kept for validation.
        data_name, data_licence: for the model card.
        texts: more files or folders to train on, for example texts of one's own; the label `other` is background.
        medquad: MedQuAD as JSON Lines, whose questions become background.
        medquad_questions: how many of them.
        descriptions: whether the library's sentences on recognition are trained on, as descriptions of their labels.
        develop: file or folder that judges the epochs; without it the last epoch stands.
        calibrate: file or folder to calibrate on; without it an eighth of the data is held out for it.
        cosine: a text of one's own whose MiniLM cosine to any row of the data is above this is left out.
        encoder: hub name, folder, or `embedded`.
        out: folder of the weights.
        alpha: miss rate of the conformal prediction set.
        rows_apart: the network and the words learn from the further texts alone, and the data's rows become an expert
            of their own for texts like them; else all are learned together.
        base: folder where a network that learned without the rows is kept, and taken from if it fits.
        recipe: hyperparameters.
        icd10: code of each label; the vocabulary's where absent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    data_name: str
    data_licence: str
    texts: tuple[str, ...] = ()
    medquad: str | None = None
    medquad_questions: int = 500
    descriptions: bool = False
    develop: str | None = None
    calibrate: str | None = None
    cosine: float = 0.8
    encoder: str = EMBEDDED
    out: str = "build/classifier"
    alpha: float = 0.1
    rows_apart: bool = False
    base: str = "build/classifier-base"
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
