"""The audit draw: the same for a case whenever it is run, and as often as was asked for."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.audit import draw

IDS = [f"c-{number:05d}" for number in range(10_000)]


def drawn(share: float, seed: int = 42) -> list[bool]:
    return [draw(case_id, share, seed).drawn for case_id in IDS]


@given(st.text(min_size=1, max_size=20), st.floats(0, 1), st.integers())
@settings(max_examples=50, deadline=None)
def test_a_case_is_always_drawn_alike_and_says_with_what_probability(case_id: str, share: float, seed: int) -> None:
    assert draw(case_id, share, seed) == draw(case_id, share, seed)
    assert draw(case_id, share, seed).probability == share


def test_a_draw_is_the_same_on_every_machine() -> None:
    """The digest is written down: a refit in another year finds the same cases drawn."""
    assert [number for number in range(100) if draw(f"c-{number:03d}", 0.05, 42).drawn] == [39, 44, 50, 70, 81]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5, 0.9])
def test_the_share_drawn_is_about_the_share_asked_for(share: float) -> None:
    spread = math.sqrt(share * (1 - share) / len(IDS))
    assert abs(sum(drawn(share)) / len(IDS) - share) < 3 * spread


def test_a_share_of_nothing_draws_none_and_of_all_draws_each() -> None:
    assert not any(drawn(0.0))
    assert all(drawn(1.0))


@given(st.text(min_size=1, max_size=20), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_a_larger_share_keeps_what_a_smaller_one_drew(case_id: str, one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    assert draw(case_id, larger, 42).drawn >= draw(case_id, smaller, 42).drawn


def test_another_seed_draws_other_cases_independently() -> None:
    """Of two independent halves, a quarter of the cases is in both."""
    both = sum(a and b for a, b in zip(drawn(0.5, 1), drawn(0.5, 2), strict=True))
    assert both / len(IDS) == pytest.approx(0.25, abs=0.015)


def test_neighbouring_ids_are_drawn_independently() -> None:
    row = drawn(0.5)
    pairs = sum(a and b for a, b in pairwise(row))
    assert pairs / len(IDS) == pytest.approx(0.25, abs=0.015)


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_share_that_is_no_probability_is_refused(share: float) -> None:
    with pytest.raises(ValidationError):
        draw("c-001", share, 42)
