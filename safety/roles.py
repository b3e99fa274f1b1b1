"""What a sentence says a drug is to the patient, from the cues of `roles.yaml`.

A role that lets a drug off needs a cue in the same sentence whose reach ends at "but", ";", "while taking" or the next
verb of giving; without one, the drug has the role of the section it stands under, or the text's default role.

Each sentence is searched for every cue once, so that the time is linear in the text, however many drugs it names.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cases.context import assertion_in
from cases.language import sentences
from cases.vocabulary.tables import TABLE_FAULTS
from cases.yaml_file import read_yaml
from safety.rules import KNOWLEDGE, RulesError
from safety.sections import Headings, SectionRole

Role = Literal["proposed", "current", "allergy", "advised_against", "historical", "negated", "mentioned"]
NEAR_WORDS = 4
MAX_SENTENCE = 4000  # characters; what is longer is cut at a space, which no sentence of a person is
AFTER = 160  # characters behind a drug that a cue may need
Cue = Literal[
    "allergy",
    "keep",
    "hasten",
    "advised_against",
    "historical",
    "negated",
    "mentioned",
    "proposed",
    "current",
    "begun",
    "relative",
    "swapped",
    "reacted",
]
Span = tuple[int, int]
_STRAIGHT = {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00a0": " ", "\u2011": "-"}
_CAPITAL = re.compile(r"\\.|[A-Z]")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    give: tuple[str, ...]
    stops: tuple[str, ...]
    before: dict[Cue, tuple[str, ...]]
    after: dict[Cue, tuple[str, ...]]
    dose: str
    not_denied: str
    denials: str
    stems_after: tuple[str, ...]
    stems_before: tuple[str, ...]
    before_dose: str
    not_names: frozenset[str]
    look_alikes: frozenset[str]
    sections: dict[SectionRole, tuple[str, ...]]


@dataclass(frozen=True)
class Cues:
    """The cues, compiled."""

    give: re.Pattern[str]
    stop: re.Pattern[str]
    before: dict[Cue, re.Pattern[str]]
    after: dict[Cue, re.Pattern[str]]
    dose: re.Pattern[str]
    not_denied: re.Pattern[str]
    denials: re.Pattern[str]
    stem: re.Pattern[str]
    before_dose: re.Pattern[str]
    not_names: frozenset[str]
    look_alikes: frozenset[str]
    headings: Headings


@cache
def cues(folder: Path = KNOWLEDGE) -> Cues:
    """Read and compile the cues.

    Raises:
        RulesError: if the table is missing or wrong.
    """
    path = folder / "roles.yaml"
    try:
        table = _Table.model_validate(read_yaml(path))
        return _compiled(table)
    except TABLE_FAULTS as error:
        raise RulesError(f"{path.name}: {error}") from error


def _compiled(table: _Table) -> Cues:
    give = _any_of(table.give)
    stem = rf"\b[a-z]{{2,}}{_any_of(table.stems_after)}\b|\b{_any_of(table.stems_before)}[a-z]{{3,}}\b"
    return Cues(
        give=_pattern(rf"\b{give}\b"),
        stop=_pattern(rf"[;:]|\b(?:{_any_of(table.stops)}|{give})\b"),
        before={cue: _pattern(_before(items)) for cue, items in table.before.items()},
        after={cue: _pattern(_any_of(items)) for cue, items in table.after.items()},
        dose=_pattern(table.dose),
        not_denied=_pattern(table.not_denied),
        denials=_pattern(table.denials),
        stem=_pattern(stem),
        before_dose=_pattern(table.before_dose),
        not_names=table.not_names,
        look_alikes=table.look_alikes,
        headings=Headings(table.sections),
    )


def _any_of(items: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(items)})"


def _before(items: tuple[str, ...]) -> str:
    """A cue that begins in a letter begins a word."""
    signs = tuple(item for item in items if item.startswith(("^", "(?:[")))
    words = tuple(item for item in items if item not in signs)
    return rf"(?:\b{_any_of(words)}{'|' + _any_of(signs) if signs else ''})[\s:=-]"


def _pattern(body: str) -> re.Pattern[str]:
    """Compile for lower-case text, which is several times quicker than to ignore case."""
    return re.compile(_CAPITAL.sub(lambda found: found[0] if found[0][0] == "\\" else found[0].lower(), body))


def _lowered(text: str) -> str:
    """The text in lower case with straight apostrophes, every character where it was."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    for char, plain in _STRAIGHT.items():
        lower = lower.replace(char, plain)
    return lower


class Reader:
    """The roles of the drugs of one text.

    Args:
        text: what was written.
        default: the role of a drug without any cue or heading.
        folder: folder of the cues.
    """

    def __init__(self, text: str, *, default: Role, folder: Path = KNOWLEDGE) -> None:
        self._table = cues(folder)
        self._original, self._text = text, _lowered(text)
        self._default: Role = default
        self._spans = [piece for span in sentences(text) for piece in _pieces(text, span)]
        self._starts = [low for low, _ in self._spans]
        self._sections = self._table.headings.sections(text)
        self._scan: _Scan | None = None

    def place(self, start: int, end: int) -> Place:
        """Return the place of the drug at [start, end)."""
        low, high = self._sentence(start)
        if self._scan is None or self._scan.span != (low, high):
            self._scan = _Scan((low, high), self._text[low:high], self._table)
        after = self._text[end : min(max(high, end), end + AFTER)]
        return Place(self._text, start, end, after, self._original[low:high], self._scan, self._table)

    def role(self, place: Place) -> Role:
        """Return the role of a drug from the cues of its own sentence and its section."""
        section = self._sections.role_at(place.start)
        found = place.cued_role(self._default)
        if found is not None:
            return found
        if section == "family":
            return "negated"
        if section == "default" or (section == "allergy" and place.is_dosed):
            return self._default
        return section

    def _sentence(self, start: int) -> Span:
        index = bisect_right(self._starts, start) - 1
        return self._spans[index] if index >= 0 else (0, len(self._text))


