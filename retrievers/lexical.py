"""BM25 (Robertson and Zaragoza 2009) over passages, through bm25s."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import bm25s
import numpy as np

from retrievers.passage import Passage, Query

K1, B = 0.9, 0.4  # Anserini's defaults for long documents


class Lexical:
    """Score every passage for a query by its words.

    Args:
        passages: the corpus, non-empty.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self._passages = passages
        self._index = bm25s.BM25(k1=K1, b=B)
        texts = [f"{passage.title}\n{passage.text}" for passage in passages]
        self._index.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)

    def search(self, queries: Sequence[Query], k: int) -> list[list[tuple[int, float]]]:
        """Return up to k (passage number, score) a query, best first; a passage without a shared word is left out."""
        return [self._search(query, k) for query in queries]

    def _search(self, query: Query, k: int) -> list[tuple[int, float]]:
        tokens = bm25s.tokenize([query.text], stopwords="en", return_ids=False, show_progress=False)[0]
        scores = self._index.get_scores(tokens) if tokens else np.zeros(len(self._passages))
        ranked = np.argsort(-scores, kind="stable")
        found = [(int(i), float(scores[i])) for i in ranked if scores[i] > 0 and query.admits(self._passages[i])]
        return found[:k]
