"""The shipped classifier on a set that nothing was fitted on: accuracy, what is released, what is kept back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.classifier.classify import Classifier
from pipeline.classifier.evaluation.baselines import Baseline
from pipeline.classifier.examples import OTHER, Example
from pipeline.classifier.metrics import Bools, Floats, auroc, bootstrap, calibration_error, share
from pipeline.risk import promise
from pipeline.thresholds import SIGNALS, Calibration, Thresholds, features, rounded

MIXES = 200  # draws of a half out-of-label mix


@dataclass(frozen=True)
class Scored:
    """A set as the shipped classifier and thresholds see it."""

    examples: tuple[Example, ...]
    labels: tuple[str, ...]
    p: np.ndarray  # (cases, labels)
    truth: np.ndarray  # (cases,), -1 for out of label
    sets: tuple[tuple[str, ...], ...]
    ood: np.ndarray  # (cases,)
    emergency_score: np.ndarray  # (cases,)
    doubt: np.ndarray  # (cases,)
    stopped: Bools  # by a gate: prediction set or emergency
    released: Bools  # by doubt, prediction set and emergency gate; rules of safety only take away from it

    @property
    def right(self) -> Bools:
        """Whether the leading label is the truth."""
        return np.asarray(self.p.argmax(axis=1) == self.truth)

    @property
    def inside(self) -> Bools:
        """Whether the case is in label."""
        return np.asarray(self.truth >= 0)

    @property
    def emergency(self) -> Bools:
        """Whether the case is an emergency."""
        return np.array([bool(e.emergency) for e in self.examples])


def score(
    classifier: Classifier, calibration: Calibration, thresholds: Thresholds, examples: Sequence[Example],
    rows: Sequence[Sequence[float]],
) -> Scored:  # fmt: skip
    """Return a set as scored; `rows` are the signals of its cases, evidence included."""
    names = tuple(label.name for label in classifier.labels)
    opinion = classifier.judge([e.case for e in examples])
    values = np.array(rows)
    doubt = rounded(calibration.doubt(features(rows)))
    stopped = (values[:, SIGNALS.index("set_size")] > 0) | (values[:, SIGNALS.index("emergency")] >= thresholds.urgent)
    return Scored(
        tuple(examples),
        names,
        opinion.p.numpy(),
        np.array([names.index(e.label) if e.label in names else -1 for e in examples]),
        tuple(classifier.prediction_sets(opinion.p)),
        opinion.ood.numpy(),
        opinion.emergency.numpy(),
        doubt,
        np.asarray(stopped),
        np.asarray((doubt <= thresholds.limit) & ~stopped),
    )


def figures(name: str, s: Scored) -> dict[str, float | dict[str, float]]:
    """Return every figure of a scored set under flat names."""
    inside, calm = s.inside, ~s.emergency
    routine = inside & calm
    covered = np.array([e.label in found for e, found in zip(s.examples, s.sets, strict=True)])
    sizes = np.array([len(found) for found in s.sets])
    return {
        f"{name}.accuracy": share(s.right[inside]),
        **{f"{name}.accuracy.{style}": share(s.right[inside & own]) for style, own in _by_style(s.examples).items()},
        f"{name}.ece": calibration_error(s.p.max(axis=1)[inside], s.right[inside]),
        f"{name}.conformal.coverage": share(covered[inside]),
        f"{name}.conformal.size": float(sizes[inside].mean()),
        f"{name}.released": share(s.released[routine]),
        f"{name}.released_accuracy": share(s.right[routine & s.released]),
        f"{name}.out_of_label_to_review": share(~s.released[~inside & calm]),
        f"{name}.emergencies_to_review": share(~s.released[s.emergency]),
        f"{name}.mixed.released_accuracy": _mixed(s),
        f"{name}.ood_auroc": bootstrap(lambda i: auroc(s.ood[i], ~inside[i]), len(inside)),
        f"{name}.ood_auroc.nonmedical": auroc(s.ood[inside | _nonmedical(s)], ~inside[inside | _nonmedical(s)]),
        f"{name}.emergency_auroc": auroc(s.emergency_score, s.emergency),
    }


def _by_style(examples: Sequence[Example]) -> dict[str, Bools]:
    styles = np.array([e.style for e in examples])
    return {style: np.asarray(styles == style) for style in sorted(set(styles)) if style}


def _nonmedical(s: Scored) -> Bools:
    return np.array(["medical" in e.condition and "non" in e.condition for e in s.examples])


def _mixed(s: Scored, seed: int = 42) -> dict[str, float]:
    """Accuracy of what is released when half of the traffic is out of label: equal halves, drawn with replacement."""
    generator = np.random.default_rng(seed)
    calm = ~s.emergency
    inside, outside = np.flatnonzero(s.inside & calm), np.flatnonzero(~s.inside & calm)
    if not len(inside) or not len(outside):
        return {"value": float("nan"), "low": float("nan"), "high": float("nan")}
    drawn = []
    for _ in range(MIXES):
        mix = np.concatenate([generator.choice(inside, len(inside)), generator.choice(outside, len(inside))])
        released = mix[s.released[mix]]
        drawn.append(float(s.right[released].mean()) if len(released) else float("nan"))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {"value": float(np.nanmean(drawn)), "low": float(low), "high": float(high)}


def baseline_figures(
    name: str, baseline: Baseline, calibrate: Sequence[Example], examples: Sequence[Example], *, limit: float
) -> dict[str, float | dict[str, float]]:
    """Return what a baseline does on the set when it releases by its confidence under the same promise."""

    def judged(cases: Sequence[Example]) -> tuple[Floats, Bools]:
        p = baseline.predict([e.text for e in cases])
        right = np.array([baseline.labels[i] == e.label for i, e in zip(p.argmax(axis=1), cases, strict=True)])
        return 1 - p.max(axis=1), right & np.array([not e.emergency for e in cases])

    made = promise(*judged(calibrate), limit=limit, confidence=0.95)
    doubt, _ = judged(examples)
    right = baseline.right(examples)
    inside = np.array([e.label != OTHER for e in examples])
    emergency = np.array([bool(e.emergency) for e in examples])
    released = doubt <= made.threshold
    return {
        f"{name}.accuracy": share(right[inside]),
        f"{name}.released": share(released[inside & ~emergency]),
        f"{name}.released_accuracy": share(right[inside & ~emergency & released]),
        f"{name}.out_of_label_to_review": share(~released[~inside & ~emergency]),
        f"{name}.emergencies_to_review": share(~released[emergency]),
        f"{name}.ood_auroc": auroc(doubt, ~inside),
    }
