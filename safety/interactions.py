"""Interactions between two drugs: class rules looked up pair by pair, in either order; duplicates beside them.

Every rule that matches is reported, so adding a drug or a rule never removes a finding. A pair is `new` if the plan
makes it; a pair of two current medicines is a note.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, product
from pathlib import Path

from cases.case import Action, Finding, Severity
from safety.intake import UNDOSED, Drug, finding
from safety.mechanisms import Mechanisms
from safety.resolver import Resolver, labels
from safety.rules import ACTION_OF, KNOWLEDGE, DrugClass, InteractionRule, classes, interaction_rules, members

LOCAL_ROUTES = frozenset({"topical", "inhaled", "intranasal", "ophthalmic", "otic", "rectal", "vaginal"})
LOCAL_SEVERITY: dict[Severity, Severity] = {  # little of a local drug is absorbed: warn, do not stop the plan
    "contraindicated": "moderate",
    "major": "moderate",
    "moderate": "minor",
    "minor": "minor",
}
AT_LEAST: dict[Severity, frozenset[Action]] = {
    "contraindicated": frozenset({"block"}),
    "major": frozenset({"block", "interrupt"}),
    "moderate": frozenset({"block", "interrupt", "warn"}),
    "minor": frozenset({"block", "interrupt", "warn", "note"}),
}
REMEMBERED = 50_000  # pairs whose rules are kept
DUPLICATE_SOURCE = "heck_duplicates_2021"


class Interactions:
    """The rules, indexed by the pairs of ingredients that they cover.

    Args:
        resolver: for the codes of the findings.
        knowledge: folder of the rules.

    Raises:
        RulesError: if a table is missing or wrong.
    """

    def __init__(self, resolver: Resolver, *, knowledge: Path = KNOWLEDGE) -> None:
        self._resolver = resolver
        self._pairs: dict[frozenset[str], list[InteractionRule]] = defaultdict(list)
        self._classes: dict[str, dict[str, DrugClass]] = defaultdict(dict)
        self._mechanisms = Mechanisms(knowledge=knowledge)
        for rule in interaction_rules(knowledge):
            for pair in _pairs(rule, knowledge):
                self._pairs[pair].append(rule)
        for group in classes(knowledge).values():
            if group.duplicate:
                for name in group.members:
                    self._classes[name][group.id] = group
        self.known = self._mechanisms.known.union(*self._pairs)
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._look_up)

    def check(self, drugs: Sequence[Drug]) -> list[Finding]:
        """Return every interaction and duplicate among `drugs`."""
        found: list[Finding] = []
        for one, other in combinations(self._relevant(drugs), 2):
            if one.name == other.name:
                found += self._same(one, other)
                continue
            rules = self.rules_for(one.name, other.name) if self._may_interact(one.name, other.name) else ()
            if rules:
                found += self._interacting(one, other, rules)
            if one.name in self._classes and other.name in self._classes:
                found += self._alike(one, other, rules)
        return _distinct(found)

    def _relevant(self, drugs: Sequence[Drug]) -> list[Drug]:
        """Leave out what adds nothing to any pair: a third mention of one drug, and a drug of which no rule speaks."""
        times = Counter(drug.name for drug in drugs)
        told: Counter[Drug] = Counter()
        kept = []
        for drug in drugs:
            told[drug] += 1
            spoken_of = drug.name in self.known or drug.name in self._classes or times[drug.name] > 1
            if spoken_of and told[drug] <= (2 if drug.new else 1):
                kept.append(drug)
        return kept

    def _may_interact(self, one: str, other: str) -> bool:
        """Whether a rule can speak of the pair: nearly all pairs of a long list end here."""
        derived = self._mechanisms.known
        return frozenset((one, other)) in self._pairs or (one in derived and other in derived)

    def rules_for(self, one: str, other: str) -> tuple[InteractionRule, ...]:
        """The rules that cover a pair of ingredients, in whichever order.

        One that follows from a mechanism, written or derived from the roles of both, only if there is no other.
        """
        return self._remembered(min(one, other), max(one, other))

    def _look_up(self, one: str, other: str) -> tuple[InteractionRule, ...]:
        rules = self._pairs.get(frozenset({one, other}), [])
        particular = tuple(rule for rule in rules if not rule.general)
        return particular or (*rules, *self._mechanisms.rules_for(one, other))

    def _interacting(self, one: Drug, other: Drug, rules: Sequence[InteractionRule]) -> Iterator[Finding]:
        pair = tuple(sorted((one.name, other.name)))
        local = _is_local(one) or _is_local(other)
        for rule in rules:
            severity = LOCAL_SEVERITY[rule.severity] if local else rule.severity
            yield finding(
                rule=rule.id,
                kind="interaction",
                severity=severity,
                action=ACTION_OF[severity],
                drugs=labels(pair, self._resolver),
                new=one.new or other.new,
                message=f"{pair[0].capitalize()} with {pair[1]}: {rule.effect}",
                management=rule.management,
                would_change_if=rule.would_change_if or _without(one, other),
                source="; ".join(rule.sources),
            )

    def _same(self, one: Drug, other: Drug) -> Iterator[Finding]:
        """The same drug twice; a text that names what the patient takes, without a dose, may just say to go on."""
        if not (one.new or other.new) or _is_local(one) or _is_local(other):
            return
        severity: Severity = "minor" if UNDOSED in (one.origin, other.origin) else "major"
        yield finding(
            rule="dup.same_ingredient",
            kind="duplicate",
            severity=severity,
            action=ACTION_OF[severity],
            drugs=labels((one.name,), self._resolver),
            message=f"{one.name.capitalize()} is there twice.",
            management="Prescribe it once, or adjust the dose of what the patient takes already.",
            would_change_if=f"the patient does not take {one.name} already",
            source=DUPLICATE_SOURCE,
        )

    def _alike(self, one: Drug, other: Drug, rules: Sequence[InteractionRule]) -> Iterator[Finding]:
        """Two of one class, unless a rule says at least as much of this very pair: one alert is enough."""
        theirs = self._classes[other.name]
        shared = [group for name, group in self._classes[one.name].items() if name in theirs]
        if not shared or not (one.new or other.new) or _is_local(one) or _is_local(other):
            return
        said = {ACTION_OF[rule.severity] for rule in rules}
        for group in shared:
            if group.duplicate and not said & AT_LEAST[group.duplicate]:
                pair = tuple(sorted((one.name, other.name)))
                yield finding(
                    rule=f"dup.{group.id}",
                    kind="duplicate",
                    severity=group.duplicate,
                    action=ACTION_OF[group.duplicate],
                    drugs=labels(pair, self._resolver),
                    message=f"{pair[0].capitalize()} and {pair[1]} are both {group.label}.",
                    management="Use one of them.",
                    would_change_if=_without(one, other),
                    source=DUPLICATE_SOURCE,
                )


def _pairs(rule: InteractionRule, knowledge: Path) -> Iterator[frozenset[str]]:
    sides = product(members(rule.a, knowledge), members(rule.b, knowledge))
    yield from {frozenset({one, other}) for one, other in sides if one != other}


def _is_local(drug: Drug) -> bool:
    return drug.route in LOCAL_ROUTES


def _without(one: Drug, other: Drug) -> str | None:
    taken = [drug.name for drug in (one, other) if not drug.new]
    return f"the patient does not take {taken[0]}" if len(taken) == 1 else None


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """Each rule once for each pair; the new one outweighs the old."""
    best: dict[tuple[str, tuple[str, ...]], Finding] = {}
    for item in findings:
        key = (item.rule, item.drugs)
        if key not in best or (item.new and not best[key].new):
            best[key] = item
    return list(best.values())
