"""One YAML file and `--set a.b=c` become one frozen, typed configuration; an unknown key is refused with the nearest.

A default lives here and nowhere else. `embedded` names the weights that ride inside registry packages (MODELS in the
README); anything else is a hub name or a folder.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cases.case import Setting

EMBEDDED = "embedded"
# YAML reads a bare NO (Norway) and no (Norwegian) as false.
Region = Annotated[str, BeforeValidator(lambda value: "NO" if value is False else value)]
Language = Annotated[str, BeforeValidator(lambda value: "no" if value is False else value)]


class ConfigError(ValueError):
    """The configuration is wrong: the message names the key and the remedy."""


class Stage(BaseModel):
    """A frozen part of the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Runtime(Stage):
    """How the machine is used. Two busy threads on two shared cores can be slower than one: measure, then set."""

    threads: int = Field(2, ge=1, le=256, description="torch threads")
    batch_size: int = Field(32, ge=1, le=4096, description="cases that are journalled together")
    seed: int = Field(42, ge=0, description="of every random draw")


class Defaults(Stage):
    """What a case file that is silent is taken to mean."""

    region: Region = Field("US", pattern=r"^[A-Z]{2}$", description="ISO 3166-1 code, for rules that differ by country")
    setting: Setting = Field("outpatient", description="outpatient, emergency or inpatient")
    languages: tuple[Language, ...] = Field(
        ("en",), description="languages the models were trained for; others go to review"
    )


class ClassifierConfig(Stage):
    """The diagnosis model."""

    encoder: str = Field(EMBEDDED, description="hub name or folder of the text encoder")
    weights: str = Field(EMBEDDED, description="folder with adapter and head; `embedded` is what ships")
    samples: int = Field(50, ge=0, le=1000, description="Monte Carlo Dropout draws; 0 is one deterministic pass")
    scope: Literal["all", "last", "head"] = Field(
        "last", description="dropouts that are drawn: the last layer and the head, the head, or all (naive, slow)"
    )
    conformal: Literal["marginal", "class"] = Field(
        "marginal", description="prediction sets that cover the average case, or every label alike"
    )
    batch_size: int = Field(32, ge=1, le=1024, description="cases a forward pass")


class RetrievalConfig(Stage):
    """Where evidence comes from."""

    embedding: str = Field(EMBEDDED, description="hub name or folder of the sentence encoder")
    mode: Literal["lexical", "dense", "hybrid"] = Field("hybrid", description="who ranks")
    k: int = Field(6, ge=1, le=100, description="passages found by the case's own words, beside the plan's")
    index: str | None = Field(None, description="folder of the evidence index; default under the cache folder")


class GeneratorConfig(Stage):
    """Who writes the plan's sentences. `composed` quotes the library; a model's sentence must survive grounding."""

    backend: Literal["composed", "seq2seq", "causal", "chat"] = Field("composed", description="writer of the text")
    model: str = Field(EMBEDDED, description="hub name, folder, or LangChain chat model for `chat`")
    max_new_tokens: int = Field(64, ge=1, le=2048, description="length of one generated sentence")
    batch_size: int = Field(16, ge=1, le=256, description="sentences a forward pass")
    allow_external: bool = Field(False, description="permit `chat` to send text outside this machine; logged")


class RoutingConfig(Stage):
    """Who sees what."""

    target: Literal["risk", "budget"] = Field("risk", description="what the limit of doubt is chosen for")
    max_error: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="risk: largest share of errors among the released, on cases like the calibration's",
    )
    confidence: float = Field(0.95, gt=0, lt=1, description="risk: of that promise")
    review_budget: float = Field(0.18, ge=0, le=1, description="budget: share of cases that doubt may send to review")
    audit_share: float = Field(0.05, ge=0, le=1, description="share of released cases drawn for blinded audit")
    calibration: str = Field(
        EMBEDDED, description="file of `wardround fit routing`; `embedded` is the one beside the weights"
    )


class SafetyConfig(Stage):
    """What the safety screen reads names of medicines with, beside the committed tables."""

    rxnorm: str | None = Field(None, description="index of `wardround rxnorm import`; null: that of WARDROUND_RXNORM")
    rxnav: bool = Field(False, description="ask RxNav for names that are not known here: they leave this machine")
    rxnav_url: str = Field(
        "https://rxnav.nlm.nih.gov/REST", pattern=r"^https?://", description="where RxNav is, e.g. a copy of your own"
    )


class ImagesConfig(Stage):
    """The image path is a separate capability: regulators draw a line there."""

    enabled: Literal[False] = Field(False, description="not in this version: a case with images goes to a radiologist")


class Config(Stage):
    """The whole pipeline."""

    runtime: Runtime = Runtime()
    defaults: Defaults = Defaults()
    classifier: ClassifierConfig = ClassifierConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    generator: GeneratorConfig = GeneratorConfig()
    routing: RoutingConfig = RoutingConfig()
    safety: SafetyConfig = SafetyConfig()
    images: ImagesConfig = ImagesConfig()
    plan: bool = Field(True, description="false is --no-plan: everything but generation")

    def to_yaml(self) -> str:
        """Return the resolved configuration, as it is written beside every run."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)

    @property
    def sha256(self) -> str:
        """Digest of the resolved configuration, less what only changes speed."""
        relevant = self.model_dump(mode="json")
        for part, key in (
            ("runtime", "threads"),
            ("runtime", "batch_size"),
            ("classifier", "batch_size"),
            ("generator", "batch_size"),
        ):
            del relevant[part][key]
        return hashlib.sha256(yaml.safe_dump(relevant).encode()).hexdigest()


def load_config(path: Path | None = None, settings: Sequence[str] = ()) -> Config:
    """Read a YAML file (or the defaults) and apply `a.b=c` settings in order.

    Raises:
        ConfigError: for a missing file, a malformed setting, an unknown key or a wrong value.
    """
    values = _read(path) if path else {}
    for setting in settings:
        _apply(values, setting)
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error)) from error
    if config.generator.backend == "chat" and config.generator.model == EMBEDDED:
        raise ConfigError("generator.backend chat needs generator.model, e.g. anthropic:NAME or ollama:NAME.")
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"no configuration file {path}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as a text file ({type(error).__name__}).") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    if values is not None and not isinstance(values, dict):
        raise ConfigError(f"{path} must hold a mapping.")
    return values or {}


def _apply(values: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set {setting}: write it as key=value, e.g. routing.max_error=0.02.")
    *parents, last = key.split(".")
    place = values
    for part in parents:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise ConfigError(f"--set {setting}: {part} is a value, not a section.")
    try:
        place[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {setting}: the value is not YAML; put it into quotes if it is text.") from error


def _explain(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False):
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, known_keys(), n=1, cutoff=0.5)
            lines.append(f"unknown key {key}" + (f"; did you mean {near[0]}?" if near else "."))
        else:
            lines.append(f"{key}: {item['msg']}.")
    return " ".join(lines)


def known_keys() -> list[str]:
    """Return every dotted key of the configuration."""
    return sorted(key for name, field in Config.model_fields.items() for key in _keys(name, field.annotation))


def _keys(name: str, annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, Stage):
        return [name, *(f"{name}.{key}" for key in annotation.model_fields)]
    return [name]
