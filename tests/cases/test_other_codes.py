"""Codes of salts, brands and combinations."""

from __future__ import annotations

from cases.vocabulary.other_codes import disputed, labelled, settled

NAMED = [
    ("a succinate", "salt", "a", "", "1"),
    ("b sodium", "salt", "b", "", "1"),
    ("mark", "brand", "a;b", "", "1"),
    ("other mark", "brand", "a", "", "1"),
    ("a / b", "combination", "a;b", "", "1"),
    ("a", "ingredient", "a", "1", "1"),
    ("unclear", "ambiguous", "", "", "1"),
]
CODES = {
    "a succinate": {"11"},
    "b sodium": {"12", "13"},
    "mark": {"14"},
    "other mark": {"15"},
    "a / b": {"16"},
    "a": {"1"},
    "unclear": {"17"},
}


def test_a_code_needs_one_label_and_a_second_table() -> None:
    found = labelled(NAMED, CODES, {"11", "12", "13"}, {"mark": "a;b", "other mark": "b", "unclear": ""}, {"a;b"})
    assert list(found) == [("11", "salt", "a"), ("14", "brand", "a;b"), ("16", "combination", "a;b")]


def test_a_salt_that_nobody_registers_is_left_out() -> None:
    assert not list(labelled(NAMED[:1], CODES, set(), {}, set()))


def test_a_combination_that_no_prescribable_drug_holds_is_left_out() -> None:
    assert not list(labelled(NAMED[4:5], CODES, set(), {}, {"a"}))


def test_a_disputed_code_needs_two_witnesses() -> None:
    found = disputed({"a": {"1": {"x", "y"}, "2": {"z"}}, "b": {"3": {"x", "y"}}}, 2)
    assert list(found) == [("1", "ingredient", "a")]


def test_a_code_of_two_meanings_or_of_an_ingredient_is_left_out() -> None:
    rows = [("30", "salt", "a"), ("4", "brand", "b"), ("5", "salt", "a"), ("5", "brand", "b"), ("1", "salt", "c")]
    assert settled(rows, {"1"}) == [("4", "brand", "b"), ("30", "salt", "a")]
