"""Flags of single drugs: a boxed warning, a narrow therapeutic index, a withdrawal from a market.

boxed_warnings.csv   the strongest warning of the US label, in a few words; a note on a drug that is proposed
narrow_index.csv     drugs of which a little more or less does harm
withdrawn.csv        drugs taken off a market; a proposal interrupts where they were, and warns elsewhere

`where` is `worldwide`, `EU` or a country's code. A country that is unknown counts as each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field

from cases.case import Case, Finding, Severity
from cases.vocabulary.tables import Row, VocabularyError, read_csv
from safety.intake import Drug, finding
from safety.interactions import LOCAL_ROUTES
from safety.resolver import Resolver, labels
from safety.rules import ACTION_OF, KNOWLEDGE, RulesError

WORLDWIDE = "worldwide"
EUROPEAN_UNION = frozenset(
    "EU AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
LEFT_THE_UNION = {"GB": 2021}  # the year from which a withdrawal in the Union is not one there


def _parts(value: object) -> object:
    return tuple(part for part in (value or "").split(";") if part) if isinstance(value, str | None) else value


Parts = Annotated[tuple[str, ...], BeforeValidator(_parts)]


class BoxedWarning(Row):
    """The boxed warning of an ingredient, in a few words."""

    name: str
    warning: str
    source: str


class NarrowIndex(Row):
    """An ingredient with a narrow therapeutic index."""

    name: str
    source: str


class Withdrawal(Row):
    """An ingredient that was taken off a market; `routes` where only some of its forms were."""

    name: str
    where: Parts = Field(min_length=1)
    year: int = Field(ge=1950, le=2100)
    why: str
    routes: Parts = ()
    source: str

    def holds_in(self, region: str | None) -> bool:
        """Whether it was withdrawn there; unknown counts as yes."""
        if not region or WORLDWIDE in self.where or region in self.where:
            return True
        in_union = region in EUROPEAN_UNION or self.year < LEFT_THE_UNION.get(region, 0)
        return "EU" in self.where and in_union

    def covers(self, route: str) -> bool:
        """Whether a drug of this route is meant; an unknown route counts as yes."""
        return not route or not self.routes or route in self.routes


FlagRow = TypeVar("FlagRow", BoxedWarning, NarrowIndex, Withdrawal)


def _read(path: Path, kind: type[FlagRow]) -> dict[str, FlagRow]:
    try:
        rows = read_csv(path, kind)
    except (OSError, UnicodeDecodeError, VocabularyError) as error:
        raise RulesError(f"{path.name}: {error}") from error
    if not rows or len({row.name for row in rows}) != len(rows):
        raise RulesError(f"{path.name}: it is empty, or a name occurs twice")
    return {row.name: row for row in rows}


@cache
def boxed_warnings(folder: Path = KNOWLEDGE) -> dict[str, BoxedWarning]:
    """Every boxed warning, by ingredient.

    Raises:
        RulesError: if the table is missing or wrong (so with every reader here).
    """
    return _read(folder / "boxed_warnings.csv", BoxedWarning)


@cache
def narrow_index(folder: Path = KNOWLEDGE) -> dict[str, NarrowIndex]:
    """Every drug with a narrow therapeutic index, by ingredient."""
    return _read(folder / "narrow_index.csv", NarrowIndex)


@cache
def withdrawals(folder: Path = KNOWLEDGE) -> dict[str, Withdrawal]:
    """Every withdrawn drug, by ingredient."""
    return _read(folder / "withdrawn.csv", Withdrawal)


class Flags:
    """The flags of every drug that is proposed.

    Args:
        resolver: ingredients to codes.
        knowledge: folder of the tables.
    """

    def __init__(self, resolver: Resolver, *, knowledge: Path = KNOWLEDGE) -> None:
        self._resolver = resolver
        self._boxed = boxed_warnings(knowledge)
        self._withdrawn = withdrawals(knowledge)
        narrow_index(knowledge)

    def check(self, case: Case, drugs: Iterable[Drug]) -> list[Finding]:
        """Return what is flagged of the drugs that are proposed; what the patient takes already is not told again."""
        return list(dict.fromkeys(item for drug in drugs if drug.new for item in self._of(drug, case.region)))

    def _of(self, drug: Drug, region: str | None) -> Iterator[Finding]:
        withdrawn, boxed = self._withdrawn.get(drug.name), self._boxed.get(drug.name)
        if withdrawn and withdrawn.covers(drug.route):
            yield self._withdrawal(drug, withdrawn, severity="major" if withdrawn.holds_in(region) else "moderate")
        if boxed and drug.route not in LOCAL_ROUTES:
            yield finding(
                rule=f"boxed.{drug.name.replace(' ', '_')}",
                kind="contraindication",
                severity="minor",
                action="note",
                drugs=labels([drug.name], self._resolver),
                message=f"{drug.name.capitalize()} has a boxed warning: {boxed.warning}.",
                management="Weigh it and tell the patient.",
                source=boxed.source,
            )

    def _withdrawal(self, drug: Drug, row: Withdrawal, *, severity: Severity) -> Finding:
        place = "from the market" if WORLDWIDE in row.where else f"in {', '.join(row.where)}"
        return finding(
            rule=f"withdrawn.{drug.name.replace(' ', '_')}",
            kind="withdrawn",
            severity=severity,
            action=ACTION_OF[severity],
            drugs=labels([drug.name], self._resolver),
            message=f"{drug.name.capitalize()} was withdrawn {place} in {row.year}: {row.why}.",
            management="Choose another medicine.",
            would_change_if="another medicine is proposed",
            source=row.source,
        )
