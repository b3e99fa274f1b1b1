"""Interactions derived from roles: what follows from two roles, how bad, and what outweighs it."""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path

import pytest

from cases.vocabulary.lexicon import lexicon
from cases.vocabulary.tables import drugs, sources
from safety.cyp_roles import TABLES, CypRole, cyp_roles, fda_roles
from safety.flags import narrow_index
from safety.interactions import Interactions
from safety.mechanisms import Mechanisms, mechanism_table
from safety.rules import KNOWLEDGE, RulesError
from safety.rxnorm import OfflineResolver

MECHANISMS = Mechanisms()
ENGINE = Interactions(OfflineResolver())


def derived(one: str, other: str) -> dict[str, str]:
    return {rule.id: rule.severity for rule in MECHANISMS.rules_for(one, other)}


def levels(role: str, *, of: tuple[str, ...]) -> list[CypRole]:
    return [
        item
        for item in cyp_roles()
        if item.role == role and item.level in of and item.pathway.startswith("CYP") and item.source == "fda_cyp_2026"
    ]


def test_every_pair_of_the_fda_table_follows() -> None:
    """The plain version: strong or moderate agent x sensitive or moderately sensitive substrate of one CYP."""
    agents = [item for role in ("inhibitor", "inducer") for item in levels(role, of=("strong", "moderate"))]
    substrates = levels("substrate", of=("sensitive", "moderate_sensitive"))
    expected = {
        frozenset({agent.name, substrate.name})
        for agent, substrate in product(agents, substrates)
        if agent.pathway == substrate.pathway and agent.name != substrate.name
    }
    stepped_down = {name for step in mechanism_table().steps if step.by < 0 for name in step.names}
    assert len(expected) > 3_400  # 3,520 by the FDA's names; combinations are one ingredient here, foods are none
    assert not {pair for pair in expected - set(MECHANISMS.pairs()) if not pair & stepped_down}


@pytest.mark.parametrize(
    ("victim", "other", "rule", "severity"),
    [
        ("midazolam", "clarithromycin", "mech.cyp3a.inhibition", "major"),
        ("alprazolam", "ketoconazole", "mech.cyp3a.inhibition", "moderate"),
        ("felodipine", "diltiazem", "mech.cyp3a.inhibition", "moderate"),
        ("felodipine", "carbamazepine", "mech.cyp3a.induction", "major"),
        ("lurasidone", "efavirenz", "mech.cyp3a.induction", "moderate"),
        ("atomoxetine", "paroxetine", "mech.cyp2d6.inhibition", "major"),
        ("repaglinide", "gemfibrozil", "mech.cyp2c8.inhibition", "major"),
    ],
)
def test_severity_follows_from_the_two_levels(victim: str, other: str, rule: str, severity: str) -> None:
    assert derived(victim, other)[rule] == severity


@pytest.mark.parametrize(
    ("victim", "other", "severity"),
    [
        ("tacrolimus", "diltiazem", "major"),
        ("digoxin", "verapamil", "moderate"),
        ("fexofenadine", "verapamil", "minor"),
        ("oxycodone", "clarithromycin", "major"),
        ("hydrocodone", "clarithromycin", "moderate"),
        ("nilotinib", "ketoconazole", "major"),
        ("venlafaxine", "fluoxetine", "minor"),
        ("omeprazole", "fluoxetine", "minor"),
    ],
)
def test_a_narrow_range_is_a_step_up_and_a_harmless_rise_a_step_down(victim: str, other: str, severity: str) -> None:
    assert set(derived(victim, other).values()) == {severity}


@pytest.mark.parametrize(
    ("prodrug", "other", "rule"),
    [
        ("codeine", "paroxetine", "mech.cyp2d6.activation"),
        ("tramadol", "bupropion", "mech.cyp2d6.activation"),
        ("tamoxifen", "fluoxetine", "mech.cyp2d6.activation"),
        ("clopidogrel", "fluconazole", "mech.cyp2c19.activation"),
    ],
)
def test_inhibition_takes_the_effect_of_a_prodrug_away(prodrug: str, other: str, rule: str) -> None:
    (found,) = MECHANISMS.rules_for(prodrug, other)
    assert (found.id, found.a) == (rule, prodrug)
    assert "higher level" not in found.effect


