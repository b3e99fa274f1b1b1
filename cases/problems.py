"""What can be wrong with a case file, said in words that help and never repeat what the file holds.

A `Problem` is raised where a value is read; the reader that knows the line and the case turns it into a `CaseError`.
"""

from __future__ import annotations

import re

from cases.errors import CaseError

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,39}")
_PRINTABLE_ID = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,200}")


class Problem(Exception):
    """One thing that is wrong, before it is known on which line and in which case it stands.

    Args:
        code: short machine-readable kind, e.g. `out_of_range`.
        message: what was wrong, without any value of the file.
        remedy: what to do.
        field: dotted path of the offending field, "" for the whole case.
    """

    def __init__(self, code: str, message: str, remedy: str, *, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.field = field

    def at(self, line: int = 0, case_id: str | None = None) -> CaseError:
        """Return the error of the case on this line."""
        return CaseError(line, case_id, self.field, self.code, self.message, self.remedy)


def shown(key: str) -> str:
    """Name an unknown key if it looks like an identifier; anything else might be the patient's words."""
    return f'"{key}"' if _IDENTIFIER.fullmatch(key) else "a key that is no identifier"


def dotted(parent: str, key: str | int) -> str:
    """Extend a dotted path; a key that is no identifier is left out of it."""
    if isinstance(key, str) and not _IDENTIFIER.fullmatch(key):
        return parent
    return f"{parent}.{key}" if parent else str(key)


def readable_id(value: object) -> str | None:
    """Return the id of a raw case if it has one that can be shown."""
    candidate = value.get("id") if isinstance(value, dict) else None
    if isinstance(candidate, str) and candidate.strip() and _PRINTABLE_ID.fullmatch(candidate):
        return candidate
    return None
