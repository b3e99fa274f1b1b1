"""What a run comes to, counted in one pass, so that a report of any length needs little memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import quantiles

from cases.case import CaseResult
from pipeline.words import URGENT_FINDINGS, Decision, decision

_GRID = 100  # points of the scatter plot that fall on one spot of this grid are drawn once


@dataclass(frozen=True)
class Point:
    """One spot of the scatter plot; `of` is the number of cases on it."""

    confidence: float
    mutual_information: float
    decision: Decision
    of: int


@dataclass(frozen=True)
class Stage:
    """How long one stage took, in milliseconds a case: the median and the 95th percentile."""

    name: str
    median: float
    p95: float


@dataclass
class Tally:
    """Counts over the results of a run."""

    results: int = 0
    decisions: Counter[Decision] = field(default_factory=Counter)
    routes: Counter[tuple[str, str]] = field(default_factory=Counter)  # (priority, route)
    reasons: Counter[str] = field(default_factory=Counter)  # cases with the reason
    alerts: Counter[tuple[str, bool]] = field(default_factory=Counter)  # (action, new), about medicines
    audits: int = 0  # released cases that were drawn for blinded audit
    interrupted: int = 0  # cases with at least one new alert that blocks or interrupts
    _points: Counter[tuple[float, float, Decision]] = field(default_factory=Counter)
    _times: dict[str, list[float]] = field(default_factory=dict)

    def add(self, result: CaseResult) -> None:
        """Count one result."""
        what = decision(result)
        self.results += 1
        self.decisions[what] += 1
        self.routes[result.priority, result.route] += 1
        self.audits += bool(result.audit and result.audit.drawn)
        self.reasons.update({reason.code for reason in result.reasons})
        alerts = [finding for finding in result.findings if finding.kind not in URGENT_FINDINGS]
        self.alerts.update((alert.action, alert.new) for alert in alerts)
        self.interrupted += any(alert.new and alert.action in ("block", "interrupt") for alert in alerts)
        if result.uncertainty.samples:
            spread = result.uncertainty.mutual_information
            self._points[round(result.uncertainty.confidence * _GRID) / _GRID, round(spread, 2), what] += 1
        for stage, milliseconds in result.timings_ms.items():
            self._times.setdefault(stage, []).append(milliseconds)

    @property
    def points(self) -> list[Point]:
        """The scatter plot: classified cases only."""
        return [Point(*where, of=number) for where, number in sorted(self._points.items())]

    @property
    def stages(self) -> list[Stage]:
        """The stages, in the order of the pipeline."""
        return [Stage(name, *_median_and_p95(times)) for name, times in self._times.items()]


def _median_and_p95(values: list[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    cuts = quantiles(values, n=20, method="inclusive")
    return cuts[9], cuts[18]
