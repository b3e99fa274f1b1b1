"""How urgent a case is: NEWS2 where it is valid, limits of vital signs where it is not, and red flags.

NEWS2 (Royal College of Physicians, 2017) is for ages of 16 and over and not for pregnancy. With inputs missing it is
an interval: from the points of the known inputs to those plus the most that the missing ones could add. SpO2 is scored
on scale 2 only where hypercapnia is known. Children and pregnant patients get single limits from their own sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cases.case import Case, Finding, Priority, Question, Vitals
from cases.facts import FactReader
from safety.intake import finding
from safety.rules import KNOWLEDGE, Band, RedFlag, VitalLimit, VitalsTable, red_flags, vitals_table

MOST_POINTS = 3
INPUTS = ("respiratory_rate", "spo2", "oxygen", "systolic_bp", "heart_rate", "consciousness", "temperature_c")
URGENCY: dict[Priority, int] = {"immediate": 0, "urgent": 1, "routine": 2}


@dataclass(frozen=True)
class News2:
    """The interval of possible scores, the highest single known one, and the inputs that are missing."""

    low: int
    high: int
    single: int
    missing: tuple[str, ...]


@dataclass
class Acuity:
    """What the vital signs and red flags say."""

    priority: Priority = "routine"
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def worst(priorities: Sequence[Priority]) -> Priority:
    """Return the most urgent priority; routine if there is none."""
    return min(priorities, key=URGENCY.__getitem__, default="routine")


def assess(case: Case, reader: FactReader, *, knowledge: Path = KNOWLEDGE) -> Acuity:
    """Assess the vital signs of one case."""
    table = vitals_table(knowledge)
    acuity = Acuity()
    if all(getattr(case.vitals, name) is None for name in INPUTS):
        acuity.unchecked.append("vital signs: none recorded, acuity not scored")
    elif news2_is_valid(case, reader, table):
        _judge_news2(acuity, score(case.vitals, reader, table), table)
    else:
        _judge_limits(acuity, case, reader, table)
    return acuity


def flagged(reader: FactReader, labels: Sequence[str], *, knowledge: Path = KNOWLEDGE) -> Acuity:
    """Return the red flags of `labels` that the facts of a case raise; `any` is a label of its own."""
    acuity, wanted = Acuity(), frozenset(labels)
    for flag in red_flags(knowledge):
        if not wanted.isdisjoint(flag.labels) and _may_be_raised(flag, reader.silent):
            _judge_flag(acuity, flag, reader)
    return acuity


def score(vitals: Vitals, reader: FactReader, table: VitalsTable) -> News2:
    """Return the NEWS2 interval."""
    points = dict(_points(vitals, reader, table))
    missing = tuple(name for name in INPUTS if name not in points)
    room = sum(table.oxygen_points if name == "oxygen" else MOST_POINTS for name in missing)
    low = sum(points.values())
    return News2(low, low + room, max(points.values(), default=0), missing)


def _points(vitals: Vitals, reader: FactReader, table: VitalsTable) -> Iterator[tuple[str, int]]:
    for name, bands in table.bands.items():
        value = getattr(vitals, name)
        if value is not None:
            yield name, _banded(value, bands)
    if vitals.spo2 is not None:
        yield "spo2", _banded(vitals.spo2, _spo2_scale(vitals, reader, table))
    if vitals.oxygen is not None:
        yield "oxygen", table.oxygen_points if vitals.oxygen else 0
    confused = reader["confusion"].value
    if vitals.consciousness is not None or confused:
        alert = vitals.consciousness == "alert" and not confused
        yield "consciousness", 0 if alert else table.consciousness_points


def _spo2_scale(vitals: Vitals, reader: FactReader, table: VitalsTable) -> tuple[Band, ...]:
    if reader["hypercapnia_known"].value is not True:
        return table.spo2_scale1
    return table.spo2_scale2_on_oxygen if vitals.oxygen else table.spo2_scale2_on_air


def _banded(value: float, bands: Sequence[Band]) -> int:
    return max((band.points for band in bands if band.holds(value)), default=MOST_POINTS)


def news2_is_valid(case: Case, reader: FactReader, table: VitalsTable) -> bool:
    """Whether the score may be used; an unknown age or pregnancy does not stop it: it is the only one there is."""
    young = case.patient.age is not None and case.patient.age < table.news2_min_age
    return not young and reader["pregnant"].value is not True


def _judge_news2(acuity: Acuity, news2: News2, table: VitalsTable) -> None:
    interval = f"{news2.low}" if not news2.missing else f"{news2.low} to {news2.high}"
    if news2.low >= table.news2_emergency:
        _raise(acuity, "immediate", "news2.emergency", f"NEWS2 is {interval}: emergency.", table.news2_source)
    elif news2.low >= table.news2_urgent:
        _raise(acuity, "urgent", "news2.urgent", f"NEWS2 is {interval}: urgent.", table.news2_source)
    elif news2.single >= table.news2_single:
        message = f"NEWS2 is {interval}, with 3 points for one vital sign: urgent."
        _raise(acuity, "urgent", "news2.single", message, table.news2_source)
    if news2.missing:
        names = ", ".join(name.replace("_", " ") for name in news2.missing)
        acuity.unchecked.append(f"NEWS2 is an interval, {interval}: missing {names}")
        if news2.low < table.news2_urgent <= news2.high:
            ask = f"What are the missing vital signs ({names})?"
            acuity.questions.append(Question(ask=ask, because=f"NEWS2 may be {interval}", kind="red_flag"))


def _judge_limits(acuity: Acuity, case: Case, reader: FactReader, table: VitalsTable) -> None:
    pregnant = reader["pregnant"].value is True
    who = "pregnancy" if pregnant else "children"
    acuity.unchecked.append(f"NEWS2: not valid in {who}; single limits were checked")
    child = case.patient.age is not None and case.patient.age < table.news2_min_age
    for limit in table.limits:
        applies = (limit.population == "pregnant" and pregnant) or (limit.population == "child" and child)
        if applies and _is_beyond(limit, case):
            field = limit.field.replace("_", " ")
            _raise(acuity, limit.priority, limit.id, f"Abnormal {field} for this patient.", limit.source)
    if case.vitals.consciousness not in (None, "alert"):
        _raise(acuity, "immediate", "vitals.consciousness", "Not fully alert.", table.news2_source)


def _is_beyond(limit: VitalLimit, case: Case) -> bool:
    value, age = getattr(case.vitals, limit.field), case.patient.age
    if value is None or (age is None and (limit.age_at_least is not None or limit.age_below is not None)):
        return False
    if age is not None and limit.age_at_least is not None and age < limit.age_at_least:
        return False
    if age is not None and limit.age_below is not None and age >= limit.age_below:
        return False
    return (limit.at_least is not None and value >= limit.at_least) or (limit.below is not None and value < limit.below)


def _may_be_raised(flag: RedFlag, silent: frozenset[str]) -> bool:
    """Whether something in the case speaks of all that the flag needs; most flags end here."""
    return silent.isdisjoint(flag.facts) and not (flag.any_facts and silent.issuperset(flag.any_facts))


def _judge_flag(acuity: Acuity, flag: RedFlag, reader: FactReader) -> None:
    if not all(reader[name].value is True for name in flag.facts):
        return
    if not flag.any_facts or any(reader[name].value is True for name in flag.any_facts):
        _raise(acuity, flag.priority, flag.id, flag.message, flag.source, kind_is_flag=True)


def _raise(
    acuity: Acuity, priority: Priority, rule: str, message: str, source: str, *, kind_is_flag: bool = False
) -> None:
    acuity.priority = worst((acuity.priority, priority))
    acuity.findings.append(
        finding(
            rule=rule,
            kind="red_flag" if kind_is_flag else "acuity",
            severity="contraindicated" if priority == "immediate" else "major",
            action="block" if priority == "immediate" else "interrupt",
            message=message,
            management="Assess in person now." if priority == "immediate" else "Assess in person today.",
            source=source,
        )
    )
