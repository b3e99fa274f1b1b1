"""Read cases from CSV: a header of dotted names, one case a row, an empty cell for unknown.

| column | cell |
| --- | --- |
| `id`, `text`, `language`, `setting`, `region`, `question`, `group` | as in JSON |
| `patient.age`, `vitals.heart_rate`, and every other field of the two | a number, a word, `true`/`false` (`yes`/`no`) |
| `medications` | `;`-separated; each a name, or `name|dose|route|frequency` |
| `allergies` | `;`-separated; each a name, or `name|reaction|severity|status` |
| `conditions` | `;`-separated; each an ICD-10 code, or `code|display`, or `|display` |
| `observations` | `;`-separated; each `LOINC|value|unit` |
| `images` | `;`-separated; each a path, or `path|modality` |

In a list, the single word `none` is the empty list ("takes no medicine"); an empty cell is unknown. Quotes follow
RFC 4180. A row whose quotes do not close costs only itself: reading goes on at the next line.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cases.case import Case, Noun, Patient, Vitals
from cases.document import decoded
from cases.errors import CaseError
from cases.explain import nearest
from cases.jsonl import case_from_values
from cases.problems import Problem, readable_id, shown
from cases.streams import empty_file, numbered_lines

MAX_ROW_LINES = 1000  # line breaks inside one quoted cell

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_WORDS = {"true": True, "yes": True, "false": False, "no": False}
_TEXTS = ("id", "text", "language", "setting", "region", "question", "group")
_LISTS: Mapping[str, tuple[str, ...]] = {
    "medications": ("name", "dose", "route", "frequency"),
    "allergies": ("name", "reaction", "severity", "status"),
    "conditions": ("code", "display"),
    "observations": ("loinc", "value", "unit"),
    "images": ("path", "modality"),
}
_GROUPS: Mapping[str, type[Noun]] = {"patient": Patient, "vitals": Vitals}
_TRUTHS = ("patient.pregnant", "patient.breastfeeding", "vitals.oxygen")
_CHOICES = ("patient.sex", "vitals.consciousness")
COLUMNS = (
    *_TEXTS,
    *(f"{group}.{field}" for group, model in _GROUPS.items() for field in model.model_fields),
    *_LISTS,
)

Row = list[str]


def read_csv(path: Path) -> Iterator[Case | CaseError]:
    """Yield a case, or its error, for every row; problems of the file itself come last."""
    for _, item in numbered_cases(path):
        yield item


def numbered_cases(path: Path) -> Iterator[tuple[int, Case | CaseError]]:
    """Yield what `read_csv` yields, each with the 1-based line its row begins on (0: the whole file)."""
    try:
        rows = _rows(numbered_lines(path))
        header = _header(rows)
        found = False
        for line, row in rows:
            found = True
            yield line, _case(header, row, line)
        if not found:
            raise empty_file()
    except Problem as problem:
        line = 1 if problem.field else 0
        yield line, problem.at(line)


def _case(header: Row, row: Row | Problem, line: int) -> Case | CaseError:
    if isinstance(row, Problem):
        return row.at(line)
    case_id = readable_id(dict(zip(header, row, strict=False)))
    try:
        if len(row) != len(header):
            message = f"The row has {len(row)} cells, the header {len(header)}."
            raise Problem("wrong_number_of_cells", message, "Put cells that hold commas into double quotes.")
        return case_from_values(_values(header, row))
    except Problem as problem:
        return problem.at(line, case_id)


def _header(rows: Iterator[tuple[int, Row | Problem]]) -> Row:
    """Return the column names.

    Raises:
        Problem: if a column is unknown or stands twice, or `id` is missing.
    """
    first = next(rows, (1, empty_file()))[1]
    if isinstance(first, Problem):
        raise first
    header = [name.strip() for name in first]
    if len(header) == 1 and re.search(r"[;\t|]", header[0]):
        raise Problem(
            "wrong_delimiter", "The columns are not separated by commas.", "Save it as CSV with commas.", field="id"
        )
    for name in header:
        if name not in COLUMNS:
            raise _unknown_column(name)
    if len(set(header)) < len(header):
        raise Problem("duplicate_key", "A column stands twice.", "Keep one of the two.", field="id")
    if "id" not in header:
        raise Problem("missing_key", "There is no column id.", "Give every case an id.", field="id")
    return header


def _unknown_column(name: str) -> Problem:
    guess = nearest(name, list(COLUMNS)) or next((full for full in COLUMNS if full.endswith(f".{name}")), None)
    remedy = f'Did you mean "{guess}"?' if guess else f"Known columns: {', '.join(COLUMNS)}."
    shown_name = shown(name)
    return Problem("unknown_key", f"Unknown column {shown_name}.", remedy, field=name if '"' in shown_name else "id")


def _values(header: Row, row: Row) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, cell in zip(header, row, strict=True):
        group, _, field = name.rpartition(".")
        if name in _TEXTS:
            values |= {name: cell} if cell.strip() else {}
        elif name in _LISTS:
            values |= {name: _items(name, cell)} if cell.strip() else {}
        elif cell.strip():
            values.setdefault(group, {})[field] = _scalar(name, cell.strip())
    return values


def _scalar(name: str, cell: str) -> Any:
    if name in _CHOICES:
        return cell.lower()
    if name in _TRUTHS:
        if cell.lower() not in _WORDS:
            raise Problem("wrong_type", f"{name} is neither true nor false.", "Write true or false.", field=name)
        return _WORDS[cell.lower()]
    return _number(name, cell)


def _number(name: str, cell: str) -> float:
    if _NUMBER.fullmatch(cell):
        return float(cell)
    hint = (
        "Write a decimal point." if _DECIMAL_COMMA.fullmatch(cell) else "Write digits only; leave it empty if unknown."
    )
    raise Problem("wrong_type", f"{name} is no number.", hint, field=name)


def _items(name: str, cell: str) -> list[Any]:
    if cell.strip().lower() == "none":
        return []
    parts = [part.strip() for part in cell.split(";")]
    make: Callable[[str, list[str]], dict[str, Any]] = _condition if name == "conditions" else _item
    items = [make(name, [piece.strip() for piece in part.split("|")]) for part in parts if part]
    if name == "observations":
        items = [item | {"value": _value(item.get("value"))} for item in items]
    return items


def _item(name: str, pieces: list[str]) -> dict[str, Any]:
    keys = _LISTS[name]
    if len(pieces) > len(keys):
        raise Problem("bad_format", f"An item of {name} has too many parts.", f"Write {'|'.join(keys)}.", field=name)
    return {key: piece for key, piece in zip(keys, pieces, strict=False) if piece}


def _condition(name: str, pieces: list[str]) -> dict[str, Any]:
    return _item(name, pieces) | {"system": "icd10"}


def _value(text: str | None) -> float | str | None:
    return float(text) if text and _NUMBER.fullmatch(text) else text


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rows(lines: Iterator[tuple[int, bytes | Problem]]) -> Iterator[tuple[int, Row | Problem]]:
    """Cut lines into rows; a row that cannot be cut is its first line, and the lines after it are read afresh."""
    waiting: deque[tuple[int, bytes | Problem]] = deque()
    while first := (waiting.popleft() if waiting else next(lines, None)):
        number, line = first
        if isinstance(line, Problem):
            yield number, line
        elif line.removeprefix(b"\xef\xbb\xbf").strip():
            row, used = _row(line, waiting, lines)
            for _ in range(used):
                waiting.popleft()
            yield number, row


def _row(
    line: bytes, waiting: deque[tuple[int, bytes | Problem]], lines: Iterator[tuple[int, bytes | Problem]]
) -> tuple[Row | Problem, int]:
    """Return the row that begins with this line and how many waiting lines belong to it."""
    try:
        texts = [decoded(line.removeprefix(b"\xef\xbb\xbf"))]
        for used in range(MAX_ROW_LINES):
            row = _parsed(texts)
            if row is not None:
                return row, used
            if used == len(waiting):
                following = next(lines, None)
                if following is None:
                    break
                waiting.append(following)
            follower = waiting[used][1]
            if isinstance(follower, Problem):
                break
            texts.append(decoded(follower))
    except Problem as problem:
        return problem, 0
    return Problem("bad_quotes", "A double quote is opened and never closed.", 'Write a quote inside a cell as "".'), 0


def _parsed(texts: list[str]) -> Row | None:
    """Return the cells, None if the last one goes on in the next line.

    Raises:
        Problem: if a closing quote is followed by anything but a comma.
    """
    try:
        return next(csv.reader(texts, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None
        if "field larger" in str(error):
            raise Problem("too_long", "A cell is too long.", "Shorten it.") from None
        message = "A closing double quote is not followed by a comma."
        raise Problem("bad_quotes", message, 'Write a quote inside a cell as "".') from None
