"""From a configuration to a working pipeline: resolve what is embedded, open the index, load models, note hashes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from cases.case import Run
from cases.packages import minilm_folder, package_version
from generators.backend import TextGenerator
from pipeline.classifier.classify import Classifier
from pipeline.config import EMBEDDED, Config, GeneratorConfig
from pipeline.thresholds import Calibration
from pipeline.wardround import Rooms, Wardround
from retrievers.embedding import SentenceEmbedding
from retrievers.index import Index, open_index
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
    model = minilm_folder() if config.retrieval.embedding == EMBEDDED else config.retrieval.embedding
    folder = Path(config.retrieval.index) if config.retrieval.index else cache_folder() / "index"
    return open_index(folder, SentenceEmbedding(model), mode=config.retrieval.mode)


def build_writer(config: GeneratorConfig) -> TextGenerator | None:
    """Return the model that writes the plan's sentences; None where the composed ones stand."""
    return None if config.backend == "composed" else WRITERS[config.backend](config)


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
    weights = SHIPPED_WEIGHTS if config.classifier.weights == EMBEDDED else Path(config.classifier.weights)
    index = build_index(config)
    screen = Screen()
    classifier = Classifier(
        weights,
        encoder=minilm_folder() if config.classifier.encoder == EMBEDDED else config.classifier.encoder,
        samples=config.classifier.samples,
        batch_size=config.classifier.batch_size,
        seed=config.runtime.seed,
    )
    calibration = Calibration.load(weights / "calibration.json")
    writer = build_writer(config.generator) if config.plan else None
    models = {"classifier": folder_hash(weights), "generator": writer.name if writer else "composed"}
    provenance = Run(
        version=package_version("wardround"),
        config=config.sha256,
        models=models,
        index=index.sha256,
        rules=screen.rules_version,
        seed=config.runtime.seed,
    )
    thresholds = calibration.thresholds(config.routing.review_budget)
    return Wardround(Rooms(classifier, index.retriever, screen, writer, thresholds, provenance), config)


def folder_hash(folder: Path) -> str:
    """Return one digest of every file of a folder of weights."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
