"""The plots of the evaluation report: arrays in, one inline SVG with its heading and caption out.

Matplotlib draws in a handful of marker colours; `_inline` turns them into the page's CSS variables, so a plot follows
light and dark. The palette is Okabe and Ito's (2008): blue is right, vermilion is wrong, and shapes, dashes and numbers
say the same without colour. Nothing here depends on the clock or on pyplot's global state: same arrays, same text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from io import StringIO
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from pipeline.charts import WIDTH, Bar, Chart, bars
from pipeline.classifier.metrics import BINS, Bools, Floats, auroc, calibration_error, risk_coverage, share

SMALL = 10.5  # of numbers inside a plot, in units of its view box
HEIGHT = 275
CELL = (21, 22)  # width and height of a cell of the confusion matrix
NAMES = (350, 200)  # room for its names: left and right of it, above it
COUNTED = 0.05  # a mix-up is numbered from this share of its row on
POINTS = 200  # of a drawn curve
SCORES = 30  # bars of the score histogram
ENDS = (0.005, 0.995)  # quantiles at which the score axis is cut, so that one far case does not flatten the rest

INK, QUIET, LINE, CARD = "#17202a", "#535f6b", "#d6dce3", "#ffffff"
RIGHT, WRONG, RIGHT_CELL, WRONG_CELL = "#0072b2", "#d55e00", "#7fb9de", "#f2a66e"
_VARIABLES = {
    INK: "--ink", QUIET: "--quiet", LINE: "--line", CARD: "--card",
    RIGHT: "--right", WRONG: "--wrong", RIGHT_CELL: "--right-cell", WRONG_CELL: "--wrong-cell",
}  # fmt: skip
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "font.size": 12, "text.color": INK, "legend.frameon": False, "legend.handlelength": 1.6,
    "figure.facecolor": "none", "savefig.facecolor": "none", "axes.facecolor": "none", "axes.edgecolor": LINE,
    "axes.labelcolor": QUIET, "xtick.color": LINE, "ytick.color": LINE, "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET, "axes.grid": True, "axes.axisbelow": True, "grid.color": LINE, "grid.linewidth": 0.7,
    "axes.spines.top": False, "axes.spines.right": False, "lines.linewidth": 2, "axes.titlesize": 12,
}  # fmt: skip
Draw = Callable[[Figure], None]


def reliability(confidence: Floats, right: Bools, *, of: str) -> Chart:
    """Draw how often the leading label is right against the probability it was given, in bins of equal width.

    Args:
        confidence: probability of the leading label of cases in label, (cases,).
        right: whether it is the truth, (cases,).
        of: the name of the cases.
    """
    error = calibration_error(confidence, right)
    caption = (
        f"Points on the diagonal keep their promise (of cases given 80%, 80 in 100 are right), points below it promise "
        f"too much, and over these {_cases(len(right))} the gap is {error:.1%} on average."
    )
    return _chart("Reliability", partial(_reliability, confidence, right, error), caption, of=of)


def coverage(doubt: Floats, right: Bools, released: Bools, *, limit: float, of: str) -> Chart:
    """Draw the share of wrong answers among the k least doubtful cases, for every k.

    Args:
        doubt: (cases,), of all cases; a case that is out of label is never right.
        right: (cases,).
        released: (cases,), what was released in the end.
        limit: the doubt up to which a case may be released.
        of: the name of the cases.
    """
    given = int(released.sum())
    bound = f"up to a doubt of {limit:.3g}, " if np.isfinite(limit) else ""
    told = f"none of {_cases(len(right))} was released"
    if given:
        wrong = int((~right[released]).sum())
        told = (
            f"{given} of {_cases(len(right))} were released and {wrong} of the answers were wrong ({wrong / given:.1%})"
        )
    caption = (
        f"Answering more of the cases, from the surest to the most doubtful, costs more wrong answers; "
        f"here, {bound}{told}."
    )
    return _chart("Risk and coverage", partial(_coverage, doubt, right, released), caption, of=of)


def confusion(labels: Sequence[str], said: NDArray[np.int_], truth: NDArray[np.int_], *, of: str) -> Chart:
    """Draw which diagnosis was taken for which, each row as shares of its cases.

    Args:
        labels: display names.
        said: index of the leading label of cases in label, (cases,).
        truth: index of the true label, (cases,).
        of: the name of the cases.
    """
    used = np.union1d(said, truth)  # a label that neither occurs nor is said only makes the others smaller
    counts = np.zeros((len(used), len(used)), dtype=int)
    np.add.at(counts, (np.searchsorted(used, truth), np.searchsorted(used, said)), 1)
    caption = (
        f"Each row is one true diagnosis and shows what the model took its cases for: blue on the diagonal is right "
        f"({int(np.trace(counts))} of {_cases(len(truth))}), orange is a mix-up, and one below {COUNTED:.0%} of its "
        f"row is coloured but not numbered."
    )
    size = NAMES[0] + CELL[0] * len(used), NAMES[1] + CELL[1] * len(used)
    draw = partial(_confusion, [labels[index] for index in used], counts)
    return _chart("Confusions", draw, caption, of=of, size=size)


def out_of_label(score: Floats, outside: Bools, *, of: str) -> Chart:
    """Draw the score that should tell cases out of label from those in label.

    Args:
        score: (cases,), larger is further out.
        outside: (cases,), whether the truth is none of the labels.
        of: the name of the cases.
    """
    area = auroc(score, outside)
    told = (
        f"of one case outside and one inside, drawn at random, the one outside scores higher {area:.1%} of the time"
        if np.isfinite(area)
        else f"here all cases are {'outside' if outside.all() else 'inside'}, so nothing can be compared"
    )
    caption = f"A case whose diagnosis is none of the model's should score far to the right: {told}."
    return _chart("In label or out of label", partial(_out_of_label, score, outside, area), caption, of=of)


def releases(right: Bools, outside: Bools, emergency: Bools, released: Bools, *, of: str) -> Chart:
    """Draw which share of each kind of case was released, as the run report draws its bars.

    Args:
        right: (cases,), the leading label is the truth.
        outside: (cases,), the truth is none of the labels.
        emergency: (cases,), whether it is one; such a case is counted again in its group above.
        released: (cases,), without a person.
        of: the name of the cases.
    """
    groups = {
        "Right diagnosis": right,
        "Wrong diagnosis": ~right & ~outside,
        "Out of label": outside,
        "Emergency": emergency,
    }
    rows = [
        _release(name, group, released, "f-right" if name.startswith("Right") else "f-wrong")
        for name, group in groups.items()
        if group.any()
    ]
    given, astray = int(released.sum()), int((released & (~right | emergency)).sum())
    told = f"{astray} of {_cases(given)} released" if given else "nothing was released"
    caption = (
        f"The coloured part of a bar was released and the grey part went to a person; all orange should have gone to "
        f"a person ({told}); emergencies count in the groups above too."
    )
    return Chart("Released or reviewed", bars(f"Released or reviewed: {of}", rows), caption)


def _release(name: str, group: Bools, released: Bools, css: str) -> Bar:
    given, every = int((group & released).sum()), int(group.sum())
    parts = ((round(given / every, 3), css, "released"), (round(1 - given / every, 3), "f-kept", "to review"))
    return Bar(name, parts, f"{given} released · {every - given} to review")


def _reliability(confidence: Floats, right: Bools, error: float, figure: Figure) -> None:
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    place = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    upper.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=(0, (4, 3)))
    for b in np.flatnonzero(counts):
        _rate(upper, float(confidence[place == b].mean()), share(right[place == b]))
    upper.text(0.03, 0.95, f"ECE {error:.3f}", transform=upper.transAxes, va="top", fontweight="bold")
    upper.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share right")
    lower.bar((np.arange(BINS) + 0.5) / BINS, counts, width=0.8 / BINS, color=LINE)
    for b in np.flatnonzero(counts):
        lower.text((b + 0.5) / BINS, counts[b], _short(counts[b]), ha="center", va="bottom", fontsize=8)
    lower.set(xlabel="probability given to the leading diagnosis", ylabel="cases", ylim=(0, counts.max() * 1.5))
    lower.set_yticks([])
    for axes in (upper, lower):
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    upper.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _rate(axes: Axes, x: float, rate: dict[str, float]) -> None:
    """Mark a share with its interval."""
    axes.plot([x, x], [rate["low"], rate["high"]], color=RIGHT, linewidth=1.4, alpha=0.6)
    axes.plot([x], [rate["value"]], "o", color=RIGHT, markersize=6, markeredgecolor=CARD, clip_on=False)


def _coverage(doubt: Floats, right: Bools, released: Bools, figure: Figure) -> None:
    axes = figure.subplots()
    x, risk = risk_coverage(doubt, right)
    oracle = risk_coverage((~right).astype(float), right)[1]
    kept = np.unique(np.linspace(0, len(x) - 1, POINTS).astype(int))
    level = float((~right).mean())
    axes.plot([0, 1], [level, level], color=QUIET, linewidth=1.4, linestyle=":", label="by chance")
    axes.plot(x[kept], oracle[kept], color=QUIET, linewidth=1.4, linestyle="--", label="perfect order")
    axes.plot(x[kept], risk[kept], color=RIGHT, label="by doubt", marker="o" if len(x) == 1 else "")
    top = max(level, float(risk[x >= 0.05].max()), 0.02)  # the first few cases swing between 0 and 1
    if released.any():
        point = float(released.mean()), float((~right[released]).mean())
        top = max(top, point[1])
        axes.plot(*point, "D", color=WRONG, markersize=8, markeredgecolor=CARD, clip_on=False, label="released")
    axes.set(xlim=(0, 1), ylim=(0, 1.1 * top), xlabel="share of cases answered", ylabel="share of these that is wrong")
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0 if top > 0.05 else 1))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    _legend(figure)


def _confusion(names: Sequence[str], counts: NDArray[np.int_], figure: Figure) -> None:
    axes = figure.subplots()
    sizes = counts.sum(axis=1)
    for row, column in zip(*np.nonzero(counts), strict=True):
        _cell(axes, int(row), int(column), int(counts[row, column]), counts[row, column] / sizes[row])
    axes.set(xlim=(0, len(names)), ylim=(len(names), 0), xlabel="the model says", ylabel="truth (cases)")
    middles = np.arange(len(names)) + 0.5
    rows = [f"{name} ({size})" for name, size in zip(names, sizes, strict=True)]
    axes.set_yticks(middles, rows, fontsize=SMALL, color=INK)
    axes.set_xticks(middles, names, fontsize=SMALL, color=INK, rotation=60, ha="left", rotation_mode="anchor")
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.hlines(np.arange(len(names) + 1), 0, len(names), color=LINE, linewidth=0.7)
    axes.vlines(np.arange(len(names) + 1), 0, len(names), color=LINE, linewidth=0.7)
    axes.spines[:].set_visible(False)


def _cell(axes: Axes, row: int, column: int, count: int, part: float) -> None:
    colour = RIGHT_CELL if row == column else WRONG_CELL
    alpha = 0.15 + 0.85 * part
    axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, alpha=alpha, edgecolor="none"))
    if row == column or part >= COUNTED:
        axes.text(column + 0.5, row + 0.52, _short(count), ha="center", va="center", fontsize=9)


def _out_of_label(score: Floats, outside: Bools, area: float, figure: Figure) -> None:
    axes = figure.subplots()
    finite = score[np.isfinite(score)]
    low, high = np.quantile(finite, ENDS) if len(finite) else (0.0, 0.0)
    edges = np.linspace(low, high, SCORES + 1) if high > low else np.array([low - 0.5, low + 0.5])
    within = np.clip(score, edges[0], edges[-1])
    for name, group, colour, dash in (("in label", ~outside, RIGHT, "-"), ("out of label", outside, WRONG, "--")):
        if group.any():
            parts = np.histogram(within[group], edges)[0] / group.sum()
            axes.stairs(parts, edges, fill=True, color=colour, alpha=0.25)
            label = f"{name} ({int(group.sum())})"
            axes.stairs(parts, edges, color=colour, linestyle=dash, linewidth=1.8, label=label)
    axes.set(xlabel="out-of-label score (the ends hold what lies beyond)", ylabel="share of the group")
    axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    if np.isfinite(area):
        axes.text(0.98, 0.97, f"AUROC {area:.3f}", transform=axes.transAxes, ha="right", va="top", fontweight="bold")
    _legend(figure)


def _legend(figure: Figure) -> None:
    figure.legend(loc="outside upper left", ncols=4, fontsize=SMALL, columnspacing=1.2, borderpad=0, labelcolor=INK)


def _chart(title: str, draw: Draw, caption: str, *, of: str, size: tuple[float, float] = (WIDTH, HEIGHT)) -> Chart:
    name = f"{title}: {of}"
    written = StringIO()
    with rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(size[0] / 72, size[1] / 72), layout="constrained")  # a point is a unit of the view box
        draw(figure)
        figure.savefig(written, format="svg", metadata={"Date": None})
    return Chart(title, _inline(written.getvalue(), name), caption)


def _inline(svg: str, name: str) -> Markup:
    """Make a file of Matplotlib part of a page: named, in the page's colours and type, without ids that clash."""
    inside = svg[svg.index("<metadata>") : svg.rindex("</svg>")]
    inside = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", inside, flags=re.DOTALL)
    used = set(re.findall(r"#([\w.-]+)[\")]", inside))
    inside = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", inside)
    inside = re.sub(r"font-family: [^;\"]*(; )?| transform=\"rotate\(-0 [^\"]*\"", "", inside)
    inside = re.sub(r"(fill|stroke): (#\w{6})", lambda found: f"{found[1]}: {_colour(found[2])}", inside)
    width, height = (float(side) for side in re.findall(r'(?:width|height)="([\d.]+)pt"', svg)[:2])
    head = Markup(
        '<svg role="img" aria-label="{0}" viewBox="0 0 {1:g} {2:g}" width="{1:g}" height="{2:g}"><title>{0}</title>'
    )
    return head.format(name, width, height) + Markup(re.sub(r"\s*\n\s*", "\n", inside)) + Markup("</svg>")


def _colour(marker: str) -> str:
    return f"var({_VARIABLES[marker]})" if marker in _VARIABLES else marker


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k"
