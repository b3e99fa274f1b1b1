"""When an antibiotic is indicated, by ICD-10 or ICD-10-CM code: the map of `antibiotic_icd10/`, read once.

A row gives codes and a tier. Codes are prefixes (`J02.0`), stretches of categories (`A20-A28`), or full-length patterns
in which `?` stands for any character (`S?2.???B`, an open fracture). The longest pattern that fits a code wins, then
the one with more characters of its own; a row with a limit of age wins over one without where the age is known to fit.
Over several codes the best-supported answer counts: always, then sometimes, then never.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from string import ascii_uppercase, digits
from typing import Self

import yaml
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from cases.yaml_file import read_yaml
from safety.rules import KNOWLEDGE, Rule, RulesError, Tier

FOLDER = "antibiotic_icd10"
CODE = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?\.?")
STRETCH = re.compile(r"([A-Z]\d[0-9A-Z])-([A-Z]\d[0-9A-Z])")
SUPPORT: dict[Tier, int] = {"always": 3, "sometimes": 2, "never": 1}
CATEGORIES = ["".join(parts) for parts in product(ascii_uppercase, digits, digits + ascii_uppercase)]


class CodeRow(Rule):
    """Whether an antibiotic is indicated under these codes.

    `criteria` say in words when it is, for the tier `sometimes`; `stated` says that the code itself names one of them,
    as that of a streptococcal throat does. `first_line` and `alternatives` are drugs, the parts
    of a combination joined by ` + `; the regimens of `syndromes` count too. `uses` are antibiotics that are right here
    for another reason than a bacterial infection, whatever the tier. Ages are in years, `age_below` exclusive. A
    `default` row stands for what has no row of its own, and gives way to one.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    codes: tuple[str, ...] = Field(min_length=1)
    tier: Tier
    criteria: tuple[str, ...] = ()
    stated: bool = False
    age_from: float | None = None
    age_below: float | None = None
    default: bool = False
    syndromes: tuple[str, ...] = ()
    first_line: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    why: str
    sources: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _criteria_go_with_sometimes(self) -> Self:
        if bool(self.criteria) != (self.tier == "sometimes"):
            raise ValueError(f"{self.id}: criteria go with the tier sometimes, and with no other")
        return self

    @property
    def name(self) -> str:
        """What an answer calls the row: our syndrome where it is one, else the row's own id."""
        return self.syndromes[0] if len(self.syndromes) == 1 else self.id

    @property
    def aged(self) -> bool:
        """Whether the row is for some ages only."""
        return self.age_from is not None or self.age_below is not None

    def fits(self, age: float | None) -> bool:
        """Whether the row is for this age; a row with limits never fits an unknown one."""
        if not self.aged:
            return True
        return (
            age is not None
            and (self.age_from is None or age >= self.age_from)
            and (self.age_below is None or age < self.age_below)
        )


def plain(code: str) -> str:
    """Return a code without dot, spaces and the marks of dagger and asterisk; empty where it is no ICD-10 code."""
    bare = re.sub(r"[\s†*+!-]+$", "", code.strip().upper())
    return bare.replace(".", "") if CODE.fullmatch(bare) else ""


class CodeMap:
    """The rows, found by code.

    Args:
        rows: in any order.

    Raises:
        RulesError: if two rows claim one pattern, or a row with limits of age has none without beside it.

    Example:
        >>> code_map().find("J20.9").tier
        'never'
    """

    def __init__(self, rows: Iterable[CodeRow]) -> None:
        self.rows = tuple(rows)
        self._by_prefix: dict[str, list[CodeRow]] = {}
        self._wild: list[tuple[re.Pattern[str], str]] = []
        for row in self.rows:
            for pattern in patterns(row):
                self._by_prefix.setdefault(pattern, []).append(row)
        for pattern, claimed in self._by_prefix.items():
            _check_claim(pattern, claimed)
            claimed.sort(key=lambda row: (not row.aged, row.default))
            if "?" in pattern:
                self._wild.append((re.compile(pattern.replace("?", "[0-9A-Z]")), pattern))
        self._wild.sort(key=lambda item: -sum(character != "?" for character in item[1]))

    def find(self, code: str, age: float | None = None) -> CodeRow | None:
        """Return the row of a code, written in any way; None where no row covers it."""
        bare = plain(code)
        wild = (pattern for fits, pattern in self._wild if fits.fullmatch(bare))
        whole = [bare] if bare in self._by_prefix else []
        shorter = (bare[:length] for length in range(len(bare) - 1, 0, -1))
        for pattern in (*whole, *wild, *shorter):
            found = next((row for row in self._by_prefix.get(pattern, ()) if row.fits(age)), None)
            if found is not None:
                return found
        return None

    def rows_of(self, codes: Iterable[str], age: float | None = None) -> tuple[CodeRow, ...]:
        """Return the rows of several codes, the best-supported first; among equals, a default last."""
        found = dict.fromkeys(row for code in codes if (row := self.find(code, age)) is not None)
        return tuple(sorted(found, key=lambda row: (-SUPPORT[row.tier], row.default)))


def _check_claim(pattern: str, claimed: Sequence[CodeRow]) -> None:
    """A pattern has at most one row of its own, and some row for every age; a default gives way to a row of its own."""
    plain_rows = [row for row in claimed if not row.aged]
    own = [row for row in plain_rows if not row.default]
    if not plain_rows or len(own) > 1 or len(plain_rows) - len(own) > 1:
        names = ", ".join(row.id for row in claimed)
        raise RulesError(f"{FOLDER}: {pattern} needs one row without limits of age: {names}")


def patterns(row: CodeRow) -> Iterator[str]:
    """Yield the row's patterns without dots, each stretch of categories spelled out."""
    for written in row.codes:
        stretch = STRETCH.fullmatch(written)
        if stretch:
            first, last = stretch.groups()
            yield from (category for category in CATEGORIES if first <= category <= last)
        else:
            yield written.replace(".", "")


@cache
def code_map(folder: Path = KNOWLEDGE) -> CodeMap:
    """Read the map.

    Raises:
        RulesError: if it is missing or wrong.
    """
    rows: list[CodeRow] = []
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        try:
            data = read_yaml(path)
            rows += TypeAdapter(list[CodeRow]).validate_python(data)
        except (OSError, yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
            raise RulesError(f"{FOLDER}/{path.name}: {error}") from error
    if not rows:
        raise RulesError(f"{FOLDER}: there is no table")
    names = [row.id for row in rows]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise RulesError(f"{FOLDER}: ids occur twice: {', '.join(repeated)}")
    return CodeMap(rows)
