"""Find doses, frequencies, durations and routes in text, and give each one canonical string.

Two quantities are the same exactly when their canonical strings are: "1 g" is "1000 mg", "BID" is "twice daily", but
"every 12 hours" stays itself. Nothing is compared as a bag of words, so "50 mg" is never found inside "150 mg".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from cases.vocabulary.tables import VOCABULARY

HOURS_A_DAY = 24
DAYS = {"d": 1, "day": 1, "wk": 7, "week": 7, "month": 30, "mo": 30, "yr": 365, "year": 365}

_TIMES = {"1": "once", "2": "twice", "3": "three times", "4": "four times", "5": "five times", "6": "six times"}
_UNITS = {
    "mg": "mg|milligrams?", "g": "g|gm|gms|grams?", "mcg": "mcg|µg|μg|ug|micrograms?", "ng": "ng|nanograms?",
    "ml": "ml|mls|millilit(?:re|er)s?", "l": "lit(?:re|er)s?", "units": "units?|iu|i\\.u\\.|international\\sunits?",
    "million units": "million\\s(?:units?|iu|international\\sunits?)|MU", "mmol": "mmol|millimoles?", "meq": "meq",
    "%": "%|percent|per\\scent",
    "tablets": "tablets?|tabs?", "capsules": "capsules?|caps?", "puffs": "puffs?|inhalations?|actuations?",
    "drops": "drops?|gtts?", "sprays": "sprays?", "sachets": "sachets?", "suppositories": "suppositor(?:y|ies)",
    "pessaries": "pessar(?:y|ies)", "teaspoons": "teaspoon(?:ful)?s?|tsp", "patches": "patch(?:es)?",
    "applications": "applications?|applicatorfuls?", "lozenges": "lozenges?", "ampoules": "ampoules?|vials?",
    "fingertip units": "fingertip\\sunits?|FTU",
}  # fmt: skip
_IN_SMALLER_UNITS = {"g": (1000, "mg"), "million units": (1_000_000, "units")}
_SAME_DENOMINATOR = {"m²": "m2", "24": "day"}
_SAME_FREQUENCY = {
    "every 24 hours": "once daily",
    "every 1 days": "once daily",
    "every 2 days": "every other day",
    "every 1 weeks": "once weekly",
}
AS_NEEDED = "as needed"
_FORMS = "cream|ointment|gel|lotion|shampoo|solution|foam|paste|spray|eye drops|ear drops|drops|powder|patch|lacquer"


class _Counted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    canonical: str
    pattern: str


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    numbers: dict[str, int]
    counted_frequencies: tuple[_Counted, ...]
    frequencies: dict[str, tuple[str, ...]]
    as_needed: str
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
def _table(folder: Path = VOCABULARY) -> _Table:
    return _Table.model_validate(yaml.safe_load((folder / "dosing_rules.yaml").read_text(encoding="utf-8")))


@cache
def _number_pattern() -> str:
    words = "|".join(sorted(_table().numbers, key=len, reverse=True))
    return rf"(?:\d{{1,3}}(?:,\d{{3}}){{1,3}}(?:\.\d{{1,4}})?|\d{{1,9}}(?:[.·]\d{{1,4}})?|(?<!\w)(?:{words})(?!\w))"


def _range_pattern() -> str:
    number = _number_pattern()
    return rf"{number}(?:\s?(?:-|\u2013|\u2014|to|or)\s?{number})?"


def _numbers(surface: str) -> tuple[str, ...]:
    """Return the numbers of a range in their shortest decimal form: "two to 1,000.0" is ("2", "1000")."""
    return tuple(dict.fromkeys(_number(part) for part in re.findall(_number_pattern(), surface, re.IGNORECASE)))


def _number(surface: str) -> str:
    word = surface.strip().lower()
    known = _table().numbers.get(word)
    return str(known) if known is not None else _decimal(Decimal(word.replace(",", "").replace("·", ".")))


def _decimal(value: Decimal) -> str:
    return format(round(value, 6).normalize(), "f")


# ── doses ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_PER = r"(?:\s?(?:/|per\s)\s?(?:kg|m2|m²|day|dose|24\s?h(?:ours)?|hour|h|ml)(?!\w))"
_JOINT = re.compile(r"\s?(?:\+|/)\s?|\s?(?:-|\u2013|to)\s?|\s(?:of|x|\u00d7)\s", re.IGNORECASE)


@dataclass(frozen=True)
class _Amount:
    """One number, or range, with its unit: "250-500 mg", "5 mg/kg/day", "5% cream"; `unit` is "" for a bare number."""

    numbers: tuple[Decimal, ...]
    unit: str
    tail: str
    start: int
    end: int

    def __str__(self) -> str:
        numbers = "-".join(_decimal(number) for number in self.numbers)
        return f"{numbers}{self.unit}{self.tail}" if self.unit == "%" else f"{numbers} {self.unit}{self.tail}"


@cache
def _amount_pattern() -> re.Pattern[str]:
    units = "|".join(_UNITS.values())
    unit = rf"[\s-]?(?P<unit>(?:{units})(?!\w))(?P<per>{_PER}{{0,2}})(?P<form>\s(?:{_FORMS})(?!\w))?"
    return re.compile(rf"(?<![\w.,])(?P<range>{_range_pattern()})(?:{unit})?", re.IGNORECASE)


def find_doses(text: str) -> tuple[Quantity, ...]:
    """Find amounts of a drug: "500mg", "875/125 mg", "5 mg/kg/day", "1-2 tablets", "2 puffs of 100 mcg", "5% cream"."""
    doses: list[Quantity] = []
    run: list[_Amount] = []
    for match in _amount_pattern().finditer(text):
        amount = _amount(match)
        if run and not _JOINT.fullmatch(text, run[-1].end, amount.start):
            doses += _dose(text, run)
            run = []
        run.append(amount)
    return (*doses, *_dose(text, run))


def canonical_dose(text: str) -> str:
    """Return the canonical string of a dose: grams in milligrams, numbers shortest, units in the short form.

    Example:
        >>> canonical_dose("1 g"), canonical_dose("875/125mg"), canonical_dose("2 puffs of 100 micrograms")
        ('1000 mg', '875 mg + 125 mg', '2 puffs of 100 mcg')
    """
    found = find_doses(text)
    return found[0].value if len(found) == 1 else " ".join(text.lower().split())


def _amount(match: re.Match[str]) -> _Amount:
    numbers = tuple(dict.fromkeys(Decimal(number) for number in _numbers(match["range"])))
    unit = _unit(match["unit"]) if match["unit"] else ""
    scale, unit = _IN_SMALLER_UNITS.get(unit, (1, unit))
    tail = _per(match["per"] or "") + (match["form"] or "").lower()
    return _Amount(tuple(number * scale for number in numbers), unit, tail, *match.span())


def _dose(text: str, run: list[_Amount]) -> list[Quantity]:
    """Read adjacent amounts as one dose; bare numbers borrow the unit of the amount that follows them."""
    while run and not run[-1].unit:
        run = run[:-1]
    if not run:
        return []
    last = run[-1]
    whole = [part if part.unit else replace(part, unit=last.unit, tail=last.tail) for part in run]
    value = str(_falling(whole[0]))
    for before, after in pairwise(whole):
        value += _joint(text[before.end : after.start], before, after) + str(_falling(after))
    return [Quantity(_merged(whole, value, text), run[0].start, last.end)]


def _joint(surface: str, before: _Amount, after: _Amount) -> str:
    word = surface.strip().lower()
    if word in {"of", "x", "\u00d7"}:
        return " of "
    return "/" if word == "/" and after.unit == "ml" and before.unit != "ml" else " + "


def _falling(amount: _Amount) -> str:
    """A range that falls, "875-125 mg", is a combination."""
    if len(amount.numbers) == 2 and amount.numbers[0] > amount.numbers[1]:
        return " + ".join(str(replace(amount, numbers=(number,))) for number in amount.numbers)
    return str(amount)


def _merged(parts: list[_Amount], value: str, text: str) -> str:
    """Read "500 mg to 1 g" as a range."""
    if len(parts) != 2:
        return value
    low, high = parts
    ranged = text[low.end : high.start].strip().lower() in {"to", "-", "\u2013"}
    if ranged and low.unit == high.unit and low.tail == high.tail and low.numbers < high.numbers:
        return str(replace(low, numbers=(low.numbers[0], high.numbers[-1])))
    return value


def _unit(surface: str) -> str:
    return next(name for name, body in _UNITS.items() if re.fullmatch(body, surface, re.IGNORECASE))


def _per(surface: str) -> str:
    names = re.findall(r"kg|m2|m²|day|dose|24|hour|h(?!o)|ml", surface.lower())
    return "".join(
        f"/{_SAME_DENOMINATOR.get(name, name)}" for name in dict.fromkeys(names) if name != "h" or "24" not in names
    )


# ── frequencies, durations, routes ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Surface:
    """A compiled pattern and the canonical string, or its template, that it stands for."""

    canonical: str
    pattern: re.Pattern[str]


def _words(body: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.])(?:{body})(?![\w])".replace(" ", r"\s"), re.IGNORECASE)


@cache
def _frequency_surfaces() -> tuple[_Surface, ...]:
    table, numbers = _table(), _range_pattern()
    counted = [
        _Surface(item.canonical, _words(item.pattern.replace("{range}", numbers))) for item in table.counted_frequencies
    ]
    named = [_Surface(name, _words("|".join(bodies))) for name, bodies in table.frequencies.items()]
    return (*counted, *named)


def find_frequencies(text: str) -> tuple[Quantity, ...]:
    """Find how often: "BID", "every 4 to 6 hours as needed", "in 2 divided doses", "as needed, up to 4 times daily"."""
    found = _without_overlaps(
        _frequency(surface, match) for surface in _frequency_surfaces() for match in surface.pattern.finditer(text)
    )
    return _with_as_needed(text, found)


def canonical_frequency(text: str) -> str:
    """Return the canonical string of a frequency; one that is not recognised stays as it is, in lower case.

    Example:
        >>> canonical_frequency("b.d."), canonical_frequency("every 12 hours"), canonical_frequency("3x/day")
        ('twice daily', 'every 12 hours', 'three times daily')
    """
    found = find_frequencies(text)
    return found[0].value if len(found) == 1 else " ".join(text.lower().split())


def _frequency(surface: _Surface, match: re.Match[str]) -> Quantity:
    counts = _numbers(next((group for group in match.groups() if group), ""))
    count = "-".join(counts)
    times = _TIMES.get(count, f"{count} times")
    value = surface.canonical.replace("{count}", count).replace("{times}", times)
    return Quantity(_SAME_FREQUENCY.get(value, value), match.start(), match.end())


def _with_as_needed(text: str, found: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    """Join "as needed" to the frequency it qualifies, and "up to" to the limit it sets."""
    joined: list[Quantity] = []
    for item in found:
        last = joined[-1] if joined else None
        link = _link(text[last.end : item.start]) if last else None
        if last is None or link is None:
            joined.append(item)
        elif item.value == AS_NEEDED and link == "" and AS_NEEDED not in last.value:
            joined[-1] = Quantity(f"{last.value}, {AS_NEEDED}", last.start, item.end)
        elif last.value == AS_NEEDED and link == "up to":
            joined[-1] = Quantity(f"{AS_NEEDED}, up to {_counted(item.value)}", last.start, item.end)
        elif last.value == AS_NEEDED and link == "":
            joined[-1] = Quantity(f"{item.value}, {AS_NEEDED}", last.start, item.end)
        else:
            joined.append(item)
    return tuple(joined)


def _link(gap: str) -> str | None:
    """Return "" for nothing but a comma, "up to" for a limit, None for anything else."""
    words = gap.strip(" ,(").lower()
    if not words:
        return ""
    return "up to" if re.fullmatch(_table().up_to, words) else None


def _counted(frequency: str) -> str:
    """Write "four times daily" as "4 times daily", the form of a limit."""
    for number, words in _TIMES.items():
        if frequency == f"{words} daily":
            return f"{number} times daily"
    return frequency


@cache
def _duration_pattern() -> re.Pattern[str]:
    unit = r"(?P<unit>hours?|hrs?|h|days?|d|weeks?|wks?|wk|months?|mo|years?|yrs?)"
    filler = r"a\s(?:total\sof\s|course\sof\s)?|the\s|at\sleast\s|up\sto\s|about\s"
    lead = rf"(?P<lead>(?:for|over|during|\u00d7|x)\s?(?:{filler})?)?"
    span = rf"(?P<range>{_range_pattern()})[\s-]?{unit}(?!\w)"
    slashed = r"(?:for|x|\u00d7)\s?(?P<slashed>\d{1,2})/(?P<base>7|52|12)(?!\d)"
    return re.compile(rf"(?<![\w.,/])(?:{slashed}|{lead}{span}(?P<course>[\s-](?:course|treatment))?)", re.IGNORECASE)


_NOT_A_DURATION = re.compile(
    r"(?:after|within|in|every|each|last|past|first|next|than|at|age|aged|q)\s?$",
    re.IGNORECASE,
)
_NOT_ITS_END = re.compile(
    r"\s?-?(?:ago|old|later|after|apart|before|of age|history|earlier|previously|following|from now|post)",
    re.IGNORECASE,
)
_HOURS = re.compile(r"h|hr|hrs|hours?", re.IGNORECASE)


def find_durations(text: str) -> tuple[Quantity, ...]:
    """Find how long, in days: "for 5-7 days" is "5-7", "x 2 weeks" is "14", "for 12 hours" is "0.5", "5/7" is "5"."""
    return tuple(
        Quantity(_days(match), match.start(), match.end())
        for match in _duration_pattern().finditer(text)
        if _is_duration(text, match)
    )


def _is_duration(text: str, match: re.Match[str]) -> bool:
    if match["slashed"]:
        return True
    if _NOT_ITS_END.match(text, match.end()):
        return False
    if match["lead"]:
        return True
    if match["range"].lower() in {"a", "an"}:
        return False
    by_hours = bool(_HOURS.fullmatch(match["unit"])) and not match["course"]
    return not by_hours and not _NOT_A_DURATION.search(text[max(0, match.start() - 24) : match.start()])


def _days(match: re.Match[str]) -> str:
    if match["slashed"]:
        return _decimal(Decimal(match["slashed"]) * {"7": 1, "52": 7, "12": 30}[match["base"]])
    unit = match["unit"].lower()
    hours = bool(_HOURS.fullmatch(unit))
    days = Decimal(1) / HOURS_A_DAY if hours else Decimal(next(n for name, n in DAYS.items() if unit.startswith(name)))
    values = (Decimal(number) * days for number in _numbers(match["range"]))
    return "-".join(_decimal(value) for value in values)


@cache
def _route_surfaces() -> tuple[_Surface, ...]:
    return tuple(_Surface(route, _words("|".join(bodies))) for route, bodies in _table().routes.items())


def find_routes(text: str) -> tuple[Quantity, ...]:
    """Find routes of administration: "PO" is "oral", "into each nostril" is "intranasal"."""
    return _without_overlaps(
        Quantity(surface.canonical, match.start(), match.end())
        for surface in _route_surfaces()
        for match in surface.pattern.finditer(text)
    )


def spoken_route(route: str) -> str:
    """Return how a route is written in a plan, e.g. "by mouth" for "oral"."""
    return _table().spoken_routes[route]


def _without_overlaps(quantities: Iterable[Quantity]) -> tuple[Quantity, ...]:
    """Keep, of quantities that overlap, the earliest, then the longest, then the one named first."""
    kept: list[Quantity] = []
    for item in sorted(quantities, key=lambda item: (item.start, -item.end)):
        if not kept or item.start >= kept[-1].end:
            kept.append(item)
    return tuple(kept)
