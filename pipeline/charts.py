"""The plots of the report, as inline SVG that follows the page's colours and needs no script.

Every plot carries its numbers as text, so it reads without colour; the classes are styled in `report.css`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cases.case import Priority
from pipeline.tally import Point, Tally
from pipeline.words import ACTIONS, REASONS, Decision

WIDTH = 380
_ROW = 38
_PLOT = (60, 12, WIDTH - 14, 232)  # left, top, right, bottom of the scatter plot
_PRIORITIES: tuple[Priority, ...] = ("immediate", "urgent", "routine")


@dataclass(frozen=True)
class Chart:
    """A plot with its heading and the sentence below it."""

    title: str
    svg: Markup
    caption: str


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart: parts are (value, CSS class, name); `tick` marks one more value on the same scale."""

    label: str
    parts: tuple[tuple[float, str, str], ...]
    text: str
    tick: float | None = None


def charts(tally: Tally) -> list[Chart]:
    """Every plot that the counts have something to show for."""
    found = [_routes(tally), _reasons(tally), _doubt(tally), _alerts(tally), _timings(tally)]
    return [chart for chart in found if chart is not None]


def bars(title: str, rows: Sequence[Bar]) -> Markup:
    """Draw horizontal bars, each under its label, on a common scale from zero."""
    longest = max((max(sum(value for value, _, _ in row.parts), row.tick or 0) for row in rows), default=0) or 1
    drawn = Markup("").join(_bar(row, index * _ROW, (WIDTH - 4) / longest) for index, row in enumerate(rows))
    return _svg(title, len(rows) * _ROW, drawn)


def scatter(title: str, points: Sequence[Point]) -> Markup:
    """Draw confidence against mutual information, one shape and colour for each decision."""
    left, top, right, bottom = _PLOT
    ceiling = _nice_ceiling(max((point.mutual_information for point in points), default=0))
    drawn = Markup("").join(
        _mark(
            point,
            left + point.confidence * (right - left),
            bottom - point.mutual_information / ceiling * (bottom - top),
        )
        for point in sorted(points, key=lambda point: -point.of)
    )
    return _svg(title, bottom + 40, _axes(ceiling) + drawn)


def _routes(tally: Tally) -> Chart | None:
    if not tally.results:
        return None
    rows = []
    for priority in _PRIORITIES:
        auto, review = tally.routes[priority, "auto"], tally.routes[priority, "review"]
        kind = "immediate" if priority == "immediate" else "urgent" if priority == "urgent" else "review"
        text = f"{auto} released · {review} to review"
        rows.append(Bar(priority, ((auto, "f-released", "released"), (review, f"f-{kind}", "to review")), text))
    share = tally.decisions["released"] / tally.results
    caption = f"{share:.0%} of {tally.results} cases were released without a person."
    return Chart("Routes by priority", bars("Routes by priority", rows), caption)


def _reasons(tally: Tally) -> Chart | None:
    if not tally.reasons:
        return None
    rows = [
        Bar(text, ((tally.reasons[code], "f-review", "cases"),), str(tally.reasons[code]))
        for code, text in REASONS.items()
        if tally.reasons[code]
    ]
    rows.sort(key=lambda row: -row.parts[0][0])
    title = "Why cases went to a person"
    return Chart(title, bars(title, rows), "Cases with each reason; a case can have several.")


def _doubt(tally: Tally) -> Chart | None:
    if not tally.points:
        return None
    title = "Confidence and doubt"
    caption = "● released  ■ review  ▲ urgent  ◆ act now; larger marks stand for more cases. Lower right is sure."
    return Chart(title, scatter(title, tally.points), caption)


def _alerts(tally: Tally) -> Chart | None:
    if not tally.alerts:
        return None
    rows = []
    for action in ACTIONS:
        new, old = tally.alerts[action, True], tally.alerts[action, False]
        parts = ((new, f"f-{action}", "from the plan"), (old, "f-old", "there already"))
        rows.append(Bar(action, parts, f"{new} new · {old} there already"))
    title = "Alert burden"
    per_hundred = 100 * tally.interrupted / tally.results
    caption = f"{per_hundred:.1f} of 100 cases carry a new alert that blocks or interrupts."
    return Chart(title, bars(title, rows), caption)


