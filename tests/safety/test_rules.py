"""The rule tables: everything they refer to exists."""

from __future__ import annotations

import csv
from itertools import chain

import pytest

from cases.facts import facts
from cases.vocabulary.conditions import conditions, syndromes
from cases.vocabulary.lexicon import lexicon
from cases.vocabulary.tables import drugs, sources
from safety import rules
from safety.rxnorm import confused_pairs

CITED = {
    *chain.from_iterable(rule.sources for rule in rules.interaction_rules()),
    *chain.from_iterable(row.sources for row in rules.contraindications()),
    *chain.from_iterable(row.sources for row in rules.indications().values()),
    *(group.source for group in rules.classes().values()),
    *(group.source for group in rules.allergy_table().groups),
    *rules.allergy_table().sources,
    *(flag.source for flag in rules.red_flags()),
    *(limit.source for limit in rules.vitals_table().limits),
    rules.vitals_table().news2_source,
}


def test_every_source_is_listed() -> None:
    assert not CITED - set(sources())


def test_every_member_is_an_ingredient_that_the_lexicon_knows() -> None:
    known = set(drugs()) | {name for term in lexicon().terms.values() for name in term.names}
    groups = [*rules.classes().values(), *rules.allergy_table().groups]
    strange = {name for group in groups for name in group.members} - known
    assert not strange - {"ticarcillin", "methicillin", "silver sulfadiazine"}


def test_every_atc_stretch_of_a_class_and_every_exclusion_takes_effect() -> None:
    for group in rules.classes().values():
        reached = {name: [a for a in group.atc if any(c.startswith(a) for c in drugs()[name].atc)] for name in drugs()}
        assert {prefix for prefixes in reached.values() for prefix in prefixes} == set(group.atc), group.id
        assert all(reached[name] for name in group.exclude), group.id


@pytest.mark.parametrize(
    ("group", "inside", "outside"),
    [
        ("anticoagulants", {"argatroban", "tinzaparin", "warfarin"}, {"alteplase", "clopidogrel"}),
        ("antihistamines", {"clemastine", "hydroxyzine"}, {"azelastine", "trimethobenzamide"}),
        ("antiplatelets", {"ticlopidine", "aspirin"}, {"treprostinil"}),
        ("fluoroquinolones", {"gatifloxacin", "levofloxacin"}, {"nalidixic acid"}),
        ("nsaids", {"fenoprofen", "nabumetone"}, {"aspirin", "penicillamine"}),
        ("opioids", {"butorphanol", "codeine"}, {"lofexidine", "naloxone"}),
        ("penicillins", {"pivmecillinam"}, {"clavulanate", "tazobactam"}),
        ("polyvalent_cations", {"calcium citrate", "iron"}, {"magnesium sulfate", "potassium chloride"}),
        ("sedatives", {"clonazepam", "zopiclone"}, {"melatonin"}),
        ("sulfonylureas", {"tolbutamide"}, {"repaglinide"}),
        ("triptans", {"sumatriptan"}, {"lasmiditan"}),
    ],
)
def test_a_class_holds_its_stretch_of_atc(group: str, inside: set[str], outside: set[str]) -> None:
    members = set(rules.classes()[group].members)
    assert inside <= members
    assert not outside & members


def test_every_subject_of_a_rule_is_a_class_or_an_ingredient() -> None:
    subjects = [side for rule in rules.interaction_rules() for side in (rule.a, rule.b)]
    subjects += [row.subject for row in rules.contraindications()]
    plain = {subject for subject in subjects if not subject.startswith("class:")}
    assert not plain - set(drugs())
    assert not {subject.removeprefix("class:") for subject in subjects if subject not in plain} - set(rules.classes())


def test_every_fact_exists() -> None:
    used: set[str] = set()
    for row in rules.contraindications():
        used |= {*row.when.facts, *row.when.any_facts, *row.when.unless, *row.at_risk}
    used |= {name for flag in rules.red_flags() for name in (*flag.facts, *flag.any_facts)}
    used |= {name for row in rules.indications().values() for name in row.criteria}
    assert not used - set(facts())


def test_every_syndrome_has_an_indication_entry() -> None:
    assert set(syndromes()) <= set(rules.indications())


def test_red_flags_name_labels_that_exist() -> None:
    named = {label for flag in rules.red_flags() for label in flag.labels}
    assert not named - set(conditions()) - {"any"}


def test_rule_ids_are_unique() -> None:
    ids = [rule.id for rule in rules.interaction_rules()] + [row.id for row in rules.contraindications()]
    ids += [flag.id for flag in rules.red_flags()]
    assert len(ids) == len(set(ids))


def test_confused_pairs_are_sourced() -> None:
    with (rules.KNOWLEDGE / "confused_pairs.csv").open(newline="", encoding="utf-8") as file:
        assert {row["source"] for row in csv.DictReader(file)} <= set(sources())
    assert confused_pairs()
