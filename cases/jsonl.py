"""Read cases from JSON Lines: one case a line, each line on its own; a bad line costs only itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cases.case import Case
from cases.document import checked, leading_id, parse
from cases.errors import CaseError
from cases.explain import explain
from cases.problems import Problem, readable_id
from cases.streams import empty_file, numbered_lines

_KINDS = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number", type(None): "null"}


def read_jsonl(path: Path) -> Iterator[Case | CaseError]:
    """Yield a case, or its error, for every line that is not blank; problems of the file itself come last.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "cases.jsonl"
        >>> _ = path.write_text('{"id": "c-1", "text": "sore throat"}\\n{"id": "c-2", "txt": "cough"}\\n')
        >>> [item.id if isinstance(item, Case) else item.remedy for item in read_jsonl(path)]
        ['c-1', 'Did you mean "text"?']
    """
    for _, item in numbered_cases(path):
        yield item


def numbered_cases(path: Path) -> Iterator[tuple[int, Case | CaseError]]:
    """Yield what `read_jsonl` yields, each with its 1-based line, 0 for a problem of the file itself."""
    found = False
    try:
        for number, line in numbered_lines(path):
            if isinstance(line, Problem):
                found = True
                yield number, line.at(number)
            elif line.removeprefix(b"\xef\xbb\xbf").strip():
                found = True
                yield number, case_from_line(line, number)
        if not found:
            raise empty_file()
    except Problem as problem:
        yield 0, problem.at()


def case_from_line(line: bytes, number: int = 0) -> Case | CaseError:
    """Read one line.

    Args:
        line: one JSON object in UTF-8.
        number: its 1-based number, for the error.
    """
    try:
        value = parse(line)
    except Problem as problem:
        return problem.at(number, leading_id(line))
    return case_from_json(value, number)


def case_from_json(value: Any, number: int = 0) -> Case | CaseError:
    """Turn parsed JSON (of `cases.document.parse`) into a case."""
    case_id = readable_id(value)
    try:
        return case_from_values(value)
    except Problem as problem:
        return problem.at(number, case_id)


def case_from_values(value: Any) -> Case:
    """Turn plain values into a case.

    Raises:
        Problem: naming the first thing that is wrong.
    """
    if not isinstance(value, dict):
        kind = _KINDS.get(type(value), "a number")
        raise Problem("not_an_object", f"A case is an object in {{ }}, not {kind}.", "Write one object a line.")
    values = checked(value)
    try:
        return Case.model_validate(values)
    except ValidationError as error:
        raise explain(error) from None
