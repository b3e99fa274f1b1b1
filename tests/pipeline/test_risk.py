"""The promise about released cases: kept as often as it says, and not made where it cannot be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from pipeline.risk import STARTS, promise

CONFIDENCE = 0.95
outcomes = st.lists(st.booleans(), min_size=1, max_size=250).map(lambda seen: np.array(seen, dtype=bool))


def mostly_right(seed: int, cases: int, wrong: float, levels: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Cases whose chance of being wrong grows with their doubt, up to twice `wrong`; `levels` makes ties."""
    generator = np.random.default_rng(seed)
    doubt = generator.random(cases)
    right = generator.random(cases) >= 2 * wrong * doubt
    return doubt if levels is None else np.floor(doubt * levels), right


def test_the_promise_is_kept_in_at_least_the_promised_share_of_resamples() -> None:
    """With P(wrong | doubt) = 0.3 doubt the risk below a threshold t is exactly 0.15 t, so t may reach 2/3."""
    thresholds = [promise(*mostly_right(i, 600, 0.15), limit=0.10, confidence=CONFIDENCE).threshold for i in range(300)]
    kept = np.mean([0.15 * t <= 0.10 for t in thresholds])
    assert kept >= CONFIDENCE
    assert np.median(thresholds) > 0.3  # and not by releasing nothing


def test_the_promise_is_kept_where_doubts_are_tied() -> None:
    """Ten levels: releasing levels 0 .. k has a risk of 0.15 (k + 1) / 10, so k may reach 5."""
    made = [promise(*mostly_right(i, 600, 0.15, 10), limit=0.10, confidence=CONFIDENCE) for i in range(300)]
    kept = np.mean([0.15 * (m.threshold + 1) / 10 <= 0.10 for m in made])
    assert kept >= CONFIDENCE
    assert np.median([m.threshold for m in made]) >= 2


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_promise_is_kept_where_the_doubt_knows_nothing(confidence: float) -> None:
    """The hardest population: at every threshold the risk is a little above the limit, so any release breaks it."""
    generator = np.random.default_rng(5)
    broken = 0
    for _ in range(300):
        right = generator.random(400) >= 0.051
        broken += promise(generator.random(400), right, limit=0.05, confidence=confidence).can_be_made
    assert broken / 300 <= 1 - confidence


def test_the_promise_is_kept_where_the_least_doubtful_are_the_worst() -> None:
    """P(wrong) is 0.4 below a doubt of 0.05 and 0.01 above: the risk falls below 0.10 only beyond 0.22."""
    kept, made = 0, 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        doubt = generator.random(800)
        right = generator.random(800) >= np.where(doubt < 0.05, 0.4, 0.01)
        found = promise(doubt, right, limit=0.10, confidence=CONFIDENCE)
        made += found.can_be_made
        kept += not found.can_be_made or (0.0195 + 0.01 * found.threshold) / found.threshold <= 0.10
    assert kept / 300 >= CONFIDENCE
    assert made / 300 > 0.5  # a later start finds it


@given(st.floats(0.005, 0.5), st.floats(0.4, 0.9998))
def test_needed_is_the_smallest_number_that_proves_anything(limit: float, confidence: float) -> None:
    n = promise(np.zeros(1), np.ones(1, bool), limit=limit, confidence=confidence).needed
    delta = (1 - confidence) / len(STARTS)
    assert (1 - limit) ** n <= delta * (1 + 1e-9)
    assert (1 - limit) ** (n - 1) > delta * (1 - 1e-9)


@pytest.mark.parametrize("limit", [0.01, 0.05, 0.2])
def test_one_case_too_few_and_nothing_is_promised(limit: float) -> None:
    needed = promise(np.zeros(1), np.ones(1, bool), limit=limit, confidence=CONFIDENCE).needed
    assert STARTS[-1] == 0.5  # the last start looks at half of the cases, rounded up
    short, enough = (
        promise(np.linspace(0, 1, n), np.ones(n, bool), limit=limit, confidence=CONFIDENCE)
        for n in (2 * needed - 2, 2 * needed - 1)
    )
    assert (short.threshold, short.released, short.upper, short.can_be_made) == (-math.inf, 0, 1.0, False)
    assert (enough.threshold, enough.released, enough.errors, enough.can_be_made) == (1.0, 2 * needed - 1, 0, True)


def test_nothing_is_released_where_all_are_wrong() -> None:
    made = promise(np.linspace(0, 1, 500), np.zeros(500, bool), limit=0.2, confidence=CONFIDENCE)
    assert (made.threshold, made.released, made.cases) == (-math.inf, 0, 500)


@given(outcomes, st.integers(0, 1000), st.sampled_from([1, 3, 10, 100]))
@settings(max_examples=80, deadline=None)
def test_equal_doubts_are_released_together_or_not_at_all(right: np.ndarray, seed: int, levels: int) -> None:
    doubt = np.random.default_rng(seed).integers(0, levels, len(right)).astype(float)
    made = promise(doubt, right, limit=0.2, confidence=0.8)
    released = doubt <= made.threshold
    assert (made.released, made.errors, made.cases) == (released.sum(), (~right[released]).sum(), len(right))


