"""Vital signs in bulk."""

from __future__ import annotations

import pytest

from safety.acuity_table import AcuityTable

WELL = {"respiratory_rate": "16", "spo2": "98", "oxygen": "no", "systolic_bp": "120", "heart_rate": "70",
        "consciousness": "A", "temperature_c": "37.0", "age": "40"}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "low", "high", "priority"),
    [
        ({}, "0", "0", "routine"),
        ({"respiratory_rate": "26"}, "3", "3", "urgent"),
        ({"respiratory_rate": "26", "heart_rate": "115"}, "5", "5", "urgent"),
        ({"respiratory_rate": "26", "heart_rate": "135", "oxygen": "yes"}, "8", "8", "immediate"),
        ({"consciousness": "confusion"}, "3", "3", "urgent"),
        ({"temperature_c": ""}, "0", "3", "routine"),
        ({"spo2": "90"}, "3", "3", "urgent"),
        ({"spo2": "90", "hypercapnia": "yes"}, "0", "0", "routine"),
        ({"age": "15"}, "", "", "routine"),
        ({"age": "15", "consciousness": "pain"}, "", "", "immediate"),
        ({"pregnant": "yes"}, "", "", "routine"),
        ({"heart_rate": "fast"}, "", "", "urgent"),
        ({"temperature_c": "371"}, "", "", "urgent"),
    ],
)
def test_a_row_is_scored(changes: dict[str, str], low: str, high: str, priority: str) -> None:
    assert AcuityTable().row(WELL | changes) == {"news2_low": low, "news2_high": high, "priority": priority}
