"""Resolve what somebody wrote for a medicine to ingredients, offline; wrong is worse than refused.

The order: a code, an exact name, a normalised name, a display string ("amLODIPine 5 MG Oral Tablet", packs), and last
a fuzzy match, which is always reported and refused unless it is clear: similarity at least `FLOOR`, another
ingredient at least `MARGIN` behind, and neither of a pair of look-alike names (`confused_pairs.csv`).
"""

from __future__ import annotations

import csv
import gzip
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

from cases.vocabulary.displays import ingredients_of
from cases.vocabulary.lexicon import Term, lexicon, normalise
from cases.vocabulary.tables import VOCABULARY, VocabularyError, drugs
from safety.resolver import NOT_KNOWN, Resolution
from safety.rules import KNOWLEDGE, RulesError

if TYPE_CHECKING:
    from safety.rxnorm_index import ImportedIndex

FLOOR = 0.82  # 1,967 of 1,975 one-edit misspellings right and none wrong, in a prototype on 19,302 terms
MARGIN = 0.05
MIN_FUZZY_LENGTH = 5
CANDIDATES = 25


class OfflineResolver:
    """Names and codes to ingredients, from the committed tables, then from the user's own RxNorm release.

    Args:
        vocabulary: folder of the drug tables.
        knowledge: folder of the safety rules, for the table of confused pairs.
        imported: the index of a release; it is asked for what the tables do not know, so that our names win.

    Example:
        >>> OfflineResolver().resolve("Augmentin").names
        ('amoxicillin', 'clavulanate')
    """

    def __init__(
        self, *, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE, imported: ImportedIndex | None = None
    ) -> None:
        self._vocabulary = vocabulary
        self._imported = imported
        self._lexicon = lexicon(vocabulary)
        self._pairs = confused_pairs(knowledge)
        self._fuzzy_keys = tuple(key for key in self._lexicon.terms if len(key) >= MIN_FUZZY_LENGTH)
        self._cache: dict[str, Resolution] = {}

    def resolve(self, surface: str) -> Resolution:
        """Resolve a written name; a blank or unclear one is refused, never guessed."""
        if surface not in self._cache:
            self._cache[surface] = self._resolve(surface)
        return self._cache[surface]

    def resolve_code(self, rxcui: str) -> Resolution:
        """Resolve a code: an ingredient's, or a prescribable drug's or pack's."""
        names = codes(self._vocabulary).get(rxcui, ())
        if not names and self._imported:
            return self._imported.resolve_code(rxcui)
        why = "" if names else "the code is not in the index"
        return Resolution(rxcui, names, "code" if names else "unresolved", why=why)

    def rxcui(self, name: str) -> str | None:
        """The ingredient's code, where two sources agree on one."""
        drug = drugs(self._vocabulary).get(name)
        known = drug.rxcui if drug else None
        return known or (self._imported.rxcui(name) if self._imported else None)

    def _resolve(self, surface: str) -> Resolution:
        key = normalise(surface)
        if not key:
            return Resolution(surface, (), "unresolved", why="the name is blank")
        term = self._lexicon.terms.get(key)
        if term:
            return self._known(surface, term)
        return self._display(surface) or self._from_release(surface) or self._fuzzy(surface, key)

    def _from_release(self, surface: str) -> Resolution | None:
        """What the release says of a name, unless it does not know it either."""
        read = self._imported.resolve(surface) if self._imported else None
        return read if read and (read.resolved or read.kind) else None

    def _known(self, surface: str, term: Term) -> Resolution:
        if not term.names:
            return Resolution(surface, (), "unresolved", why="several products have this name", kind=term.kind)
        return Resolution(surface, term.names, "exact", kind=term.kind)

    def _display(self, surface: str) -> Resolution | None:
        parts = ingredients_of(surface)
        terms = [self._lexicon.terms.get(normalise(part)) for part in parts]
        if not parts or parts == (surface.lower(),) or not all(term and term.names for term in terms):
            return None
        names = tuple(dict.fromkeys(name for term in terms if term for name in term.names))
        return Resolution(surface, names, "display")

    def _fuzzy(self, surface: str, key: str) -> Resolution:
        if len(key) < MIN_FUZZY_LENGTH:
            return Resolution(surface, (), "unresolved", why=NOT_KNOWN)
        ranked = self._ranked(key)
        suggestions = tuple(dict.fromkeys(term.surface for _, term in ranked))[:3]
        why = self._refusal(key, ranked)
        if why:
            return Resolution(surface, (), "unresolved", why=why, suggestions=suggestions)
        best = ranked[0][1]
        return Resolution(surface, best.names, "fuzzy", read_as=best.surface, suggestions=suggestions, kind=best.kind)

    def _ranked(self, key: str) -> list[tuple[float, Term]]:
        """The best-scoring form of every distinct set of ingredients, best first."""
        hits = process.extract(
            key, self._fuzzy_keys, scorer=OSA.normalized_similarity, limit=CANDIDATES, score_cutoff=FLOOR - 2 * MARGIN
        )
        near = [(float(score), self._lexicon.terms[form]) for form, score, _ in hits]
        if self._imported:
            near += self._imported.near(key, cutoff=FLOOR - 2 * MARGIN, limit=CANDIDATES)
        best: dict[tuple[str, ...], tuple[float, Term]] = {}
        for score, term in near:
            group = tuple(sorted(term.names)) or (term.surface,)
            if group not in best or score > best[group][0]:
                best[group] = (score, term)
        return sorted(best.values(), key=lambda item: (-item[0], item[1].surface))

    def _refusal(self, key: str, ranked: list[tuple[float, Term]]) -> str:
        if not ranked or ranked[0][0] < FLOOR:
            return NOT_KNOWN
        score, best = ranked[0]
        if not best.names:
            return "several products have a name like this"
        if len(ranked) > 1 and score - ranked[1][0] < MARGIN:
            return "two medicines have names this near"
        if self._is_confused(key, best):
            return "it lies near a name that is often confused with another"
        return ""

    def _is_confused(self, key: str, best: Term) -> bool:
        """Whether the input is also within reach of the look-alike of what it was read as."""
        others = {other for name in (best.surface, *best.names) for other in self._pairs.get(name, ())}
        reach = FLOOR - 4 * MARGIN
        return any(OSA.normalized_similarity(key, normalise(other)) >= reach for other in others)


