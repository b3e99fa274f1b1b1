"""Misspell every name that the tables know and count what the resolver makes of it: right, wrong or refused.

An edit is a letter left out, put in, exchanged for another, or two neighbours changing places. A misspelling that is
a known name itself is no misspelling and is drawn anew.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cases.vocabulary.lexicon import Lexicon, normalise
from cases.vocabulary.tables import VOCABULARY, drugs, synonyms
from safety.resolver import Resolver

MIN_LETTERS = 5
TRIES = 20


@dataclass
class Score:
    """What became of the misspellings; `mistakes` are written, meant and read, for the wrong ones."""

    right: int = 0
    refused: int = 0
    mistakes: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """How many were read as another medicine."""
        return len(self.mistakes)

    @property
    def total(self) -> int:
        """How many were tried."""
        return self.right + self.refused + self.wrong

    def __str__(self) -> str:
        shares = [f"{count} {word} ({count / self.total:.2%})" for word, count in self._counts() if self.total]
        return f"{self.total} misspellings: " + ", ".join(shares)

    def _counts(self) -> list[tuple[str, int]]:
        return [("right", self.right), ("wrong", self.wrong), ("refused", self.refused)]


def one_edit(word: str, rng: random.Random) -> str:
    """Return the word after one random edit."""
    at, letter = rng.randrange(len(word)), rng.choice(string.ascii_lowercase)
    kind = rng.choice(("insert", "delete", "substitute", "transpose"))
    if kind == "insert":
        return word[:at] + letter + word[at:]
    if kind == "delete":
        return word[:at] + word[at + 1 :]
    if kind == "substitute":
        return word[:at] + letter + word[at + 1 :]
    at = min(at, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def misspelt(name: str, edits: int, rng: random.Random, known: Lexicon) -> str | None:
    """Return the name after `edits` edits, or None where every try gives a name that is known."""
    for _ in range(TRIES):
        written = name
        for _ in range(edits):
            written = one_edit(written, rng)
        if normalise(written) != normalise(name) and normalise(written) not in known.terms:
            return written
    return None


def names_of(vocabulary: Path = VOCABULARY) -> tuple[str, ...]:
    """Return the ingredients and brands of the curated tables with at least five letters, as keys."""
    brands = (row.term for row in synonyms(vocabulary) if row.kind == "brand")
    keys = {normalise(name): None for name in (*drugs(vocabulary), *brands)}
    return tuple(sorted(key for key in keys if sum(map(str.isalpha, key)) >= MIN_LETTERS))


def measure(resolver: Resolver, names: Iterable[str], edits: int, rng: random.Random, known: Lexicon) -> Score:
    """Misspell each name once and resolve it.

    Args:
        resolver: what is measured.
        names: known names, normalised.
        edits: edits a misspelling.
        rng: where the edits come from.
        known: every name, so that a misspelling that is one is left out.
    """
    score = Score()
    for name in names:
        written = misspelt(name, edits, rng, known)
        if written is None:
            continue
        read = resolver.resolve(written)
        if not read.resolved:
            score.refused += 1
        elif set(read.names) == set(known.terms[name].names):
            score.right += 1
        else:
            score.mistakes.append((written, name, read.read_as or ";".join(read.names)))
    return score
