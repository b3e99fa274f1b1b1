"""Thresholds are fitted, not typed: from the signals of held-out cases and a review budget.

Training writes the signals of every calibration case. For a budget b the four signals share one quantile: the lowest
at which no more than a share b of those cases is flagged by any of them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

SIGNALS = ("confidence", "mutual_information", "ood_score", "disagreement")  # confidence flags when low
GRID = np.linspace(1.0, 0.5, 501)


@dataclass(frozen=True)
class Thresholds:
    """Beyond these a case is doubtful; `source` says what they were fitted on."""

    confidence: float
    mutual_information: float
    ood_score: float
    disagreement: float
    source: str


@dataclass(frozen=True)
class Calibration:
    """Signals of held-out cases, one list a signal in the same case order.

    Args:
        signals: name to values.
        source: `fit:<date>:<hash of data and split>`.
        split: what the cases are, in words.
    """

    signals: dict[str, list[float]]
    source: str
    split: str

    def thresholds(self, review_budget: float) -> Thresholds:
        """Return the thresholds for a budget."""
        values = np.array([self._risk(name) for name in SIGNALS])  # (signals, cases), larger is more doubtful
        limits = values.max(axis=1)
        for quantile in GRID:
            tried = np.quantile(values, quantile, axis=1, method="higher")
            if (values > tried[:, None]).any(axis=0).mean() > review_budget:
                break
            limits = tried
        confidence, information, ood, disagreement = (float(limit) for limit in limits)
        return Thresholds(-confidence, information, ood, disagreement, self.source)

    def _risk(self, name: str) -> list[float]:
        return [-value for value in self.signals[name]] if name == "confidence" else self.signals[name]

    def save(self, path: Path) -> None:
        """Write JSON."""
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read JSON.

        Raises:
            ValueError: if a signal is missing, empty or not finite: nothing is ever beyond a limit that is no number.
        """
        loaded = cls(**json.loads(path.read_text(encoding="utf-8")))
        values = [loaded.signals.get(name, []) for name in SIGNALS]
        if not values[0] or len({len(row) for row in values}) > 1 or not np.isfinite(values).all():
            raise ValueError(f"{path} does not hold one finite value a case of each of {', '.join(SIGNALS)}.")
        return loaded
