"""The report of `wardround evaluate classifier`: one HTML file that needs neither network nor script.

Figures come first, then for each set of cases the same five plots. It looks like the run report, because it is read
by the same people.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, Self

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from cases.files import replacing
from pipeline.charts import Chart
from pipeline.classifier.evaluation import plots
from pipeline.classifier.metrics import Bools, Floats, is_right, share
from pipeline.report import TEMPLATES
from pipeline.words import Names

Interval = dict[str, float]  # with the keys value, low and high
Cell = str | float | Interval | None


@dataclass(frozen=True)
class Table:
    """Figures with their names. A cell is text, a number, an interval as `metrics.share` gives it, or nothing.

    Raises:
        ValueError: a row has more or fewer cells than there are columns.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str

    def __post_init__(self) -> None:
        odd = [row for row in self.rows if len(row) != len(self.columns)]
        if odd:
            raise ValueError(f"Table {self.title!r}: {len(odd[0])} cells for {len(self.columns)} columns: {odd[0]!r}")


@dataclass(frozen=True)
class ScoredSet:
    """A set of cases as the classifier answered them.

    Args:
        name: what the reader knows them by.
        labels: the classifier's labels.
        p: calibrated probabilities, (cases, labels).
        truth: index into labels, -1 where the case is out of label, (cases,).
        doubt: (cases,), larger is more doubtful.
        released: whether the case was released without a person, (cases,).
        limit: the doubt up to which a case may be released; -inf releases nothing.
        ood: out-of-label score, (cases,), larger is further out.
        emergency: (cases,).
        styles: how each case is written, or empty strings.

    Raises:
        ValueError: a field is not as long as there are cases.
    """

    name: str
    labels: tuple[str, ...]
    p: Floats
    truth: NDArray[np.int_]
    doubt: Floats
    released: Bools
    limit: float
    ood: Floats
    emergency: Bools
    styles: tuple[str, ...]

    def __post_init__(self) -> None:
        for field in ("truth", "doubt", "released", "ood", "emergency", "styles"):
            if len(getattr(self, field)) != len(self.p):
                raise ValueError(f"Set {self.name!r}: {len(getattr(self, field))} {field} for {len(self.p)} cases")
        if self.p.shape[1:] != (len(self.labels),):
            raise ValueError(f"Set {self.name!r}: p of shape {self.p.shape} for {len(self.labels)} labels")

    def save(self, path: Path) -> None:
        """Write one compressed array a field, so that the plots can be made again without scoring again."""
        parts: dict[str, Any] = {name: np.asarray(getattr(self, name)) for name in self.__dataclass_fields__}
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **parts)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            parts: dict[str, Any] = {name: stored[name] for name in cls.__dataclass_fields__}
        words = {name: tuple(parts[name].tolist()) for name in ("labels", "styles")}
        return cls(**{**parts, **words, "name": str(parts["name"]), "limit": float(parts["limit"])})


@dataclass(frozen=True)
class _Section:
    """A set of cases as the page shows it."""

    anchor: str
    name: str
    told: str
    charts: tuple[Chart, ...]
    confusion: Chart | None
    styles: Table | None


def write_report(
    out: Path,
    *,
    title: str,
    tables: Sequence[Table],
    sets: Sequence[ScoredSet],
    notes: Sequence[str],
    provenance: dict[str, str],
) -> None:
    """Write `report.html` into a folder.

    Args:
        out: the folder; made if it is not there.
        title: the heading of the page.
        tables: figures, in the order in which they are read.
        sets: the cases that are drawn.
        notes: what a reader must know to read the figures rightly, one sentence each.
        provenance: what the report was made from, name and value.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["cell"] = cell
    html = environment.get_template("evaluation.html.j2").render(
        title=title,
        tables=tables,
        sections=list(_sections(sets)),
        notes=notes,
        provenance=provenance,
        style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
    )
    with replacing(out / "report.html") as temporary:
        temporary.write_text(html, encoding="utf-8", newline="\n")


def cell(value: Cell) -> str:
    """Return the text of a cell: three digits after the point, two for the ends of an interval, a dash for nothing.

    Example:
        >>> cell({"value": 0.9118, "low": 0.88, "high": 0.941}), cell(0.5), cell(12), cell(None)
        ('0.912 (0.88 to 0.94)', '0.500', '12', '–')
    """
    if isinstance(value, dict):
        middle = cell(value["value"])
        return middle if middle == "–" else f"{middle} ({value['low']:.2f} to {value['high']:.2f})"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return str(value) if isinstance(value, str | Integral) else f"{value:.3f}"


def _sections(sets: Sequence[ScoredSet]) -> Iterator[_Section]:
    names = Names()
    for number, scored in enumerate(sets, start=1):
        inside = scored.truth >= 0
        labels = [names.label(label) for label in scored.labels]
        yield _Section(
            anchor=f"set-{number}",
            name=scored.name,
            told=_told(scored),
            charts=tuple(_charts(scored)) if len(scored.p) else (),
            confusion=plots.confusion(labels, scored.p[inside].argmax(axis=1), scored.truth[inside], of=scored.name)
            if inside.any()
            else None,
            styles=_by_style(scored),
        )


def _charts(scored: ScoredSet) -> Iterator[Chart]:
    right, outside, of = is_right(scored.p, scored.truth), scored.truth < 0, scored.name
    if not outside.all():
        yield plots.reliability(scored.p.max(axis=1)[~outside], right[~outside], of=of)
    yield plots.coverage(scored.doubt, right, scored.released, limit=scored.limit, of=of)
    yield plots.out_of_label(scored.ood, outside, of=of)
    yield plots.releases(right, outside, scored.emergency, scored.released, of=of)


def _told(scored: ScoredSet) -> str:
    outside, emergencies = int((scored.truth < 0).sum()), int(scored.emergency.sum())
    return (
        f"{len(scored.p)} case{'' if len(scored.p) == 1 else 's'}: {len(scored.p) - outside} in label, "
        f"{outside} out of label. {emergencies} emergenc{'y' if emergencies == 1 else 'ies'}. "
        f"{int(scored.released.sum())} released."
    )


def _by_style(scored: ScoredSet) -> Table | None:
    """How each way of writing fares, if cases are written in more than one."""
    styles = np.array(scored.styles, dtype=object)
    found = sorted({style for style in scored.styles if style})
    if len(found) < 2:
        return None
    right, inside, released = is_right(scored.p, scored.truth), scored.truth >= 0, scored.released
    rows = tuple(
        (style, int(own.sum()), share(right[own & inside]), share(released[own]), share(right[own & released]))
        for style in found
        for own in [np.asarray(styles == style)]
    )
    columns = ("Style", "Cases", "Right (in label)", "Released", "Right when released")
    return Table("By style of writing", columns, rows, "Shares with their 95% Wilson interval.")