def test_a_derived_rule_names_both_drugs_and_its_sources() -> None:
    (found,) = MECHANISMS.rules_for("midazolam", "rifampin")
    assert found.general
    assert {"midazolam", "rifampin"} <= set(found.effect.replace(",", "").split())
    assert found.sources == ("fda_cyp_2026",)


@pytest.mark.parametrize(
    ("one", "other"), [("midazolam", "azithromycin"), ("pravastatin", "itraconazole"), ("midazolam", "cilostazol")]
)
def test_nothing_follows_without_a_common_pathway_or_from_a_weak_role(one: str, other: str) -> None:
    assert not derived(one, other)


def test_the_order_of_a_pair_does_not_matter() -> None:
    for pair in MECHANISMS.pairs():
        one, other = sorted(pair)
        assert derived(one, other) == derived(other, one)


def test_a_rule_written_for_the_pair_outweighs_the_mechanism() -> None:
    assert derived("simvastatin", "erythromycin") == {"mech.cyp3a.inhibition": "moderate"}
    assert {rule.severity for rule in ENGINE.rules_for("simvastatin", "erythromycin")} == {"contraindicated"}


def test_every_role_is_of_a_known_ingredient_and_has_a_source() -> None:
    known = set(drugs()) | {name for term in lexicon().terms.values() for name in term.names}
    assert not {role.name for role in cyp_roles()} - known
    assert not {role.source for role in cyp_roles()} - set(sources())


def test_every_source_of_the_rules_is_listed() -> None:
    table = mechanism_table()
    cited = {step.source for step in table.steps} | {prodrug.source for prodrug in table.prodrugs}
    assert not cited - set(sources())


def test_every_step_and_prodrug_has_a_role() -> None:
    substrates = {role.name for role in cyp_roles() if role.role == "substrate"}
    table = mechanism_table()
    named = {name for step in table.steps for name in step.names} | {item.name for item in table.prodrugs}
    assert not named - substrates
    pathways = {item.id for item in table.pathways}
    assert {item.pathway for item in table.prodrugs} | {p for step in table.steps for p in step.pathways} <= pathways


def test_every_victim_with_a_narrow_index_is_a_step_up() -> None:
    stepped_up = {name for step in mechanism_table().steps if step.by > 0 for name in step.names}
    substrates = {role.name for role in cyp_roles() if role.role == "substrate"}
    assert not (set(narrow_index()) & substrates) - stepped_up


def test_no_role_stands_twice() -> None:
    keys = [(role.name, role.pathway, role.role) for role in cyp_roles()]
    assert len(keys) == len(set(keys))


def test_a_missing_or_broken_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RulesError):
        cyp_roles(tmp_path)
    for table in TABLES:
        (tmp_path / table).write_text("name,pathway,role,level,source\nx,CYP3A,friend,strong,y\n")
    with pytest.raises(RulesError):
        cyp_roles(tmp_path)


def test_a_pathway_without_a_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / TABLES[0]).write_text("name,pathway,role,level,source\nx,CYP9Z,inhibitor,strong,fda_cyp_2026\n")
    (tmp_path / TABLES[1]).write_text("name,pathway,role,level,source\n")
    (tmp_path / "mechanism_rules.yaml").write_bytes((KNOWLEDGE / "mechanism_rules.yaml").read_bytes())
    with pytest.raises(RulesError, match="CYP9Z"):
        Mechanisms(knowledge=tmp_path)


def test_the_fda_table_is_translated_to_our_names(tmp_path: Path) -> None:
    evidence = tmp_path / "fda.csv"
    rows = [
        ("substance", "pathway", "role", "level"),
        ("lopinavir and ritonavir", "CYP3A", "inhibitor", "strong"),
        ("ritonavir", "CYP3A", "inhibitor", "weak"),
        ("cenobamate", "CYP3A b", "inducer", "moderate"),
        ("tobacco (smoking)", "CYP1A2", "inducer", "moderate"),
    ]
    with evidence.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    roles, unmapped = fda_roles(evidence, drugs())
    found = {(role.name, role.pathway, role.level) for role in roles}
    assert found == {
        ("cenobamate", "CYP3A", "moderate"),
        ("lopinavir", "CYP3A", "strong"),
        ("ritonavir", "CYP3A", "strong"),
    }
    assert unmapped == ["tobacco (smoking)"]
