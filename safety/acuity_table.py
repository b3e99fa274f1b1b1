"""Vital signs in bulk: one row a patient, the interval of NEWS2 and the priority.

The columns are the vital signs of a case file, `age`, `pregnant`, and `hypercapnia` where oxygen saturation is to be
scored on scale 2. NEWS2 stays empty for children and in pregnancy, for whom it is not valid; their priority comes from
single limits. A cell that cannot be read makes the row urgent: it may be an emergency.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cases.case import Case, Patient, Vitals
from cases.facts import FactReader
from cases.vocabulary.tables import VOCABULARY
from safety.acuity import assess, news2_is_valid, score
from safety.cells import Reader, Unreadable, read_cells, yes_no
from safety.rules import KNOWLEDGE, vitals_table

NEEDED = (("heart_rate", "respiratory_rate", "systolic_bp", "spo2", "temperature_c", "consciousness", "oxygen"),)
ANSWERS = ("news2_low", "news2_high", "priority")
CONSCIOUSNESS = {
    **{word: word for word in ("alert", "confusion", "voice", "pain", "unresponsive")},
    **{"a": "alert", "c": "confusion", "v": "voice", "p": "pain", "u": "unresponsive", "confused": "confusion"},
}
VITALS: dict[str, Reader] = {
    **dict.fromkeys(("respiratory_rate", "spo2", "systolic_bp", "diastolic_bp", "heart_rate", "temperature_c"), float),
    "oxygen": yes_no,
    "consciousness": lambda written: CONSCIOUSNESS[written.lower()],
}
PATIENT: dict[str, Reader] = {"age": float, "pregnant": yes_no}
OTHER: dict[str, Reader] = {"hypercapnia": yes_no}
RETAINS = "Known hypercapnic respiratory failure."
SILENT = "One row of a table."


class AcuityTable:
    """Answer rows.

    Args:
        vocabulary: folder of the facts.
        knowledge: folder of the bands and limits.

    Example:
        >>> AcuityTable().row({"age": "70", "respiratory_rate": "26", "heart_rate": "135"})
        {'news2_low': '6', 'news2_high': '20', 'priority': 'urgent'}
    """

    def __init__(self, *, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE) -> None:
        self._vocabulary = vocabulary
        self._knowledge = knowledge

    def row(self, row: Mapping[str, str]) -> dict[str, str]:
        """Return the lowest and the highest score that the known vital signs allow, and the priority."""
        try:
            case = _case(row)
        except (Unreadable, ValidationError):
            return {"news2_low": "", "news2_high": "", "priority": "urgent"}
        reader, table = FactReader(case, folder=self._vocabulary), vitals_table(self._knowledge)
        priority = assess(case, reader, knowledge=self._knowledge).priority
        if not news2_is_valid(case, reader, table):
            return {"news2_low": "", "news2_high": "", "priority": priority}
        news2 = score(case.vitals, reader, table)
        return {"news2_low": str(news2.low), "news2_high": str(news2.high), "priority": priority}


def _case(row: Mapping[str, str]) -> Case:
    cells: dict[str, Any] = read_cells(row, {**VITALS, **PATIENT, **OTHER})
    return Case(
        id="row",
        text=RETAINS if cells["hypercapnia"] else SILENT,
        vitals=Vitals(**{name: cells[name] for name in VITALS}),
        patient=Patient(**{name: cells[name] for name in PATIENT}),
    )
