"""Resolve what somebody wrote for a medicine to ingredients, offline; wrong is worse than refused.

The order: a code, an exact name, a normalised name, a display string ("amLODIPine 5 MG Oral Tablet", packs), and last
a fuzzy match, which is always reported and refused unless it is clear. How clear is measured in edits, a letter put
in, left out, exchanged or two neighbours exchanged: one edit from a name and two from any other medicine's, or two
edits from a name of eight letters and more and four from any other. Names of the curated tables are likelier to be
meant than those that RxNorm had in 2015 besides: between the two kinds, one edit is given or taken. And what was
written may not have moved towards a look-alike of the name (`confused_pairs.csv`). `scripts/check_resolver.py`
measures what this reads rightly, wrongly and not at all.
"""

from __future__ import annotations

import csv
import gzip
import re
import unicodedata
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

from cases.vocabulary.displays import ingredients_of
from cases.vocabulary.lexicon import Term, lexicon, normalise
from cases.vocabulary.orders import names_in_order
from cases.vocabulary.tables import TABLE_FAULTS, VOCABULARY, VocabularyError, drugs, synonyms
from safety.resolver import NOT_KNOWN, Resolution
from safety.rules import KNOWLEDGE, RulesError

if TYPE_CHECKING:
    from safety.rxnorm_index import ImportedIndex

MIN_FUZZY_LENGTH = 5  # letters of a name that a misspelling may be read as
MIN_WRITTEN = 4  # letters of the misspelling: one of five may be left out
MAX_EDITS = 2
MIN_LENGTH_OF_TWO = 8  # letters of a misspelling with two edits
CLEARANCE = {1: 1, 2: 2}  # by how many edits more any other medicine must be away
REACH_OF_CONFUSION = 1  # by how many edits more a look-alike may be away and still count; one more on FDA's own list
FLOOR, MARGIN = 0.82, 0.05  # likeness of what an online service answers, and how far behind another must be
CANDIDATES = 25  # of a release's names
FARTHEST = MAX_EDITS + CLEARANCE[MAX_EDITS] - 1  # what is farther stands against nothing
_JOINED = re.compile(r"\s*(?:/|\+|&|-|\band\b)\s*", re.IGNORECASE)


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
        self._official_pairs = official_pairs(knowledge)
        self._fuzzy_keys = tuple(key for key in self._lexicon.terms if len(key) >= MIN_FUZZY_LENGTH)
        self._curated = frozenset(
            normalise(term) for term in (*drugs(vocabulary), *(row.term for row in synonyms(vocabulary)))
        )
        self._cache: dict[str, Resolution] = {}

    def resolve(self, surface: str) -> Resolution:
        """Resolve a written name; a blank or unclear one is refused, never guessed."""
        if surface not in self._cache:
            read = self._resolve(surface)
            guessed = read.resolved and has_foreign_letters(surface)
            self._cache[surface] = replace(read, how="fuzzy", read_as=" + ".join(read.names)) if guessed else read
        return self._cache[surface]

    def resolve_code(self, rxcui: str) -> Resolution:
        """Resolve a code: an ingredient's, a salt's, a brand's or combination's, or a prescribable drug's or pack's."""
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
        """Read an RxNorm display, a name with its release form, or ingredients joined by a sign."""
        for parts in (ingredients_of(surface), ingredients_of(normalise(surface)), tuple(_JOINED.split(surface))):
            terms = [self._lexicon.terms.get(normalise(part)) for part in parts]
            if parts and parts != (surface.lower(),) and all(term and term.names for term in terms):
                return Resolution(
                    surface, tuple(dict.fromkeys(n for term in terms if term for n in term.names)), "display"
                )
        ordered = names_in_order(surface, folder=self._vocabulary)
        return Resolution(surface, ordered, "display") if ordered else None

    def _fuzzy(self, surface: str, key: str) -> Resolution:
        if len(key) < MIN_WRITTEN:
            return Resolution(surface, (), "unresolved", why=NOT_KNOWN)
        ranked = self._ranked(key)
        suggestions = tuple(dict.fromkeys(term.surface for _, term in ranked))[:3]
        why = self._refusal(key, ranked)
        if why:
            return Resolution(surface, (), "unresolved", why=why, suggestions=suggestions)
        best = ranked[0][1]
        return Resolution(surface, best.names, "fuzzy", read_as=best.surface, suggestions=suggestions, kind=best.kind)

    def _ranked(self, key: str) -> list[tuple[int, Term]]:
        """The nearest form of every distinct set of ingredients with its edits, nearest first."""
        hits = process.extract(key, self._fuzzy_keys, scorer=OSA.distance, score_cutoff=FARTHEST, limit=None)
        near = [(int(edits), self._lexicon.terms[form]) for form, edits, _ in hits]
        if self._imported:
            cutoff = 1 - FARTHEST / len(key)
            terms = (term for _, term in self._imported.near(key, cutoff=cutoff, limit=CANDIDATES))
            near += [(OSA.distance(key, normalise(term.surface)), term) for term in terms]
        best: dict[tuple[str, ...], tuple[int, Term]] = {}
        for edits, term in sorted(near, key=lambda item: (item[0], self._is_rare(item[1]), item[1].surface)):
            best.setdefault(tuple(sorted(term.names)) or (term.surface,), (edits, term))
        return list(best.values())

    def _is_rare(self, term: Term) -> bool:
        """Whether only RxNorm's names of 2015 hold it; a release that the user imported is of today."""
        return self._lexicon.terms.get(normalise(term.surface)) is term and not self._is_curated(term)

    def _is_curated(self, term: Term) -> bool:
        return normalise(term.surface) in self._curated

    def _refusal(self, key: str, ranked: list[tuple[int, Term]]) -> str:
        if not ranked or not self._is_near(key, *ranked[0]):
            return NOT_KNOWN
        edits, best = ranked[0]
        if not best.names:
            return "several products have a name like this"
        if not best.in_text and self._is_rare(best):
            return "it lies nearest an ordinary word"
        if any(self._stands_against(best, edits, other, term) for other, term in ranked[1:]):
            return "two medicines have names this near"
        if self._is_confused(key, best, edits):
            return "it lies near a name that is often confused with another"
        return ""

    def _is_near(self, key: str, edits: int, best: Term) -> bool:
        """Whether so few edits of so long a word can be a slip of the pen."""
        if len(key) < MIN_FUZZY_LENGTH:  # a letter was left out of a short name: only of one that is in use
            return edits == 1 and self._is_curated(best)
        return edits == 1 or (edits <= MAX_EDITS and len(key) >= MIN_LENGTH_OF_TWO)

    def _stands_against(self, best: Term, edits: int, other: int, term: Term) -> bool:
        """Whether another medicine is too near; a rarer one must be nearer by one edit to count, and the reverse."""
        rarer = self._is_rare(best) - self._is_rare(term)
        return other - edits < CLEARANCE[edits] + rarer

    def _is_confused(self, key: str, best: Term, edits: int) -> bool:
        """Whether the input has moved from what it was read as towards the look-alike of that."""
        for name in (best.surface, *best.names):
            for other in self._pairs.get(name, ()):
                away, apart = OSA.distance(key, normalise(other)), OSA.distance(normalise(name), normalise(other))
                reach = REACH_OF_CONFUSION + (frozenset((name, other)) in self._official_pairs)
                if away <= min(apart, edits + reach):
                    return True
        return False


