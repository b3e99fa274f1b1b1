"""The one error of a case file: which line, case and field, what was wrong, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class CaseError(Exception):
    """A case that cannot be read. It never repeats the patient's data: names of fields and expectations only.

    Args:
        line: 1-based line of a JSONL or CSV file; 0 where the format has no lines.
        case_id: the id, if it could be read.
        field: dotted path of the offending field, "" for the whole case.
        code: short machine-readable kind of error, e.g. `unknown_key`, `out_of_range`.
        message: what was wrong.
        remedy: what to do.
    """

    line: int
    case_id: str | None
    field: str
    code: str
    message: str
    remedy: str

    def __str__(self) -> str:
        where = f"line {self.line}, case {self.case_id or '?'}, field {self.field or '(case)'}"
        return f"{where}: {self.message} {self.remedy}"

    def to_json(self) -> dict[str, Any]:
        """Return the line of `errors.jsonl`."""
        return asdict(self)
