"""Which ingredients are antibiotics, their AWaRe class, and which of them are listed for an indication.

Antibiotics are what has an AWaRe class or stands in `antibacterials.yaml`: also the medicines against tuberculosis and
leprosy, urinary antibacterials and those of local use. Antivirals, antifungals and antiparasitics are not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import TypeAdapter, ValidationError

from cases.vocabulary.tables import VOCABULARY, drugs, regimens_of
from cases.yaml_file import read_yaml
from safety.icd10 import CodeRow
from safety.rules import KNOWLEDGE, DrugClass, RulesError

Line = Literal["first", "alternative", "not_listed", "not_antibiotic", ""]
TABLE = "antibacterials.yaml"


class Antibiotics:
    """The antibiotics of the vocabulary.

    Args:
        vocabulary: folder of drugs and regimens.
        knowledge: folder of the rules.

    Raises:
        RulesError: if the table is missing or wrong.
    """

    def __init__(self, *, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE) -> None:
        known = drugs(vocabulary).values()
        self._aware = {drug.name: drug.aware for drug in known if drug.aware}
        groups = _groups(knowledge)
        atc = tuple(code for group in groups for code in group.atc)
        by_atc = {drug.name for drug in known if any(code.startswith(atc) for code in drug.atc)}
        self.names = frozenset({*self._aware, *by_atc, *(name for group in groups for name in group.members)})

    def is_antibiotic(self, name: str) -> bool:
        """Whether an ingredient is an antibiotic."""
        return name in self.names

    def aware(self, name: str) -> str | None:
        """Return the AWaRe class of an ingredient; None where the list has none."""
        return self._aware.get(name)


@dataclass(frozen=True)
class Listed:
    """The antibiotics of an indication: each a set of ingredients that are given together."""

    first: frozenset[frozenset[str]]
    other: frozenset[frozenset[str]]

    def line(self, names: Collection[str]) -> Line:
        """Return the line of a drug with these ingredients; a part of a listed combination is not listed."""
        given = frozenset(names)
        return "first" if given in self.first else "alternative" if given in self.other else "not_listed"

    @property
    def ingredients(self) -> frozenset[str]:
        """Every ingredient that is listed, alone or in a combination."""
        return frozenset(name for drug in self.first | self.other for name in drug)


def listed(row: CodeRow, *, vocabulary: Path = VOCABULARY) -> Listed:
    """Return the drugs of a row: its own, and the regimens of its syndromes."""
    regimens = [regimen for syndrome in row.syndromes for regimen in regimens_of(syndrome, vocabulary)]
    first = _sets([*row.first_line, *(regimen.name for regimen in regimens if regimen.line == "first")])
    other = _sets([*row.alternatives, *row.uses, *(regimen.name for regimen in regimens)])
    return Listed(first, other)


def _sets(written: Iterable[str]) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(part.strip() for part in drug.split(" + ")) for drug in written)


def _groups(knowledge: Path) -> tuple[DrugClass, ...]:
    try:
        data = read_yaml(knowledge / TABLE)
        return TypeAdapter(tuple[DrugClass, ...]).validate_python(data)
    except (OSError, yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        raise RulesError(f"{TABLE}: {error}") from error