def _timings(tally: Tally) -> Chart | None:
    if not tally.stages:
        return None
    rows = [
        Bar(stage.name, ((stage.median, "f-time", "median"),), f"{_ms(stage.median)} · p95 {_ms(stage.p95)}", stage.p95)
        for stage in tally.stages
    ]
    title = "Time by stage"
    return Chart(title, bars(title, rows), "Bar: median a case. Line: 95th percentile.")


def _bar(row: Bar, top: float, scale: float) -> Markup:
    parts, x = [], 0.0
    for value, css, name in row.parts:
        width = value * scale
        if value:
            box = Markup(
                '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="14"><title>{}: {:g}</title></rect>'
            )
            parts.append(box.format(css, x, top + 19, max(width, 2), name, value))
        x += width
    if row.tick is not None:
        line = Markup('<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>')
        parts.append(line.format(min(row.tick * scale + 1, WIDTH - 2), top + 16, top + 36))
    track = Markup('<rect class="track" x="0" y="{:.1f}" width="{}" height="14"/>').format(top + 19, WIDTH - 4)
    label = Markup('<text x="0" y="{:.1f}">{}</text>').format(top + 13, row.label)
    text = Markup('<text class="num" x="{}" y="{:.1f}">{}</text>').format(WIDTH - 4, top + 13, row.text)
    return label + text + track + Markup("").join(parts)


def _mark(point: Point, x: float, y: float) -> Markup:
    size = min(4 + 1.5 * math.log2(point.of), 11)
    told = Markup("<title>{}: confidence {:.2f}, mutual information {:.2f} ({} cases)</title>").format(
        point.decision, point.confidence, point.mutual_information, point.of
    )
    shape = _shape(point.decision, x, y, size)
    return Markup('<path class="m-{}" d="{}">{}</path>').format(point.decision, shape, told)


def _shape(decision: Decision, x: float, y: float, r: float) -> str:
    """Circle, square, triangle or diamond as a path, so that decisions differ in more than colour."""
    if decision == "released":
        return f"M{x - r:.1f},{y:.1f}a{r:.1f},{r:.1f} 0 1,0 {2 * r:.1f},0a{r:.1f},{r:.1f} 0 1,0 {-2 * r:.1f},0z"
    if decision == "review":
        return f"M{x - r:.1f},{y - r:.1f}h{2 * r:.1f}v{2 * r:.1f}h{-2 * r:.1f}z"
    if decision == "urgent":
        return f"M{x:.1f},{y - 1.2 * r:.1f}l{1.2 * r:.1f},{2.2 * r:.1f}h{-2.4 * r:.1f}z"
    r *= 1.4
    return f"M{x:.1f},{y - r:.1f}l{r:.1f},{r:.1f}l{-r:.1f},{r:.1f}l{-r:.1f},{-r:.1f}z"


def _axes(ceiling: float) -> Markup:
    left, top, right, bottom = _PLOT
    parts = []
    for step in range(5):
        x, y = left + step / 4 * (right - left), bottom - step / 4 * (bottom - top)
        line = Markup('<line class="grid" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
        parts += [line.format(left, y, right, y), line.format(x, top, x, bottom)]
        parts.append(
            Markup('<text class="num" x="{}" y="{:.1f}">{:.2f}</text>').format(left - 6, y + 4, ceiling * step / 4)
        )
        parts.append(Markup('<text class="mid" x="{:.1f}" y="{}">{:g}</text>').format(x, bottom + 17, step / 4))
    parts.append(
        Markup('<text class="mid" x="{:.1f}" y="{}">confidence</text>').format((left + right) / 2, bottom + 35)
    )
    up = Markup('<text class="mid" transform="translate(11 {:.1f}) rotate(-90)">mutual information (nats)</text>')
    parts.append(up.format((top + bottom) / 2))
    return Markup("").join(parts)


def _svg(title: str, height: float, inside: Markup) -> Markup:
    frame = Markup('<svg role="img" aria-label="{}" viewBox="0 0 {} {:.0f}" preserveAspectRatio="xMinYMin">{}</svg>')
    return frame.format(title, WIDTH, height, inside)


def _nice_ceiling(value: float) -> float:
    """The next of 0.1, 0.2, 0.4, 0.6, ... above a value."""
    return 0.1 if value <= 0.1 else math.ceil(value * 5 - 1e-9) / 5


def _ms(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.3g} ms"
