"""Whether the tables of a folder are all there: a table that lost its end still parses, and would say less in silence.

`tables.csv` names every table of its folder with the number of lines that it has at least; a table may grow, and a
hospital may add its own. `python -m scripts.count_lines` writes it anew.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from functools import cache
from pathlib import Path

LISTING = "tables.csv"
REMEDY = "Restore the file from the release; after a change of your own run `python -m scripts.count_lines`."


class Incomplete(ValueError):
    """A table is missing or shorter than it should be: the message names it and says what to do."""


@cache
def check_whole(folder: Path) -> None:
    """Compare a folder with its listing.

    Raises:
        Incomplete: naming every table that is missing, unreadable or too short.
    """
    lost = [text for name, lines in _listed(folder) if (text := _lost(folder / name, lines))]
    if lost:
        raise Incomplete(f"{folder.name}: {'; '.join(lost)}. {REMEDY}")


def lines_in(path: Path) -> int:
    """Return the number of ended lines of a table, which may be packed.

    Raises:
        OSError, EOFError, zlib.error: if it cannot be read.
    """
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            return file.read().count(b"\n")
    return path.read_bytes().count(b"\n")


def _listed(folder: Path) -> list[tuple[str, int]]:
    try:
        with (folder / LISTING).open(newline="", encoding="utf-8") as file:
            rows = [(row["file"], int(row["lines"])) for row in csv.DictReader(file)]
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise Incomplete(f"{folder.name}: {LISTING} cannot be read ({type(error).__name__}). {REMEDY}") from error
    if not rows:
        raise Incomplete(f"{folder.name}: {LISTING} is empty. {REMEDY}")
    return rows


def _lost(path: Path, lines: int) -> str:
    try:
        have = lines_in(path)
    except (OSError, EOFError, zlib.error) as error:
        return f"{path.name} cannot be read ({type(error).__name__})"
    return f"{path.name} has {have} of at least {lines} lines" if have < lines else ""
