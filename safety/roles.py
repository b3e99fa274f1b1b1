"""What a sentence says a drug is to the patient, from the cues of `roles.yaml`.

A role that lets a drug off needs a cue in the same sentence whose reach ends at "but", ";", "while taking" or the next
verb of giving; without one, the drug has the text's default role.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cases.language import assertion_at, sentences
from safety.rules import KNOWLEDGE, RulesError

Role = Literal["proposed", "current", "allergy", "advised_against", "historical", "negated", "mentioned"]
NEAR_WORDS = 4
Cue = Literal["allergy", "keep", "hasten", "advised_against", "historical", "mentioned", "current"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    give: tuple[str, ...]
    stops: tuple[str, ...]
    before: dict[Cue, tuple[str, ...]]
    after: dict[Cue, tuple[str, ...]]
    dose: str
    stems_after: tuple[str, ...]
    stems_before: tuple[str, ...]
    before_dose: str
    not_names: frozenset[str]
    look_alikes: frozenset[str]


@dataclass(frozen=True)
class Cues:
    """The cues, compiled."""

    give: re.Pattern[str]
    stop: re.Pattern[str]
    before: dict[Cue, re.Pattern[str]]
    after: dict[Cue, re.Pattern[str]]
    dose: re.Pattern[str]
    stem: re.Pattern[str]
    before_dose: re.Pattern[str]
    not_names: frozenset[str]
    look_alikes: frozenset[str]


@cache
def cues(folder: Path = KNOWLEDGE) -> Cues:
    """Read and compile the cues.

    Raises:
        RulesError: if the table is missing or wrong.
    """
    path = folder / "roles.yaml"
    try:
        table = _Table.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        return _compiled(table)
    except (OSError, yaml.YAMLError, ValidationError, re.error) as error:
        raise RulesError(f"{path.name}: {error}") from error


def _compiled(table: _Table) -> Cues:
    give = _any_of(table.give)
    stem = rf"\b[a-z]{{2,}}{_any_of(table.stems_after)}\b|\b{_any_of(table.stems_before)}[a-z]{{3,}}\b"
    return Cues(
        give=_pattern(rf"\b{give}\b"),
        stop=_pattern(rf"[;:]|\b(?:{_any_of(table.stops)}|{give})\b"),
        before={cue: _pattern(rf"(?:\b|(?<=\W)){_any_of(items)}[\s:=-]") for cue, items in table.before.items()},
        after={cue: _pattern(_any_of(items)) for cue, items in table.after.items()},
        dose=_pattern(table.dose),
        stem=_pattern(stem),
        before_dose=_pattern(table.before_dose),
        not_names=table.not_names,
        look_alikes=table.look_alikes,
    )


def _any_of(items: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(items)})"


def _pattern(body: str) -> re.Pattern[str]:
    return re.compile(body, re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A drug's place in a text, with the parts of its sentence before and after it."""

    text: str
    start: int
    end: int
    before: str
    after: str

    @property
    def sentence(self) -> str:
        """The whole sentence."""
        return self.before + self.text[self.start : self.end] + self.after


def place_of(text: str, start: int, end: int) -> Place:
    """Return the place of the drug at [start, end)."""
    low, high = next(((low, high) for low, high in sentences(text) if low <= start < high), (0, len(text)))
    return Place(text, start, end, text[low:start], text[end : max(high, end)])


def role_of(place: Place, *, default: Role, folder: Path = KNOWLEDGE) -> Role:
    """Return the role of a drug from the cues of its own sentence."""
    table, dosed = cues(folder), is_dosed(place, folder=folder)
    denied = assertion_at(place.text, place.start, place.end) in ("negated", "family")
    if _cued("allergy", place, table, near=dosed):
        return "negated" if denied else "allergy"
    if _reaches(table.before["keep"], place.before, table.stop):
        return "current"
    if _reaches(table.before["hasten"], place.before, table.stop):
        return default
    for role in ("advised_against", "historical"):
        if _cued(role, place, table, near=dosed):
            return role
    if denied:
        return "negated"
    if not dosed and _cued("mentioned", place, table):
        return "mentioned"
    return "current" if not (dosed and default == "proposed") and _cued("current", place, table) else default


def is_dosed(place: Place, *, folder: Path = KNOWLEDGE) -> bool:
    """Whether a dose follows the drug in its sentence."""
    return cues(folder).dose.match(place.after) is not None


def is_ordered(place: Place, *, folder: Path = KNOWLEDGE) -> bool:
    """Whether a verb of giving stands before the drug in its sentence, or a dose behind it."""
    return is_dosed(place, folder=folder) or cues(folder).give.search(place.before) is not None


def _cued(cue: Cue, place: Place, table: Cues, *, near: bool = False) -> bool:
    after = table.after.get(cue)
    if after is not None and after.match(place.after):
        return True
    return _reaches(table.before.get(cue), place.before, table.stop, near=near)


def _reaches(cue: re.Pattern[str] | None, before: str, stop: re.Pattern[str] | None, *, near: bool = False) -> bool:
    """Whether the last cue before the drug still governs it: no stop stands between.

    A drug with a dose is an order unless the cue is `near`: a few words before it, without a comma.
    """
    found = list(cue.finditer(before)) if cue else []
    if not found or (stop and stop.search(before, found[-1].end())):
        return False
    between = before[found[-1].end() :]
    return not near or ("," not in between and len(between.split()) <= NEAR_WORDS)
