"""A logistic regression whose weights are never negative: more of any signal never means less doubt."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

PENALTY = 0.01  # on the squared standardised weights: keeps a signal that separates perfectly from growing for ever
ROUNDING = 1e-9  # a spread below this share of the signal's size is a rounding error, not a scale
EDGE = 1e-6  # probabilities are kept this far from 0 and 1 before their logit is taken


def log_odds(p: ArrayLike) -> NDArray[np.float64]:
    """Return the logit of probabilities, finite at 0 and 1."""
    found: NDArray[np.float64] = logit(np.clip(np.asarray(p, dtype=float), EDGE, 1 - EDGE))
    return found


@dataclass(frozen=True)
class MonotoneLogistic:
    """Turn signals into a probability: sigmoid(bias + sum of weight x (signal - centre) / scale), weights >= 0.

    Args:
        names: of the signals, larger is worse.
        centre, scale, weights: one a signal.
        bias: of the sum.
    """

    names: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    @classmethod
    def fit(cls, names: tuple[str, ...], signals: NDArray[np.float64], truth: NDArray[np.bool_]) -> Self:
        """Fit to signals (cases, names) and whether each case turned out bad.

        Raises:
            ValueError: if all cases turned out alike: nothing can be learned from them.
        """
        if truth.all() or not truth.any():
            raise ValueError("cannot learn what is doubtful: the cases all turned out alike.")
        centre, scale = signals.mean(axis=0), signals.std(axis=0)
        scale = np.where(scale > ROUNDING * np.maximum(1.0, np.abs(centre)), scale, 1.0)
        x, y = (signals - centre) / scale, truth.astype(float)

        def objective(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            z = theta[0] + x @ theta[1:]
            loss = np.logaddexp(0, z) - y * z
            miss = expit(z) - y
            slope = np.concatenate([[miss.mean()], x.T @ miss / len(y) + 2 * PENALTY * theta[1:]])
            return float(loss.mean() + PENALTY * (theta[1:] ** 2).sum()), slope

        start = np.concatenate([[float(logit(y.mean()))], np.full(len(names), 0.1)])
        bounds = [(None, None), *[(0.0, None)] * len(names)]
        theta = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        centres, scales, weights = (tuple(float(v) for v in part) for part in (centre, scale, theta[1:]))
        return cls(names, centres, scales, weights, float(theta[0]))

    def parts(self, signals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each signal adds, (cases, names): the largest part says why."""
        z = (signals - np.array(self.centre)) / np.array(self.scale)
        found: NDArray[np.float64] = z * np.array(self.weights)
        return found

    def __call__(self, signals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one probability a row of signals (cases, names)."""
        found: NDArray[np.float64] = expit(self.bias + self.parts(signals).sum(axis=1))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `to_json` returned."""
        names, centre, scale, weights = (tuple(values[key]) for key in ("names", "centre", "scale", "weights"))
        return cls(names, centre, scale, weights, values["bias"])
