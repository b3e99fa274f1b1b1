"""Interaction rules: each carries its own hits and misses; the engine is symmetric and monotone."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.intake import Drug
from safety.interactions import Interactions
from safety.rules import InteractionRule, classes, interaction_rules
from safety.rxnorm import OfflineResolver
from safety.screen import Screen

RESOLVER = OfflineResolver()
ENGINE = Interactions(RESOLVER)
NAMES = sorted({name for group in classes().values() for name in group.members})


@pytest.mark.parametrize("rule", interaction_rules(), ids=lambda rule: rule.id)
def test_rule_hits_and_misses_what_it_says(rule: InteractionRule) -> None:
    for one, other in rule.hit:
        assert rule.id in {found.id for found in ENGINE.rules_for(one, other)}, (one, other)
    for one, other in rule.miss:
        assert rule.id not in {found.id for found in ENGINE.rules_for(one, other)}, (one, other)


@pytest.mark.parametrize(
    "pair",
    [
        ("phentermine", "phenelzine"), ("omeprazole", "atazanavir"), ("azathioprine", "febuxostat"),
        ("sertraline", "tranylcypromine"), ("irinotecan", "ketoconazole"), ("meperidine", "phenelzine"),
        ("imipramine", "isocarboxazid"), ("haloperidol", "sotalol"), ("ramelteon", "fluvoxamine"),
        ("rifampin", "darunavir"), ("simvastatin", "itraconazole"), ("ergotamine", "clarithromycin"),
        ("tizanidine", "ciprofloxacin"), ("tranylcypromine", "procarbazine"), ("zolmitriptan", "phenelzine"),
    ],
)  # fmt: skip
def test_the_fifteen_onc_class_pairs_are_covered(screen: Screen, pair: tuple[str, str]) -> None:
    findings = screen.interactions(pair).findings
    assert any(item.severity in ("contraindicated", "major") for item in findings)


@pytest.mark.parametrize(
    "partner", ["erythromycin", "clarithromycin", "gemfibrozil", "cyclosporine", "danazol", "itraconazole"]
)
def test_simvastatin_is_contraindicated_by_label_whatever_the_mechanism_table_says(
    screen: Screen, partner: str
) -> None:
    findings = screen.interactions(["simvastatin", partner]).findings
    assert [item.severity for item in findings] == ["contraindicated"]


def test_check_does_not_depend_on_the_order() -> None:
    drugs = [Drug("warfarin", new=False), Drug("sulfamethoxazole", new=True), Drug("lisinopril", new=False)]
    found = [{(item.rule, item.drugs) for item in ENGINE.check(order)} for order in permutations(drugs)]
    assert all(item == found[0] for item in found)
    assert found[0]


@given(st.lists(st.sampled_from(NAMES), max_size=6, unique=True), st.sampled_from(NAMES), st.booleans())
def test_adding_a_drug_never_removes_a_finding(names: list[str], more: str, new: bool) -> None:
    drugs = [Drug(name, new=bool(index % 2)) for index, name in enumerate(names)]
    before = {(item.rule, item.drugs) for item in ENGINE.check(drugs)}
    after = {(item.rule, item.drugs) for item in ENGINE.check([*drugs, Drug(more, new=new)])}
    assert before <= after


def test_a_pair_the_patient_lives_with_is_a_note() -> None:
    (found,) = ENGINE.check([Drug("warfarin", new=False), Drug("sulfamethoxazole", new=False)])
    assert (found.new, found.action, found.severity) == (False, "note", "major")


def test_a_local_drug_only_warns() -> None:
    cream = Drug("fusidic acid", new=True, route="topical")
    (found,) = ENGINE.check([Drug("simvastatin", new=False), cream])
    assert found.action == "warn"


def test_the_same_ingredient_twice_is_a_duplicate() -> None:
    (found,) = ENGINE.check([Drug("ibuprofen", new=False), Drug("ibuprofen", new=True, route="oral")])
    assert (found.rule, found.action) == ("dup.same_ingredient", "interrupt")


def test_an_unknown_name_leaves_the_check_open(screen: Screen) -> None:
    verdict = screen.interactions(["paracetamol", "Xyzq"])
    assert [item.kind for item in verdict.findings] == ["unresolved_drug"]
    assert verdict.unchecked


def test_a_drug_without_rules_is_known_but_never_safe(screen: Screen) -> None:
    verdict = screen.interactions(["mebeverine", "paracetamol"])
    assert "mebeverine: known, no rules" in verdict.unchecked
    assert not verdict.findings


def test_a_combination_brings_all_its_ingredients(screen: Screen) -> None:
    rules = {item.rule for item in screen.interactions(["Bactrim", "warfarin", "lisinopril"]).findings}
    assert {"ddi.warfarin_tmp_smx", "ddi.trimethoprim_raas"} <= rules
