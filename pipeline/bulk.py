"""Tables in, tables out: every row of a CSV answered, in order, its own columns kept."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from cases.files import replacing

Answer = Callable[[Mapping[str, str]], Mapping[str, str]]


def answer_table(
    path: Path, out: Path, *, needed: Sequence[Sequence[str]], answers: Sequence[str], answer: Answer
) -> int:
    """Write the rows of a CSV with the answers beside them, streaming, and return their number.

    Args:
        path: the table, UTF-8, with a header.
        out: the answered table; it appears when all rows are answered.
        needed: groups of columns, of each of which the table has at least one.
        answers: the columns that are added.
        answer: gives them for a row.

    Raises:
        ValueError: if a column is missing, there twice or named like an answer, or a row has another length.
    """
    with path.open(encoding="utf-8-sig", newline="") as source:
        reader = csv.reader(source)
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header, needed, answers)
        with replacing(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target)
            writer.writerow([*header, *answers])
            count = 0
            for cells in _rows(path, reader, len(header)):
                found = answer(dict(zip(header, cells, strict=True)))
                writer.writerow([*cells, *(found[name] for name in answers)])
                count += 1
    return count


def _check_header(path: Path, header: Sequence[str], needed: Sequence[Sequence[str]], answers: Sequence[str]) -> None:
    for group in needed:
        if not set(group) & set(header):
            raise ValueError(f"{path.name} has no column {' or '.join(group)}; it has {', '.join(header) or 'none'}.")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise ValueError(f"{path.name} has the column {twice[0]} twice; name one of them otherwise.")
    taken = sorted(set(header) & set(answers))
    if taken:
        raise ValueError(f"{path.name} has a column {taken[0]} already, which the answers need; name it otherwise.")


def _rows(path: Path, reader: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    for number, cells in enumerate(reader, start=2):
        if not cells:
            continue
        if len(cells) != width:
            raise ValueError(f"{path.name} row {number} has {len(cells)} cells where the header has {width}.")
        yield cells
