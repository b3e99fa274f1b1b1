"""Figures of merit: by hand where a hand can count them, against scikit-learn where it has them, by their bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from pipeline.classifier.metrics import (
    aurc,
    auroc,
    bootstrap,
    brier,
    calibration_error,
    is_right,
    negative_log_likelihood,
    risk_coverage,
    selective_accuracy,
    share,
)  # fmt: skip

P = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2]])
TARGETS = np.array([0, 1, 2])


def made_up(seed: int, cases: int, labels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.dirichlet(np.ones(labels), cases), generator.integers(0, labels, cases)


def outcomes(*right: int) -> np.ndarray:
    return np.array(right, dtype=bool)


def test_the_leading_label_is_right_or_wrong() -> None:
    assert is_right(P, TARGETS).tolist() == [True, True, False]


@pytest.mark.parametrize("outside", [-1, 3, 99])
def test_every_answer_is_wrong_on_a_case_out_of_label(outside: int) -> None:
    assert not is_right(P, np.full(3, outside)).any()


def test_calibration_error_by_hand() -> None:
    """Bins of width one half: two cases below with accuracy 1/2, three above with accuracy 2/3."""
    confidence = np.array([0.2, 0.4, 0.6, 0.8, 0.9])
    right = outcomes(0, 1, 1, 0, 1)
    expected = (2 * abs(0.5 - 0.3) + 3 * abs(2 / 3 - 2.3 / 3)) / 5
    assert calibration_error(confidence, right, bins=2) == pytest.approx(expected)


def test_adaptive_calibration_error_by_hand() -> None:
    """Two bins of two cases each, though all confidences lie in one bin of equal width."""
    confidence = np.array([0.95, 0.91, 0.97, 0.93])
    right = outcomes(1, 0, 1, 1)
    expected = (2 * abs(0.5 - 0.92) + 2 * abs(1 - 0.96)) / 4
    assert calibration_error(confidence, right, bins=2, adaptive=True) == pytest.approx(expected)
    assert calibration_error(confidence, right, bins=2) == pytest.approx(abs(0.75 - 0.94))


@pytest.mark.parametrize("adaptive", [False, True])
def test_certainty_that_is_always_right_has_no_calibration_error(adaptive: bool) -> None:
    assert calibration_error(np.ones(7), np.ones(7, bool), adaptive=adaptive) == 0
    assert calibration_error(np.ones(7), np.zeros(7, bool), adaptive=adaptive) == 1


@pytest.mark.parametrize("adaptive", [False, True])
def test_an_honest_confidence_has_a_small_calibration_error_and_a_boastful_one_has_not(adaptive: bool) -> None:
    generator = np.random.default_rng(0)
    honest = generator.uniform(0.3, 1.0, 20_000)
    right = generator.random(20_000) < honest
    assert calibration_error(honest, right, adaptive=adaptive) < 0.02
    assert calibration_error(np.sqrt(honest), right, adaptive=adaptive) == pytest.approx(
        np.mean(np.sqrt(honest) - honest), abs=0.01
    )


@given(st.integers(0, 1000), st.integers(1, 60), st.integers(1, 20), st.booleans())
@settings(max_examples=60, deadline=None)
def test_calibration_error_lies_between_the_whole_gap_and_one(seed: int, cases: int, bins: int, adaptive: bool) -> None:
    """Errors of opposite sign cancel within a bin, so that finer bins never show less than a single one."""
    generator = np.random.default_rng(seed)
    confidence, right = generator.random(cases), generator.random(cases) < 0.5
    found = calibration_error(confidence, right, bins=bins, adaptive=adaptive)
    assert abs(right.mean() - confidence.mean()) - 1e-9 <= found <= 1


def test_brier_by_hand() -> None:
    by_case = [0.09 + 0.04 + 0.01, 0.01 + 0.04 + 0.01, 0.25 + 0.09 + 0.64]
    assert brier(P, TARGETS) == pytest.approx(np.mean(by_case))


def test_brier_has_its_bounds_and_its_expectation() -> None:
    sure = np.eye(3)
    assert brier(sure, TARGETS) == 0
    assert brier(sure, np.array([1, 2, 0])) == 2
    assert brier(np.full((3, 3), 1 / 3), TARGETS) == pytest.approx(2 / 3)


def test_negative_log_likelihood_by_hand_and_against_scikit_learn() -> None:
    assert negative_log_likelihood(P, TARGETS) == pytest.approx(-np.mean(np.log([0.7, 0.8, 0.2])))
    p, targets = made_up(1, 200)
    assert negative_log_likelihood(p, targets) == pytest.approx(log_loss(targets, p, labels=[0, 1, 2]))


def test_negative_log_likelihood_of_the_impossible_is_finite() -> None:
    assert negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-math.log(1e-12))


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_nothing_scores_better_than_the_truth_on_average(seed: int) -> None:
    """Both scores are proper: where each label comes as often as said, leaving what is said only costs."""
    said = np.array([0.5, 0.3, 0.2])
    targets = np.repeat([0, 1, 2], [50, 30, 20])
    other = np.random.default_rng(seed).dirichlet(np.ones(3))
    for score in (brier, negative_log_likelihood):
        assert score(np.tile(said, (100, 1)), targets) <= score(np.tile(other, (100, 1)), targets) + 1e-12


def test_auroc_by_hand_with_a_tie() -> None:
    """Of six pairs four are in order, one is tied and one is out of order."""
    score = np.array([0.9, 0.5, 0.5, 0.3, 0.1])
    assert auroc(score, outcomes(1, 1, 0, 0, 1)) == pytest.approx((2 + 1.5 + 0) / 6)


@given(st.integers(0, 1000), st.integers(2, 60), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_auroc_equals_scikit_learns_with_many_ties(seed: int, cases: int, values: int) -> None:
    generator = np.random.default_rng(seed)
    score = generator.integers(0, values, cases).astype(float)
    positive = generator.random(cases) < 0.4
    positive[:2] = [True, False]
    assert auroc(score, positive) == pytest.approx(roc_auc_score(positive, score))
    assert auroc(-score, positive) == pytest.approx(1 - auroc(score, positive))
    assert auroc(np.exp(score), positive) == pytest.approx(auroc(score, positive))


@pytest.mark.parametrize("alike", [True, False])
def test_auroc_without_both_kinds_is_no_number(alike: bool) -> None:
    assert math.isnan(auroc(np.array([0.1, 0.2]), np.array([alike, alike])))


def test_risk_and_coverage_by_hand() -> None:
    coverage, risk = risk_coverage(np.array([0.3, 0.1, 0.2]), outcomes(1, 1, 0))
    assert coverage.tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3])
    assert aurc(np.array([0.3, 0.1, 0.2]), outcomes(1, 1, 0)) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 1000))
@settings(max_examples=80, deadline=None)
def test_aurc_lies_between_the_best_order_and_the_worst(outcome: list[bool], seed: int) -> None:
    right = np.array(outcome)
    doubt = np.random.default_rng(seed).random(len(right))
    best, worst = aurc(1.0 - right, right), aurc(1.0 * right, right)
    assert best - 1e-12 <= aurc(doubt, right) <= worst + 1e-12
    assert risk_coverage(doubt, right)[1][-1] == pytest.approx(1 - right.mean())
    assert best <= 1 - right.mean() + 1e-12 <= worst + 2e-12


def test_a_doubt_that_knows_nothing_has_the_error_rate_as_its_area() -> None:
    generator = np.random.default_rng(3)
    right = generator.random(20_000) < 0.7
    assert aurc(generator.random(20_000), right) == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(("coverage", "expected"), [(0.25, 1.0), (0.5, 1.0), (0.75, 2 / 3), (1.0, 0.5), (0.0, 1.0)])
def test_selective_accuracy_counts_the_least_doubtful(coverage: float, expected: float) -> None:
    """At no coverage one case is still answered."""
    doubt, right = np.array([0.4, 0.1, 0.2, 0.3]), outcomes(0, 1, 1, 0)
    assert selective_accuracy(doubt, right, coverage) == pytest.approx(expected)


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_selective_accuracy_is_one_less_the_selective_risk(outcome: list[bool], seed: int) -> None:
    right = np.array(outcome)
    doubt = np.random.default_rng(seed).random(len(right))
    for coverage, risk in zip(*risk_coverage(doubt, right), strict=True):
        assert selective_accuracy(doubt, right, coverage) == pytest.approx(1 - risk)


@given(st.integers(1, 300), st.data())
@settings(max_examples=60, deadline=None)
def test_a_share_has_its_wilson_interval(cases: int, data: st.DataObject) -> None:
    """The closed form of Wilson 1927, with z = 1.96."""
    good = data.draw(st.integers(0, cases))
    found = share(np.arange(cases) < good)
    z, p = 1.959963984540054, good / cases
    centre = (p + z * z / (2 * cases)) / (1 + z * z / cases)
    half = z * math.sqrt(p * (1 - p) / cases + z * z / (4 * cases * cases)) / (1 + z * z / cases)
    assert found["value"] == pytest.approx(p)
    assert found["low"] == pytest.approx(max(0.0, centre - half), abs=1e-9)
    assert found["high"] == pytest.approx(min(1.0, centre + half), abs=1e-9)


def test_a_share_of_nothing_is_no_number() -> None:
    assert all(math.isnan(value) for value in share(np.zeros(0, bool)).values())


def test_a_bootstrap_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(7)
    covered = 0
    for number in range(200):
        seen = generator.normal(2.0, 1.0, 60)
        found = bootstrap(lambda i, seen=seen: float(seen[i].mean()), 60, draws=200, seed=number)
        assert found["value"] == pytest.approx(seen.mean())
        covered += found["low"] <= 2.0 <= found["high"]
    assert 0.88 <= covered / 200 <= 0.99


def test_a_bootstrap_is_as_wide_as_theory_says_and_repeats() -> None:
    right = np.arange(400) < 300

    def accuracy(index: np.ndarray) -> float:
        return float(right[index].mean())

    found = bootstrap(accuracy, 400)
    assert found == bootstrap(accuracy, 400)
    assert found != bootstrap(accuracy, 400, seed=1)
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * math.sqrt(0.75 * 0.25 / 400), rel=0.1)


def test_a_bootstrap_draw_without_a_number_is_left_out() -> None:
    """An AUROC over a draw that holds no positive case is no number."""
    positive = np.arange(20) < 1
    found = bootstrap(lambda i: auroc(np.arange(20.0)[i], positive[i]), 20, draws=200)
    assert all(math.isfinite(value) for value in found.values())


@pytest.mark.parametrize("score", [brier, negative_log_likelihood])
def test_a_case_out_of_label_is_not_scored_as_one_of_the_last_label(score) -> None:
    p = np.array([[0.1, 0.9]])
    assert score(p, np.array([-1])) > score(p, np.array([1]))


@pytest.mark.parametrize("figure", [aurc, lambda doubt, right: selective_accuracy(doubt, right, 0.5)])
def test_the_order_of_equally_doubtful_cases_does_not_matter(figure) -> None:
    right = outcomes(1, 1, 1, 0, 0, 0)
    assert figure(np.zeros(6), right) == pytest.approx(figure(np.zeros(6), right[::-1]))
