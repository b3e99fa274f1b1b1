"""Find frequencies, durations and routes in text, and give each one canonical string.

"BID" is "twice daily", but "every 12 hours" stays itself; durations are in days; "PO" is "oral".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

from cases.doses import find_doses
from cases.numbers import Quantity, decimal, dosing_rules, numbers_in, range_pattern

HOURS_A_DAY = 24
DAYS = {"d": 1, "day": 1, "wk": 7, "week": 7, "month": 30, "mo": 30, "yr": 365, "year": 365}

_TIMES = {"1": "once", "2": "twice", "3": "three times", "4": "four times", "5": "five times", "6": "six times"}
_SAME_FREQUENCY = {
    "every 24 hours": "once daily",
    "every 1 days": "once daily",
    "every 2 days": "every other day",
    "every 1 weeks": "once weekly",
}
AS_NEEDED = "as needed"


@dataclass(frozen=True)
class _Surface:
    """A compiled pattern and the canonical string, or its template, that it stands for."""

    canonical: str
    pattern: re.Pattern[str]


def _words(body: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.])(?:{body})(?![\w])".replace(" ", r"\s"), re.IGNORECASE)


@cache
def _frequency_surfaces() -> tuple[_Surface, ...]:
    table, numbers = dosing_rules(), range_pattern()
    counted = [
        _Surface(item.canonical, _words(item.pattern.replace("{range}", numbers))) for item in table.counted_frequencies
    ]
    named = [_Surface(name, _words("|".join(bodies))) for name, bodies in table.frequencies.items()]
    return (*counted, *named)


@lru_cache(maxsize=64)
def find_frequencies(text: str) -> tuple[Quantity, ...]:
    """Find how often: "BID", "every 4 to 6 hours as needed", "in 2 divided doses", "as needed, up to 4 times daily"."""
    found = _without_overlaps(
        _frequency(surface, match) for surface in _frequency_surfaces() for match in surface.pattern.finditer(text)
    )
    doses = [
        dose for dose in find_doses(text) if "/" in dose.value
    ]  # the "per day" of "5 mg/kg per day" is no frequency
    found = tuple(item for item in found if not any(dose.start < item.start < dose.end for dose in doses))
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
    counts = numbers_in(next((group for group in match.groups() if group), ""))
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
    return "up to" if re.fullmatch(dosing_rules().up_to, words) else None


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
    span = rf"(?P<range>{range_pattern()})[\s-]?{unit}(?!\w)"
    slashed = r"(?P<for>(?:for|x|\u00d7)\s?)?(?P<slashed>\d{1,2})/(?P<base>7|52|12)(?![\d/])"
    return re.compile(rf"(?<![\w.,/])(?:{slashed}|{lead}{span}(?P<course>[\s-](?:course|treatment))?)", re.IGNORECASE)


_NOT_A_DURATION = re.compile(
    r"(?:after|within|in|every|each|last|past|first|next|than|at|age|aged|under|below|q)\s?$",
    re.IGNORECASE,
)
# "5/7" alone is five days only behind how often: "tds 5/7"
_OFTEN = re.compile(
    r"(?<!\w)(?:b\.?d\.?|b\.?i\.?d\.?|t\.?d\.?s\.?|t\.?i\.?d\.?|q\.?d\.?s\.?|q\.?i\.?d\.?|o\.?d\.?|daily|day|nocte|mane|"
    r"hourly|prn|stat)\s?,?\s?$",
    re.IGNORECASE,
)
_NOT_ITS_END = re.compile(
    r"\s?-?(?:ago|old|later|after|apart|before|of age|history|earlier|previously|following|from now|post)",
    re.IGNORECASE,
)
_HOURS = re.compile(r"h|hr|hrs|hours?", re.IGNORECASE)


@lru_cache(maxsize=64)
def find_durations(text: str) -> tuple[Quantity, ...]:
    """Find how long, in days: "for 5-7 days" is "5-7", "x 2 weeks" is "14", "for 12 hours" is "0.5", "5/7" is "5"."""
    return tuple(
        Quantity(_days(match), match.start(), match.end())
        for match in _duration_pattern().finditer(text)
        if _is_duration(text, match)
    )


def _is_duration(text: str, match: re.Match[str]) -> bool:
    if match["slashed"]:
        return bool(match["for"] or _OFTEN.search(text[max(0, match.start() - 12) : match.start()]))
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
        return decimal(Decimal(match["slashed"]) * {"7": 1, "52": 7, "12": 30}[match["base"]])
    unit = match["unit"].lower()
    hours = bool(_HOURS.fullmatch(unit))
    days = Decimal(1) / HOURS_A_DAY if hours else Decimal(next(n for name, n in DAYS.items() if unit.startswith(name)))
    values = (Decimal(number) * days for number in numbers_in(match["range"]))
    return "-".join(decimal(value) for value in values)


@cache
def _route_surfaces() -> tuple[_Surface, ...]:
    return tuple(_Surface(route, _words("|".join(bodies))) for route, bodies in dosing_rules().routes.items())


@lru_cache(maxsize=64)
def find_routes(text: str) -> tuple[Quantity, ...]:
    """Find routes of administration: "PO" is "oral", "into each nostril" is "intranasal"."""
    return _without_overlaps(
        Quantity(surface.canonical, match.start(), match.end())
        for surface in _route_surfaces()
        for match in surface.pattern.finditer(text)
    )


def spoken_route(route: str) -> str:
    """Return how a route is written in a plan, e.g. "by mouth" for "oral"."""
    return dosing_rules().spoken_routes[route]


def _without_overlaps(quantities: Iterable[Quantity]) -> tuple[Quantity, ...]:
    """Keep, of quantities that overlap, the earliest, then the longest, then the one named first."""
    kept: list[Quantity] = []
    for item in sorted(quantities, key=lambda item: (item.start, -item.end)):
        if not kept or item.start >= kept[-1].end:
            kept.append(item)
    return tuple(kept)
