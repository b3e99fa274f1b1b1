"""Which ingredients any rule speaks of: of all others nothing is known, so nothing about them can be called clear."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from safety.interactions import Interactions
from safety.rules import KNOWLEDGE, allergy_table, classes, contraindications, members
from safety.rxnorm import OfflineResolver


@cache
def covered(knowledge: Path = KNOWLEDGE) -> frozenset[str]:
    """Return the ingredients of all interactions, duplicate classes, contraindications and allergy groups.

    Raises:
        RulesError: if a table is missing or wrong.
    """
    found = set(Interactions(OfflineResolver(knowledge=knowledge), knowledge=knowledge).known)
    found.update(name for group in classes(knowledge).values() for name in group.members)
    found.update(name for row in contraindications(knowledge) for name in members(row.subject, knowledge))
    found.update(name for group in allergy_table(knowledge).groups for name in group.members)
    return frozenset(found)
