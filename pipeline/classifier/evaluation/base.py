"""Network and words that have seen none of the labelled rows: what every fold of an evaluation starts from."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from pipeline.classifier import ngrams
from pipeline.classifier.examples import OTHER, Example, inside
from pipeline.classifier.lexicon import Lexicon
from pipeline.classifier.local import LocalExpert, advised, with_rows
from pipeline.classifier.sampler import Draws, Sampler, in_order
from pipeline.classifier.train import Trained
from pipeline.classifier.uncertainty import spread
from pipeline.classifier.vitals import vitals_tensor

BATCH, SEED = 32, 42
CENTRED = 4  # every fourth text is enough for a mean


@dataclass(frozen=True)
class Base:
    """A network and words that learned from texts alone.

    Args:
        trained: the network; its outputs are the labels in order, then `other` where there is background.
        words: of the same texts.
        texts: what both learned from.
        centre: (2 x hidden,), mean features of texts with a label.
        samples: Monte Carlo draws.
        max_tokens: where a text is cut off.
    """

    trained: Trained
    words: Lexicon
    texts: Sequence[Example]
    centre: Tensor
    samples: int
    max_tokens: int

    @classmethod
    def of(cls, trained: Trained, texts: Sequence[Example], *, max_tokens: int, samples: int = 50) -> Self:
        """Return the base of a trained network and the texts it learned from."""
        words = Lexicon.fit(texts, trained.outputs)
        bare = cls(trained, words, texts, torch.empty(0), 0, max_tokens)
        centre = bare.draw(inside(texts)[::CENTRED]).both.mean(dim=0)
        return cls(trained, words, texts, centre, samples, max_tokens)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, without `other`."""
        return tuple(name for name in self.trained.outputs if name != OTHER)

    def draw(self, examples: Sequence[Example]) -> Draws:
        """Return the raw draws of network and words, in the order of the examples."""
        encoder = copy.deepcopy(self.trained.network.encoder).merge_and_unload().eval()
        head = self.trained.network.head.eval()
        sampler = Sampler(encoder, head, samples=self.samples, max_tokens=self.max_tokens, seed=SEED)
        order = sorted(range(len(examples)), key=lambda i: len(examples[i].text))
        parts = []
        for start in range(0, len(examples), BATCH):
            batch = [examples[i] for i in order[start : start + BATCH]]
            tokens = self.trained.tokenizer(
                [e.text for e in batch], truncation=True, max_length=self.max_tokens, padding=True, return_tensors="pt"
            )
            vitals = vitals_tensor([e.case for e in batch])
            parts.append(sampler(tokens["input_ids"], tokens["attention_mask"], *vitals))
        return advised(in_order(parts, order), [e.text for e in examples], self.words, None, has_other=self.has_other)

    @property
    def has_other(self) -> bool:
        """Whether the last output is `other`."""
        return OTHER in self.trained.outputs

    def expert(self, rows: Sequence[Example], features: Tensor) -> LocalExpert:
        """Return the expert of rows with features (rows, 2 x hidden)."""
        return LocalExpert.fit(rows, features, texts=self.texts, labels=self.labels, centre=self.centre)

    def with_rows(self, expert: LocalExpert, examples: Sequence[Example], drawn: Draws) -> Draws:
        """Return the draws of examples pooled with what an expert says of them."""
        opinion = expert(ngrams.counts([e.text for e in examples]), drawn.both)
        return with_rows(drawn, opinion, has_other=self.has_other)


def part(drawn: Draws, index: np.ndarray) -> Draws:
    """Return the draws of some of the cases."""
    return Draws(drawn.labels[:, index], drawn.emergency[:, index], drawn.features[index], drawn.context[index])


def told(drawn: Draws, labels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the averaged prediction over the labels, (rows, labels), and mutual information (rows,)."""
    found = spread(drawn.labels.double())
    mean = found.mean[:, :labels]
    return (mean / mean.sum(dim=-1, keepdim=True)).numpy(), found.mutual_information.numpy()
