"""NEWS2 against its published chart, intervals, and who it is not for."""

from __future__ import annotations

from typing import Any

import pytest

from cases.case import Case, Vitals
from cases.facts import FactReader
from safety.acuity import assess, flagged, score
from safety.rules import red_flags, vitals_table

CALM: dict[str, Any] = {
    "respiratory_rate": 16.0, "spo2": 97.0, "oxygen": False, "systolic_bp": 120.0, "heart_rate": 70.0,
    "consciousness": "alert", "temperature_c": 37.0,
}  # fmt: skip


def _case(text: str = "unwell", patient: dict[str, Any] | None = None, **vitals: Any) -> Case:
    return Case.model_validate(
        {"id": "c", "text": text, "patient": patient or {"age": 50.0}, "vitals": vitals}, strict=False
    )


def _low(text: str = "unwell", **changes: Any) -> int:
    case = _case(text, **{**CALM, **changes})
    return score(case.vitals, FactReader(case), vitals_table()).low


@pytest.mark.parametrize(
    ("field", "points"),
    [
        ("respiratory_rate", {8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3}),
        ("spo2", {91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0}),
        ("systolic_bp", {90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3}),
        ("heart_rate", {40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3}),
        ("temperature_c", {35.0: 3, 35.1: 1, 36.0: 1, 36.1: 0, 38.0: 0, 38.1: 1, 39.0: 1, 39.1: 2}),
    ],
)
def test_score_follows_the_chart(field: str, points: dict[float, int]) -> None:
    assert {value: _low(**{field: float(value)}) for value in points} == points


def test_oxygen_and_consciousness_add_their_points() -> None:
    assert _low(oxygen=True) == 2
    assert _low(consciousness="confusion") == 3
    assert _low("newly confused") == 3


@pytest.mark.parametrize(
    ("spo2", "oxygen", "points"), [(88.0, False, 0), (87.0, False, 1), (97.0, False, 0), (97.0, True, 5)]
)
def test_scale_2_is_used_only_where_hypercapnia_is_known(spo2: float, oxygen: bool, points: int) -> None:
    text = "known hypercapnic respiratory failure, target saturation 88-92"
    assert _low(text, spo2=spo2, oxygen=oxygen) == points
    assert _low("copd", spo2=88.0) == 3


def test_missing_inputs_give_an_interval() -> None:
    case = _case(heart_rate=70.0, respiratory_rate=16.0)
    interval = score(case.vitals, FactReader(case), vitals_table())
    assert (interval.low, interval.high) == (0, 14)
    assert set(interval.missing) == {"spo2", "oxygen", "systolic_bp", "consciousness", "temperature_c"}


def test_the_interval_contains_the_full_score() -> None:
    full = {**CALM, "heart_rate": 120.0, "systolic_bp": 95.0, "temperature_c": 39.5}
    whole = _low(**full)
    for missing in full:
        case = _case(**{name: value for name, value in full.items() if name != missing})
        interval = score(case.vitals, FactReader(case), vitals_table())
        assert interval.low <= whole <= interval.high


@pytest.mark.parametrize(
    ("vitals", "priority", "rule"),
    [
        ({**CALM}, "routine", None),
        ({**CALM, "heart_rate": 115.0, "systolic_bp": 95.0, "temperature_c": 38.5}, "urgent", "news2.urgent"),
        ({**CALM, "heart_rate": 135.0, "systolic_bp": 85.0, "temperature_c": 38.5}, "immediate", "news2.emergency"),
        ({**CALM, "respiratory_rate": 26.0}, "urgent", "news2.single"),
    ],
)
def test_priority_follows_the_thresholds(vitals: dict[str, Any], priority: str, rule: str | None) -> None:
    case = _case(**vitals)
    acuity = assess(case, FactReader(case))
    assert acuity.priority == priority
    assert [item.rule for item in acuity.findings if item.kind == "acuity"] == ([rule] if rule else [])


def test_nothing_recorded_is_unchecked_and_no_finding() -> None:
    case = _case()
    acuity = assess(case, FactReader(case))
    assert (acuity.findings, acuity.priority) == ([], "routine")
    assert acuity.unchecked


@pytest.mark.parametrize(
    ("patient", "vitals", "priority"),
    [
        ({"age": 4.0}, {"heart_rate": 120.0, "respiratory_rate": 24.0}, "routine"),  # NEWS2 would call both raised
        ({"age": 4.0}, {"heart_rate": 145.0}, "immediate"),
        ({"age": 0.1}, {"temperature_c": 38.2}, "immediate"),
        ({"age": 9.0}, {"spo2": 91.0}, "urgent"),
        ({"age": 9.0}, {"consciousness": "voice"}, "immediate"),
        ({"age": 30.0, "sex": "female", "pregnant": True}, {"heart_rate": 95.0, "respiratory_rate": 22.0}, "routine"),
        ({"age": 30.0, "sex": "female", "pregnant": True}, {"systolic_bp": 165.0, "diastolic_bp": 90.0}, "immediate"),
    ],
)
def test_children_and_pregnancy_get_their_own_limits(
    patient: dict[str, Any], vitals: dict[str, Any], priority: str
) -> None:
    case = _case(patient=patient, **vitals)
    acuity = assess(case, FactReader(case))
    assert acuity.priority == priority
    assert any("not valid" in gap for gap in acuity.unchecked)
    assert all(not item.rule.startswith("news2") for item in acuity.findings)


def test_every_vital_sign_of_a_limit_exists() -> None:
    assert {limit.field for limit in vitals_table().limits} <= set(Vitals.model_fields)


def test_a_flag_that_is_passed_over_could_not_have_been_raised(make_case: Any) -> None:
    """The short cut over facts that nothing speaks of gives what looking at every flag gives."""
    fever_and_rash = "Fever, a stiff neck and a rash that does not fade. Not confused. Crushing chest pain since noon."
    for text in (fever_and_rash, "I feel fine.", "My leg is swollen and I cannot breathe."):
        quick, plain = (FactReader(make_case(text=text)) for _ in range(2))
        plain.silent = frozenset()
        labels = ("any", *(label for flag in red_flags() for label in flag.labels))
        assert flagged(quick, labels) == flagged(plain, labels)
