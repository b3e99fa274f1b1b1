"""What is fitted on held-out cases: a temperature that undoes over-confidence, and sets that hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pipeline.classifier.calibrate import (
    FEW,
    TEMPERATURES,
    class_thresholds,
    conformal_threshold,
    fit_temperature,
    negative_log_likelihood,
    prediction_set,
)  # fmt: skip
from pipeline.classifier.uncertainty import sharpen

LABELS = 4


def exchangeable(generator: torch.Generator, rows: int, *, hard: float = 1.0) -> tuple[Tensor, Tensor]:
    """Probabilities and truths drawn from them; then cases of the last label are made to look like the first."""
    p = torch.softmax(2 * torch.randn(rows, LABELS, generator=generator, dtype=torch.float64), dim=-1)
    targets = torch.multinomial(p, 1, generator=generator).squeeze(1)
    p[targets == LABELS - 1, 0] *= hard
    return p / p.sum(dim=-1, keepdim=True), targets


def scores_of(p: Tensor, targets: Tensor) -> Tensor:
    return 1 - p[torch.arange(len(targets)), targets]


def one_label(scores: list[float]) -> tuple[Tensor, Tensor]:
    """Rows of two labels whose truth, the first, has these non-conformity scores."""
    p = 1 - torch.tensor(scores, dtype=torch.float64)
    return torch.stack([p, 1 - p], dim=1), torch.zeros(len(scores), dtype=torch.long)


def test_negative_log_likelihood_by_hand() -> None:
    p = torch.tensor([[0.7, 0.3], [0.2, 0.8]])
    found = negative_log_likelihood(p, torch.tensor([0, 0]))
    assert found == pytest.approx(-(math.log(0.7) + math.log(0.2)) / 2)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_over_and_under_confidence(temperature: float) -> None:
    """A true prediction, its log-odds multiplied by T, is mended by the temperature T."""
    generator = torch.Generator().manual_seed(0)
    p, targets = exchangeable(generator, 20_000)
    said = sharpen(p, 1 / temperature)
    found = fit_temperature(said, targets)
    assert found == pytest.approx(temperature, rel=0.05)
    assert torch.allclose(sharpen(said, found), p, atol=0.03)


@given(st.integers(0, 500))
@settings(max_examples=6, deadline=None)
def test_no_temperature_of_a_grid_is_better(seed: int) -> None:
    p, targets = exchangeable(torch.Generator().manual_seed(seed), 60)
    best = negative_log_likelihood(sharpen(p, fit_temperature(p, targets)), targets)
    for temperature in np.geomspace(*TEMPERATURES, 12):
        assert best <= negative_log_likelihood(sharpen(p, float(temperature)), targets) + 1e-4


@pytest.mark.parametrize(("right", "bound"), [(True, TEMPERATURES[0]), (False, TEMPERATURES[1])])
def test_the_temperature_stays_in_its_bounds(right: bool, bound: float) -> None:
    """Always right asks for no temperature at all, and always wrong for an infinite one."""
    p = torch.tensor([[0.6, 0.4]] * 30, dtype=torch.float64)
    targets = torch.full((30,), 0 if right else 1)
    assert fit_temperature(p, targets) == pytest.approx(bound, rel=0.05)


def test_the_conformal_threshold_by_hand() -> None:
    """Of 19 scores the ceil(20 x 0.9) = 18th smallest."""
    scores = [i / 20 for i in range(1, 20)]
    assert conformal_threshold(*one_label(scores[::-1]), alpha=0.1) == pytest.approx(18 / 20)


@pytest.mark.parametrize("rows", [0, 1, 8])
def test_of_too_few_cases_every_label_joins(rows: int) -> None:
    assert conformal_threshold(*one_label([0.01] * rows), alpha=0.1) == 1.0


def test_one_case_more_is_enough() -> None:
    """With nine rows the largest score covers nine of ten exchangeable cases."""
    assert conformal_threshold(*one_label([0.01] * 8 + [0.3]), alpha=0.1) == pytest.approx(0.3)


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.3])
def test_the_average_case_is_covered(alpha: float) -> None:
    """Over 300 calibration sets of 100 rows: at least 1 - alpha, and at most 1 / (n + 1) more where scores differ."""
    generator = torch.Generator().manual_seed(2)
    fresh = scores_of(*exchangeable(generator, 20_000)).sort().values
    sets = zip(*(part.split(100) for part in exchangeable(generator, 30_000)), strict=True)
    limits = [conformal_threshold(p, targets, alpha=alpha) for p, targets in sets]
    covered = torch.searchsorted(fresh, torch.tensor(limits, dtype=torch.float64), right=True) / len(fresh)
    assert 1 - alpha - 0.006 <= float(covered.mean()) <= 1 - alpha + 1 / 101 + 0.006


@pytest.mark.parametrize("alpha", [0.1, 0.2])
def test_every_label_is_covered_by_its_own_limit_and_the_hard_one_not_by_the_common_limit(alpha: float) -> None:
    generator = torch.Generator().manual_seed(3)
    fresh, truth = exchangeable(generator, 20_000, hard=5.0)
    by_label = [scores_of(fresh, truth)[truth == label].numpy() for label in range(LABELS)]
    own, common = [], []
    for p, targets in zip(*(part.split(300) for part in exchangeable(generator, 45_000, hard=5.0)), strict=True):
        limits = class_thresholds(p, targets, alpha=alpha)
        own.append([(scores <= limit).mean() for scores, limit in zip(by_label, limits, strict=True)])
        common.append((by_label[-1] <= conformal_threshold(p, targets, alpha=alpha)).mean())
    assert np.mean(own, axis=0).min() >= 1 - alpha - 0.01
    assert np.mean(common) < 1 - alpha - 0.05


@given(st.integers(0, 1000), st.integers(1, 60), st.sampled_from([0.05, 0.1, 0.3]))
@settings(max_examples=50, deadline=None)
def test_a_rare_label_has_no_smaller_a_set_than_the_common_limit_gives(seed: int, rows: int, alpha: float) -> None:
    p, targets = exchangeable(torch.Generator().manual_seed(seed), rows)
    common = conformal_threshold(p, targets, alpha=alpha)
    limits = class_thresholds(p, targets, alpha=alpha)
    assert len(limits) == LABELS
    for label, limit in enumerate(limits):
        assert 0 <= limit <= 1
        if (targets == label).sum() < FEW:
            assert limit >= common


def test_a_label_without_held_out_cases_always_joins() -> None:
    p, targets = exchangeable(torch.Generator().manual_seed(0), 200)
    kept = targets != 2
    assert class_thresholds(p[kept], targets[kept], alpha=0.1)[2] == 1.0


def test_a_frequent_label_may_have_a_smaller_limit_than_the_common_one() -> None:
    easy, hard = [0.01] * 50, [0.9] * 50
    p = 1 - torch.tensor([easy + [0.1] * 50, [0.99] * 50 + hard], dtype=torch.float64).T
    targets = torch.tensor([0] * 50 + [1] * 50)
    assert class_thresholds(p, targets, alpha=0.1) == pytest.approx([0.01, 0.9])
    assert conformal_threshold(p, targets, alpha=0.1) == pytest.approx(0.9)


@given(st.integers(0, 1000), st.integers(1, 80))
@settings(max_examples=40, deadline=None)
def test_asking_for_more_coverage_never_makes_a_set_smaller(seed: int, rows: int) -> None:
    p, targets = exchangeable(torch.Generator().manual_seed(seed), rows)
    limits = [conformal_threshold(p, targets, alpha=alpha) for alpha in (0.5, 0.3, 0.1, 0.01)]
    assert limits == sorted(limits)


@pytest.mark.parametrize(
    ("p", "limit", "expected"),
    [
        ([0.97, 0.02, 0.01], 0.05, [0]),
        ([0.02, 0.97, 0.01], 0.05, [1]),
        ([0.6, 0.3, 0.1], 0.75, [0, 1]),  # both are probable enough by themselves
        ([0.1, 0.6, 0.3], 0.05, [1, 2, 0]),  # none is: .6 + .3 is not yet .95
        ([0.04, 0.56, 0.4], 0.05, [1, 2]),
        ([0.6, 0.3, 0.1], 1.0, [0, 1, 2]),
        ([0.5, 0.5, 0.0], 0.5, [0, 1]),
        ([0.999999, 0.000001, 0.0], 1e-6, [0, 1]),  # 1 - .999999 is a little more than 1e-6
    ],
)
def test_a_prediction_set_by_hand(p: list[float], limit: float, expected: list[int]) -> None:
    assert prediction_set(np.array(p), np.full(3, limit)) == expected


@given(st.lists(st.floats(1e-6, 1), min_size=2, max_size=6), st.floats(0, 1))
@settings(deadline=None)
def test_a_prediction_set_is_never_empty_and_never_less_than_conformal(weights: list[float], limit: float) -> None:
    p = np.round(np.array(weights) / sum(weights), 6)
    found = prediction_set(p, np.full(len(p), limit))
    assert found
    assert set(np.flatnonzero(1 - p <= limit)) <= set(found)
    assert found[0] == int(p.argmax())
    if 1 - p.max() > limit:
        assert len(found) > 1  # who is unsure never names a single label
