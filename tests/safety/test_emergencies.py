"""No emergency is released, whatever the classifier thinks: vignettes screened without any label.

Each set of emergencies was written before the rules had seen it, run once, and only then used to improve them:

    file                     written                first run
    emergencies.jsonl        before the rules       7 of 126 (0.06, by the rules there were)
    emergencies_held.jsonl   after the first rules  17 of 40 (0.43)
    emergencies_fresh.jsonl  while they were widened, so not clean: 36 of 40 (0.90)
    emergencies_last.jsonl   after that             22 of 40 (0.55)

The last number is what to expect of wording that nobody foresaw; those of today only guard against loss. Of everyday
cases, 0 of 115 alarmed before the rules, 1 of 115 after, and 1 of 30 on wording written last.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cases.case import Case
from safety.acuity import URGENCY, flagged
from safety.screen import Screen
from tests.safety.conftest import CaseMaker

FIXTURES = Path(__file__).parent / "fixtures"
SEEN = {
    "emergencies.jsonl": 0.95,
    "emergencies_held.jsonl": 0.90,
    "emergencies_fresh.jsonl": 0.90,
    "emergencies_last.jsonl": 0.85,
}
CALM = {"everyday.jsonl": 0.90, "everyday_last.jsonl": 0.90}


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FIXTURES / name).read_text(encoding="utf-8").splitlines()]


def _case(row: dict[str, Any], make_case: CaseMaker) -> Case:
    return make_case(**{key: row[key] for key in ("id", "text", "patient", "vitals") if key in row})


def _missed(name: str, screen: Screen, make_case: CaseMaker) -> tuple[list[str], int]:
    """Return the emergencies judged less urgent than they are, and how many there were."""
    rows = _rows(name)
    judged = {row["id"]: screen.patient(_case(row, make_case)).priority for row in rows}
    late = [row for row in rows if URGENCY[judged[row["id"]]] > URGENCY[row["priority"]]]
    return [f"{row['id']}: {row['what']}, {judged[row['id']]}" for row in late], len(rows)


def test_fixtures_are_many_and_distinct() -> None:
    rows = {name: _rows(name) for name in (*SEEN, *CALM)}
    texts = [row["text"] for name in rows for row in rows[name]]
    assert len(rows["emergencies.jsonl"]) >= 120
    assert len(rows["everyday.jsonl"]) >= 100
    assert len(texts) == len(set(texts))
    styles = {row["id"].split("-")[0] for row in rows["emergencies.jsonl"]}
    assert styles == {"lay", "relative", "shorthand", "triage", "referral"}


@pytest.mark.parametrize("name", SEEN)
def test_emergencies_are_seen_without_a_label(name: str, screen: Screen, make_case: CaseMaker) -> None:
    missed, count = _missed(name, screen, make_case)
    assert len(missed) <= (1 - SEEN[name]) * count, missed


@pytest.mark.parametrize("name", CALM)
def test_everyday_cases_stay_routine(name: str, screen: Screen, make_case: CaseMaker) -> None:
    rows = _rows(name)
    alarms = {}
    for row in rows:
        verdict = screen.patient(_case(row, make_case))
        if verdict.priority != "routine":
            alarms[row["id"]] = [item.rule for item in verdict.findings if item.kind in ("red_flag", "acuity")]
    assert len(alarms) <= (1 - CALM[name]) * len(rows), alarms


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("I have crushing pressure in my chest and I am sweating.", "immediate"),
        ("I have no crushing pressure in my chest and I am not sweating.", "routine"),
        ("Come back if the headache came on within a second.", "routine"),
        ("My mother has crushing chest pain going into her arm.", "immediate"),
        ("My mother had crushing chest pain years ago. I have a runny nose.", "routine"),
        ("The swelling makes fitting into my shoes hard.", "routine"),
    ],
)
def test_words_around_a_danger_are_heeded(text: str, priority: str, screen: Screen, make_case: CaseMaker) -> None:
    assert screen.patient(make_case(text=text)).priority == priority


def test_any_facts_need_one_of_them(tmp_path: Path, make_case: CaseMaker) -> None:
    from cases.facts import FactReader

    flag = {"id": "rf.t", "labels": "any", "facts": ["fever"], "any_facts": ["rash", "vomiting"], "priority": "urgent"}
    (tmp_path / "red_flags.yaml").write_text(json.dumps([{**flag, "message": "m", "source": "s"}]), encoding="utf-8")

    def raised(text: str) -> bool:
        return bool(flagged(FactReader(make_case(text=text)), ("any",), knowledge=tmp_path).findings)

    assert raised("fever and a rash")
    assert raised("fever and vomiting")
    assert not raised("fever")
    assert not raised("a rash and vomiting")
