"""Questions that a pharmacist would ask, with the answer that labels and guidelines give.

Those of `NO_RULE_YET` are known gaps: no source was found.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from safety.contraindication_table import ContraindicationTable
from safety.contraindications import Contraindications
from safety.rxnorm import OfflineResolver

QUESTIONS = tuple(
    csv.DictReader((Path(__file__).parent / "fixtures/contraindication_questions.csv").read_text("utf-8").splitlines())
)
ACTIONS = {"block": ("block",), "avoid": ("interrupt",), "caution": ("warn",), "nothing": ("", "note")}
NO_RULE_YET = {
    ("phenytoin", "I44.2"),
    ("furosemide", "E87.6"),
    ("ranitidine", "E80.21"),
    ("vancomycin", "A41.02"),
    ("prednisone", "B37.9"),
}


@pytest.fixture(scope="module")
def table(resolver: OfflineResolver) -> ContraindicationTable:
    return ContraindicationTable(resolver, Contraindications(resolver))


@pytest.mark.parametrize(
    "question", QUESTIONS, ids=lambda row: " ".join(filter(None, (row["drug"], row["age"], row["condition_icd10"])))
)
def test_the_answer_is_that_of_the_label(table: ContraindicationTable, question: dict[str, str]) -> None:
    found = table.row(question)["action"] in ACTIONS[question["answer"]]
    assert found is ((question["drug"], question["condition_icd10"]) not in NO_RULE_YET), question["why"]
