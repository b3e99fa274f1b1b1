"""Dense retrieval: a persistent Chroma collection through LangChain, with our embedding function passed explicitly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.vectorstores import VectorStore

from retrievers.embedding import SentenceEmbedding
from retrievers.passage import Passage, Query

COLLECTION = "passages"
KEYS = ("label", "section", "syndrome")


def open_chroma(folder: Path, embedding: SentenceEmbedding) -> Any:
    """Open (or create) the collection in `folder`; distances are cosine."""
    from chromadb.config import Settings
    from langchain_chroma import Chroma

    return Chroma(
        collection_name=COLLECTION,
        embedding_function=embedding,
        persist_directory=str(folder),
        client_settings=Settings(anonymized_telemetry=False, is_persistent=True, persist_directory=str(folder)),
        collection_metadata={"hnsw:space": "cosine"},
    )


def fill(store: VectorStore, passages: Sequence[Passage]) -> None:
    """Add every passage to a vector store, under its number in the corpus."""
    texts = [f"{passage.title}\n{passage.text}" for passage in passages]
    store.add_texts(texts, metadatas=[_metadata(i, p) for i, p in enumerate(passages)], ids=[p.id for p in passages])


def _metadata(number: int, passage: Passage) -> dict[str, Any]:
    return {"number": number, **{key: getattr(passage, key) or "" for key in KEYS}}


class Dense:
    """Search a vector store by meaning.

    Args:
        store: a LangChain vector store that `fill` filled.
        embedding: the function it was filled with.
    """

    def __init__(self, store: Any, embedding: SentenceEmbedding) -> None:
        self._store = store
        self._embedding = embedding

    def search(self, queries: Sequence[Query], k: int) -> list[list[tuple[int, float]]]:
        """Return up to k (passage number, cosine similarity) a query, best first."""
        texts = sorted({query.text for query in queries})
        vectors = dict(zip(texts, self._embedding.embed_documents(texts), strict=True)) if texts else {}
        return [self._search(vectors[query.text], query, k) for query in queries]

    def _search(self, vector: list[float], query: Query, k: int) -> list[tuple[int, float]]:
        found = self._store.similarity_search_by_vector_with_relevance_scores(vector, k=k, filter=_where(query))
        return [(int(document.metadata["number"]), 1.0 - float(distance)) for document, distance in found]


def _where(query: Query) -> dict[str, Any] | None:
    clauses: list[dict[str, Any]] = [{key: value} for key, value in query.where.items()]
    return {"$and": clauses} if len(clauses) > 1 else (clauses[0] if clauses else None)
