"""Read how a drug is ordered: how much at a time, how often, for how long, by which route.

    Amoxicillin 500 mg three times daily for 5 days       500 mg, 3 a day, 5 days
    Percocet 5/325, 1-2 tablets every 6 hours             2 x (5 mg + 325 mg), 4 a day
    90 mg/kg/day in 2 divided doses                       a day's dose by weight

An order keeps what was found and no more: a dose that cannot be read stays unread, it is never guessed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from cases.language import Quantity, find_doses, find_durations, find_frequencies, find_routes, sentences
from cases.numbers import dosing_rules, numbers_in, range_pattern
from safety.amounts import Amount, amounts_of, is_count, is_strength, scaled
from safety.frequencies import ONCE, Times, is_divided, times_a_day
from safety.mentions import Mention

_DAILY = re.compile(r"\s?(?:a|per|each|every|in)?\s?(?:/|any\s)?\s?(?:day|daily|24\s?h)", re.IGNORECASE)
_THEN = re.compile(r"\bthen\b|\bfollowed by\b|\bon day\b|\bday (?:1|one)\b|\bfirst dose\b|\bloading\b", re.IGNORECASE)
_FORM = re.compile(r"\s?-?(?:tablets?|tabs?|capsules?|caps?|puffs?|suppositor(?:y|ies)|lozenges?)\b", re.IGNORECASE)
_BARE_STRENGTH = re.compile(
    r"(?<![\w/.])(\d{1,4}(?:\.\d+)?)\s?[/-]\s?(\d{2,4}(?:\.\d+)?)(?![\w/.]|\s?(?:mg|mcg|g|ml)\b)"
)
_PLUS = re.compile(r"\s?[+/]\s?")
_LEAD = re.compile(r"\s?(?:tablets?|capsules?)?\s?(?:of\s)?", re.IGNORECASE)
_OWN = re.compile(r"[\s,:(]{0,3}\d[\d.,]*\s?-?(?:mg|mcg|g|micrograms?|ml|units?|%|[/-])", re.IGNORECASE)
_LENGTH = re.compile(r"^(?:for|over|during|x|\u00d7)|course|treatment|/", re.IGNORECASE)
FORMS = {
    r"eye": "ophthalmic", r"ear drops": "otic", r"pessar": "vaginal", r"suppositor": "rectal", r"puffs": "inhaled",
    r"sprays|nasal": "intranasal", r"cream|ointment|gel|lotion|shampoo|lacquer|foam|fingertip": "topical",
}  # fmt: skip
REACH = 600  # characters on either side of a name in which its order is read
MAX_COUNT = 60  # characters of a count: "twenty to thirty x"
MAX_GAP = 24  # characters between a strength and its count
CLOCK = frozenset({"in the morning", "in the evening", "at night"})


@dataclass(frozen=True)
class Part:
    """One amount and how often; `whole_day` says that the amount is a day's, `clock` that it is one of several."""

    amounts: tuple[Amount, ...]
    times: Times | None
    whole_day: bool = False
    clock: bool = False


@dataclass(frozen=True)
class Order:
    """A drug as it is ordered.

    `parts` is empty if no amount was found; `unread` says that something like a dose was there all the same.
    `single_cap` and `daily_cap` are limits that the order itself sets. `apart` orders are not taken with the others.
    """

    names: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    unread: bool = False
    single_cap: Amount | None = None
    daily_cap: Amount | None = None
    days: tuple[float, float] | None = None
    route: str = ""
    new: bool = True
    apart: bool = False

    @property
    def dosed(self) -> bool:
        """Whether a dose was written, readable or not."""
        return bool(self.parts) or self.unread


def read_order(names: Sequence[str], text: str, *, route: str = "", new: bool = True, apart: bool = False) -> Order:
    """Read an order of the ingredients `names` from the words about it."""
    if not text:
        return Order(tuple(names), route=route, new=new, apart=apart)
    doses = [*find_doses(text), *_bare_strengths(names, text)]
    caps, real = _split_caps(text, sorted(doses, key=lambda dose: dose.start))
    strengths = [dose.value for dose in real if not is_count(dose.value)]
    single_cap, daily_cap = _caps(text, caps, strengths)
    parts, unread = _parts(text, real)
    return Order(
        names=tuple(names),
        parts=parts,
        unread=unread,
        single_cap=single_cap,
        daily_cap=daily_cap,
        days=_days(text),
        route=_route(text, real) or route,
        new=new,
        apart=apart,
    )


