"""Conditions and the syndromes that are actually treated: `conditions.yaml`, read once, validated, frozen."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cases.case import Priority
from cases.vocabulary.tables import VOCABULARY, reading
from cases.yaml_file import read_yaml


class Entry(BaseModel):
    """A frozen entry of a YAML table; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class RequiredTest(Entry):
    """A test that must be positive before treatment; `fact` is known once its result is."""

    name: str
    fact: str


class Syndrome(Entry):
    """A treatable entity under a label, and the facts that decide whether a case is one.

    It fits when every fact of `requires` and one of `requires_any` is known true and none of `rules_out` is; unless
    every fact of `must_know` is known too, it stays undecided.
    """

    id: str
    display: str
    icd10: tuple[str, ...] = Field(min_length=1)
    plan: Literal["drug", "no_drug", "test_first", "refer"]
    priority: Priority = "routine"
    requires: tuple[str, ...] = ()
    requires_any: tuple[str, ...] = ()
    rules_out: tuple[str, ...] = ()
    must_know: tuple[str, ...] = ()
    tests: tuple[RequiredTest, ...] = ()
    questions: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        """Every fact this syndrome refers to."""
        tests = tuple(test.fact for test in self.tests)
        return self.requires + self.requires_any + self.rules_out + self.must_know + self.questions + tests


class ConditionEntry(Entry):
    """A diagnosis label with its display name, ICD-10 code and syndromes, most dangerous first."""

    label: str
    display: str
    slug: str = Field(pattern=r"^[a-z0-9_]+$")
    icd10: str
    syndromes: tuple[Syndrome, ...] = Field(min_length=1)


@cache
def conditions(folder: Path = VOCABULARY) -> dict[str, ConditionEntry]:
    """Every condition, by label.

    Raises:
        VocabularyError: naming the file and the first wrong entry.
    """
    path = folder / "conditions.yaml"
    with reading(path):
        entries = [ConditionEntry.model_validate(item) for item in read_yaml(path)]
    return {entry.label: entry for entry in entries}


@cache
def syndromes(folder: Path = VOCABULARY) -> dict[str, Syndrome]:
    """Every syndrome, by id."""
    return {syndrome.id: syndrome for entry in conditions(folder).values() for syndrome in entry.syndromes}
