"""N-grams of words and characters, hashed and weighed, and the linear machine that learns from them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack

BUCKETS = 2**16  # of words, and as many of characters
FEWEST = 2  # training texts that must hold an n-gram
PENALTY = 0.5  # C of the support vector machine, for a text
TINY = 1e-9
ABSENT = -1.0  # margin of an output that no training text had


def counts(texts: Sequence[str]) -> csr_matrix:
    """Return the damped counts (texts, 2 x BUCKETS) of word and character n-grams."""
    found = csr_matrix(hstack([vectorizer.transform(texts) for vectorizer in _vectorizers()]))
    found.data = 1 + np.log(found.data)  # one text that says a word ten times does not say it ten times as much
    return found


def rarity(found: csr_matrix) -> NDArray[np.float64]:
    """Return the inverse document frequency of each n-gram; 0 for what is too rare to be used."""
    texts = found.shape[0]
    seen = np.asarray((found > 0).sum(axis=0)).ravel()
    return np.where(seen >= min(FEWEST, texts), np.log((1 + texts) / (1 + seen)) + 1, 0.0)


def weighed(found: csr_matrix, idf: NDArray[Any]) -> csr_matrix:
    """Return counts weighed by rarity, words and characters each of unit length."""
    both = csr_matrix(found @ diags(idf.astype(np.float32)))
    parts = (both[:, :BUCKETS], both[:, BUCKETS:])
    lengths = (np.sqrt(np.asarray(part.multiply(part).sum(axis=1))).ravel() for part in parts)
    unit = [diags(1 / np.maximum(length, np.float32(TINY))) @ part for length, part in zip(lengths, parts, strict=True)]
    return csr_matrix(hstack(unit))


def machine(x: csr_matrix, targets: NDArray[Any], **how: Any) -> Any:
    """Return a linear support vector machine fitted to x (texts, features)."""
    from sklearn.svm import LinearSVC

    return LinearSVC(C=PENALTY, random_state=0, **how).fit(x, targets)


def margins(x: csr_matrix, targets: NDArray[Any], outputs: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights (features, outputs) and bias (outputs,) of a machine with one margin an output.

    Args:
        x: (texts, features).
        targets: (texts,), the index of each text's output.
        outputs: how many there are; one without a text keeps the margin ABSENT.
    """
    model = machine(x, targets)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(coefficients) == 1:  # of two classes: the first one's margin is the opposite of the second one's
        coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.r_[-intercepts, intercepts]
    weights, bias = np.zeros((x.shape[1], outputs)), np.full(outputs, ABSENT)
    weights[:, model.classes_], bias[model.classes_] = coefficients.T, intercepts
    return weights, bias


@cache
def _vectorizers() -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import HashingVectorizer

    plain = {"n_features": BUCKETS, "alternate_sign": False, "norm": None, "dtype": np.float32}
    return (
        HashingVectorizer(ngram_range=(1, 2), **plain),
        HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), **plain),
    )
