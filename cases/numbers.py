"""Numbers, ranges and the `Quantity` they make, for the readers of doses, frequencies, durations and routes.

Two quantities are the same exactly when their canonical strings are. Nothing is compared as a bag of words, so "50 mg"
is never found inside "150 mg".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cases.vocabulary.tables import VOCABULARY, reading
from cases.yaml_file import read_yaml


class CountedForm(BaseModel):
    """A frequency with a count in it, and the pattern whose groups hold the count."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    canonical: str
    pattern: str


class DosingRules(BaseModel):
    """The table `dosing_rules.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: int
    numbers: dict[str, int]
    counted_frequencies: tuple[CountedForm, ...]
    frequencies: dict[str, tuple[str, ...]]
    up_to: str
    routes: dict[str, tuple[str, ...]]
    spoken_routes: dict[str, str]


@dataclass(frozen=True)
class Quantity:
    """A dose, frequency, duration or route at [start, end) of a text; equal in meaning where `value` is equal."""

    value: str
    start: int
    end: int


@cache
def dosing_rules(folder: Path = VOCABULARY) -> DosingRules:
    """Return the table of surface forms."""
    path = folder / "dosing_rules.yaml"
    with reading(path):
        return DosingRules.model_validate(read_yaml(path))


@cache
def number_pattern() -> str:
    """A regular expression for one number: digits with thousands and decimals, or a number word."""
    words = "|".join(sorted(dosing_rules().numbers, key=len, reverse=True))
    return rf"(?:\d{{1,3}}(?:,\d{{3}}){{1,3}}(?:\.\d{{1,4}})?|\d{{1,9}}(?:[.·]\d{{1,4}})?|(?<!\w)(?:{words})(?!\w))"


def range_pattern() -> str:
    """A regular expression for a number or a range of two."""
    number = number_pattern()
    return rf"{number}(?:\s?(?:-|\u2013|\u2014|to|or)\s?{number})?"


def numbers_in(surface: str) -> tuple[str, ...]:
    """Return the numbers of a range in their shortest decimal form: "two to 1,000.0" is ("2", "1000")."""
    return tuple(dict.fromkeys(_number(part) for part in re.findall(number_pattern(), surface, re.IGNORECASE)))


def decimal(value: Decimal) -> str:
    """Return the shortest decimal form."""
    return format(round(value, 6).normalize(), "f")


def _number(surface: str) -> str:
    word = surface.strip().lower()
    known = dosing_rules().numbers.get(word)
    return str(known) if known is not None else decimal(Decimal(word.replace(",", "").replace("·", ".")))
