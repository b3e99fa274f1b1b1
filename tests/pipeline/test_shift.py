"""A promise is for cases like the calibration set's: it is withdrawn where a run's cases are not, and says why."""

from __future__ import annotations

import numpy as np
import pytest

from cases.case import CaseResult
from pipeline.shift import ENOUGH, standing
from pipeline.thresholds import Calibration
from tests.pipeline.made_up import result
from tests.pipeline.test_thresholds import calibration


def results(cases: int, *, seed: int = 9, unsure: float = 0.0, ood: float = 0.0) -> list[CaseResult]:
    """Results whose signals are drawn like the calibration cases', or pushed towards doubt by a share."""
    generator = np.random.default_rng(seed)
    confidence = 1 - (unsure + (1 - unsure) * generator.random(cases))
    distance = ood + (1 - ood) * generator.random(cases)
    return [
        result(
            f"c-{i}",
            differential=[{"label": "Acne", "icd10": "L70.0", "probability": 0.9}],
            uncertainty={"confidence": round(float(confidence[i]), 6), "ood_score": round(float(distance[i]), 6)},
        )
        for i in range(cases)
    ]


def say(made: Calibration, cases: list[CaseResult], **target: float) -> tuple[bool | None, str]:
    found = standing(made, made.thresholds(**target), cases)  # type: ignore[arg-type]
    return found.holds, found.because


def test_a_promise_holds_for_cases_like_the_calibration_cases() -> None:
    assert say(calibration(), results(200), max_error=0.2) == (
        True,
        "These 200 cases look like the 400 calibration cases.",
    )


@pytest.mark.parametrize(("shift", "signal"), [({"unsure": 0.4}, "unsure"), ({"ood": 0.4}, "ood_score")])
def test_a_promise_is_withdrawn_where_a_signal_has_shifted(shift: dict[str, float], signal: str) -> None:
    holds, because = say(calibration(), results(200, **shift), max_error=0.2)  # type: ignore[arg-type]
    assert holds is False
    assert "Withdrawn" in because
    assert signal in because


def test_a_promise_is_rarely_withdrawn_without_a_shift() -> None:
    made = calibration()
    withdrawn = [say(made, results(100, seed=seed), max_error=0.2)[0] is False for seed in range(100)]
    assert np.mean(withdrawn) <= 0.05


def test_few_cases_cannot_tell() -> None:
    holds, because = say(calibration(), results(ENOUGH - 1), max_error=0.2)
    assert holds is None
    assert "Too few" in because


def test_a_promise_that_cannot_be_made_says_what_it_takes() -> None:
    made = calibration(cases=40)
    holds, because = say(made, results(200), max_error=0.01)
    assert holds is False
    assert "nothing was released" in because
    assert "at least 368 that may be released" in because  # ln(.025) / ln(.99)


def test_a_budget_is_withdrawn_under_shift_too() -> None:
    made = calibration()
    limits = made.thresholds(target="budget", review_budget=0.3)
    assert standing(made, limits, results(200, unsure=0.5)).holds is False
    assert standing(made, limits, results(200)).holds is True


def test_unclassified_cases_do_not_count() -> None:
    assert say(calibration(), [result(f"c-{i}") for i in range(50)], max_error=0.2)[0] is None