def test_a_level_that_is_half_wrong_is_not_released_in_part() -> None:
    """Released in the order of the file, the right half would pass."""
    right = np.arange(400) < 200
    assert not promise(np.zeros(400), right, limit=0.1, confidence=CONFIDENCE).can_be_made


@given(outcomes, st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_cases_does_not_matter(right: np.ndarray, seed: int) -> None:
    generator = np.random.default_rng(seed)
    doubt = generator.integers(0, 20, len(right)).astype(float)
    shuffled = generator.permutation(len(right))
    one, other = (promise(doubt[i], right[i], limit=0.2, confidence=0.8) for i in (np.arange(len(right)), shuffled))
    assert one == other


@given(outcomes, st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_only_the_order_of_the_doubts_matters(right: np.ndarray, seed: int) -> None:
    doubt = np.random.default_rng(seed).random(len(right))
    plain, bent = (promise(d, right, limit=0.2, confidence=0.8) for d in (doubt, np.exp(5 * doubt)))
    assert (plain.released, plain.errors) == (bent.released, bent.errors)


@given(outcomes, st.data())
@settings(max_examples=60, deadline=None)
def test_one_more_error_never_releases_more(right: np.ndarray, data: st.DataObject) -> None:
    spoilt = right.copy()
    spoilt[data.draw(st.integers(0, len(right) - 1))] = False
    doubt = np.linspace(0, 1, len(right))
    before, after = (promise(doubt, outcome, limit=0.2, confidence=0.8) for outcome in (right, spoilt))
    assert after.released <= before.released


@given(st.sampled_from([60, 100, 200, 300]), st.integers(0, 10_000), st.floats(0, 0.2))
@settings(max_examples=80, deadline=None)
def test_a_larger_limit_never_releases_less(cases: int, seed: int, wrong: float) -> None:
    doubt, right = mostly_right(seed, cases, wrong)
    released = [promise(doubt, right, limit=limit, confidence=0.9).released for limit in (0.02, 0.05, 0.1, 0.2)]
    assert released == sorted(released)


@given(st.integers(0, 10_000), st.floats(0, 0.2))
@settings(max_examples=40, deadline=None)
def test_more_confidence_never_releases_more(seed: int, wrong: float) -> None:
    doubt, right = mostly_right(seed, 300, wrong)
    released = [promise(doubt, right, limit=0.1, confidence=c).released for c in (0.99, 0.95, 0.8, 0.5)]
    assert released == sorted(released)


@given(st.integers(0, 10_000), st.floats(0, 0.1))
@settings(max_examples=40, deadline=None)
def test_the_upper_bound_is_clopper_and_pearsons_and_within_the_limit(seed: int, wrong: float) -> None:
    made = promise(*mostly_right(seed, 400, wrong), limit=0.1, confidence=CONFIDENCE)
    if made.can_be_made:
        one_sided = binomtest(made.errors, made.released, alternative="less")
        exact = one_sided.proportion_ci(1 - (1 - CONFIDENCE) / len(STARTS), method="exact").high
        assert made.upper == pytest.approx(exact)
        assert made.errors / made.released < made.upper <= made.limit


def test_no_more_is_counted_as_released_than_was_proven() -> None:
    """400 sure and right, then 100 wrong: the loosest threshold with a passing tail is found by brute force."""
    right = np.arange(500) < 400
    made = promise(np.linspace(0, 1, 500), right, limit=0.05, confidence=CONFIDENCE)
    level = 1 - (1 - CONFIDENCE) / len(STARTS)
    proven = [
        n for n in range(400, 501)
        if binomtest(n - 400, n, alternative="less").proportion_ci(level, method="exact").high <= 0.05
    ]  # fmt: skip
    assert (made.released, made.errors) == (max(proven), max(proven) - 400)


@pytest.mark.parametrize("wrong", [0, 10])
def test_infinite_doubts_are_never_released(wrong: int) -> None:
    """What a gate stops vouches for nothing: ten wrong cases are not outweighed by 990 right ones behind it."""
    doubt = np.concatenate([np.linspace(0, 0.1, 10), np.full(990, math.inf)])
    made = promise(doubt, np.arange(1000) >= wrong, limit=0.05, confidence=CONFIDENCE)
    assert made.threshold < math.inf
    assert made.released <= 10


def test_nothing_is_promised_of_no_cases() -> None:
    made = promise(np.zeros(0), np.zeros(0, bool), limit=0.05, confidence=CONFIDENCE)
    assert (made.threshold, made.can_be_made) == (-math.inf, False)


def test_a_slightly_larger_limit_never_releases_less() -> None:
    """Two errors, right up to the 50th, wrong from there: a start at 50 passes, and one at 49 does not."""
    right = np.arange(120) < 50
    right[:2] = False
    doubt = np.linspace(0, 1, 120)
    strict, loose = (promise(doubt, right, limit=limit, confidence=CONFIDENCE) for limit in (0.155, 0.1555))
    assert loose.released >= strict.released
