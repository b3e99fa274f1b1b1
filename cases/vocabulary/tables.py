"""Read the vocabulary's tables into frozen rows, refusing unknown columns, wrong values and dangling references.

    regimens.csv   one row a regimen: what is prescribed (`Regimen`), for whom, and the two sources that say so
    sources.csv    every source a row or a library passage cites
    drugs.csv      ingredients with RxCUI, ATC and AWaRe class; synonyms.csv maps surface forms to ingredients

Every function takes the table's folder, so a hospital can point at its own; the default is the one that ships.
"""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cases.case import Grade, Regimen
from cases.whole import REMEDY

VOCABULARY = Path(__file__).parent

Route = Literal[
    "oral", "topical", "inhaled", "intranasal", "rectal", "vaginal", "ophthalmic", "otic",
    "intramuscular", "intravenous", "subcutaneous", "sublingual",
]  # fmt: skip


# What reading a table can raise: files, packing, text, JSON or YAML, and a shape that nobody expected.
TABLE_FAULTS = (
    OSError, EOFError, zlib.error, csv.Error, yaml.YAMLError, re.error,
    ValueError, TypeError, LookupError, AttributeError,
)  # fmt: skip


class VocabularyError(ValueError):
    """A table of the vocabulary is wrong: the message names the file, the row and the column."""

    remedy = REMEDY


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever is wrong with a table while it is read into one error that names its file.

    Raises:
        VocabularyError: if it is missing, unreadable, cut or of another shape.
    """
    try:
        yield
    except VocabularyError:
        raise
    except TABLE_FAULTS as error:
        first = str(error).strip().partition("\n")[0]
        raise VocabularyError(f"{path.name} cannot be read: {type(error).__name__}: {first}") from error


class Row(BaseModel):
    """A frozen row of a CSV table; empty cells become None or an empty tuple."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value


def _split(value: object) -> object:
    """Split a `;`-separated cell."""
    if value is None:
        return ()
    return tuple(part.strip() for part in value.split(";") if part.strip()) if isinstance(value, str) else value


class Source(Row):
    """A guideline, a drug label, a paper or a reference that was looked up."""

    id: str
    title: str
    organisation: str
    kind: Literal["guideline", "label", "paper", "reference"]
    year: int = Field(ge=1950, le=2100)
    url: str = Field(pattern=r"^https?://")
    licence: str


class Drug(Row):
    """An ingredient. `rxcui` is empty where no two independent sources agree (`evidence` names those that do)."""

    name: str
    rxcui: str | None = Field(pattern=r"^\d+$")
    atc: tuple[str, ...]
    aware: Literal["Access", "Watch", "Reserve"] | None
    evidence: tuple[str, ...]

    _lists = field_validator("atc", "evidence", mode="before")(_split)


class Synonym(Row):
    """A surface form and the ingredients it stands for (several for a combination product)."""

    term: str
    kind: Literal["name", "brand", "inn", "usan", "abbreviation", "salt", "class", "misspelling"]
    names: tuple[str, ...] = Field(min_length=1)
    source: str

    _lists = field_validator("names", mode="before")(_split)


class RegimenRow(Row):
    """One regimen: the drug as prescribed, for whom, where, and the two sources that state it.

    `age_max` is exclusive; ages in years, `egfr_min` in mL/min/1.73 m2. `says_*` is what the source states, as
    `dose; frequency; duration`, with ranges as seen and `-` where it is silent.
    """

    id: str
    syndrome: str
    line: Literal["first", "alternative"]
    course: str | None
    name: str
    rxcui: str | None = None
    dose: str | None
    max_dose: str | None
    route: Route
    frequency: str
    duration_days: int | None = Field(ge=1)
    age_min: float | None = Field(ge=0, le=125)
    age_max: float | None = Field(ge=0, le=125)
    sex: Literal["female", "male"] | None
    weight_min_kg: float | None
    pregnancy: Literal["ok", "avoid", "first_trimester_avoid", "term_avoid", "only"]
    breastfeeding: Literal["ok", "avoid", "caution"]
    egfr_min: float | None
    setting: Literal["outpatient", "emergency", "inpatient", "any"]
    require_facts: tuple[str, ...]
    exclude_facts: tuple[str, ...]
    region: tuple[str, ...]
    note: str | None
    source_a: str | None
    locator_a: str | None
    says_a: str | None
    looked_up_a: str | None
    source_b: str | None
    locator_b: str | None
    says_b: str | None
    looked_up_b: str | None
    grade: Grade

    _lists = field_validator("require_facts", "exclude_facts", "region", mode="before")(_split)

    @property
    def ingredients(self) -> tuple[str, ...]:
        """Names of the ingredients, in the order of `name`."""
        return tuple(part.strip() for part in self.name.split(" + "))

    @property
    def regimen(self) -> Regimen:
        """The noun that travels on a statement."""
        return Regimen(
            id=self.id,
            rxcui=self.rxcui,
            name=self.name,
            dose=self.dose,
            route=self.route,
            frequency=self.frequency,
            duration_days=self.duration_days,
        )


RowType = TypeVar("RowType", bound=Row)


def read_csv(path: Path, row_type: type[RowType]) -> tuple[RowType, ...]:
    """Read one table.

    Raises:
        VocabularyError: with file, line and column of the first wrong cell.
    """
    with reading(path), path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        return tuple(_row(path, number, cells, row_type) for number, cells in enumerate(reader, start=2))


def _row(path: Path, number: int, cells: dict[str, str], row_type: type[RowType]) -> RowType:
    try:
        return row_type.model_validate(cells)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        column = ".".join(str(part) for part in first["loc"])
        raise VocabularyError(f"{path.name} line {number}, column {column}: {first['msg']}") from error


def _unique(path: Path, ids: list[str]) -> None:
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise VocabularyError(f"{path.name}: ids occur twice: {', '.join(repeated)}")


@cache
def sources(folder: Path = VOCABULARY) -> dict[str, Source]:
    """Every source, by id."""
    rows = read_csv(folder / "sources.csv", Source)
    _unique(folder / "sources.csv", [row.id for row in rows])
    return {row.id: row for row in rows}


@cache
def regimens(folder: Path = VOCABULARY) -> dict[str, RegimenRow]:
    """Every regimen, by id, in the table's order."""
    rows = read_csv(folder / "regimens.csv", RegimenRow)
    _unique(folder / "regimens.csv", [row.id for row in rows])
    return {row.id: row for row in rows}


@cache
def regimens_of(syndrome: str, folder: Path = VOCABULARY) -> tuple[RegimenRow, ...]:
    """The regimens of one syndrome, first lines first."""
    rows = [row for row in regimens(folder).values() if row.syndrome == syndrome]
    return tuple(sorted(rows, key=lambda row: row.line != "first"))


@cache
def drugs(folder: Path = VOCABULARY) -> dict[str, Drug]:
    """Every ingredient, by name."""
    rows = read_csv(folder / "drugs.csv", Drug)
    _unique(folder / "drugs.csv", [row.name for row in rows])
    return {row.name: row for row in rows}


@cache
def synonyms(folder: Path = VOCABULARY) -> tuple[Synonym, ...]:
    """Every surface form that is not itself an ingredient's name."""
    return read_csv(folder / "synonyms.csv", Synonym)
