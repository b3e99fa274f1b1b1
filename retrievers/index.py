"""Build the evidence index once; open it afterwards. It is rebuilt only when the corpus or the model changes."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrievers.dense import Dense, fill, open_chroma
from retrievers.embedding import SentenceEmbedding
from retrievers.hybrid import HybridRetriever, Mode
from retrievers.lexical import Lexical
from retrievers.library import read_library
from retrievers.open_medicine import read_open_medicine
from retrievers.passage import Passage

log = logging.getLogger(__name__)
LAYOUT = 1  # raise when the files of an index change their meaning
MANIFEST = "manifest.json"


class CorpusError(ValueError):
    """The corpus cannot be indexed: the message names the passage."""


@dataclass(frozen=True)
class Index:
    """An opened index: the retriever over it and the hash that names it."""

    retriever: HybridRetriever
    sha256: str
    built: bool


def read_corpus() -> list[Passage]:
    """Return every passage of every source, ours first.

    Raises:
        CorpusError: if two passages share an id.
    """
    passages = read_library() + read_open_medicine()
    seen: set[str] = set()
    for passage in passages:
        if passage.id in seen:
            raise CorpusError(f"two passages have the id {passage.id}.")
        seen.add(passage.id)
    return passages


def corpus_hash(passages: Sequence[Passage], embedding: SentenceEmbedding) -> str:
    """Return the digest of corpus, model and layout."""
    digest = hashlib.sha256(f"{LAYOUT}:{embedding.fingerprint}".encode())
    for passage in passages:
        digest.update(passage.sha256.encode())
    return digest.hexdigest()


def open_index(folder: Path, embedding: SentenceEmbedding, *, mode: Mode = "hybrid") -> Index:
    """Open the index of today's corpus under `folder`, building it if it is not there.

    Args:
        folder: where indexes are kept, each under the hash of its corpus and model.
        embedding: the model.
        mode: which rankers vote.
    """
    passages = read_corpus()
    sha256 = corpus_hash(passages, embedding)
    place = folder / sha256[:16]
    built = not (place / MANIFEST).exists()
    if built:
        _build(place, passages, embedding, sha256)
    dense = Dense(open_chroma(place, embedding), embedding)
    return Index(HybridRetriever(passages, lexical=Lexical(passages), dense=dense, mode=mode), sha256, built)


def _build(place: Path, passages: Sequence[Passage], embedding: SentenceEmbedding, sha256: str) -> None:
    """Fill a folder of another name, then rename it: a killed build leaves nothing behind that looks finished."""
    place.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".building-", dir=place.parent))
    try:
        store = open_chroma(work, embedding)
        fill(store, passages)
        _close(store)
        (work / MANIFEST).write_text(json.dumps({"sha256": sha256, "passages": len(passages)}), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        os.replace(work, place)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    log.info("indexed %d passages as %s", len(passages), sha256[:16])


def _close(store: object) -> None:
    """Let go of Chroma's files, so that the folder can be renamed and opened again under its new name."""
    from chromadb.api.shared_system_client import SharedSystemClient

    del store
    gc.collect()
    SharedSystemClient.clear_system_cache()