def orders_in(text: str, mentions: Sequence[Mention], *, apart: bool = False) -> Iterator[Order]:
    """Yield the order of every drug that a text proposes or says is taken, from its own stretch of its sentence."""
    spans = sentences(text)
    lows = [low for low, _ in spans]
    drugs = list(_products(text, [item for item in mentions if item.names and item.kind != "class"]))
    starts = [_lead(text, item) for item in drugs]
    for index, item in enumerate(drugs):
        if item.role not in ("proposed", "current"):
            continue
        at = bisect_right(lows, item.start) - 1
        low, high = spans[at] if at >= 0 else (0, len(text))
        around = range(bisect_left(starts, low), bisect_left(starts, max(high, item.end)))
        others = (starts[other] for other in around if drugs[other].names != item.names and starts[other] > item.start)
        end = min(max(item.end, min(next(others, high), high)), item.end + REACH)
        words = f"{text[starts[index] : item.start]} {text[item.end : end]}"
        if not find_doses(words) and all(drugs[other].names == item.names for other in around):
            words = f"{text[max(low, item.start - REACH) : item.start]} {text[item.end : end]}"
        yield read_order(item.names, words, new=item.role == "proposed", apart=apart)


@cache
def _limit() -> re.Pattern[str]:
    return re.compile(rf"(?:{dosing_rules().up_to}|exceed(?:ing)?|more than)\s?$", re.IGNORECASE)


@cache
def _number_before() -> re.Pattern[str]:
    return re.compile(rf"(?P<count>{range_pattern()})\s?(?:x|\u00d7)?\s?$", re.IGNORECASE)


def _products(text: str, mentions: Sequence[Mention]) -> Iterator[Mention]:
    """Yield the mentions with those joined by "+" or "/" as one: "clindamycin + benzoyl peroxide"."""
    held: Mention | None = None
    for item in mentions:
        if held is not None and held.role == item.role and _PLUS.fullmatch(text, held.end, item.start):
            names = tuple(dict.fromkeys((*held.names, *item.names)))
            held = replace(held, names=names, end=item.end, ordered=held.ordered or item.ordered)
            continue
        if held is not None:
            yield held
        held = item
    if held is not None:
        yield held


def _lead(text: str, item: Mention) -> int:
    """Where the drug's stretch begins: at a dose right before its name, "500 mg of amoxicillin", or at the name.

    A mass before the name is another drug's if the name has one of its own; a count is not.
    """
    low = max(0, item.start - 60)
    doses = find_doses(text[low : item.start])
    if not doses or not _LEAD.fullmatch(text, low + doses[-1].end, item.start):
        return item.start
    if not is_count(doses[-1].value) and _OWN.match(text, item.end):
        return item.start
    before = text[low : low + doses[-1].start]
    count = _number_before().search(before) or _limit().search(before)
    return low + (count.start() if count else doses[-1].start)


def _bare_strengths(names: Sequence[str], text: str) -> list[Quantity]:
    """The strengths of a combination without a unit, "30/500", are milligrams."""
    if len(names) < 2:
        return []
    return [
        Quantity(f"{match[1]} mg + {match[2]} mg", match.start(), match.end())
        for match in _BARE_STRENGTH.finditer(text)
    ]


def _split_caps(text: str, doses: Sequence[Quantity]) -> tuple[list[Quantity], list[Quantity]]:
    caps = [dose for dose in doses if _limit().search(text[max(0, dose.start - 24) : dose.start])]
    return caps, [dose for dose in doses if dose not in caps]


def _caps(text: str, caps: Sequence[Quantity], strengths: Sequence[str]) -> tuple[Amount | None, Amount | None]:
    """The limits that an order sets itself, at a time and a day; a count of tablets takes the only strength."""
    single = daily = None
    for dose in caps:
        counted = is_count(dose.value) and len(strengths) == 1
        amounts = scaled(strengths[0], dose.value) if counted else amounts_of(dose.value)
        if len(amounts) != 1 or amounts[0].per_kg:
            continue
        if amounts[0].per_day or _DAILY.match(text, dose.end):
            daily = amounts[0]
        else:
            single = amounts[0]
    return single, daily


