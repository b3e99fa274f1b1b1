"""Rank fusion, filters and the index, with hand-written rankers and a toy embedding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrievers.hybrid import RRF, HybridRetriever, fuse
from retrievers.langchain import EvidenceRetriever
from retrievers.lexical import Lexical
from retrievers.passage import Passage, Query


def passage(number: int, text: str, **about: str) -> Passage:
    return Passage(f"p{number}", f"title {number}", text, "single", "a source", "CC BY 4.0", **about)


CORPUS = [
    passage(0, "burning when passing urine", label="uti", section="recognition"),
    passage(1, "itchy red rash on the arms", label="eczema", section="recognition"),
    passage(2, "nitrofurantoin for the bladder", label="uti", section="treatment"),
    passage(3, "fever and chills after travel", label="malaria", section="recognition"),
]


class Fixed:
    """A ranker that always answers the same."""

    def __init__(self, ranking: list[tuple[int, float]]) -> None:
        self._ranking = ranking

    def search(self, queries: Sequence[Query], k: int) -> list[list[tuple[int, float]]]:
        return [self._ranking[:k] for _ in queries]


def test_fusion_adds_reciprocal_ranks() -> None:
    fused = dict(fuse([[(1, 9.0), (2, 3.0)], [(2, 0.9)]]))
    assert fused == {1: pytest.approx(1 / (RRF + 1)), 2: pytest.approx(1 / (RRF + 2) + 1 / (RRF + 1))}


@given(st.lists(st.integers(0, 9), unique=True), st.lists(st.integers(0, 9), unique=True))
def test_fusion_keeps_every_passage_once_in_falling_order(a: list[int], b: list[int]) -> None:
    fused = fuse([[(n, 1.0) for n in a], [(n, 1.0) for n in b]])
    assert {n for n, _ in fused} == {*a, *b}
    assert [s for _, s in fused] == sorted((s for _, s in fused), reverse=True)


def test_lexical_finds_shared_words_and_nothing_else() -> None:
    found = Lexical(CORPUS).search([Query("urine burning"), Query("zzz"), Query("")], 5)
    assert [n for n, _ in found[0]] == [0]
    assert found[1] == [] == found[2]


def test_filters_admit_only_what_they_name() -> None:
    found = Lexical(CORPUS).search([Query("bladder urine fever", {"label": "uti", "section": "treatment"})], 5)[0]
    assert [n for n, _ in found] == [2]


def test_search_returns_ranked_evidence() -> None:
    retriever = HybridRetriever(CORPUS, lexical=Fixed([(2, 1.0), (0, 0.5)]), dense=Fixed([(0, 0.9)]))
    evidence = retriever.search([Query("x")], 2)[0]
    assert [(e.id, e.rank) for e in evidence] == [("p0", 1), ("p2", 2)]
    assert evidence[0].sha256 == CORPUS[0].sha256


def test_one_mode_asks_one_ranker() -> None:
    lexical, dense = Fixed([(0, 1.0)]), Fixed([(3, 1.0)])
    found = HybridRetriever(CORPUS, lexical=lexical, dense=dense, mode="dense").search([Query("x")], 5)[0]
    assert [e.id for e in found] == ["p3"]


def test_langchain_adapter_carries_the_evidence() -> None:
    retriever = HybridRetriever(CORPUS, lexical=Fixed([(3, 1.0)]), dense=Fixed([]))
    documents = EvidenceRetriever.over(retriever, k=1).invoke("fever")
    assert documents[0].page_content == CORPUS[3].text
    assert documents[0].metadata["id"] == "p3"


def test_the_index_is_built_once_and_survives_reopening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import retrievers.index as index

    monkeypatch.setattr(index, "read_corpus", lambda: CORPUS)
    first = index.open_index(tmp_path, toy_embedding())
    again = index.open_index(tmp_path, toy_embedding())
    assert first.built
    assert not again.built
    for opened in (first, again):
        best = opened.retriever.search([Query("urine"), Query("urine", {"label": "malaria"})], 1)
        assert best[0][0].id == "p0"
        assert best[1][0].id == "p3"
    monkeypatch.setattr(index, "read_corpus", lambda: CORPUS[:3])
    assert index.open_index(tmp_path, toy_embedding()).built


def toy_embedding():
    """Bag of letters, unit length."""
    import math

    from retrievers.embedding import SentenceEmbedding

    class Letters(SentenceEmbedding):
        fingerprint = "letters"  # type: ignore[assignment]

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            counts = [[text.lower().count(chr(97 + i)) + 0.01 for i in range(26)] for text in texts]
            return [[x / math.hypot(*row) for x in row] for row in counts]

    return Letters("letters")
