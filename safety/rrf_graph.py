"""From any concept of a release to all of its ingredients; half an answer is none.

    pack -contains-> product -consists_of-> component -has_ingredient-> ingredient
    brand -tradename_of-> ingredient      salt -form_of-> ingredient      combination -has_part-> ingredient

Each relation alone leads to every ingredient of a concept, so one of them must be whole: where a target is missing
(suppressed, or of another vocabulary) that relation says nothing. A brand whose products differ stands for none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from safety.rrf import BRAND, INGREDIENT, Edge

Ingredients = frozenset[int]
NONE: Ingredients = frozenset()


class Graph:
    """The concepts of a release and what they are made of.

    Args:
        types: type of every concept that is kept, by code.
        edges: the relations; those of concepts that are not kept are left out.
        inert: codes of ingredients without an effect, such as the placebo tablets of a pack.
    """

    def __init__(self, types: dict[int, str], edges: Iterable[Edge], *, inert: Ingredients = NONE) -> None:
        self._types = types
        self._inert = inert
        self._parts: dict[int, dict[str, list[int]]] = {}
        self._products: dict[int, list[int]] = defaultdict(list)
        self._found: dict[int, Ingredients] = {}
        self.edges = 0
        for edge in edges:
            self._take(edge)

    def ingredients(self, rxcui: int) -> Ingredients:
        """Return all ingredients of a concept; none if they are not clear."""
        if rxcui not in self._found:
            self._found[rxcui] = NONE  # a circle leads nowhere
            self._found[rxcui] = self._look(rxcui)
        return self._found[rxcui]

    def _take(self, edge: Edge) -> None:
        kind = self._types.get(edge.source)
        if kind is None or kind == INGREDIENT:
            return
        self.edges += 1
        if self._types.get(edge.target) == BRAND:
            self._products[edge.target].append(edge.source)
        else:
            self._parts.setdefault(edge.source, {}).setdefault(edge.relation, []).append(edge.target)

    def _look(self, rxcui: int) -> Ingredients:
        kind = self._types.get(rxcui)
        if kind == INGREDIENT:
            return frozenset({rxcui})
        told = {self._whole(targets) for targets in self._parts.get(rxcui, {}).values()} - {NONE}
        if kind == BRAND:
            told |= {self.ingredients(product) for product in self._products.get(rxcui, ())} - {NONE}
            return next(iter(told)) if len(told) == 1 else NONE
        return self._active(NONE.union(*told))

    def _whole(self, targets: list[int]) -> Ingredients:
        """The ingredients of all targets; none if one of them is missing."""
        found = [self.ingredients(target) for target in targets]
        return NONE.union(*found) if all(found) else NONE

    def _active(self, found: Ingredients) -> Ingredients:
        return found - self._inert or found
