"""What to ask first: the fact whose answer would most reduce the doubt among the leading diagnoses.

For a case with probabilities p over labels and a fact f with P(f | label), the answer "yes" turns p into
p(label | f) by Bayes' rule, and the expected entropy after asking is P(yes) H(p | yes) + P(no) H(p | no). The fact
with the least is asked (expected information gain: Lindley 1956). Red flags and the facts that decide a syndrome come
first: another fact is asked only if none of those would tell anything.

P(f | label) is counted over the training texts. A text that is silent on a fact counts as a part of a denial: people
mention what is there more readily than what is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cases.case import Case, Differential, Question
from cases.facts import FactReader, facts
from cases.vocabulary.conditions import Syndrome, conditions
from safety.rules import red_flags

TABLE = "facts.json"
SILENCE = 0.3  # of a denial, that a text is silent on a fact
PRIOR = (0.5, 5.0)  # pseudo-counts of presence and absence: a fact never seen with a label is rare, not impossible
CANDIDATES = 4  # leading labels among which doubt is to be reduced
LEAST_GAIN = 0.03  # nats below which a question is not worth the patient's time
SPOKEN_OF = 5  # training texts that must mention a fact before it is asked


@dataclass(frozen=True)
class Asker:
    """Choose the follow-up question of an uncertain case.

    Args:
        labels: of the classifier.
        present: fact to P(fact | label), one a label.
    """

    labels: tuple[str, ...]
    present: dict[str, tuple[float, ...]]

    @classmethod
    def count(cls, texts: Iterable[tuple[Case, str]], labels: Sequence[str]) -> Self:
        """Count the facts of labelled cases."""
        names = [name for name, fact in facts().items() if fact.ask]
        place = {label: i for i, label in enumerate(labels)}
        true, false = (np.zeros((len(names), len(labels))) for _ in range(2))
        rows = np.zeros(len(labels))
        for case, label in texts:
            reader, at = FactReader(case), place[label]
            rows[at] += 1
            for number, name in enumerate(names):
                known = reader[name].value
                true[number, at] += known is True
                false[number, at] += known is False
        yes, no = true + PRIOR[0], false + PRIOR[1] + SILENCE * (rows - true - false)
        kept = (true + false).sum(axis=1) >= SPOKEN_OF
        table = {
            name: tuple(round(float(v), 4) for v in share)
            for name, share, keep in zip(names, yes / (yes + no), kept, strict=True)
            if keep
        }
        return cls(tuple(labels), table)

    @cached_property
    def _deciding(self) -> frozenset[str]:
        """Facts of red flags, and facts that decide between syndromes."""
        flags = {name for flag in red_flags() for name in (*flag.facts, *flag.any_facts)}
        syndromes = (s for entry in conditions().values() for s in entry.syndromes)
        return frozenset(flags | {name for syndrome in syndromes for name in _facts_of(syndrome)})

    def question(self, case: Case, differential: Differential) -> Question | None:
        """Return what to ask first; None where no known fact would tell anything."""
        leading = [d for d in differential.diagnoses if d.label in self.labels][:CANDIDATES]
        if len(leading) < 2 or not self.present:
            return None
        p = np.array([d.probability for d in leading])
        p = p / p.sum()
        at = [self.labels.index(d.label) for d in leading]
        gains = {name: gain(p, np.array(row)[at]) for name, row in self.present.items()}
        worth = sorted((name for name in gains if gains[name] >= LEAST_GAIN), key=lambda n: (-gains[n], n))
        reader = FactReader(case)
        unknown = [name for name in worth if reader[name].value is None]
        best = next((name for name in unknown if name in self._deciding), unknown[0] if unknown else None)
        if best is None:
            return None
        return _asked(reader.ask(best), [d.label for d in leading], np.array(self.present[best])[at], p)

    def save(self, path: Path) -> None:
        """Write JSON."""
        path.write_text(json.dumps({"labels": self.labels, "present": self.present}, indent=0), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read JSON; without a file nothing is ever asked."""
        if not path.exists():
            return cls((), {})
        stored = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(stored["labels"]), {name: tuple(row) for name, row in stored["present"].items()})


def _facts_of(syndrome: Syndrome) -> tuple[str, ...]:
    s = syndrome
    return (*s.requires, *s.requires_any, *s.rules_out, *s.must_know, *s.questions)


def gain(p: NDArray[np.float64], present: NDArray[np.float64]) -> float:
    """Return the expected reduction of entropy, in nats, by asking a fact with these P(fact | label).

    >>> round(gain(np.array([0.5, 0.5]), np.array([1.0, 0.0])), 3)
    0.693
    """
    yes, no = p * present, p * (1 - present)
    return float(_entropy(p) - sum(part.sum() * _entropy(part / part.sum()) for part in (yes, no) if part.sum() > 0))


def _entropy(p: NDArray[np.float64]) -> float:
    known = p[p > 0]
    return float(-(known * np.log(known)).sum())


def _asked(ask: str, labels: list[str], present: NDArray[np.float64], p: NDArray[np.float64]) -> Question:
    """Say which two of the leading labels the answer tells apart best."""
    apart = np.sqrt(np.outer(p, p)) * (present[:, None] - present[None, :])
    towards, away = np.unravel_index(int(apart.argmax()), apart.shape)
    named = (labels[int(towards)], labels[int(away)])
    names = [conditions()[label].display if label in conditions() else label for label in named]
    return Question(ask=ask, because=f"separates {names[0].lower()} from {names[1].lower()}", kind="differential")
