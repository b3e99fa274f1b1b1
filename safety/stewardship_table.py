"""Antibiotic stewardship in bulk: one row a diagnosis in ICD-10, and a drug where there is one; one answer a row.

The best-supported diagnosis of a row counts. Criteria are not in the table, so what is only sometimes indicated is
interrupted. A code that cannot be read, like an age or a setting, is no answer: the row is blocked and the rule names
the column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cases.case import Action
from cases.vocabulary.tables import VOCABULARY
from safety.antibiotics import Antibiotics, Line, Listed, listed
from safety.cells import gravest
from safety.icd10 import CodeRow, code_map, plain
from safety.resolver import Resolution, Resolver, resolve_written
from safety.rules import KNOWLEDGE

NEEDED = (("icd10",),)
ANSWERS = ("syndrome", "tier", "line", "action", "rule")
SETTINGS = ("outpatient", "emergency", "inpatient")
NOT_KNOWN = ("", "unknown")
OLDEST = 125.0
BEST_LINES: tuple[Line, ...] = ("first", "alternative")

Said = tuple[Action, str]


@dataclass(frozen=True)
class _Read:
    """A row as read: its codes and age, whether it is an outpatient, and the columns that cannot be read."""

    codes: tuple[str, ...]
    age: float | None
    outpatient: bool
    unreadable: tuple[str, ...]


class StewardshipTable:
    """Answer rows.

    Args:
        resolver: names and codes to ingredients.
        vocabulary: folder of drugs and regimens.
        knowledge: folder of the rules.

    Raises:
        RulesError: if a table is missing or wrong.

    Example:
        >>> table = StewardshipTable(OfflineResolver())
        >>> table.row({"icd10": "J20.9", "drug": "azithromycin"})["action"]
        'block'
    """

    def __init__(self, resolver: Resolver, *, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE) -> None:
        self._resolver = resolver
        self._vocabulary = vocabulary
        self._map = code_map(knowledge)
        self._antibiotics = Antibiotics(vocabulary=vocabulary, knowledge=knowledge)

    def row(self, row: Mapping[str, str]) -> dict[str, str]:
        """Return the tier of the diagnosis, the drug's line, the gravest action and the rules that call for it.

        Args:
            row: `icd10`, one code or several, and `drug`, `age`, `setting` where they are known.
        """
        read = _read(row)
        rows = self._rows(read)
        written = (row.get("drug") or "").strip()
        said: list[Said] = [("block", f"input.{column}") for column in read.unreadable]
        line: Line = ""
        if written:
            drug = resolve_written(written, self._resolver)
            line = self._line(drug.names, rows)
            said += _name(drug)
            said += self._antibiotic(drug.names, line, rows, outpatient=read.outpatient)
        name, tier = (rows[0].name, rows[0].tier) if rows else ("", "unknown")
        return {"syndrome": name, "tier": tier, "line": line, **gravest(said)}

    def _rows(self, read: _Read) -> tuple[CodeRow, ...]:
        """The rows of all codes, best first; none where a code is not known and `never` would be the last word."""
        rows = self._map.rows_of(read.codes, read.age)
        unknown = "icd10" in read.unreadable or any(self._map.find(code, read.age) is None for code in read.codes)
        return () if unknown and rows and rows[0].tier == "never" else rows

    def _line(self, names: Sequence[str], rows: Sequence[CodeRow]) -> Line:
        """The best line of the drug in any diagnosis of the best tier, or as a use of any diagnosis."""
        if not names:
            return ""
        if not any(self._antibiotics.is_antibiotic(name) for name in names):
            return "not_antibiotic"
        lines = {_listed_of(row, self._vocabulary).line(names) for row in rows if row.tier == rows[0].tier}
        if _is_use(names, rows):
            lines.add("alternative")
        return next((line for line in BEST_LINES if line in lines), "not_listed")

    def _antibiotic(
        self, names: Sequence[str], line: Line, rows: Sequence[CodeRow], *, outpatient: bool
    ) -> Iterator[Said]:
        if line in ("", "not_antibiotic") or _is_use(names, rows):
            return
        if line == "not_listed" and outpatient and any(self._antibiotics.aware(name) == "Reserve" for name in names):
            yield "block", "abx.reserve"
        if not rows:
            yield "interrupt", "abx.no_entry"
            return
        best = rows[0]
        if best.tier == "never":
            yield "block", f"abx.never.{best.name}"
            return
        if best.tier == "sometimes" and not best.stated:
            yield "interrupt", f"abx.criterion.{best.name}"
        if line == "not_listed":
            compared = any(_listed_of(row, self._vocabulary).ingredients for row in rows if row.tier == best.tier)
            yield "interrupt", "abx.not_first_line" if compared else "abx.no_list"
        elif line == "alternative":
            yield "note", "abx.alternative"


@cache
def _listed_of(row: CodeRow, vocabulary: Path) -> Listed:
    return listed(row, vocabulary=vocabulary)


def _is_use(names: Sequence[str], rows: Sequence[CodeRow]) -> bool:
    return any(tuple(names) == (use,) for row in rows for use in row.uses)


def _read(row: Mapping[str, str]) -> _Read:
    unreadable = []
    codes = [code for code in re.split(r"[;,|\s]+", row.get("icd10") or "") if code.lower() not in NOT_KNOWN]
    if not all(plain(code) for code in codes):
        unreadable.append("icd10")
    written = (row.get("age") or "").strip().lower()
    age = None if written in NOT_KNOWN else _age(written)
    if written not in NOT_KNOWN and age is None:
        unreadable.append("age")
    setting = (row.get("setting") or "").strip().lower()
    if setting not in (*NOT_KNOWN, *SETTINGS):
        unreadable.append("setting")
    readable = tuple(code for code in codes if plain(code))
    return _Read(readable, age, setting not in ("emergency", "inpatient"), tuple(unreadable))


def _age(written: str) -> float | None:
    try:
        age = float(written)
    except ValueError:
        return None
    return age if 0 <= age <= OLDEST else None


def _name(drug: Resolution) -> list[Said]:
    if not drug.resolved:
        return [("interrupt", "rx.unresolved")]
    return [("interrupt", "rx.fuzzy")] if drug.how == "fuzzy" else []
