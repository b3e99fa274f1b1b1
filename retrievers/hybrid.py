"""Rank fusion of lexical and dense search.

M3Retrieve (arXiv 2510.06888) finds BM25 best on long case text and dense models best elsewhere; neither wins
everywhere, so both vote by rank: score(d) = sum_r 1 / (60 + rank_r(d)) (Cormack et al. 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from cases.case import Evidence
from retrievers.passage import Passage, Query

RRF = 60  # the constant of Cormack et al.
POOL = 50  # candidates of each ranker
Mode = Literal["lexical", "dense", "hybrid"]


class Ranker(Protocol):
    """Anything that ranks passages by number: `Lexical`, `Dense`."""

    def search(self, queries: Sequence[Query], k: int) -> list[list[tuple[int, float]]]:
        """Return up to k (passage number, score) a query, best first."""
        ...


def fuse(rankings: Sequence[Sequence[tuple[int, float]]]) -> list[tuple[int, float]]:
    """Return passages by falling reciprocal-rank score; ties keep corpus order."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, (number, _) in enumerate(ranking, start=1):
            scores[number] = scores.get(number, 0.0) + 1 / (RRF + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


class HybridRetriever:
    """Search passages by words, by meaning, or by both.

    Args:
        passages: the corpus.
        lexical, dense: the rankers over it.
        mode: which of them vote.
    """

    def __init__(self, passages: Sequence[Passage], *, lexical: Ranker, dense: Ranker, mode: Mode = "hybrid") -> None:
        self.passages = passages
        voters: dict[str, tuple[Ranker, ...]] = {"lexical": (lexical,), "dense": (dense,), "hybrid": (lexical, dense)}
        self._rankers = voters[mode]
        self._mode = mode

    def search(self, queries: Sequence[Query], k: int) -> list[list[Evidence]]:
        """Return up to k passages a query as evidence, best first."""
        return [
            [self.passages[n].as_evidence(score=score, rank=rank) for rank, (n, score) in enumerate(found, start=1)]
            for found in self.rank(queries, k)
        ]

    def rank(self, queries: Sequence[Query], k: int) -> list[list[tuple[int, float]]]:
        """Return up to k (passage number, score) a query, best first."""
        rankings = [ranker.search(queries, max(k, POOL)) for ranker in self._rankers]
        if len(rankings) == 1:
            return [found[:k] for found in rankings[0]]
        return [fuse(votes)[:k] for votes in zip(*rankings, strict=True)]