def has_foreign_letters(surface: str) -> bool:
    """Whether letters only look Latin, like a Cyrillic "а" in warfarin: read, but never taken for a clear name."""
    return any(letter.isalpha() and not unicodedata.name(letter, "").startswith("LATIN") for letter in surface)


@cache
def confused_pairs(folder: Path = KNOWLEDGE) -> dict[str, frozenset[str]]:
    """Names that are taken for one another, in both directions.

    Raises:
        RulesError: if the table is missing or wrong.
    """
    found: dict[str, set[str]] = {}
    for a, b, _ in _pair_rows(folder):
        found.setdefault(a, set()).add(b)
        found.setdefault(b, set()).add(a)
    return {name: frozenset(others) for name, others in found.items()}


@cache
def official_pairs(folder: Path = KNOWLEDGE) -> frozenset[frozenset[str]]:
    """Pairs whose labels the FDA asked to tell apart, because mix-ups did harm.

    Raises:
        RulesError: if the table is missing or wrong.
    """
    return frozenset(frozenset((a, b)) for a, b, source in _pair_rows(folder) if source == "fda_tall_man")


def _pair_rows(folder: Path) -> list[tuple[str, str, str]]:
    try:
        with (folder / "confused_pairs.csv").open(newline="", encoding="utf-8") as file:
            return [(row["a"], row["b"], row["source"]) for row in csv.DictReader(file)]
    except TABLE_FAULTS as error:
        raise RulesError(f"confused_pairs.csv: {type(error).__name__}: {error}") from error


@cache
def codes(folder: Path = VOCABULARY) -> dict[str, tuple[str, ...]]:
    """Ingredients by code: of ingredients, of their salts, brands and combinations, of prescribable drugs and packs.

    Raises:
        VocabularyError: if a table is missing or wrong.
    """
    found: dict[str, tuple[str, ...]] = {}
    try:
        for table in ("other_codes.csv.gz", "clinical_drugs.csv.gz"):
            with gzip.open(folder / table, "rt", encoding="utf-8", newline="") as file:
                found.update((row["rxcui"], tuple(row["names"].split(";"))) for row in csv.DictReader(file))
        with gzip.open(folder / "names.csv.gz", "rt", encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            found.update((row["rxcui"], tuple(row["names"].split(";"))) for row in rows if row["rxcui"])
    except TABLE_FAULTS as error:
        raise VocabularyError(f"the drug codes in {folder.name} cannot be read: {error}") from error
    found.update((drug.rxcui, (drug.name,)) for drug in drugs(folder).values() if drug.rxcui)
    return {
        code: tuple(dict.fromkeys(ours for name in names for ours in _ours(name, folder)))
        for code, names in found.items()
    }


def _ours(name: str, folder: Path) -> tuple[str, ...]:
    """The name that rules know an ingredient by: RxNorm's alendronic acid is our alendronate."""
    term = lexicon(folder).terms.get(normalise(name))
    return term.names if term and len(term.names) == 1 else (name,)