@cache
def confused_pairs(folder: Path = KNOWLEDGE) -> dict[str, frozenset[str]]:
    """Names that are taken for one another, in both directions.

    Raises:
        RulesError: if the table is missing or wrong.
    """
    found: dict[str, set[str]] = {}
    try:
        with (folder / "confused_pairs.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["a"], set()).add(row["b"])
                found.setdefault(row["b"], set()).add(row["a"])
    except (OSError, KeyError) as error:
        raise RulesError(f"confused_pairs.csv: {error}") from error
    return {name: frozenset(others) for name, others in found.items()}


@cache
def codes(folder: Path = VOCABULARY) -> dict[str, tuple[str, ...]]:
    """Ingredients by code: of ingredients, and of prescribable drugs and packs.

    Raises:
        VocabularyError: if a table is missing or wrong.
    """
    found: dict[str, tuple[str, ...]] = {}
    try:
        with gzip.open(folder / "clinical_drugs.csv.gz", "rt", encoding="utf-8", newline="") as file:
            found.update((row["rxcui"], tuple(row["names"].split(";"))) for row in csv.DictReader(file))
        with gzip.open(folder / "names.csv.gz", "rt", encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            found.update((row["rxcui"], tuple(row["names"].split(";"))) for row in rows if row["rxcui"])
    except (OSError, KeyError, EOFError) as error:
        raise VocabularyError(f"the drug codes in {folder.name} cannot be read: {error}") from error
    found.update((drug.rxcui, (drug.name,)) for drug in drugs(folder).values() if drug.rxcui)
    return found
