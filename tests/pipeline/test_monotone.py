"""The monotone logistic regression: more of a signal never means less doubt, whatever it was fitted on."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from pipeline.monotone import EDGE, PENALTY, MonotoneLogistic, log_odds

NAMES = ("a", "b", "c")


def drawn(seed: int, cases: int, weights: tuple[float, ...], bias: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Signals of mean zero and scale one, and a truth that follows these weights."""
    generator = np.random.default_rng(seed)
    signals = generator.normal(size=(cases, len(weights)))
    return signals, generator.random(cases) < expit(bias + signals @ np.array(weights))


@cache
def fitted(seed: int = 0, cases: int = 300, weights: tuple[float, ...] = (1.0, 0.5, 0.0)) -> MonotoneLogistic:
    return MonotoneLogistic.fit(NAMES, *drawn(seed, cases, weights))


@given(st.integers(0, 1000), st.integers(4, 60), st.lists(st.floats(-3, 3), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_weights_are_never_negative(seed: int, cases: int, weights: list[float]) -> None:
    signals, truth = drawn(seed, cases, tuple(weights))
    truth[:2] = [True, False]
    model = MonotoneLogistic.fit(NAMES, signals, truth)
    assert min(model.weights) >= 0
    assert ((model(signals) >= 0) & (model(signals) <= 1)).all()


@given(
    st.integers(0, 9),
    st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3),
    st.lists(st.floats(0, 1e3), min_size=3, max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_the_probability_never_falls_when_a_signal_rises(seed: int, before: list[float], rise: list[float]) -> None:
    model = fitted(seed, weights=(1.0, -1.0, 0.3))
    low, high = model(np.array([before, np.add(before, rise)]))
    assert high >= low


def test_a_signal_that_speaks_against_doubt_is_left_out() -> None:
    assert fitted(cases=2000, weights=(1.0, -1.0, 0.0)).weights[1] == 0


def test_known_weights_are_recovered_in_a_large_sample() -> None:
    """The penalty shrinks them all a little, by PENALTY over the mean curvature, which is about 0.15 here."""
    model = MonotoneLogistic.fit(NAMES, *drawn(3, 40_000, (1.0, 0.5, 0.0), bias=-1.0))
    assert model.weights[0] == pytest.approx(1.0, rel=0.15)
    assert model.weights[1] == pytest.approx(0.5, rel=0.15)
    assert model.weights[2] < 0.03
    assert model.weights[0] / model.weights[1] == pytest.approx(2.0, rel=0.1)
    assert model.bias == pytest.approx(-1.0, abs=0.1)


def test_where_no_bound_is_met_it_equals_scikit_learns_ridge() -> None:
    from sklearn.linear_model import LogisticRegression

    signals, truth = drawn(5, 500, (1.0, 0.7, 0.4))
    model = MonotoneLogistic.fit(NAMES, signals, truth)
    plain = LogisticRegression(C=1 / (2 * PENALTY * len(truth)), tol=1e-8)
    plain.fit((signals - signals.mean(axis=0)) / signals.std(axis=0), truth)
    assert model.weights == pytest.approx(plain.coef_[0], abs=2e-3)
    assert model.bias == pytest.approx(plain.intercept_[0], abs=2e-3)


@given(st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
@settings(max_examples=15, deadline=None)
def test_the_unit_of_a_signal_does_not_matter(unit: float, offset: float) -> None:
    signals, truth = drawn(1, 200, (1.0, 0.5, 0.2))
    other = signals * unit + offset
    plain, changed = MonotoneLogistic.fit(NAMES, signals, truth), MonotoneLogistic.fit(NAMES, other, truth)
    assert changed(other) == pytest.approx(plain(signals), abs=1e-3)


def test_the_mean_probability_is_the_share_that_turned_out_bad() -> None:
    """The bias is not penalised, so that the fit is calibrated in the large."""
    signals, truth = drawn(2, 1000, (1.0, 0.5, 0.2), bias=-2.0)
    assert MonotoneLogistic.fit(NAMES, signals, truth)(signals).mean() == pytest.approx(truth.mean(), abs=1e-3)


def test_a_signal_that_separates_perfectly_keeps_a_finite_weight() -> None:
    signals = np.linspace(-1, 1, 100)[:, None]
    model = MonotoneLogistic.fit(("a",), signals, signals[:, 0] > 0)
    assert 0 < model.weights[0] < 20


@pytest.mark.parametrize("value", [0.0, 0.1, -13.815509557963773])
def test_a_signal_that_never_varies_says_nothing(value: float) -> None:
    """Its mean is not always exactly the value, so that its spread may be a rounding error and not zero."""
    signals, truth = drawn(0, 333, (1.0, 0.0, 0.0))
    signals[:, 1] = value
    model = MonotoneLogistic.fit(NAMES, signals, truth)
    near, far = model(np.array([[0.0, value, 0.0], [0.0, value + 1, 0.0]]))
    assert far == pytest.approx(near, abs=1e-3)


@pytest.mark.parametrize("outcome", [True, False])
def test_cases_that_all_turned_out_alike_are_refused(outcome: bool) -> None:
    with pytest.raises(ValueError, match="alike"):
        MonotoneLogistic.fit(NAMES, np.zeros((9, 3)), np.full(9, outcome))


def test_no_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="alike"):
        MonotoneLogistic.fit(NAMES, np.zeros((0, 3)), np.zeros(0, bool))


def test_the_parts_add_up_to_the_log_odds() -> None:
    model, (signals, _) = fitted(), drawn(9, 20, (0.0, 0.0, 0.0))
    assert log_odds(model(signals)) == pytest.approx(model.bias + model.parts(signals).sum(axis=1))
    by_hand = MonotoneLogistic(("a", "b"), (1.0, 0.0), (2.0, 1.0), (3.0, 0.5), -1.0)
    assert by_hand.parts(np.array([[2.0, 4.0]])).tolist() == [[1.5, 2.0]]
    assert by_hand(np.array([[2.0, 4.0]]))[0] == pytest.approx(expit(2.5))


def test_a_case_is_judged_alike_alone_and_among_others() -> None:
    model, (signals, _) = fitted(), drawn(9, 20, (0.0, 0.0, 0.0))
    assert np.concatenate([model(row[None]) for row in signals]) == pytest.approx(model(signals), abs=1e-15)


@given(st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_a_model_survives_json(seed: int) -> None:
    model = fitted(seed)
    assert MonotoneLogistic.from_json(json.loads(json.dumps(model.to_json()))) == model
    assert MonotoneLogistic.from_json(model.to_json()) == model


@given(st.floats(0, 1))
def test_log_odds_are_finite_and_undone_by_the_sigmoid(p: float) -> None:
    found = float(log_odds(p))
    assert np.isfinite(found)
    assert expit(found) == pytest.approx(p, abs=1.1 * EDGE)


def test_log_odds_by_hand() -> None:
    assert log_odds([0.5, 0.75, 0.2]) == pytest.approx([0.0, np.log(3), -np.log(4)])
    assert log_odds(0.0) == pytest.approx(-log_odds(1.0))
