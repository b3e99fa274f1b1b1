"""Is a word that also means something else the name of a medicine here? The rules are `name_contexts.yaml`.

"Iron" is a metal, a laboratory value and a medicine; "insulin" a hormone and a medicine. What decides is who gives it:
an amount behind it, a verb of giving before it, a dosage form after it, or medicines listed beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cases.vocabulary.tables import VOCABULARY, reading
from cases.yaml_file import read_yaml

Policy = Literal["always", "unless_measured", "if_given", "with_amount"]

BEFORE, AFTER = 60, 60  # characters that are looked at
AMOUNT = re.compile(r"[\s:]*\d+(?:[.,]\d+)?\s*(?:mg|mcg|micrograms?|g|iu|units?|meq|mmol)\b(?!\s*/)")


class _Sides(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    before: tuple[str, ...]
    after: tuple[str, ...]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: int
    substances: frozenset[str]
    others: frozenset[str]
    measured_or_given: frozenset[str]
    given: _Sides
    measured: _Sides
    not_a_drug_after: str
    class_names: frozenset[str]


@dataclass(frozen=True)
class Contexts:
    """The compiled rules."""

    substances: frozenset[str]
    others: frozenset[str]
    measured_or_given: frozenset[str]
    class_names: frozenset[str]
    given: tuple[re.Pattern[str], re.Pattern[str]]
    measured: tuple[re.Pattern[str], re.Pattern[str]]
    not_a_drug_after: re.Pattern[str]

    def policy(self, key: str, ordinary: bool) -> Policy:
        """When a form counts: `ordinary` says that it is a common word."""
        if key in self.substances:
            return "if_given"
        if key in self.measured_or_given:
            return "unless_measured"
        return "with_amount" if ordinary else "always"

    def counts(self, policy: Policy, folded: str, start: int, end: int) -> bool:
        """Whether the word at [start, end) of a folded text is a medicine, by the words around it."""
        if policy == "always":
            return True
        if AMOUNT.match(folded, end):
            return True
        if policy == "with_amount":
            return False
        before, after = folded[max(start - BEFORE, 0) : start], folded[end : end + AFTER]
        if policy == "if_given":
            return _either(self.given, before, after) and not _either(self.measured, before, after)
        return not _either(self.measured, before, after)


def _either(patterns: tuple[re.Pattern[str], re.Pattern[str]], before: str, after: str) -> bool:
    return bool(patterns[0].search(before) or patterns[1].match(after))


@cache
def contexts(folder: Path = VOCABULARY) -> Contexts:
    """Read and compile the rules.

    Raises:
        VocabularyError: if the table is missing or wrong.
    """
    path = folder / "name_contexts.yaml"
    with reading(path):
        table = _Table.model_validate(read_yaml(path))
        return Contexts(
            substances=table.substances,
            others=table.others,
            measured_or_given=table.measured_or_given,
            class_names=table.class_names,
            given=_compiled(table.given),
            measured=_compiled(table.measured),
            not_a_drug_after=re.compile(table.not_a_drug_after),
        )


def _compiled(sides: _Sides) -> tuple[re.Pattern[str], re.Pattern[str]]:
    before = "|".join(rf"(?:\b|(?<=\W))(?:{body})" for body in sides.before)
    return re.compile(before), re.compile("|".join(sides.after))