def _pieces(text: str, span: Span) -> list[Span]:
    """Cut a sentence that no person wrote into pieces."""
    (low, high), pieces = span, []
    while high - low > MAX_SENTENCE:
        cut = text.rfind(" ", low + MAX_SENTENCE // 2, low + MAX_SENTENCE)
        cut = cut if cut > low else low + MAX_SENTENCE
        pieces.append((low, cut))
        low = cut
    return [*pieces, (low, high)]


class _Scan:
    """Where one sentence holds which cues, as places in the whole text."""

    def __init__(self, span: Span, sentence: str, table: Cues) -> None:
        self.span = span
        self.sentence = sentence
        self._table = table
        self._found: dict[str, list[Span]] = {}
        self.may_deny = table.denials.search(sentence) is not None

    def last(self, cue: Cue, at: int) -> int | None:
        """Where the last cue before `at` ends, unless a stop stands between."""
        pattern = self._table.before.get(cue)
        if pattern is None:
            return None
        spans = self._spans(cue, pattern)
        index = bisect_right(spans, at, key=lambda item: item[1]) - 1
        if index < 0:
            return None
        end = spans[index][1]
        stops = self._spans("stop", self._table.stop)
        stop = bisect_left(stops, (end, 0))
        return None if stop < len(stops) and stops[stop][1] <= at else end

    def has_give(self, at: int) -> bool:
        """Whether a verb of giving stands before `at`."""
        spans = self._spans("give", self._table.give)
        return bool(spans) and spans[0][1] <= at

    def _spans(self, name: str, pattern: re.Pattern[str]) -> list[Span]:
        if name not in self._found:
            low = self.span[0]
            self._found[name] = [(low + item.start(), low + item.end()) for item in pattern.finditer(self.sentence)]
        return self._found[name]


@dataclass(frozen=True)
class Place:
    """A drug's place in a text and what stands around it in its sentence."""

    text: str
    start: int
    end: int
    after: str
    sentence: str
    scan: _Scan
    table: Cues

    @property
    def is_dosed(self) -> bool:
        """Whether a dose follows the drug in its sentence."""
        return self.table.dose.match(self.after) is not None

    @property
    def is_ordered(self) -> bool:
        """Whether a verb of giving stands before the drug in its sentence, or a dose behind it."""
        return self.is_dosed or self.scan.has_give(self.start)

    def cued_role(self, default: Role) -> Role | None:
        """The role that the sentence itself gives; None if it says nothing."""
        dosed = self.is_dosed
        denied = self._is_denied(dosed)
        if self._cued("allergy", near=dosed):
            return "negated" if denied else "allergy"
        if default != "proposed" and self._follows("reacted"):
            return "negated" if denied else "allergy"
        if self._reaches("relative"):
            return "negated"
        if self._reaches("keep"):
            return "current"
        if self._reaches("hasten"):
            return default
        if self._cued("advised_against", near=dosed) or self._is_swapped():
            return "advised_against"
        if self._reaches("historical", near=dosed):
            return "historical"
        if self._follows("historical"):
            return "current" if self._reaches("begun") else "historical"
        if denied:
            return "negated"
        if not dosed and self._cued("mentioned"):
            return "mentioned"
        return self._taken(dosed, default)

    def _taken(self, dosed: bool, default: Role) -> Role | None:
        """Proposed or current, whichever cue stands nearer; in a plan a dose is an order all the same."""
        proposed, current = (self.scan.last(cue, self.start) or -1 for cue in ("proposed", "current"))
        if proposed >= 0 and proposed >= current:
            return "proposed"
        is_current = current >= 0 or self._follows("current")
        return "current" if is_current and not (dosed and default == "proposed") else None

    def _is_swapped(self) -> bool:
        """Whether it gives way to another drug: "change enalapril to losartan"."""
        return self.scan.last("swapped", self.start) == self.start and self._follows("swapped")

    def _is_denied(self, dosed: bool) -> bool:
        """Whether the patient does not take it: it is denied, or somebody else's."""
        if self._cued("negated", near=dosed):
            return True
        if not self.scan.may_deny:
            return False
        low, high = self.scan.span
        said = assertion_in(self.text, (low, max(high, self.end)), self.start, self.end)
        elsewhere = self.table.not_denied.search(self.text[max(low, self.start - 24) : self.start])
        return said in ("negated", "family") and not elsewhere

    def _cued(self, cue: Cue, *, near: bool = False) -> bool:
        return self._follows(cue) or self._reaches(cue, near=near)

    def _follows(self, cue: Cue) -> bool:
        pattern = self.table.after.get(cue)
        return pattern is not None and pattern.match(self.after) is not None

    def _reaches(self, cue: Cue, *, near: bool = False) -> bool:
        """Whether the last cue before the drug still governs it.

        A drug with a dose is an order unless the cue is `near`: a few words before it, without a comma.
        """
        end = self.scan.last(cue, self.start)
        if end is None:
            return False
        between = self.text[end : self.start]
        return not near or ("," not in between and len(between.split()) <= NEAR_WORDS)
