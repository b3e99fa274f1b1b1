"""Allergies: what to do is a function of the reaction and of how near the drug is to the one that caused it.

Relations, nearest first: the same ingredient, a shared side chain, the same class, a related class. The table of
`allergy_groups.yaml` gives the severity of each (reaction, relation). A refuted allergy counts as none; an unconfirmed
one counts as confirmed, and an unknown reaction is no mild one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from cases.case import Finding, Severity
from cases.language import find_terms
from safety.intake import Drug, KnownAllergy, finding
from safety.resolver import Resolver, labels
from safety.rules import ACTION_OF, KNOWLEDGE, AllergyGroup, AllergyTable, Reaction, Relation, allergy_table

RELATIONS: tuple[Relation, ...] = ("same", "side_chain", "class", "related")
WORST_FIRST: tuple[Reaction, ...] = ("severe_skin", "anaphylaxis", "mild", "intolerance")


class Allergies:
    """The allergy groups, ready to be asked.

    Args:
        resolver: for the codes of the findings.
        knowledge: folder of the rules.

    Raises:
        RulesError: if the table is missing or wrong.
    """

    def __init__(self, resolver: Resolver, *, knowledge: Path = KNOWLEDGE) -> None:
        self._resolver = resolver
        self.table: AllergyTable = allergy_table(knowledge)
        self.known = frozenset(name for group in self.table.groups for name in group.members)
        self._groups: dict[str, list[AllergyGroup]] = defaultdict(list)
        for group in self.table.groups:
            for name in dict.fromkeys(group.members):
                if name not in group.exempt:
                    self._groups[name].append(group)

    def check(self, allergies: Sequence[KnownAllergy], drugs: Sequence[Drug]) -> list[Finding]:
        """Return a finding for every drug that an allergy speaks about, each allergy with its nearest relation."""
        standing = [allergy for allergy in allergies if not allergy.refuted]
        return [item for allergy in standing for item in self._compare(allergy, drugs)]

    def reaction(self, allergy: KnownAllergy) -> Reaction:
        """Classify the reaction by the words of the table; severe words outweigh milder ones."""
        for kind in WORST_FIRST:
            mentions = find_terms(allergy.reaction, self.table.reactions.get(kind, ()))
            if any(mention.assertion != "negated" for mention in mentions):
                return "anaphylaxis" if kind in ("mild", "intolerance") and allergy.severity == "severe" else kind
        return "anaphylaxis" if allergy.severity == "severe" else "unknown"

    def relation(
        self, allergy: KnownAllergy, name: str, *, causes: frozenset[str], reaction: Reaction
    ) -> tuple[Relation, AllergyGroup | None] | None:
        """Return how `name` is related to what the patient is allergic to, and the group that says so."""
        if name in allergy.names:
            return "same", None
        groups = [group for group in self._groups.get(name, ()) if not group.only or reaction in group.only]
        found = [(group.relation, group) for group in groups if _links(group, allergy, causes, name)]
        return min(found, key=lambda item: RELATIONS.index(item[0])) if found else None

    def _causes(self, allergy: KnownAllergy) -> frozenset[str]:
        """The ingredients that may have caused it: those named, or the members of a class that was named."""
        named = [group for group in self.table.groups if allergy.surface in group.terms]
        return frozenset(allergy.names) | {name for group in named for name in group.causes or group.members}

    def _compare(self, allergy: KnownAllergy, drugs: Sequence[Drug]) -> Iterator[Finding]:
        causes, reaction = self._causes(allergy), self.reaction(allergy)
        for drug in drugs:
            related = self.relation(allergy, drug.name, causes=causes, reaction=reaction)
            if related is not None:
                yield self._finding(allergy, drug, reaction, *related)

    def _finding(
        self, allergy: KnownAllergy, drug: Drug, reaction: Reaction, relation: Relation, group: AllergyGroup | None
    ) -> Finding:
        severity = self._severity(reaction, relation, group)
        return finding(
            rule=group.id if group else "allergy.same_drug",
            kind="allergy",
            severity=severity,
            action=ACTION_OF[severity],
            drugs=labels((drug.name,), self._resolver),
            new=drug.new,
            message=f"Allergy to {allergy.surface} ({_WORDS[reaction]}); {drug.name} is {_NEARNESS[relation]}.",
            management="Choose a drug of another class, or have the allergy tested.",
            would_change_if=f"the allergy to {allergy.surface} is refuted",
            source=group.source if group else "; ".join(self.table.sources),
        )

    def _severity(self, reaction: Reaction, relation: Relation, group: AllergyGroup | None) -> Severity:
        own = group.actions.get(reaction) if group else None
        return own or self.table.actions[reaction][relation]


def _links(group: AllergyGroup, allergy: KnownAllergy, causes: frozenset[str], name: str) -> bool:
    if allergy.surface in group.terms:
        return True
    return not group.named_only and bool((causes & set(group.causes or group.members)) - {name})


_WORDS: dict[Reaction, str] = {
    "intolerance": "an intolerance",
    "mild": "a mild reaction",
    "unknown": "reaction not known",
    "anaphylaxis": "an immediate or severe reaction",
    "severe_skin": "a severe skin or organ reaction",
}
_NEARNESS: dict[Relation, str] = {
    "same": "the same drug",
    "side_chain": "a drug with the same side chain",
    "class": "of the same class",
    "related": "of a related class",
}
