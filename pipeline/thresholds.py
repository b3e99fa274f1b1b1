"""Thresholds are fitted, not typed: what may be released, from held-out cases and the clinic's target.

Every signal of doubt joins one monotone score, `doubt`: the fitted probability that releasing the case would be wrong
(another label, no label at all, an emergency). Beside it stand two gates: a prediction set that holds exactly one
label, and a low probability of an emergency. The clinic states a target, either a risk (at most this share of the
released is wrong, with a finite-sample promise: `pipeline.risk`) or a review budget; it decides the largest doubt that
is released.

A calibration file holds the signals of every held-out case, so that any target can be asked of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from cases.case import Differential
from pipeline.calibration_file import OUTCOMES, read
from pipeline.monotone import MonotoneLogistic, log_odds
from pipeline.risk import Promise, promise

SIGNALS = ("unsure", "mutual_information", "ood_score", "set_size", "emergency", "disagreement")
LARGEST_SET = 6  # a longer prediction set is no more doubtful than this
DOUBT_DIGITS = 12  # what is beyond them differs from machine to machine
MISSED = 0.03  # share of emergencies that the urgent gate may miss, and
MISSED_IMMEDIATE = 0.10  # that may be called urgent instead of immediate
Target = Literal["risk", "budget"]


def signals(differential: Differential) -> tuple[float, ...]:
    """Return the signals of one case in the order of SIGNALS, larger is more doubtful; unclassified is all doubt."""
    u = differential.uncertainty
    if not differential.diagnoses:
        return (1.0, 1.0, 1.0, float(LARGEST_SET), 1.0, 1.0)
    return (
        1 - u.confidence, u.mutual_information, u.ood_score, _set_doubt(len(differential.prediction_set)), u.emergency,
        u.disagreement,
    )  # fmt: skip


def with_disagreement(differential: Differential, value: float) -> Differential:
    """Return the differential with the evidence's disagreement among its uncertainties."""
    uncertainty = differential.uncertainty.model_copy(update={"disagreement": round(value, 6)})
    return differential.model_copy(update={"uncertainty": uncertainty})


def _set_doubt(size: int) -> float:
    """One label is no doubt; none is as doubtful as the largest set."""
    return 0.0 if size == 1 else float(min(size or LARGEST_SET, LARGEST_SET))


