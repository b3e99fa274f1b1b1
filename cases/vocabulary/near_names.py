"""Names within one edit of a word: a letter left out, added, changed, or two of them swapped.

The index holds every name with each one of its letters left out, so that a look-up costs as many steps as the word has
letters, whatever the number of names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from rapidfuzz.distance import OSA

from cases.vocabulary.lexicon import Lexicon, lexicon
from cases.vocabulary.tables import VOCABULARY, reading

MIN_LENGTH = 6  # letters of a word that may be a misspelt name
_CLASS = "class"


@cache
def english_words(folder: Path = VOCABULARY) -> frozenset[str]:
    """Read the words that are no medicines.

    Raises:
        VocabularyError: if the table is missing.
    """
    path = folder / "english_words.txt"
    with reading(path):
        lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def near_names(word: str, *, folder: Path = VOCABULARY) -> tuple[str, ...]:
    """Return the keys of the one-word names that lie one edit from a word and begin with its letter, in order.

    Example:
        >>> near_names("metaprolol"), near_names("warfrin")
        (('metoprolol',), ('warfarin',))
    """
    if len(word) < MIN_LENGTH:
        return ()
    index = _index(folder)
    found = {name for form in _shorter(word) for name in index.get(form, ())}
    return tuple(sorted(name for name in found if name[0] == word[0] and OSA.distance(word, name, score_cutoff=1) == 1))


@cache
def _index(folder: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in _targets(lexicon(folder)):
        for form in _shorter(name):
            found[form].append(name)
    return {form: tuple(names) for form, names in found.items()}


def _targets(known: Lexicon) -> Iterator[str]:
    for key, term in known.terms.items():
        if len(key) >= MIN_LENGTH - 1 and key.isalpha() and term.policy == "always" and term.kind != _CLASS:
            yield key


def _shorter(word: str) -> Iterator[str]:
    yield word
    yield from {word[:place] + word[place + 1 :] for place in range(len(word))}
