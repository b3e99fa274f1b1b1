"""Cells of a table of questions: read, not known, or not readable, which is no answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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
