"""Which cases may be released if no more than a stated share of the released may be wrong: a finite-sample promise.

Learn then Test (Angelopoulos et al. 2021, arXiv 2110.01052) with fixed-sequence testing: thresholds are tested from
the strictest to the loosest, each by the exact binomial tail of the errors it releases, and the last one before the
first failure stands. Under the hypothesis "the selective risk at this threshold exceeds the limit", the p-value is
P(Binomial(released, limit) <= errors). Several starting points share the error budget, because a very strict start
releases too few cases to prove anything.

The promise holds with the stated confidence for cases drawn like the calibration cases, and for no others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom

STARTS = (0.2, 0.5)  # starting points of the sequence, as shares of all cases


@dataclass(frozen=True)
class Promise:
    """What a threshold promises.

    Args:
        threshold: cases with no more doubt than this are released; -inf releases nothing.
        limit, confidence: at most this share of the released is wrong, with this confidence.
        released, errors: calibration cases below the threshold, and the wrong ones among them.
        cases: calibration cases in all.
        upper: the smallest risk that these counts would have proven (Clopper and Pearson 1934).
    """

    threshold: float
    limit: float
    confidence: float
    released: int
    errors: int
    cases: int
    upper: float

    @property
    def can_be_made(self) -> bool:
        """Whether any threshold keeps the promise."""
        return self.released > 0

    @property
    def needed(self) -> int:
        """How many cases must be released without any error before the limit is proven."""
        return math.ceil(math.log(_share_of_errors(self.confidence)) / math.log1p(-self.limit))


def promise(doubt: NDArray[np.float64], right: NDArray[np.bool_], *, limit: float, confidence: float) -> Promise:
    """Return the loosest threshold that keeps the selective risk at or below `limit`, with `confidence`.

    Args:
        doubt: (cases,), larger is more doubtful; infinite is never released, and vouches for nothing.
        right: (cases,), whether releasing the case would have been right.
        limit: largest share of errors among the released, in (0, 1).
        confidence: of the promise, in (0, 1).
    """
    order = np.argsort(doubt, kind="stable")[: np.isfinite(doubt).sum()]
    errors = np.cumsum(~right[order])
    ends = _ends_of_ties(doubt[order])  # a threshold releases all cases of equal doubt, or none of them
    delta = _share_of_errors(confidence)
    passed = np.asarray(binom.cdf(errors[ends - 1], ends, limit) <= delta, dtype=bool)
    best = max((_last_pass(passed, start) for start in _starts(ends, len(doubt))), default=-1)
    if best < 0:
        return Promise(-math.inf, limit, confidence, 0, 0, len(doubt), 1.0)
    released, wrong = int(ends[best]), int(errors[ends[best] - 1])
    upper = 1.0 if wrong == released else float(beta.ppf(1 - delta, wrong + 1, released - wrong))
    return Promise(float(doubt[order][released - 1]), limit, confidence, released, wrong, len(doubt), upper)


def _share_of_errors(confidence: float) -> float:
    """What each starting point may be wrong with."""
    return (1 - confidence) / len(STARTS)


def _ends_of_ties(ordered: NDArray[np.float64]) -> NDArray[np.int_]:
    return np.flatnonzero(np.append(np.diff(ordered) > 0, [True] * bool(len(ordered)))) + 1


def _starts(ends: NDArray[np.int_], cases: int) -> list[int]:
    """Fixed before any error is looked at: they depend on how many cases there are alone."""
    found = {int(np.searchsorted(ends, math.ceil(share * cases))) for share in STARTS}
    return sorted(start for start in found if start < len(ends))


def _last_pass(passed: NDArray[np.bool_], start: int) -> int:
    """The last threshold of an unbroken row of passes from `start`; -1 if the first one fails."""
    failing = np.flatnonzero(~passed[start:])
    last = start + (int(failing[0]) if len(failing) else len(passed) - start) - 1
    return last if last >= start else -1
