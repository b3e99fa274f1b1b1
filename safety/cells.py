"""Cells of a table of questions: read, not known, or not readable, which is no answer; and the answer to a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cases.case import Action

GRAVEST_FIRST: tuple[Action, ...] = ("block", "interrupt", "warn", "note")
Reader = Callable[[str], Any]
NOT_KNOWN = ("", "unknown")
YES_NO = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


class Unreadable(ValueError):
    """Cells that cannot be read; `columns` names them."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        super().__init__(f"cannot be read: {', '.join(columns)}")
        self.columns = columns

    @property
    def rule(self) -> str:
        """What a row that is not answered names as its rule."""
        return ";".join(f"input.{column}" for column in self.columns)


def read_cells(row: Mapping[str, str], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Return the value of every column that has a reader; None where it is absent, empty or `unknown`.

    Raises:
        Unreadable: naming every column whose cell its reader refuses with a ValueError or KeyError.
    """
    values, wrong = {}, []
    for column, read in readers.items():
        written = (row.get(column) or "").strip()
        try:
            values[column] = None if written.lower() in NOT_KNOWN else read(written)
        except (ValueError, KeyError):
            wrong.append(column)
    if wrong:
        raise Unreadable(tuple(wrong))
    return values


def yes_no(written: str) -> bool:
    """Read true/false, yes/no, y/n or 1/0."""
    return YES_NO[written.lower()]


def gravest(said: Iterable[tuple[Action, str]]) -> dict[str, str]:
    """Return the gravest action and the rules that call for it, joined by `;`; both empty where none speaks.

    Args:
        said: actions with their rules.

    Example:
        >>> gravest([("warn", "a"), ("block", "b"), ("block", "c")])
        {'action': 'block', 'rule': 'b;c'}
    """
    pairs = list(said)
    action = min((action for action, _ in pairs), key=GRAVEST_FIRST.index, default="")
    return {"action": action, "rule": ";".join(dict.fromkeys(rule for found, rule in pairs if found == action))}
