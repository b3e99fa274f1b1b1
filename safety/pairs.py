"""Pairs of medicines in bulk: does a rule speak against giving both? One answer a pair, by code or by name.

A pair is `checked` only if both medicines were clearly identified and the rules know both: a name that had to be
guessed is not, nor one of which no rule says anything. Combination products are checked by all their ingredients, those
of one against those of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from cases.case import Action, Finding, Severity
from safety.coverage import covered
from safety.intake import Drug, unresolved
from safety.interactions import Interactions
from safety.resolver import Resolution, Resolver, resolve_written

Status = Literal["checked", "unknown_drug"]
SIDES = ("a", "b")
KEYS = {side: (f"rxcui_{side}", f"name_{side}") for side in SIDES}
ANSWERS = ("status", "severity", "action", "rule")
NO_RULES = "rx.no_rules"
RANK = {severity: rank for rank, severity in enumerate(("contraindicated", "major", "moderate", "minor"))}


@dataclass(frozen=True)
class PairAnswer:
    """What is said of a pair; severity, action and rule are those of the gravest rule, empty where none speaks.

    An unknown medicine is no answer: the action is that of a name that cannot be identified, or a warning where the
    medicine is known and no rule speaks of it.
    """

    status: Status
    severity: Severity | Literal[""]
    action: Action | Literal[""]
    rule: str

    def columns(self) -> dict[str, str]:
        """Return the answer as cells of a table."""
        return {name: str(getattr(self, name)) for name in ANSWERS}


class Pairs:
    """Check pairs of medicines.

    Args:
        resolver: names and codes to ingredients.
        interactions: the rules.

    Example:
        >>> from safety.rxnorm import OfflineResolver
        >>> resolver = OfflineResolver()
        >>> Pairs(resolver, Interactions(resolver)).check("warfarin", "ibuprofen").severity
        'major'
    """

    def __init__(self, resolver: Resolver, interactions: Interactions) -> None:
        self._resolver = resolver
        self._interactions = interactions

    def check(self, one: str, other: str) -> PairAnswer:
        """Return what is said of two medicines, each a name or an RxCUI."""
        return self._answer(self._read(one), self._read(other))

    def row(self, row: Mapping[str, str]) -> dict[str, str]:
        """Return the answer to a row with `rxcui_a`, `rxcui_b`, or names in `name_a`, `name_b`.

        A code goes before a name; where it is not in the index the name is read.
        """
        return self._answer(*(self._read_side(row, side) for side in SIDES)).columns()

    def _read_side(self, row: Mapping[str, str], side: str) -> Resolution:
        written = [value.strip() for key in KEYS[side] if (value := row.get(key)) and value.strip()]
        read = [self._read(value) for value in written] or [self._read("")]
        return next((found for found in read if found.resolved), read[0])

    def _read(self, written: str) -> Resolution:
        return resolve_written(written, self._resolver)

    def _answer(self, one: Resolution, other: Resolution) -> PairAnswer:
        found = [item for names in product(one.names, other.names) for item in self._between(*names)]
        gravest = min(found, key=lambda item: (RANK[item.severity], item.rule), default=None)
        clear = one.clear and other.clear
        if gravest is not None:
            return PairAnswer("checked" if clear else "unknown_drug", gravest.severity, gravest.action, gravest.rule)
        if not clear:
            doubt = unresolved("", "not clearly identified")
            return PairAnswer("unknown_drug", "", doubt.action, doubt.rule)
        if not all(set(read.names) & covered() for read in (one, other)):
            return PairAnswer("unknown_drug", "", "warn", NO_RULES)
        return PairAnswer("checked", "", "", "")

    def _between(self, one: str, other: str) -> list[Finding]:
        return self._interactions.check([Drug(one, new=True), Drug(other, new=True)])
