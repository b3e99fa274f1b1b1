"""Is the promise kept? Thresholds are fitted on resamples of a pool whose true risk is known."""

from __future__ import annotations

import numpy as np

from pipeline.classifier.metrics import Bools, Floats
from pipeline.risk import promise

RESAMPLES, SEED = 200, 42


def kept(doubt: Floats, right: Bools, *, calibration: int, limit: float, confidence: float) -> dict[str, float]:
    """Return the share of resamples in which the promised risk was kept, and what was released on average.

    The pool stands for the population: a calibration set of the usual size is drawn from it with replacement, a
    threshold is fitted on the draw, and its risk is read off the whole pool.

    Args:
        doubt: (cases,) of the pool; infinite where a gate stops the case.
        right: (cases,).
        calibration: cases of a draw.
        limit, confidence: of the promise.
    """
    generator = np.random.default_rng(SEED)
    held, shares = [], []
    for _ in range(RESAMPLES):
        drawn = generator.integers(0, len(doubt), calibration)
        made = promise(doubt[drawn], right[drawn], limit=limit, confidence=confidence)
        released = doubt <= made.threshold
        held.append(not released.any() or float((~right[released]).mean()) <= limit)
        shares.append(float(released.mean()))
    return {"promise.kept": float(np.mean(held)), "promise.released": float(np.mean(shares))}
