"""Thresholds come from held-out signals and a review budget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.thresholds import SIGNALS, Calibration


def calibration(rows: int = 400) -> Calibration:
    generator = np.random.default_rng(0)
    return Calibration({name: generator.random(rows).tolist() for name in SIGNALS}, "fit:test", "random")


def flagged(made: Calibration, budget: float) -> float:
    limits = made.thresholds(budget)
    s = {name: np.array(values) for name, values in made.signals.items()}
    beyond = s["confidence"] < limits.confidence
    for name in SIGNALS[1:]:
        beyond |= s[name] > getattr(limits, name)
    return float(beyond.mean())


@pytest.mark.parametrize("budget", [0.0, 0.05, 0.18, 0.5])
def test_no_more_than_the_budget_is_flagged_on_the_calibration_cases(budget: float) -> None:
    share = flagged(calibration(), budget)
    assert share <= budget
    assert share >= budget - 0.02


def test_a_larger_budget_never_releases_more() -> None:
    made = calibration()
    assert flagged(made, 0.3) >= flagged(made, 0.1)


def test_thresholds_say_what_they_were_fitted_on() -> None:
    assert calibration().thresholds(0.18).source == "fit:test"


@pytest.mark.parametrize("broken", [[], [0.1, float("nan")], [0.1]])
def test_a_calibration_that_could_not_flag_anything_is_refused(tmp_path: Path, broken: list[float]) -> None:
    made = calibration(2)
    made.save(tmp_path / "good.json")
    assert Calibration.load(tmp_path / "good.json") == made
    replace(made, signals={**made.signals, "ood_score": broken}).save(tmp_path / "broken.json")
    with pytest.raises(ValueError, match=r"broken\.json"):
        Calibration.load(tmp_path / "broken.json")
