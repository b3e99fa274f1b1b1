"""The index that `wardround rxnorm import` made of a user's own RxNorm release, as a resolver."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from cases.vocabulary.displays import ingredients_of
from cases.vocabulary.lexicon import Term, normalise
from cases.vocabulary.tables import VOCABULARY
from safety.ingredient_names import our_name
from safety.resolver import NOT_KNOWN, Resolution, Unavailable, refused
from safety.rrf_build import LAYOUT

REMEDY = "Make one with `wardround rxnorm import`, or unset safety.rxnorm and WARDROUND_RXNORM."


class IndexUnusable(ValueError):
    """The file is no index of an RxNorm release: what is wrong and what to do."""


class ImportedIndex:
    """Names and codes to ingredients, from one RxNorm release; no misspellings, which `OfflineResolver` ranks.

    Args:
        path: `rxnorm.sqlite`.
        vocabulary: folder of our drug tables; an ingredient that they know keeps our name.

    Raises:
        IndexUnusable: if the file is missing, of another layout or no index.
    """

    def __init__(self, path: Path, *, vocabulary: Path = VOCABULARY) -> None:
        self.path = path
        self._vocabulary = vocabulary
        if not path.is_file():
            raise IndexUnusable(f"there is no RxNorm index {path}. {REMEDY}")
        try:
            self._database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            self.meta: dict[str, Any] = {
                key: json.loads(value) for key, value in self._database.execute("SELECT key, value FROM meta")
            }
        except (sqlite3.Error, ValueError) as error:
            raise IndexUnusable(f"{path} is no RxNorm index ({error}). {REMEDY}") from error
        if self.meta.get("layout") != LAYOUT:
            raise IndexUnusable(f"{path} was made by another version of wardround. {REMEDY}")

    @property
    def release(self) -> str:
        """Version of the release; `unknown` where its files did not name it."""
        return str(self.meta["release"])

    @property
    def sha256(self) -> str:
        """Digest of the files it was made from and of its layout: what decides every answer."""
        parts = [str(LAYOUT), *(file["sha256"] for file in self.meta["files"].values())]
        return hashlib.sha256(":".join(parts).encode()).hexdigest()

    def resolve(self, surface: str) -> Resolution:
        """Resolve a name of the release, or a display string whose parts it names; anything else is refused.

        Raises:
            Unavailable: if the index cannot be read.
        """
        if not normalise(surface):
            return refused(surface, "the name is blank")
        term = self._term(surface)
        if term is None:
            return self._display(surface) or refused(surface, NOT_KNOWN)
        if not term.names:
            return refused(surface, "several products have this name, or what they hold is not clear", kind=term.kind)
        return Resolution(surface, term.names, "exact", kind=term.kind, source=self._source)

    def resolve_code(self, rxcui: str) -> Resolution:
        """Resolve the code of an ingredient, salt, brand, clinical drug or pack.

        Raises:
            Unavailable: if the index cannot be read.
        """
        rows = self._ask("SELECT ingredients FROM code WHERE rxcui = ?", _number(rxcui))
        if not rows:
            return refused(rxcui, "the code is not in the index")
        return Resolution(rxcui, self._names(rows[0][0]), "code", source=self._source)

    def rxcui(self, name: str) -> str | None:
        """Return the code of an ingredient, by our name or the release's; None if it has none."""
        return self._codes.get(name)

    def near(self, key: str, *, cutoff: float, limit: int) -> list[tuple[float, Term]]:
        """Return the names most like a normalised one, with their similarity.

        Raises:
            Unavailable: if the index cannot be read.
        """
        hits = process.extract(key, self._guessed, scorer=OSA.normalized_similarity, limit=limit, score_cutoff=cutoff)
        found = [(float(score), self._term(form)) for form, score, _ in hits]
        return [(score, term) for score, term in found if term is not None]

    def _term(self, surface: str) -> Term | None:
        query = "SELECT surface, kind, ingredients FROM term WHERE key = ?"
        for text, kind, ingredients in self._ask(query, normalise(surface)):
            return Term(text, self._names(ingredients), kind, in_text=False)
        return None

    def _display(self, surface: str) -> Resolution | None:
        parts = ingredients_of(surface)
        terms = [self._term(part) for part in parts]
        if not parts or parts == (surface.lower(),) or not all(term and term.names for term in terms):
            return None
        names = tuple(dict.fromkeys(name for term in terms if term for name in term.names))
        return Resolution(surface, names, "display", source=self._source)

    def _names(self, ingredients: str) -> tuple[str, ...]:
        return tuple(sorted({self._labels[code] for code in ingredients.split(";") if code}))

    @cached_property
    def _labels(self) -> dict[str, str]:
        rows = self._ask("SELECT rxcui, label FROM ingredient")
        return {str(rxcui): our_name(str(rxcui), label, folder=self._vocabulary) for rxcui, label in rows}

    @cached_property
    def _codes(self) -> dict[str, str]:
        """Codes by name; a name that two ingredients share has none."""
        found: dict[str, str | None] = {}
        for code, name in self._labels.items():
            found[name] = None if name in found else code
        return {name: code for name, code in found.items() if code}

    @cached_property
    def _guessed(self) -> tuple[str, ...]:
        return tuple(row[0] for row in self._ask("SELECT key FROM term WHERE fuzzy = 1 ORDER BY key"))

    @property
    def _source(self) -> str:
        return f"RxNorm {self.release}, imported from the user's own files"

    def _ask(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise Unavailable(f"the RxNorm index {self.path} cannot be read: {error}. {REMEDY}") from error


def _number(rxcui: str) -> int:
    return int(rxcui) if rxcui.isascii() and rxcui.isdecimal() and len(rxcui) < 12 else -1
