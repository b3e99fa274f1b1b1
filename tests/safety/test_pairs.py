"""Pairs of medicines in bulk: by code or by name, in either order; what is not known is never clear."""

from __future__ import annotations

import pytest

from safety.interactions import Interactions
from safety.pairs import PairAnswer, Pairs
from safety.rxnorm import OfflineResolver

WARFARIN, IBUPROFEN = "11289", "5640"
MAJOR = PairAnswer("checked", "major", "interrupt", "ddi.anticoagulant_nsaid")
UNKNOWN = PairAnswer("unknown_drug", "", "interrupt", "rx.unresolved")


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    resolver = OfflineResolver()
    return Pairs(resolver, Interactions(resolver))


@pytest.mark.parametrize(
    ("one", "other"), [(WARFARIN, IBUPROFEN), ("warfarin", "ibuprofen"), (WARFARIN, "Advil"), ("Coumadin", IBUPROFEN)]
)
def test_codes_names_and_brands_say_the_same_in_either_order(pairs: Pairs, one: str, other: str) -> None:
    assert pairs.check(one, other) == pairs.check(other, one) == MAJOR


def test_a_pair_without_a_rule_is_checked_and_silent(pairs: Pairs) -> None:
    assert pairs.check("metformin", "paracetamol") == PairAnswer("checked", "", "", "")


def test_a_combination_is_checked_by_all_its_ingredients(pairs: Pairs) -> None:
    assert pairs.check("Bactrim", "warfarin").severity == "major"


@pytest.mark.parametrize("written", ["", "xyzzy", "999999999", "'; DROP TABLE drugs; --", "warf\u0430rin"])
def test_what_is_not_known_is_never_clear(pairs: Pairs, written: str) -> None:
    assert pairs.check(written, "metformin") == pairs.check("metformin", written) == UNKNOWN


def test_a_misspelt_name_is_not_known_but_its_danger_is_told(pairs: Pairs) -> None:
    found = pairs.check("warfarinn", "ibuprofen")
    assert (found.status, found.severity) == ("unknown_drug", "major")


def test_a_name_is_read_where_the_code_is_not_in_the_index(pairs: Pairs) -> None:
    row = {"rxcui_a": "999999999", "name_a": "warfarin", "rxcui_b": IBUPROFEN, "name_b": "not a drug"}
    assert pairs.row(row) == MAJOR.columns()
    assert pairs.row({**row, "name_a": ""}) == UNKNOWN.columns()


def test_a_medicine_of_which_no_rule_speaks_is_not_checked(pairs: Pairs) -> None:
    assert pairs.check("witch hazel", "amlodipine").columns() == {
        "status": "unknown_drug",
        "severity": "",
        "action": "warn",
        "rule": "rx.no_rules",
    }
    assert pairs.check("cephalexin", "amlodipine").status == "checked"
