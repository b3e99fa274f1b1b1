"""Flags of single drugs: boxed warnings, narrow index, withdrawals."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cases.vocabulary.lexicon import lexicon, normalise
from cases.vocabulary.tables import drugs, sources
from pipeline.routing import BY_FINDING
from safety.flags import Flags, Withdrawal, boxed_warnings, narrow_index, withdrawals
from safety.intake import Drug
from safety.rules import KNOWLEDGE, RulesError
from safety.rxnorm import OfflineResolver
from safety.screen import Screen
from tests.safety.conftest import CaseMaker

TABLES = ("boxed_warnings.csv", "narrow_index.csv", "withdrawn.csv")


@pytest.fixture
def flags(resolver: OfflineResolver) -> Flags:
    return Flags(resolver)


def test_every_flag_names_a_source() -> None:
    cited = {row.source for table in (boxed_warnings(), narrow_index(), withdrawals()) for row in table.values()}
    assert not cited - set(sources())


def test_every_boxed_warning_and_narrow_index_is_of_a_known_ingredient() -> None:
    assert not {*boxed_warnings(), *narrow_index()} - set(drugs())


def test_most_withdrawn_drugs_are_names_that_the_lexicon_reads() -> None:
    known = [name for name in withdrawals() if normalise(name) in lexicon().terms]
    assert len(known) >= 20


def test_tables_have_the_size_they_are_meant_to_have() -> None:
    assert len(boxed_warnings()) >= 80
    assert len(withdrawals()) >= 30


@pytest.mark.parametrize("missing", TABLES)
def test_a_missing_table_is_an_error(missing: str, tmp_path: Path, resolver: OfflineResolver) -> None:
    for name in TABLES:
        if name != missing:
            shutil.copy(KNOWLEDGE / name, tmp_path / name)
    with pytest.raises(RulesError, match=missing):
        Flags(resolver, knowledge=tmp_path)


def test_a_table_with_a_wrong_cell_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "withdrawn.csv").write_text("name,where,year,why,routes,source\nx,EU,soon,why,,s\n", encoding="utf-8")
    with pytest.raises(RulesError, match="year"):
        withdrawals(tmp_path)


@pytest.mark.parametrize(
    ("where", "year", "region", "holds"),
    [
        ("worldwide", 2004, "US", True),
        ("EU", 2010, "FR", True),
        ("EU", 2010, "GB", True),
        ("EU", 2022, "GB", False),
        ("EU", 2010, "US", False),
        ("US", 2020, None, True),
    ],
)
def test_a_withdrawal_holds_where_it_was(where: str, year: int, region: str | None, holds: bool) -> None:
    row = Withdrawal(name="x", where=(where,), year=year, why="y", source="s")
    assert row.holds_in(region) == holds


def test_a_proposed_withdrawn_drug_interrupts_where_it_was_and_warns_elsewhere(
    flags: Flags, make_case: CaseMaker
) -> None:
    drug = [Drug("carisoprodol", new=True)]
    assert [item.action for item in flags.check(make_case(region="DE"), drug)] == ["interrupt"]
    assert [item.action for item in flags.check(make_case(region="US"), drug)] == ["warn"]


def test_only_the_forms_that_were_withdrawn_are_flagged(flags: Flags, make_case: CaseMaker) -> None:
    assert flags.check(make_case(), [Drug("gatifloxacin", new=True, route="oral")])
    assert not flags.check(make_case(), [Drug("gatifloxacin", new=True, route="ophthalmic")])


def test_a_boxed_warning_is_a_note_on_a_proposed_drug_only(flags: Flags, make_case: CaseMaker) -> None:
    (note,) = flags.check(make_case(), [Drug("sertraline", new=True)])
    assert (note.rule, note.action) == ("boxed.sertraline", "note")
    assert not flags.check(make_case(), [Drug("sertraline", new=False)])
    assert not flags.check(make_case(), [Drug("propranolol", new=True, route="topical")])


def test_a_note_changes_no_routing() -> None:
    assert "contraindication" not in BY_FINDING  # then only what blocks or interrupts is a reason
    assert "withdrawn" not in BY_FINDING


def test_the_screen_stops_a_plan_with_a_withdrawn_drug(screen: Screen, make_case: CaseMaker) -> None:
    found = screen.text(make_case(), "Start rofecoxib 25 mg daily.").findings
    assert [item.action for item in found if item.rule == "withdrawn.rofecoxib"] == ["interrupt"]


def test_the_screen_says_that_it_could_not_read_the_flags(tmp_path: Path, make_case: CaseMaker) -> None:
    shutil.copytree(KNOWLEDGE, tmp_path / "knowledge")
    (tmp_path / "knowledge/withdrawn.csv").unlink()
    verdict = Screen(knowledge=tmp_path / "knowledge").text(make_case(), "Start sertraline 50 mg daily.")
    assert any(gap.startswith("flags: could not be checked") for gap in verdict.unchecked)
    assert any(item.rule == "screen.failed.flags" and item.action == "block" for item in verdict.findings)
