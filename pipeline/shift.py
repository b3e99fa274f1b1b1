"""Does the promise of the thresholds hold for this run? It was made for cases like the calibration set's.

The signals of the run's cases are compared with those of the calibration cases by two-sample Kolmogorov-Smirnov
tests. Where they differ, the promise is withdrawn and the run says so; nothing about any single case changes, so a
result never depends on the company it was in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import ks_2samp

from cases.case import CaseResult, Differential
from pipeline.thresholds import SIGNALS, Calibration, Thresholds, signals

TESTED = ("unsure", "ood_score")
LEVEL = 0.01  # of all tests together (Bonferroni)
ENOUGH = 20  # cases below which a shift could not be seen


@dataclass(frozen=True)
class Standing:
    """Whether what the clinic asked for can be promised for a run.

    Args:
        asked: the target in words.
        holds: true, false, or None where it cannot be told.
        because: why, in a sentence.
        source: what the thresholds were fitted on.
    """

    asked: str
    holds: bool | None
    because: str
    source: str

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the manifest."""
        return asdict(self)


def standing(calibration: Calibration, thresholds: Thresholds, results: Iterable[CaseResult]) -> Standing:
    """Return whether the thresholds' target can be promised for these results."""

    def say(holds: bool | None, because: str) -> Standing:
        return Standing(thresholds.target, holds, because, thresholds.source)

    made = thresholds.promise
    if made is not None and not made.can_be_made:
        return say(
            False,
            f"No threshold can promise it on {made.cases} calibration cases, so nothing was released; "
            f"it takes at least {made.needed} that may be released, and all of them right.",
        )
    rows = np.array([signals(_differential(result)) for result in results if result.differential])
    if len(rows) < ENOUGH:
        return say(None, f"Too few cases ({len(rows)}) to see whether they are like the calibration cases.")
    known = np.array(calibration.signals)
    for name in TESTED:
        at = SIGNALS.index(name)
        found = ks_2samp(rows[:, at], known[:, at])
        if found.pvalue < LEVEL / len(TESTED):
            return say(
                False,
                f"Withdrawn: these cases are unlike the calibration cases ({name}: Kolmogorov-Smirnov distance "
                f"{found.statistic:.2f}, p {found.pvalue:.1g}). Fit routing on cases of your own.",
            )
    return say(True, f"These {len(rows)} cases look like the {len(known)} calibration cases.")


def _differential(result: CaseResult) -> Differential:
    return Differential(
        diagnoses=result.differential, prediction_set=result.prediction_set, uncertainty=result.uncertainty
    )