def _parts(text: str, doses: Sequence[Quantity]) -> tuple[tuple[Part, ...], bool]:
    """Join strengths with the counts beside them, and give each amount the frequency behind it."""
    frequencies, limits = _split_caps(text, find_frequencies(text))[::-1]
    if not frequencies:
        frequencies, limits = limits, []
    most = min((times.high for item in limits if (times := times_a_day(item.value))), default=None)
    merged = list(_merged(text, doses))
    parts: list[Part] = []
    unread = False
    edges = [start for _, start, _ in merged] + [len(text)]
    for (amounts, _, end), nxt in zip(merged, edges[1:], strict=True):
        if not amounts:
            unread = True
            continue
        mine = [item for item in frequencies if end <= item.start < nxt]
        if not mine and len(merged) == 1:
            mine = list(frequencies)
        one_off = not mine and nxt < len(text) and bool(_THEN.search(text[end : edges[-1]]))
        parts.append(_part(amounts, [item.value for item in mine], most, one_off=one_off))
    return _inherited(parts), unread and not parts


def _part(amounts: tuple[Amount, ...], frequencies: Sequence[str], most: float | None, *, one_off: bool) -> Part:
    divided = any(is_divided(value) for value in frequencies)
    counts = [times for value in frequencies if not is_divided(value) and (times := times_a_day(value))]
    times = max(counts, key=lambda item: item.high, default=None)
    if times is not None and most is not None:
        times = Times(min(times.low, most), min(times.high, most))
    per_day = any(amount.per_day for amount in amounts)
    clock = len(frequencies) == 1 and frequencies[0] in CLOCK
    return Part(amounts, ONCE if one_off else times, per_day or divided, clock)


def _inherited(parts: Sequence[Part]) -> tuple[Part, ...]:
    """An amount without a frequency has the next one's: "500 mg or 1 g three times daily"."""
    known = [part.times for part in parts]
    for index in reversed(range(len(parts) - 1)):
        if known[index] is None and not parts[index].whole_day:
            known[index] = known[index + 1]
    return tuple(
        Part(part.amounts, times, part.whole_day, part.clock) for part, times in zip(parts, known, strict=True)
    )


def _merged(text: str, doses: Sequence[Quantity]) -> Iterator[tuple[tuple[Amount, ...], int, int]]:
    """Yield amounts with their place; a count takes the strength beside it, and a count without one is unread."""
    rest = list(doses)
    while rest:
        dose = rest.pop(0)
        if rest and _belong(text, dose, rest[0]):
            other = rest.pop(0)
            yield scaled(dose.value, other.value), dose.start, other.end
        elif _FORM.match(text, dose.end) and (
            count := _number_before().search(text, max(0, dose.start - MAX_COUNT), dose.start)
        ):
            numbers = "-".join(numbers_in(count["count"]))
            yield scaled(dose.value, f"{numbers} tablets"), count.start(), dose.end
        else:
            yield amounts_of(dose.value), dose.start, dose.end


def _belong(text: str, one: Quantity, other: Quantity) -> bool:
    """Whether two neighbours are a strength and its count: "500 mg tablets: 2 tablets", "250 mg/5 ml, 5 ml"."""
    between = text[one.end : other.start]
    if is_strength(one.value):
        return True
    if is_count(one.value) == is_count(other.value) or find_frequencies(between):
        return False
    return is_count(one.value) or (len(between) <= MAX_GAP and "(" not in between)


def _route(text: str, doses: Sequence[Quantity]) -> str:
    """The route in the words, or the one that the form of a dose goes with: a cream is for the skin."""
    found = find_routes(text)
    if found:
        return found[0].value
    forms = (route for form, route in FORMS.items() for dose in doses if re.search(form, dose.value))
    return next(forms, "")


def _days(text: str) -> tuple[float, float] | None:
    """How long: "for 5 days", "x 7/7", "5 days" right behind a frequency; "stop before 37 weeks" is no length."""
    ends = {item.end for item in (*find_frequencies(text), *find_doses(text))}
    found = [
        item
        for item in find_durations(text)
        if _LENGTH.search(text[item.start : item.end]) or any(0 <= item.start - end <= 2 for end in ends)
    ]
    if not found:
        return None
    chained = any("then" in text[one.end : other.start].lower() for one, other in pairwise(found))
    spans = [[float(number) for number in item.value.split("-")] for item in found]
    if chained:
        return sum(min(span) for span in spans), sum(max(span) for span in spans)
    return max((min(span), max(span)) for span in spans)
