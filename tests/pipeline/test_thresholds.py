"""What may be released comes from held-out signals, the clinic's target and two gates."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Diagnosis, Differential, Uncertainty
from pipeline.monotone import MonotoneLogistic
from pipeline.thresholds import (
    LARGEST_SET,
    MISSED,
    MISSED_IMMEDIATE,
    SIGNALS,
    Calibration,
    Thresholds,
    features,
    fit_doubt,
    signals,
)  # fmt: skip

UNSURE, SET_SIZE, EMERGENCY = (SIGNALS.index(name) for name in ("unsure", "set_size", "emergency"))
BY_UNSURE = MonotoneLogistic(SIGNALS, (0.0,) * 6, (1.0,) * 6, (1.0, 0.0, 0.0, 0.0, 0.0, 0.0), 0.0)


def rows(seed: int, cases: int) -> np.ndarray:
    """Signals of single-label cases that are hardly emergencies, to six digits as a classifier prints them."""
    made = np.random.default_rng(seed).random((cases, len(SIGNALS)))
    made[:, SET_SIZE] = 0
    made[:, EMERGENCY] *= 0.01
    return made.round(6)


def calibration(seed: int = 0, cases: int = 400, **changes: Any) -> Calibration:
    """Cases that are wrong as often as they are unsure, a tenth of that; every twentieth other case an emergency."""
    generator = np.random.default_rng(seed + 1)
    made = rows(seed, cases)
    emergency = np.arange(cases) % 20 == 19
    made[emergency, EMERGENCY] = generator.uniform(0.3, 1, emergency.sum()).round(6)
    right = (generator.random(cases) >= made[:, UNSURE] / 10) & ~emergency
    plain = Calibration(made.tolist(), right.tolist(), emergency.tolist(), BY_UNSURE, "fit:test", "made up")
    return replace(plain, **changes)


def released(made: Calibration, limits: Thresholds) -> np.ndarray:
    """Which calibration cases these limits release."""
    values = np.array(made.signals)
    single = (values[:, SET_SIZE] == 0) & (values[:, EMERGENCY] < limits.urgent)
    return single & (made.doubt(features(made.signals)) <= limits.limit)


def differential(*labels: str, **uncertainty: float) -> Differential:
    values = {"confidence": 0.9, **uncertainty}
    return Differential(
        diagnoses=(Diagnosis(label="Acne", icd10="L70.0", probability=values["confidence"]),),
        prediction_set=labels,
        uncertainty=Uncertainty(**values),
    )


def test_the_signals_of_a_case_in_their_order() -> None:
    case = differential("Acne", mutual_information=0.2, ood_score=0.3, emergency=0.4, disagreement=0.5)
    assert dict(zip(SIGNALS, signals(case), strict=True)) == {
        "unsure": pytest.approx(0.1),
        "mutual_information": 0.2,
        "ood_score": 0.3,
        "set_size": 0.0,
        "emergency": 0.4,
        "disagreement": 0.5,
    }


@pytest.mark.parametrize(("size", "doubt"), [(1, 0.0), (2, 2.0), (6, 6.0), (9, LARGEST_SET), (0, LARGEST_SET)])
def test_one_label_is_no_doubt_and_none_is_as_doubtful_as_the_largest_set(size: int, doubt: float) -> None:
    assert signals(differential(*[f"label {i}" for i in range(size)]))[SET_SIZE] == doubt


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(0, 9), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_nothing_is_more_doubtful_than_nothing_classified(
    confidence: float, information: float, ood: float, size: int, emergency: float, disagreement: float
) -> None:
    case = differential(
        *[f"label {i}" for i in range(size)], confidence=confidence, mutual_information=information,
        ood_score=ood, emergency=emergency, disagreement=disagreement,
    )  # fmt: skip
    assert np.all(np.array(signals(Differential())) >= np.array(signals(case)))


def test_features_are_the_log_odds_of_what_is_a_probability() -> None:
    row = features([[0.5, 0.3, 0.75, 2.0, 0.0, 0.4]])[0]
    assert row == pytest.approx([0.0, 0.3, math.log(3), 2.0, row[EMERGENCY], 0.4])
    assert math.isfinite(row[EMERGENCY])


def test_features_leave_the_rows_as_they_were() -> None:
    given_rows = rows(0, 3)
    before = given_rows.copy()
    features(given_rows)
    assert (given_rows == before).all()


@cache
def fitted() -> MonotoneLogistic:
    made = calibration(cases=1000)
    return fit_doubt(made.signals, made.right)


def test_the_doubt_is_the_share_that_turned_out_wrong() -> None:
    made = calibration(cases=1000)
    doubt = fitted()(features(made.signals))
    assert doubt.mean() == pytest.approx(1 - np.mean(made.right), abs=1e-3)
    assert doubt[~np.array(made.right)].mean() > 2 * doubt[np.array(made.right)].mean()


@given(st.integers(0, 1000), st.lists(st.floats(0, 1), min_size=6, max_size=6))
@settings(max_examples=50, deadline=None)
def test_more_of_any_signal_is_never_less_doubt(seed: int, rise: list[float]) -> None:
    before = rows(seed, 1)
    after = np.minimum(before + np.array(rise), 1.0)
    assert fitted()(features(after))[0] >= fitted()(features(before))[0]


def test_a_doubt_score_cannot_be_fitted_where_all_were_right() -> None:
    with pytest.raises(ValueError, match="alike"):
        fit_doubt(rows(0, 9).tolist(), [True] * 9)


@pytest.mark.parametrize(
    ("signal", "changes"),
    [
        ("unsure", {"confidence": 0.01}),
        ("mutual_information", {"mutual_information": 3.0}),
        ("ood_score", {"ood_score": 0.99}),
        ("emergency", {"emergency": 0.99}),
        ("disagreement", {"disagreement": 3.0}),
    ],
)
def test_the_signal_that_contributes_most_is_named(signal: str, changes: dict[str, float]) -> None:
    even = MonotoneLogistic(SIGNALS, (-2.0, 0.0, -2.0, 0.0, -2.0, 0.0), (1.0,) * 6, (1.0,) * 6, -5.0)
    quiet = {"confidence": 0.9, "ood_score": 0.1, "emergency": 0.1}
    limits = Thresholds(even, 0.5, 0.5, 0.9, "any", "fit:test")
    doubt, name = limits.judge(differential("Acne", **{**quiet, **changes}))
    assert name == signal
    assert 0 <= doubt <= 1


def test_a_case_is_judged_as_the_calibration_judged_it() -> None:
    limits = calibration(doubt=fitted()).thresholds()
    for confidence in np.linspace(0.05, 0.99, 20).round(6):
        case = differential("Acne", confidence=float(confidence), mutual_information=0.2)
        assert limits.judge(case)[0] == pytest.approx(fitted()(features([signals(case)]))[0], abs=1e-6)


@pytest.mark.parametrize("budget", [0.0, 0.05, 0.18, 0.5, 0.97, 1.0])
def test_a_budget_releases_at_most_what_it_leaves(budget: float) -> None:
    made = calibration()
    share = released(made, made.thresholds(target="budget", review_budget=budget)).mean()
    ungated = released(made, made.thresholds(target="budget", review_budget=0.0)).mean()
    assert share <= 1 - budget + 1e-9
    assert share == pytest.approx(min(1 - budget, ungated), abs=0.005)  # a tie at the limit is kept back whole


@given(st.floats(0, 1), st.integers(1, 60), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_a_budget_releases_at_most_what_it_leaves_of_few_cases(budget: float, cases: int, seed: int) -> None:
    made = calibration(seed, cases)
    assert released(made, made.thresholds(target="budget", review_budget=budget)).mean() <= 1 - budget + 1e-8


def test_a_larger_budget_never_releases_more() -> None:
    made = calibration()
    shares = [released(made, made.thresholds(target="budget", review_budget=b)).mean() for b in np.linspace(0, 1, 21)]
    assert shares == sorted(shares, reverse=True)


def test_the_least_doubtful_are_released_first() -> None:
    made = calibration()
    limits = made.thresholds(target="budget", review_budget=0.5)
    gone, values = released(made, limits), np.array(made.signals)
    free = (values[:, SET_SIZE] == 0) & (values[:, EMERGENCY] < limits.urgent)
    assert values[gone, UNSURE].max() < values[free & ~gone, UNSURE].min()


def test_a_risk_target_counts_what_it_releases() -> None:
    made = calibration(cases=1500)
    limits = made.thresholds(target="risk", max_error=0.05)
    assert limits.promise is not None
    assert limits.promise.can_be_made
    gone = released(made, limits)
    assert (limits.promise.released, limits.promise.errors) == (gone.sum(), (~np.array(made.right))[gone].sum())
    assert limits.promise.errors / limits.promise.released < 0.05
    assert limits.limit == limits.promise.threshold


def test_a_risk_target_is_kept_on_further_cases() -> None:
    """Of 100 fits at least 95 keep it on 10,000 further cases, by their exact chance of being wrong."""
    fresh = np.array(calibration(999, 10_000).signals)
    doubt, emergency = BY_UNSURE(features(fresh)), fresh[:, EMERGENCY]
    wrong = np.where(emergency >= 0.3, 1.0, fresh[:, UNSURE] / 10)
    risks, shares = [], []
    for seed in range(100):
        limits = calibration(seed, 1000).thresholds(target="risk", max_error=0.04)
        out = (doubt <= limits.limit) & (emergency < limits.urgent)
        risks.append(wrong[out].mean() if out.any() else 0.0)
        shares.append(out.mean())
    assert np.mean(np.array(risks) <= 0.04) >= 0.95
    assert np.median(shares) > 0.2


def test_without_a_budget_no_risk_is_promised() -> None:
    assert calibration().thresholds(target="budget").promise is None


@pytest.mark.parametrize("changes", [{"cases": 30}, {"right": [False] * 400}])
def test_where_nothing_can_be_promised_nothing_is_released(changes: dict[str, Any]) -> None:
    limits = calibration(**changes).thresholds(target="risk")
    assert limits.limit == -math.inf
    assert limits.promise is not None
    assert not limits.promise.can_be_made
    assert not limits.judge(differential("Acne", confidence=1.0))[0] <= limits.limit


def test_thresholds_say_what_was_asked_and_what_they_were_fitted_on() -> None:
    made = calibration()
    risk = made.thresholds(target="risk", max_error=0.025, confidence=0.9)
    assert risk.target == "at most 2.5% wrong among the released, with 90% confidence"
    assert made.thresholds(target="budget", review_budget=0.2).target == "review of 20% of cases"
    assert risk.source == "fit:test"


def with_column(made: Calibration, column: int, values: np.ndarray) -> Calibration:
    changed = np.array(made.signals)
    changed[:, column] = values
    return replace(made, signals=changed.tolist())


def test_a_case_with_two_labels_is_not_counted_as_released() -> None:
    """Every second case has two labels, and those are the surest and always right: they vouch for nothing."""
    made, even = calibration(cases=1000), np.arange(1000) % 2 == 0
    made = with_column(made, SET_SIZE, np.where(even, 2.0, 0.0))
    made = with_column(made, UNSURE, np.where(even, 0.001, np.array(made.signals)[:, UNSURE]))
    single = [i for i in range(1000) if i % 2]
    alone = replace(made, **{name: [getattr(made, name)[i] for i in single] for name in ("signals", "right")})
    alone = replace(alone, emergency=[made.emergency[i] for i in single])
    both, only = (m.thresholds(target="risk", max_error=0.1) for m in (made, alone))
    assert both.promise is not None
    assert only.promise is not None
    assert both.promise.can_be_made
    assert (both.promise.released, both.promise.errors) == (only.promise.released, only.promise.errors)
    assert not released(made, both)[even].any()


@pytest.mark.parametrize(("column", "value"), [(SET_SIZE, 2.0), (EMERGENCY, 1.0)])
def test_where_a_gate_stops_every_case_no_budget_releases_one(column: int, value: float) -> None:
    made = with_column(calibration(), column, np.full(400, value))
    assert made.thresholds(target="budget", review_budget=0.0).limit == -math.inf


def test_a_case_above_the_urgent_gate_is_not_counted_as_released() -> None:
    made = calibration(cases=1000)
    limits = made.thresholds(target="budget", review_budget=0.0)
    gone = released(made, limits)
    assert np.array(made.signals)[gone, EMERGENCY].max() < limits.urgent
    assert limits.limit == made.doubt(features(made.signals))[gone].max()


@pytest.mark.parametrize("emergencies", [60, 200])
def test_emergencies_are_missed_at_most_by_the_stated_share(emergencies: int) -> None:
    """Over 400 draws of exchangeable emergencies: the share below the gate is rank / (n + 1), which is <= the limit."""
    generator = np.random.default_rng(1)
    missed = []
    for _ in range(400):
        drawn, fresh = generator.beta(2, 1, emergencies), generator.beta(2, 1, 2000)
        values = [[0.1, 0.0, 0.0, 0.0, p, 0.0] for p in drawn]
        made = Calibration(values, [False] * emergencies, [True] * emergencies, BY_UNSURE, "", "")
        limits = made.thresholds(target="budget")
        missed.append([(fresh < limits.urgent).mean(), (fresh < limits.immediate).mean()])
    urgent, immediate = np.mean(missed, axis=0)
    rank = math.floor((emergencies + 1) * MISSED_IMMEDIATE)
    assert urgent <= MISSED + 0.002
    assert immediate <= MISSED_IMMEDIATE + 0.005
    assert immediate == pytest.approx(rank / (emergencies + 1), abs=0.01)


def test_the_gates_by_hand() -> None:
    """Of 99 emergencies at 0.01 .. 0.99 the third smallest misses 3 in 100, the tenth 10 in 100."""
    values = [[0.1, 0.0, 0.0, 0.0, i / 100, 0.0] for i in range(1, 100)]
    limits = Calibration(values, [False] * 99, [True] * 99, BY_UNSURE, "", "").thresholds(target="budget")
    assert (limits.urgent, limits.immediate) == (MISSED, MISSED_IMMEDIATE)


def test_too_few_emergencies_set_the_gate_below_all_of_them() -> None:
    values = [[0.1, 0.0, 0.0, 0.0, p, 0.0] for p in (0.4, 0.9, 0.6)]
    limits = Calibration(values, [False] * 3, [True] * 3, BY_UNSURE, "", "").thresholds(target="budget")
    assert (limits.urgent, limits.immediate) == (0.2, 0.2)


@pytest.mark.parametrize("known", [None, False])
def test_without_an_emergency_the_gates_stop_only_the_certain_ones(known: bool | None) -> None:
    limits = calibration(emergency=[known] * 400).thresholds()
    assert (limits.urgent, limits.immediate) == (1.0, 1.0)


@given(st.integers(0, 1000), st.integers(1, 300))
@settings(max_examples=40, deadline=None)
def test_what_is_immediate_is_urgent(seed: int, cases: int) -> None:
    limits = calibration(seed, cases).thresholds(target="budget")
    assert limits.urgent <= limits.immediate


def test_a_budget_releases_no_more_where_doubts_are_tied() -> None:
    made = with_column(calibration(emergency=[False] * 400), UNSURE, np.full(400, 0.1))
    assert released(made, made.thresholds(target="budget", review_budget=0.5)).mean() <= 0.5


def test_right_cases_behind_a_gate_do_not_release_wrong_ones_before_it() -> None:
    """Ten single labels, all wrong, and 390 double ones, all right."""
    made = calibration(right=[i >= 10 for i in range(400)], emergency=[False] * 400)
    made = with_column(made, SET_SIZE, np.where(np.arange(400) < 10, 0.0, 2.0))
    assert not released(made, made.thresholds(target="risk")).any()


def test_a_case_of_more_doubt_than_the_limit_is_not_released() -> None:
    """A hundred times more doubt than any released calibration case, and both are zero to six digits."""
    tiny = MonotoneLogistic(SIGNALS, (0.0,) * 6, (1.0,) * 6, (2.0, 0.0, 0.0, 0.0, 0.0, 0.0), 0.0)
    values = [[0.00005, 0.0, 0.0, 0.0, 0.0, 0.0]] * 200
    limits = Calibration(values, [True] * 200, [False] * 200, tiny, "", "").thresholds(target="risk")
    case = differential("Acne", confidence=0.9995)
    assert tiny(features([signals(case)]))[0] > 50 * limits.limit
    assert limits.judge(case)[0] > limits.limit
