"""Decide what a sentence asserts about a term in it: present, negated, possible, historical, family or hypothetical.

The idea is ConText's: triggers before or after the term, words that stop a trigger's reach, and look-alikes that are no
triggers. The rules are data (`vocabulary/context_rules.yaml`); this file only applies them. Where the text is unclear
the answer leans away from "negated", because a danger sign that is wrongly read as absent is the costly mistake.

Every look is bounded by `WINDOW` characters, so the time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cases.phrases import ALIKE
from cases.vocabulary.tables import VOCABULARY, reading
from cases.yaml_file import read_yaml

Assertion = Literal["present", "negated", "possible", "historical", "family", "hypothetical"]
Reach = Literal["item", "listed", "list", "clause"]

WINDOW = 400  # characters before a term in which a trigger is looked for; the longest "denies ..." lists are shorter
AFTER_WINDOW = 80
MAX_TRIGGERS = 3  # of one rule, the nearest to the term, that are tried
MAX_ITEM_WORDS = 5  # a longer piece between commas is a clause of its own
MAX_GAP_WORDS = 3  # words allowed between a term and a trigger behind it

_JOIN = re.compile(r"(?<!\w)(?:or|nor|and)(?!\w)")
_LIST_GAP = re.compile(r"(?:\s?(?:,|/|and|or|nor)\s?(?:or |and )?[\w'-]+(?: [\w'-]+){0,2}){1,5}\s?")
_WORD_GAP = re.compile(rf"\s?(?:[\w'-]+\s){{0,{MAX_GAP_WORDS}}}")
_HARD_STOP = re.compile(r"[;.!?\n]|,")


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    assertion: Assertion
    patterns: tuple[str, ...]
    reach: Reach = "item"
    gap: int | None = None
    first_item: int | None = None
    question: bool = False
    stops: tuple[str, ...] | None = None
    unless: tuple[str, ...] = ()


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: int
    precedence: tuple[Assertion, ...]
    macros: dict[str, str]
    pseudo: tuple[str, ...]
    stops: tuple[str, ...]
    affirming: tuple[str, ...]
    verbs: tuple[str, ...]
    degrees: tuple[str, ...]
    before: tuple[_Rule, ...]
    after: tuple[_Rule, ...]


@dataclass(frozen=True)
class _Trigger:
    """A compiled rule."""

    rule: _Rule
    pattern: re.Pattern[str]
    stops: re.Pattern[str]
    unless: re.Pattern[str] | None


@dataclass(frozen=True)
class _Rules:
    precedence: tuple[Assertion, ...]
    pseudo: re.Pattern[str]
    affirming: re.Pattern[str]
    verbs: re.Pattern[str]
    degrees: re.Pattern[str]
    before: tuple[_Trigger, ...]
    after: tuple[_Trigger, ...]


# A pattern may begin or end in a symbol, and "n't" begins inside a word.
_EDGE_LEFT = r"(?:(?<!\w)|(?=\W)|(?=n't|nt(?!\w)))"
_EDGE_RIGHT = r"(?!(?<=\w)\w)"


@cache
def _rules(folder: Path = VOCABULARY) -> _Rules:
    path = folder / "context_rules.yaml"
    with reading(path):
        table = _Table.model_validate(read_yaml(path))

    def compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
        body = "|".join(f"(?:{_expand(pattern, table.macros)})" for pattern in patterns)
        return re.compile(f"{_EDGE_LEFT}(?:{body}){_EDGE_RIGHT}".replace(" ", r"\s"))

    def trigger(rule: _Rule) -> _Trigger:
        stops = compiled(table.stops if rule.stops is None else rule.stops)
        return _Trigger(rule, compiled(rule.patterns), stops, compiled(rule.unless) if rule.unless else None)

    return _Rules(
        precedence=table.precedence,
        pseudo=compiled(table.pseudo),
        affirming=compiled(table.affirming),
        verbs=compiled(table.verbs),
        degrees=re.compile(rf"(?<!\w)(?:{'|'.join(table.degrees)})\s*$"),
        before=tuple(trigger(rule) for rule in table.before),
        after=tuple(trigger(rule) for rule in table.after),
    )


def _expand(pattern: str, macros: dict[str, str]) -> str:
    for _ in range(2):  # a macro may use another
        for name, body in macros.items():
            pattern = pattern.replace("{" + name + "}", body)
    return pattern.replace("{{", "{").replace("}}", "}")


Span = tuple[int, int]


@dataclass(frozen=True)
class _Scan:
    """Everything that the rules find in one sentence, [low, high) of `text`; read once, asked by every term in it.

    The text is in lower case, as the rules are: that is several times as quick as to ignore case.
    """

    text: str
    low: int
    high: int
    look_alikes: list[Span]
    before: list[list[Span]]
    stops: list[list[Span]]
    joins: list[Span]

    @classmethod
    def of(cls, text: str, sentence: Span) -> _Scan:
        rules, (low, high) = _rules(), sentence

        def spans(pattern: re.Pattern[str]) -> list[Span]:
            return [match.span() for match in pattern.finditer(text, low, high)]

        common = {trigger.stops.pattern: spans(trigger.stops) for trigger in rules.before}
        return cls(
            text=text,
            low=low,
            high=high,
            look_alikes=spans(rules.pseudo),
            before=[spans(trigger.pattern) for trigger in rules.before],
            stops=[common[trigger.stops.pattern] for trigger in rules.before],
            joins=spans(_JOIN),
        )


@lru_cache(maxsize=256)
def _scan(text: str, sentence: Span) -> _Scan:
    return _Scan.of(_lowered(text), sentence)


@lru_cache(maxsize=16)
def _lowered(text: str) -> str:
    """The text in lower case, every character where it was."""
    return text.translate(ALIKE).lower()


def assertion_in(
    text: str, sentence: Span, start: int, end: int, *, ignore: frozenset[Assertion] = frozenset()
) -> Assertion:
    """Return what `sentence`, a range of `text`, asserts about the term at [start, end).

    Args:
        text: the text, with straight apostrophes.
        sentence: half-open range of the sentence that holds the term.
        start: where the term begins.
        end: where the term ends.
        ignore: assertions that are not looked for, such as `family` where the relative is the patient.
    """
    rules, scan = _rules(), _scan(text, sentence)
    reached = {
        _judged(rules, scan, start, trigger.rule.assertion, at)
        for number, trigger in enumerate(rules.before)
        if (at := _reaching(rules, scan, number, (start, end))) is not None
    }
    reached = (reached | _reached_after(rules, scan, (start, end))) - ignore
    return next((assertion for assertion in rules.precedence if assertion in reached), "present")


def _reaching(rules: _Rules, scan: _Scan, number: int, term: Span) -> int | None:
    """Return the end of the nearest trigger of rule `number` that stands before the term and reaches it."""
    trigger, spans = rules.before[number], scan.before[number]
    if trigger.rule.question and not scan.text.endswith("?", 0, scan.high):
        return None
    last_stop = _last_before(scan.stops[number], term[0])
    nearest = bisect_left(spans, (term[0], 0)) - 1
    for low, high in reversed(spans[max(nearest - MAX_TRIGGERS + 1, 0) : nearest + 1]):
        end = _end_before(trigger, scan.text, (low, high), term[0])
        if end is None or term[0] - end > WINDOW or _masked((low, end), scan.look_alikes):
            continue
        if last_stop < end and _reaches(rules, scan, number, end, term):
            return end
    return None


def _last_before(stops: list[Span], at: int) -> int:
    """Return where the last stop before `at` begins; -1 if there is none."""
    index = bisect_left(stops, (at, 0)) - 1
    return stops[index][0] if index >= 0 else -1


def _end_before(trigger: _Trigger, text: str, span: Span, at: int) -> int | None:
    """Return where a trigger ends, shortened if it runs into the term: "no history" before "history of asthma"."""
    if span[1] <= at:
        return span[1]
    shorter = trigger.pattern.match(text, span[0], at)
    return shorter.end() if shorter else None


def _judged(rules: _Rules, scan: _Scan, start: int, assertion: Assertion, trigger_end: int) -> Assertion:
    """Soften "no severe pain": a milder pain is left open."""
    softened = assertion == "negated" and rules.degrees.search(scan.text[trigger_end:start])
    return "possible" if softened else assertion


def _reaches(rules: _Rules, scan: _Scan, number: int, trigger_end: int, term: Span) -> bool:
    rule = rules.before[number].rule
    if rule.reach == "clause":
        return True
    items = scan.text[trigger_end : term[0]].split(",")
    if not _near_enough(rule, items) or (len(items) > 1 and rule.reach == "item"):
        return False
    if len(items) == 1:
        return True
    joins = _joins(scan, number, trigger_end, term)
    if rule.reach == "listed" and not joins:
        return False
    return _is_list(rules, scan, number, items[1:], term, joined=bool(joins & {"or", "nor"}))


def _near_enough(rule: _Rule, items: list[str]) -> bool:
    first = _JOIN.split(items[0])
    words = len(first[0].split())
    alone = len(items) == 1 and len(first) == 1
    limit = rule.gap if alone else rule.first_item
    return limit is None or words <= limit


def _joins(scan: _Scan, number: int, trigger_end: int, term: Span) -> set[str]:
    """Return the words that join the list which the term stands in."""
    stops = scan.stops[number]
    index = bisect_left(stops, (term[1], 0))
    list_end = min(stops[index][0] if index < len(stops) else scan.high, term[1] + WINDOW)
    first, last = bisect_left(scan.joins, (trigger_end, 0)), bisect_left(scan.joins, (list_end, 0))
    return {scan.text[low:high].lower() for low, high in scan.joins[first:last]}


def _is_list(rules: _Rules, scan: _Scan, number: int, items: list[str], term: Span, *, joined: bool) -> bool:
    """Whether the pieces after the first comma are items of a list, rather than clauses with news of their own."""
    if any(len(item.split()) > MAX_ITEM_WORDS for item in items):
        return False
    if joined:
        return True
    if rules.verbs.search(scan.text, term[0], term[1]):
        return False
    limit = min(scan.high, term[1] + AFTER_WINDOW)
    comma = _HARD_STOP.search(scan.text, term[1], limit)
    tail = scan.text[term[1] : comma.start() if comma else limit]
    stop = rules.before[number].stops.search(tail)
    if stop and rules.verbs.fullmatch(stop[0]):
        return False
    last = items[-1] + scan.text[term[0] : term[1]] + (tail[: stop.start()] if stop else tail)
    return not any(rules.affirming.search(item) for item in (*items[:-1], last))


def _reached_after(rules: _Rules, scan: _Scan, term: Span) -> set[Assertion]:
    found: set[Assertion] = set()
    text, limit = scan.text, min(len(scan.text), term[1] + AFTER_WINDOW)
    for trigger in rules.after:
        for match in trigger.pattern.finditer(text, term[1], limit):
            gap = text[term[1] : match.start()]
            low = max(scan.low, term[0] - AFTER_WINDOW)
            unless = trigger.unless and trigger.unless.search(text, low, match.end())
            if not unless and not _masked(match.span(), scan.look_alikes) and _joined_to(trigger, gap):
                found.add(trigger.rule.assertion)
    return found


def _joined_to(trigger: _Trigger, gap: str) -> bool:
    """Whether `gap`, between a term and a trigger behind it, keeps the two together."""
    if not gap.strip():
        return "\n" not in gap
    if trigger.stops.search(gap):
        return False
    return bool(_LIST_GAP.fullmatch(gap) or _WORD_GAP.fullmatch(gap))


def _masked(span: Span, look_alikes: list[Span]) -> bool:
    """Whether a look-alike overlaps the trigger at `span` without lying whole inside it."""
    start, end = span
    first = max(bisect_left(look_alikes, (start, 0)) - 1, 0)
    near = look_alikes[first : bisect_left(look_alikes, (end, 0))]
    return any(low < end and start < high and not (start <= low and high <= end) for low, high in near)