def features(rows: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Return signals (cases, SIGNALS) as the doubt model reads them: probabilities as log-odds."""
    values = np.asarray(rows, dtype=float).reshape(-1, len(SIGNALS)).copy()
    for name in ("unsure", "ood_score", "emergency"):
        values[:, SIGNALS.index(name)] = log_odds(values[:, SIGNALS.index(name)])
    return values


def fit_doubt(rows: Sequence[Sequence[float]], right: Sequence[bool]) -> MonotoneLogistic:
    """Fit the doubt score to signals and whether releasing each case would have been right."""
    return MonotoneLogistic.fit(SIGNALS, features(rows), ~np.asarray(right, dtype=bool))


@dataclass(frozen=True)
class Thresholds:
    """What may be released.

    Args:
        doubt: the fitted score.
        limit: cases of more doubt go to review; -inf releases nothing.
        urgent, immediate: from this probability of an emergency on, the case is urgent, or immediate.
        target: in words, what was asked for.
        source: what all of it was fitted on.
        promise: the finite-sample promise, where a risk was asked for.
    """

    doubt: MonotoneLogistic
    limit: float
    urgent: float
    immediate: float
    target: str
    source: str
    promise: Promise | None = None

    def with_doubt(self, differential: Differential) -> Differential:
        """Return the differential with its doubt; what was not classified stays all doubt."""
        if not differential.diagnoses:
            return differential
        uncertainty = differential.uncertainty.model_copy(update={"doubt": round(self.judge(differential)[0], 6)})
        return differential.model_copy(update={"uncertainty": uncertainty})

    def judge(self, differential: Differential) -> tuple[float, str]:
        """Return a case's doubt and the name of the signal that contributes most to it."""
        row = features([signals(differential)])
        return float(rounded(self.doubt(row))[0]), SIGNALS[int(self.doubt.parts(row)[0].argmax())]


@dataclass(frozen=True)
class Calibration:
    """Signals and outcomes of held-out cases.

    Args:
        signals: one row of SIGNALS a case.
        right: whether releasing it would have been right: its label is the leading one, and it is no emergency.
        emergency: whether it is one; None where nobody said.
        doubt: the score, fitted on other cases where there were any.
        source: `fit:<date>:<hash of data and split>`.
        split: what the cases are, in words.
    """

    signals: list[list[float]]
    right: list[bool]
    emergency: list[bool | None]
    doubt: MonotoneLogistic
    source: str
    split: str

    def thresholds(
        self,
        *,
        target: Target = "risk",
        max_error: float = 0.05,
        confidence: float = 0.95,
        review_budget: float = 0.18,
    ) -> Thresholds:
        """Return the thresholds for a target."""
        urgent, immediate = self._gate(MISSED), self._gate(MISSED_IMMEDIATE)
        doubt = self._gated(urgent)
        if target == "budget":
            limit = _quantile(doubt, 1 - review_budget)
            words = f"review of {review_budget:.0%} of cases"
            return Thresholds(self.doubt, limit, urgent, immediate, words, self.source)
        made = promise(doubt, np.array(self.right), limit=max_error, confidence=confidence)
        words = f"at most {max_error:.1%} wrong among the released, with {confidence:.0%} confidence"
        return Thresholds(self.doubt, made.threshold, urgent, immediate, words, self.source, made)

    def _gated(self, urgent: float) -> NDArray[np.float64]:
        """The doubt of every case; infinite where a gate keeps it from release."""
        values = np.array(self.signals, dtype=float)
        stopped = values[:, SIGNALS.index("set_size")] > 0
        stopped |= values[:, SIGNALS.index("emergency")] >= urgent
        return np.where(stopped, math.inf, rounded(self.doubt(features(self.signals))))

    def _gate(self, missed: float) -> float:
        """The largest probability that misses at most this share of emergencies like the calibration set's.

        Split conformal over the emergencies alone: the floor((n + 1) x missed)-th smallest of their probabilities.
        With too few of them to promise it, a little below the smallest; with none, 1: nothing is known.
        """
        scores = np.sort(
            [row[SIGNALS.index("emergency")] for row, known in zip(self.signals, self.emergency, strict=True) if known]
        )
        if not len(scores):
            return 1.0
        rank = math.floor((len(scores) + 1) * missed)
        return float(scores[rank - 1]) if rank else float(scores[0]) / 2

    def save(self, path: Path) -> None:
        """Write JSON, one case a line."""
        head = {**asdict(self), "doubt": self.doubt.to_json(), "columns": (*SIGNALS, *OUTCOMES)}
        rows = zip(head.pop("signals"), head.pop("right"), head.pop("emergency"), strict=True)
        lines = [json.dumps([*(round(v, 6) for v in row), right, known]) for row, right, known in rows]
        cases = ",\n  ".join(lines)
        path.write_text(f'{json.dumps(head, indent=1)[:-2]},\n "cases": [\n  {cases}\n ]\n}}\n', encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read JSON.

        Raises:
            ValueError: naming the file, if anything in it is missing or not what it should be: nothing is ever beyond
                a limit that is no number, and a score with a negative weight would take doubt for safety.
        """
        stored = read(path, SIGNALS)
        return cls(
            signals=stored.signals,
            right=stored.right,
            emergency=stored.emergency,
            doubt=MonotoneLogistic(**stored.doubt.model_dump()),
            source=stored.source,
            split=stored.split,
        )


def rounded(doubt: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return doubts as they are compared, on both sides of a limit."""
    return np.round(doubt, DOUBT_DIGITS)


def _quantile(doubt: NDArray[np.float64], share: float) -> float:
    """The largest doubt up to which no more than this share of cases lies; -inf if there is none."""
    allowed = math.floor(share * len(doubt) + 1e-9)
    finite = np.sort(doubt[np.isfinite(doubt)])
    within = finite[np.searchsorted(finite, finite, side="right") <= allowed]
    return float(within[-1]) if len(within) else -math.inf
