"""Texts in, drug spans out: JSON lines answered one by one, in order, never more than one of them in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from cases.document import parse
from cases.files import replacing
from cases.problems import Problem
from cases.streams import numbered_lines
from safety.spans import Span

MAX_LINE = 256 * 1024 * 1024  # bytes; a text of 10 MB, every character escaped, is 120 MB
Find = Callable[[str], tuple[Span, ...]]
Told = Callable[[int, Problem], None]
Advance = Callable[[int, int | None], None]


@dataclass
class Tally:
    """How many lines were answered, how many failed, and how many spans were found."""

    answered: int = 0
    failed: int = 0
    spans: int = 0


def answer_lines(path: Path, out: Path, *, find: Find, tell: Told, advance: Advance) -> Tally:
    """Write `{"id", "spans"}` for every line `{"id", "text"}` of a file; a bad line is told and left out.

    Args:
        path: JSON lines, plain or gzipped.
        out: appears when all lines are read.
        find: finds the spans of a text.
        tell: takes the number and the problem of each bad line.
        advance: takes how many lines are done, and how many there are if that is known.

    Raises:
        Problem: if the file cannot be opened or holds no line.
    """
    tally, total = Tally(), _count(path)
    with replacing(out) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as target:
        for number, line in _lines(path):
            if isinstance(line, Problem):
                tally.failed += 1
                tell(number, line)
            elif line.strip():
                _answer(line, number, target, tally, find, tell)
            advance(number, total)
        if not tally.answered + tally.failed:
            raise Problem("empty_file", "The file holds no line.", 'Write {"id": ..., "text": ...} a line.')
    return tally


def _lines(path: Path) -> Iterator[tuple[int, bytes | Problem]]:
    """The lines of a file; a break in it, after a first line, is the problem of the line where it is."""
    number = 0
    try:
        for number, line in numbered_lines(path, limit=MAX_LINE):
            yield number, line
    except Problem as problem:
        if number == 0:
            raise
        yield number + 1, problem


def _answer(line: bytes, number: int, target: TextIO, tally: Tally, find: Find, tell: Told) -> None:
    try:
        key, text = _read(line)
    except Problem as problem:
        tally.failed += 1
        tell(number, problem)
        return
    spans = find(text)
    target.write(_json({"id": key, "spans": [asdict(span) for span in spans]}) + "\n")
    tally.answered += 1
    tally.spans += len(spans)


def _read(line: bytes) -> tuple[str | int, str]:
    """The id and the text of a line; other keys are not looked at.

    Raises:
        Problem: if one of the two is missing or of another kind.
    """
    value = parse(line)
    if not isinstance(value, dict):
        raise Problem("not_an_object", "A line is an object in { }.", 'Write {"id": ..., "text": ...}.')
    key, text = value.get("id"), value.get("text")
    if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
        raise Problem("wrong_type", "It has no id, or one that is no text.", "Give every line an id.", field="id")
    if not isinstance(text, str):
        raise Problem("wrong_type", "It has no text, or one that is no text.", "Give every line a text.", field="text")
    return key, text


def _json(value: Any) -> str:
    """JSON with letters as they are; half of a character pair is escaped, since no file can hold it."""
    plain = json.dumps(value, ensure_ascii=False)
    try:
        plain.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return plain


def _count(path: Path) -> int | None:
    """How many lines a plain file has; None if it is gzipped or cannot be read."""
    if path.suffix == ".gz" or not path.is_file():
        return None
    with path.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b"")) + 1
