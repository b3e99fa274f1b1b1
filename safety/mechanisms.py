"""Interactions that follow from a mechanism: one drug inhibits or induces what the other depends on.

The roles are tables (`cyp_roles.py`), what follows from two roles is `mechanism_rules.yaml`. A pair is derived when it
is asked for: a few roles on each side, no list of pairs. Every derived rule is `general`, so any rule written for the
pair outweighs it: a label knows more than a mechanism.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from cases.case import Severity
from cases.yaml_file import read_yaml
from safety.cyp_roles import CypRole, Kind, Level, cyp_roles
from safety.rules import KNOWLEDGE, InteractionRule, Rule, RulesError

Strength = Literal["none", "minor", "moderate", "major"]
LADDER: tuple[Strength, ...] = ("none", "minor", "moderate", "major")
RUNG: Mapping[str, int] = {strength: rung for rung, strength in enumerate(LADDER)}
Pathway = str


class PathwayName(Rule):
    """A pathway in findings: its id and label, and what the tables call it."""

    id: Pathway
    label: str
    names: tuple[str, ...] = Field(min_length=1)


class MechanismRule(Rule):
    """What follows where one drug has `role` in a pathway and the other is its substrate."""

    id: str
    role: Kind
    severity: dict[Level, dict[Level, Strength]]
    effect: str
    management: dict[Strength, str]


class Step(Rule):
    """Drugs for which a changed level is worse (positive) or milder (negative) than for others.

    Without `pathways` the step holds everywhere, without `roles` for inhibitors and inducers.
    """

    names: tuple[str, ...] = Field(min_length=1)
    by: int
    pathways: tuple[Pathway, ...] = ()
    roles: tuple[Kind, ...] = ()
    why: str
    source: str

    def holds(self, pathway: Pathway, role: Kind) -> bool:
        """Whether the step counts for this mechanism."""
        return (not self.pathways or pathway in self.pathways) and (not self.roles or role in self.roles)


class Prodrug(Rule):
    """A drug that a pathway has to activate; severity by the level of the other drug."""

    name: str
    pathway: Pathway
    role: Kind
    severity: dict[Level, Strength]
    effect: str
    management: str
    source: str


class MechanismTable(Rule):
    """All of `mechanism_rules.yaml`."""

    pathways: tuple[PathwayName, ...]
    rules: tuple[MechanismRule, ...]
    steps: tuple[Step, ...]
    prodrugs: tuple[Prodrug, ...]


@cache
def mechanism_table(folder: Path = KNOWLEDGE) -> MechanismTable:
    """The rules over roles.

    Raises:
        RulesError: if the table is missing or wrong.
    """
    path = folder / "mechanism_rules.yaml"
    try:
        return TypeAdapter(MechanismTable).validate_python(read_yaml(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise RulesError(f"{path.name}: {error}") from error


class Mechanisms:
    """Derive the rules of a pair from the roles of its drugs.

    Args:
        knowledge: folder of the tables.

    Raises:
        RulesError: if a table is missing or wrong.

    Example:
        >>> [rule.id for rule in Mechanisms().rules_for("midazolam", "clarithromycin")]
        ['mech.cyp3a.inhibition']
    """

    def __init__(self, *, knowledge: Path = KNOWLEDGE) -> None:
        table = mechanism_table(knowledge)
        self._labels = {item.id: item.label for item in table.pathways}
        self._rules: dict[Kind, MechanismRule] = {rule.role: rule for rule in table.rules}
        self._steps: dict[str, list[Step]] = defaultdict(list)
        for step in table.steps:
            for name in step.names:
                self._steps[name].append(step)
        self._prodrugs = {(item.name, item.pathway, item.role): item for item in table.prodrugs}
        self._agents, self._victims = _indexed(cyp_roles(knowledge), table.pathways)
        self.known = frozenset({*self._agents, *self._victims})

    def rules_for(self, one: str, other: str) -> tuple[InteractionRule, ...]:
        """The derived rules of a pair, the gravest first: for each drug whose level changes one, and each id once."""
        found = sorted([*self._gravest(one, other), *self._gravest(other, one)], key=_gravest_first)
        return tuple({rule.id: rule for rule in reversed(found)}.values())[::-1]

    def pairs(self) -> Iterator[frozenset[str]]:
        """Every pair that a rule follows for."""
        for one, other in combinations(sorted(self.known), 2):
            if self.rules_for(one, other):
                yield frozenset({one, other})

    def _gravest(self, victim: str, other: str) -> list[InteractionRule]:
        if victim not in self._victims or other not in self._agents:
            return []
        return sorted(self._derived(victim, other), key=_gravest_first)[:1]

    def _derived(self, victim: str, other: str) -> Iterator[InteractionRule]:
        for pathway, substrate in self._victims[victim].items():
            for agent in self._agents[other].get(pathway, ()):
                rule = self._prodrug(substrate, agent, pathway) or self._changed(substrate, agent, pathway)
                if rule:
                    yield rule

    def _changed(self, substrate: CypRole, agent: CypRole, pathway: Pathway) -> InteractionRule | None:
        rule = self._rules[agent.role]
        expected = rule.severity.get(agent.level, {}).get(substrate.level)
        if expected is None:
            return None
        steps = [step for step in self._steps.get(substrate.name, ()) if step.holds(pathway, agent.role)]
        rung = RUNG[expected] + sum(step.by for step in steps)
        severity = LADDER[min(max(rung, 0), len(LADDER) - 1)]
        if severity == "none":
            return None
        told = rule.effect, rule.management[severity]
        sources = _sources(substrate, agent, *(step.source for step in steps))
        name = f"mech.{pathway}.{rule.id}"
        return self._rule(substrate, agent, pathway, name=name, severity=severity, told=told, sources=sources)

    def _prodrug(self, substrate: CypRole, agent: CypRole, pathway: Pathway) -> InteractionRule | None:
        prodrug = self._prodrugs.get((substrate.name, pathway, agent.role))
        severity = prodrug.severity.get(agent.level, "none") if prodrug else "none"
        if prodrug is None or severity == "none":
            return None
        told, sources = (prodrug.effect, prodrug.management), _sources(substrate, agent, prodrug.source)
        name = f"mech.{pathway}.activation"
        return self._rule(substrate, agent, pathway, name=name, severity=severity, told=told, sources=sources)

    def _rule(
        self, substrate: CypRole, agent: CypRole, pathway: Pathway, *, name: str, severity: Severity,
        told: tuple[str, str], sources: tuple[str, ...],
    ) -> InteractionRule:  # fmt: skip
        """The rule of one pair; `told` are its effect and management, with places for both names and the pathway."""
        words = {"victim": substrate.name, "other": agent.name, "pathway": self._labels[pathway]}
        effect, management = (text.format(**words) for text in told)
        return InteractionRule(
            id=name, a=substrate.name, b=agent.name, severity=severity, general=True, effect=effect,
            management=management, sources=sources, hit=((substrate.name, agent.name),),
        )  # fmt: skip


Agents = dict[str, dict[Pathway, list[CypRole]]]
Victims = dict[str, dict[Pathway, CypRole]]
SENSITIVITY: Mapping[str, int] = {"sensitive": 0, "moderate_sensitive": 1, "transporter": 2}


def _indexed(roles: tuple[CypRole, ...], pathways: tuple[PathwayName, ...]) -> tuple[Agents, Victims]:
    """By ingredient and pathway: what it inhibits or induces, and what breaks it down or moves it."""
    ids = {name: item.id for item in pathways for name in item.names}
    agents: Agents = defaultdict(lambda: defaultdict(list))
    victims: Victims = defaultdict(dict)
    for role in roles:
        try:
            pathway = ids[role.pathway]
        except KeyError as error:
            raise RulesError(f"mechanism_rules.yaml: no pathway {role.pathway}, a role of {role.name}") from error
        if role.role != "substrate":
            agents[role.name][pathway].append(role)
        elif pathway not in victims[role.name] or _more_sensitive(role, victims[role.name][pathway]):
            victims[role.name][pathway] = role
    return dict(agents), dict(victims)


def _more_sensitive(role: CypRole, than: CypRole) -> bool:
    return SENSITIVITY[role.level] < SENSITIVITY[than.level]


def _gravest_first(rule: InteractionRule) -> tuple[int, str, str]:
    return (-RUNG[rule.severity], rule.id, rule.a)


def _sources(substrate: CypRole, agent: CypRole, *more: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((substrate.source, agent.source, *more)))
