"""Sentence embeddings as LangChain `Embeddings`: mean-pooled, L2-normalised, by any sentence-transformers model."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings


class SentenceEmbedding(Embeddings):
    """Embed texts with a model that is loaded when first needed.

    Args:
        model: hub name or folder of a sentence-transformers model.
        batch_size: texts a forward pass.
    """

    def __init__(self, model: str | Path, *, batch_size: int = 32) -> None:
        self._name = str(model)
        self._batch_size = batch_size

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(self._name, device="cpu")

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the weights, or of the name where the model is not a folder."""
        weights = Path(self._name) / "model.safetensors"
        return hashlib.sha256(weights.read_bytes() if weights.exists() else self._name.encode()).hexdigest()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one unit vector a text."""
        vectors = self._model.encode(
            texts, batch_size=self._batch_size, normalize_embeddings=True, show_progress_bar=False
        )
        return [[float(x) for x in vector] for vector in vectors]

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of one text."""
        return self.embed_documents([text])[0]
