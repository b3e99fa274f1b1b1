"""What everybody could do in an afternoon, beside every figure: TF-IDF + linear SVM, MiniLM + logistic regression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from pipeline.classifier.data import Embed
from pipeline.classifier.examples import Example

SEED = 0


@dataclass(frozen=True)
class Baseline:
    """A fitted baseline: texts to probabilities (texts, labels), labels in order."""

    name: str
    labels: tuple[str, ...]
    predict: Callable[[list[str]], np.ndarray]

    def right(self, examples: Sequence[Example]) -> np.ndarray:
        """Return whether the leading label of each example is its label."""
        leading = self.predict([e.text for e in examples]).argmax(axis=1)
        return np.array([self.labels[i] == e.label for i, e in zip(leading, examples, strict=True)])


def svm(examples: Sequence[Example]) -> Baseline:
    """Fit TF-IDF of words and a linear SVM; its probabilities are the softmax of the margins."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    model: Any = make_pipeline(TfidfVectorizer(), LinearSVC(random_state=SEED))
    model.fit([e.text for e in examples], [e.label for e in examples])
    return Baseline("svm", tuple(model.classes_), lambda texts: softmax(model.decision_function(texts), axis=1))


def minilm(examples: Sequence[Example], embed: Embed) -> Baseline:
    """Fit a logistic regression on frozen MiniLM sentence vectors."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10, max_iter=1000, random_state=SEED)
    model.fit(embed([e.text for e in examples]), [e.label for e in examples])
    return Baseline("minilm_lr", tuple(model.classes_), lambda texts: np.asarray(model.predict_proba(embed(texts))))
