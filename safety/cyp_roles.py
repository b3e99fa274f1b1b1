"""Who inhibits, induces or is broken down by which enzyme or transporter: two tables of roles, read as one.

cyp_roles.csv         generated from the FDA's table of examples; never edited by hand
cyp_roles_labels.csv  further roles that labels state, each with its source
cyp_names.csv         what the FDA calls a substance that goes by other names here; no names: not a medicine of ours

    python -m scripts.build_cyp_roles --evidence ../shared/knowledge/fda_roles_long.csv
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from pydantic import TypeAdapter, ValidationError

from safety.rules import KNOWLEDGE, Rule, RulesError

Kind = Literal["inhibitor", "inducer", "substrate"]
Level = Literal["strong", "moderate", "weak", "sensitive", "moderate_sensitive", "transporter"]
TABLES = ("cyp_roles.csv", "cyp_roles_labels.csv")
HEADER = ("name", "pathway", "role", "level", "source")
FDA_SOURCE = "fda_cyp_2026"
FDA_LEVELS = {"moderately sensitive": "moderate_sensitive"}
RANK = {level: rank for rank, level in enumerate(get_args(Level))}


class CypRole(Rule):
    """One role of an ingredient in one enzyme's or transporter's work."""

    name: str
    pathway: str
    role: Kind
    level: Level
    source: str

    def row(self) -> tuple[str, ...]:
        """Return the role as cells of a table."""
        return (self.name, self.pathway, self.role, self.level, self.source)


@cache
def cyp_roles(folder: Path = KNOWLEDGE) -> tuple[CypRole, ...]:
    """Every role of both tables.

    Raises:
        RulesError: if a table is missing or wrong.
    """
    return tuple(role for table in TABLES for role in _read(folder / table))


def _read(path: Path) -> tuple[CypRole, ...]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return TypeAdapter(tuple[CypRole, ...]).validate_python(tuple(csv.DictReader(file)))
    except (OSError, csv.Error, UnicodeDecodeError, ValidationError) as error:
        raise RulesError(f"{path.name}: {error}") from error


def fda_roles(evidence: Path, known: Iterable[str], folder: Path = KNOWLEDGE) -> tuple[list[CypRole], list[str]]:
    """Translate the FDA's table to our names.

    Args:
        evidence: a table with the columns substance, pathway, role, level.
        known: the ingredients of the vocabulary.
        folder: where `cyp_names.csv` is.

    Returns:
        The roles, one a name, pathway and kind (the strongest), and the substances that are not in the vocabulary.
    """
    renamed, vocabulary = _renamed(folder / "cyp_names.csv"), set(known)
    best: dict[tuple[str, str, str], CypRole] = {}
    unmapped: set[str] = set()
    for row in _rows(evidence):
        names = [name for name in renamed.get(row["substance"], (row["substance"],)) if name in vocabulary]
        if not names:
            unmapped.add(row["substance"])
        for role in _translated(names, row):
            key = (role.name, role.pathway, role.role)
            if key not in best or RANK[role.level] < RANK[best[key].level]:
                best[key] = role
    return [best[key] for key in sorted(best)], sorted(unmapped)


def _translated(names: Iterable[str], row: dict[str, str]) -> Iterator[CypRole]:
    pathway = row["pathway"].split()[0]  # "CYP3A b" carries a footnote's mark
    level = FDA_LEVELS.get(row["level"], row["level"])
    for name in names:
        fields = dict(zip(HEADER, (name, pathway, row["role"], level, FDA_SOURCE), strict=True))
        yield CypRole.model_validate(fields)


def _renamed(path: Path) -> dict[str, tuple[str, ...]]:
    return {row["substance"]: tuple(name for name in row["names"].split(";") if name) for row in _rows(path)}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
