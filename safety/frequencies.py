"""How many doses a day a frequency means: "every 4-6 hours" is 4 to 6, "once weekly" one seventh."""

from __future__ import annotations

import re
from dataclasses import dataclass

HOURS = 24.0
NAMED = {
    "once": 1.0, "once daily": 1.0, "twice daily": 2.0, "at night": 1.0, "in the morning": 1.0, "in the evening": 1.0,
    "every other day": 0.5, "once weekly": 1 / 7, "twice weekly": 2 / 7, "once monthly": 1 / 30,
}  # fmt: skip
WORDS = {"once": 1, "twice": 2, "three": 3, "four": 4, "five": 5, "six": 6}
SPANS = {"hours": 1 / HOURS, "days": 1.0, "weeks": 7.0, "months": 30.0}
_EVERY = re.compile(r"every (?P<range>[\d.]+(?:-[\d.]+)?) (?P<span>hours|days|weeks|months)")
_TIMES = re.compile(r"(?P<range>\w+|[\d.]+(?:-[\d.]+)?)(?: times)? (?P<span>daily|weekly)")
_DIVIDED = re.compile(r"in [\d.-]+ divided doses")


@dataclass(frozen=True)
class Times:
    """Doses a day, from `low` to `high`."""

    low: float
    high: float


ONCE = Times(1.0, 1.0)


def is_divided(frequency: str) -> bool:
    """Whether a frequency divides a day's dose: "in 3 divided doses"."""
    return _DIVIDED.fullmatch(frequency) is not None


def times_a_day(frequency: str) -> Times | None:
    """Return the doses a day of a canonical frequency; None where it sets no number, such as "as needed".

    Example:
        >>> times_a_day("every 4-6 hours, as needed"), times_a_day("as needed")
        (Times(low=4.0, high=6.0), None)
    """
    plain = frequency.removesuffix(", as needed").removeprefix("as needed, up to ").removeprefix("up to ")
    if plain in NAMED:
        return Times(NAMED[plain], NAMED[plain])
    every = _EVERY.fullmatch(plain)
    if every:
        spans = [float(number) * SPANS[every["span"]] for number in every["range"].split("-")]
        return Times(1 / max(spans), 1 / min(spans)) if min(spans) > 0 else None
    times = _TIMES.fullmatch(plain)
    if times is None:
        return None
    days = 7 if times["span"] == "weekly" else 1
    counts = [_number(part) for part in times["range"].split("-")]
    return None if None in counts else Times(min(filter(None, counts)) / days, max(filter(None, counts)) / days)


def _number(word: str) -> float | None:
    if word in WORDS:
        return float(WORDS[word])
    return float(word) if re.fullmatch(r"\d+(?:\.\d+)?", word) else None
