"""The table that the command line prints after a run: one line a case, the most pressing first."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from cases.case import CaseResult
from pipeline.words import DECISIONS, REASONS, Decision, Names, decision, leading_line, main_reason

_STYLES: dict[Decision, str] = {
    "immediate": "bold white on red",
    "urgent": "bold yellow",
    "review": "cyan",
    "released": "green",
}


def summary_table(results: Iterable[CaseResult], *, names: Names | None = None, limit: int = 40) -> Table:
    """Arrange results in a table: id, route, priority, leading diagnosis, main reason, first line.

    Args:
        results: in any order.
        names: display names of diagnoses; those of the shipped vocabulary if None.
        limit: above this number the less pressing results are only counted, below the table.
    """
    names = names or Names()
    order = list(DECISIONS)
    table = Table(header_style="bold", expand=True)
    table.add_column("case", no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("route", no_wrap=True)
    table.add_column("priority", no_wrap=True)
    table.add_column("leading diagnosis", no_wrap=True, overflow="ellipsis", max_width=28)
    table.add_column("why", ratio=2, no_wrap=True, overflow="ellipsis")
    table.add_column("first line", ratio=3, no_wrap=True, overflow="ellipsis")
    ordered = sorted(results, key=lambda result: order.index(decision(result)))
    for result in ordered[:limit]:
        table.add_row(*_cells(result, names))
    if len(ordered) > limit:
        table.caption = f"and {len(ordered) - limit} less pressing cases"
    return table


def _cells(result: CaseResult, names: Names) -> list[Text]:
    style = _STYLES[decision(result)]
    reason = main_reason(result)
    return [
        Text(_printable(result.case_id)),
        Text(result.route, style=style),
        Text(result.priority, style=style),
        Text(_diagnosis(result, names)),
        Text(REASONS[reason.code] if reason else ""),
        Text(_printable(leading_line(result).split(" (")[0])),  # the population is for the report
    ]


def _diagnosis(result: CaseResult, names: Names) -> str:
    if not result.differential:
        return ""
    first = result.differential[0]
    return f"{names.label(first.label)} {first.probability:.0%}"


def _printable(text: str) -> str:
    """Keep a case file from steering the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
