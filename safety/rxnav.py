"""Resolve names and codes of medicines by RxNav, the online service of the U.S. National Library of Medicine.

The order: the exact name, the normalised name, then the approximate one. RxNav's own score of an approximate match has
changed its scale before, so the floor and the margin are on how like the names are, as in the offline resolver; its
score only refuses, where two different medicines share the first place. Every answer carries the attribution that NLM
asks for. RxNav has had no interaction service since January 2024: interactions are our own rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz.distance import OSA

from cases.vocabulary.lexicon import normalise
from cases.vocabulary.tables import VOCABULARY, drugs
from safety.ingredient_names import our_name
from safety.resolver import NOT_KNOWN, How, Resolution, Unavailable, refused
from safety.rules import KNOWLEDGE
from safety.rxnav_client import RxNavClient
from safety.rxnorm import FLOOR, MARGIN, MIN_FUZZY_LENGTH, confused_pairs

ATTRIBUTION = (
    "This product uses publicly available data from the U.S. National Library of Medicine (NLM), National Institutes "
    "of Health, Department of Health and Human Services; NLM is not responsible for the product and does not endorse "
    "or recommend this or any other product."
)  # the words of NLM's terms of service, which ask that they are shown
EXACT, NORMALISED = "0", "1"
ENTRIES = "20"  # rows of an approximate match, one an atom
ACTIVE = "1"
HOPS = 3  # from a retired code to a current one
TOO_MANY = "several concepts of RxNorm have this name"
UNCLEAR = "RxNorm does not say clearly what it holds"


@dataclass
class _Candidate:
    """A concept that an approximate match offers, once for all of its rows."""

    rxcui: str
    score: float
    names: list[str] = field(default_factory=list)


class RxNavResolver:
    """Names and codes to ingredients, by RxNav.

    Args:
        client: asks the service.
        vocabulary: folder of our drug tables; an ingredient that they know keeps our name.
        knowledge: folder of the safety rules, for the table of confused pairs.
    """

    def __init__(self, client: RxNavClient, *, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE) -> None:
        self._client = client
        self._vocabulary = vocabulary
        self._pairs = confused_pairs(knowledge)
        self._codes: dict[str, str] = {}

    def resolve(self, surface: str) -> Resolution:
        """Resolve a written name; a blank one is refused without a call.

        Raises:
            Unavailable: if RxNav could not answer.
        """
        key = normalise(surface)
        if not key:
            return refused(surface, "the name is blank")
        found = self._named(surface, EXACT) or self._named(surface, NORMALISED)
        if len(found) > 1:
            return refused(surface, TOO_MANY)
        return self._read(surface, found[0], "exact") if found else self._approximate(surface, key)

    def resolve_code(self, rxcui: str) -> Resolution:
        """Resolve a code, also one that was retired or replaced.

        Raises:
            Unavailable: if RxNav could not answer.
        """
        if not (rxcui.isascii() and rxcui.isdecimal()):
            return refused(rxcui, "the code is not a number")
        return self._read(rxcui, rxcui, "code")

    def rxcui(self, name: str) -> str | None:
        """Return the ingredient's code, from our tables or an earlier answer; no call is made."""
        drug = drugs(self._vocabulary).get(name)
        return (drug.rxcui if drug else None) or self._codes.get(name)

    def _read(self, surface: str, rxcui: str, how: How) -> Resolution:
        names = self._ingredients(rxcui)
        if not names:
            return refused(surface, UNCLEAR)
        return Resolution(surface, names, how, source=self._source())

    def _source(self) -> str:
        return f"RxNav, RxNorm {self._client.version()}. {ATTRIBUTION}"

    def _named(self, surface: str, search: str) -> list[str]:
        """Codes of the concepts that have this name; the key is missing where there are none."""
        group = _section(self._client.get("rxcui.json", name=surface.strip(), search=search), "idGroup")
        return list(dict.fromkeys(str(code) for code in group.get("rxnormId") or ()))

    # ── approximate names ────────────────────────────────────────────────────────────────────────────────────────────

    def _approximate(self, surface: str, key: str) -> Resolution:
        if len(key) < MIN_FUZZY_LENGTH:
            return refused(surface, NOT_KNOWN)
        candidates = list(self._candidates(surface))
        likeness = {item.rxcui: self._likeness(key, item) for item in candidates}
        top = max((item.score for item in candidates), default=0.0)
        near = [item for item in candidates if item.score == top or likeness[item.rxcui][0] >= FLOOR - MARGIN]
        holds = {item.rxcui: self._ingredients(item.rxcui) for item in near}
        ranked = sorted(near, key=lambda item: (-likeness[item.rxcui][0], -item.score, item.rxcui))
        suggestions = tuple(dict.fromkeys(likeness[item.rxcui][1] for item in ranked))[:3]
        best = ranked[0] if ranked else None
        if best is None or likeness[best.rxcui][0] < FLOOR:
            return refused(surface, NOT_KNOWN, suggestions=suggestions)
        score, name = likeness[best.rxcui]
        rivals = [item for item in near if item.score == top or score - likeness[item.rxcui][0] < MARGIN]
        why = self._refusal(key, name, holds[best.rxcui], {holds[item.rxcui] for item in rivals})
        if why:
            return refused(surface, why, suggestions=suggestions)
        names = holds[best.rxcui]
        return Resolution(surface, names, "fuzzy", read_as=name, suggestions=suggestions, source=self._source())

    def _refusal(self, key: str, name: str, names: tuple[str, ...], rivals: set[tuple[str, ...]]) -> str:
        if not names:
            return UNCLEAR
        if len(rivals | {names}) > 1:
            return "two medicines have names this near"
        others = {other for known in (name, *names) for other in self._pairs.get(known, ())}
        if any(OSA.normalized_similarity(key, normalise(other)) >= FLOOR - 4 * MARGIN for other in others):
            return "it lies near a name that is often confused with another"
        return ""

    def _candidates(self, surface: str) -> Iterator[_Candidate]:
        """Every concept once, with its best score: the service sends a row for each source that has a name of it."""
        body = self._client.get("approximateTerm.json", term=surface.strip(), maxEntries=ENTRIES, option=ACTIVE)
        found: dict[str, _Candidate] = {}
        for row in _rows(_section(body, "approximateGroup"), "candidate"):
            rxcui, score = str(row.get("rxcui") or ""), _score(row.get("score"))
            if not rxcui:
                continue
            item = found.setdefault(rxcui, _Candidate(rxcui, score))
            item.score = max(item.score, score)
            if row.get("name"):
                item.names.append(str(row["name"]))
        yield from found.values()

    def _likeness(self, key: str, item: _Candidate) -> tuple[float, str]:
        """How like the best of its names is, and that name; licensed sources send none, then RxNorm's is asked for."""
        names = item.names or [str(self._properties(item.rxcui).get("name") or "")]
        return max((float(OSA.normalized_similarity(key, normalise(name))), name.lower()) for name in names)

    # ── ingredients ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _ingredients(self, rxcui: str) -> tuple[str, ...]:
        """Our names of all ingredients of a concept; none if they are not clear."""
        found = self._parts(rxcui, HOPS)
        names = {our_name(code, label, folder=self._vocabulary): code for code, label in found.items()}
        self._codes.update(names)
        return tuple(sorted(names))

    def _parts(self, rxcui: str, hops: int) -> dict[str, str]:
        """Labels of all ingredients by code."""
        known = self._properties(rxcui)
        if known.get("tty") == "IN":
            return {rxcui: str(known.get("name") or "")}
        found = self._related(rxcui, tty="IN") if known else {}
        if not found and known.get("tty") == "MIN":
            found = self._all(self._related(rxcui, rela="has_part"), hops)
        return found or self._history(rxcui, hops)

    def _all(self, codes: Iterable[str], hops: int) -> dict[str, str]:
        """Ingredients of several concepts; none if one of them is not clear."""
        parts = [self._parts(code, hops - 1) for code in codes] if hops else []
        return {code: label for part in parts for code, label in part.items()} if all(parts) else {}

    def _history(self, rxcui: str, hops: int) -> dict[str, str]:
        """Ingredients of a code that is no longer current; one that was split into several has none."""
        status = _section(self._client.get(f"rxcui/{rxcui}/historystatus.json"), "rxcuiStatusHistory")
        derived = _section(status, "derivedConcepts")
        moved = {str(row.get("remappedRxCui") or "") for row in _rows(derived, "remappedConcept")} - {""}
        if moved:
            return self._all(list(moved), hops) if len(moved) == 1 else {}
        made_of = [str(row.get("ingredientRxcui") or "") for row in _rows(derived, "ingredientConcept")]
        features = _section(status, "definitionalFeatures")
        made_of = made_of or [str(row.get("baseRxcui") or "") for row in _rows(features, "ingredientAndStrength")]
        return self._all(made_of, hops) if all(made_of) else {}

    def _properties(self, rxcui: str) -> dict[str, Any]:
        return _section(self._client.get(f"rxcui/{rxcui}/properties.json"), "properties")

    def _related(self, rxcui: str, **by: str) -> dict[str, str]:
        """Labels of related concepts by code; groups without any occur."""
        group = _section(self._client.get(f"rxcui/{rxcui}/related.json", **by), "relatedGroup")
        rows = (row for part in _rows(group, "conceptGroup") for row in _rows(part, "conceptProperties"))
        return {str(row["rxcui"]): str(row.get("name") or "") for row in rows if row.get("rxcui")}


def _section(body: dict[str, Any], key: str) -> dict[str, Any]:
    """An object inside an answer; empty where it is missing or null."""
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unavailable(f"RxNav answered in another shape: {key} is no object.")
    return value


def _rows(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of objects inside an answer; empty where it is missing or null."""
    value = body.get(key)
    rows = [] if value is None else [value] if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unavailable(f"RxNav answered in another shape: {key} is no list of objects.")
    return rows


def _score(text: object) -> float:
    """Scores are numbers in quotes."""
    try:
        return float(str(text))
    except ValueError as error:
        raise Unavailable("RxNav answered in another shape: a score is no number.") from error
