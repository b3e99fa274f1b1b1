"""From a configuration to a working pipeline: resolve what is embedded, open the index, load models, note hashes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from cases.case import Run
from cases.packages import minilm_folder, package_version
from cases.vocabulary.tables import VOCABULARY
from generators.backend import TextGenerator
from generators.compose import COMPOSED
from pipeline.classifier.classify import Classifier
from pipeline.config import EMBEDDED, Config, GeneratorConfig
from pipeline.questions import TABLE, Asker
from pipeline.resolvers import build_resolver, resolver_mark
from pipeline.thresholds import Calibration, Thresholds
from pipeline.wardround import Rooms, Wardround
from retrievers.embedding import SentenceEmbedding
from retrievers.index import Index, corpus_hash, open_index, read_corpus
from safety.rules import KNOWLEDGE, version
from safety.screen import Screen

SHIPPED_WEIGHTS = Path(__file__).parent / "classifier" / "weights"


def cache_folder() -> Path:
    """Where what can be made again is kept: `WARDROUND_CACHE`, or `~/.cache/wardround`."""
    return Path(os.environ.get("WARDROUND_CACHE") or Path.home() / ".cache" / "wardround")


def use_threads(threads: int) -> None:
    """Set how many threads torch uses."""
    import torch

    torch.set_num_threads(threads)


def build_index(config: Config) -> Index:
    """Open the evidence index, building it if corpus or model changed."""
    folder = Path(config.retrieval.index) if config.retrieval.index else cache_folder() / "index"
    return open_index(folder, _embedding(config), mode=config.retrieval.mode)


def _embedding(config: Config) -> SentenceEmbedding:
    embedded = config.retrieval.embedding == EMBEDDED
    return SentenceEmbedding(minilm_folder() if embedded else config.retrieval.embedding)


def build_writer(config: GeneratorConfig) -> TextGenerator | None:
    """Return the model that writes the plan's sentences; None where the composed ones stand."""
    return None if config.backend == COMPOSED else WRITERS[config.backend](config)


def _seq2seq(config: GeneratorConfig) -> TextGenerator:
    from generators.seq2seq import Seq2Seq
    from generators.weights import flan_t5_folder

    folder = flan_t5_folder(cache_folder()) if config.model == EMBEDDED else config.model
    return Seq2Seq(folder, batch_size=config.batch_size)


def _causal(config: GeneratorConfig) -> TextGenerator:
    from generators.causal import Causal
    from generators.weights import smollm2_folder

    folder = smollm2_folder(cache_folder()) if config.model == EMBEDDED else config.model
    return Causal(folder, batch_size=config.batch_size)


def _chat(config: GeneratorConfig) -> TextGenerator:
    from generators.chat import Chat

    return Chat(config.model, allow_external=config.allow_external)


WRITERS: dict[str, Callable[[GeneratorConfig], TextGenerator]] = {"seq2seq": _seq2seq, "causal": _causal, "chat": _chat}


def build(config: Config) -> Wardround:
    """Return the pipeline, ready for cases."""
    use_threads(config.runtime.threads)
    index = build_index(config)
    screen = Screen(resolver=build_resolver(config.safety, cache=cache_folder()))
    classifier = build_classifier(config)
    writer = build_writer(config.generator) if config.plan else None
    made_by = provenance(config, index=index.sha256, writer=writer.name if writer else COMPOSED)
    asker = Asker.load(classifier_weights(config) / TABLE)
    return Wardround(
        Rooms(classifier, index.retriever, screen, writer, build_thresholds(config), made_by, asker), config
    )


def build_classifier(config: Config) -> Classifier:
    """Return the classifier of a configuration."""
    return Classifier(
        classifier_weights(config),
        encoder=minilm_folder() if config.classifier.encoder == EMBEDDED else config.classifier.encoder,
        samples=config.classifier.samples,
        batch_size=config.classifier.batch_size,
        seed=config.runtime.seed,
        scope=config.classifier.scope,
        conformal=config.classifier.conformal,
    )


def build_thresholds(config: Config) -> Thresholds:
    """Return what may be released, for the target of a configuration."""
    return thresholds_of(Calibration.load(calibration_file(config)), config)


def thresholds_of(calibration: Calibration, config: Config) -> Thresholds:
    """Return what a calibration allows, for the target of a configuration."""
    routing = config.routing
    return calibration.thresholds(
        target=routing.target,
        max_error=routing.max_error,
        confidence=routing.confidence,
        review_budget=routing.review_budget,
    )


def provenance(config: Config, *, index: str, writer: str) -> Run:
    """Return everything that decides a result, as hashes.

    Args:
        config: the resolved configuration.
        index: hash of the evidence index.
        writer: name of the writer of the plan's text.
    """
    rules = f"{version(KNOWLEDGE)}:{folder_hash(KNOWLEDGE, VOCABULARY)[:8]}{resolver_mark(config)}"
    return Run(
        version=package_version("wardround"),
        config=config.sha256,
        models={
            "classifier": folder_hash(classifier_weights(config)),
            "routing": hashlib.sha256(calibration_file(config).read_bytes()).hexdigest(),
            "generator": writer,
        },
        index=index,
        rules=rules,
        seed=config.runtime.seed,
    )


def provenance_today(config: Config) -> Run | None:
    """Return what a run would be made by, without loading a model; None where the writer's name needs the model."""
    if config.plan and config.generator.backend != COMPOSED:
        return None
    return provenance(config, index=corpus_hash(read_corpus(), _embedding(config)), writer=COMPOSED)


def classifier_weights(config: Config) -> Path:
    """Return the folder of the classifier's weights."""
    return SHIPPED_WEIGHTS if config.classifier.weights == EMBEDDED else Path(config.classifier.weights)


def calibration_file(config: Config) -> Path:
    """Return the file that the thresholds come from."""
    named = config.routing.calibration
    return classifier_weights(config) / "calibration.json" if named == EMBEDDED else Path(named)


def folder_hash(*folders: Path) -> str:
    """Return one digest of every file directly in the folders."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.is_file()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
