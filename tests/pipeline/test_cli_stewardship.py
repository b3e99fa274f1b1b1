"""`stewardship --table` and `alternatives`: what is answered, and what is refused with exit code 2."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app

WOMAN = {"age": 34, "sex": "female", "pregnant": False, "egfr": 88}


def wardround(*arguments: str | Path, expect: int = 0) -> Result:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == expect, done.output
    return done


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    case = {"id": "p", "text": "unwell", "patient": WOMAN, "medications": ["warfarin"], "allergies": ["penicillin"]}
    path = tmp_path / "patient.jsonl"
    path.write_text(json.dumps(case))
    return path


def alternatives(asked: str, patient: Path) -> Any:
    return json.loads(wardround("alternatives", asked, "--patient", patient).stdout)


def test_a_table_is_answered_row_by_row(tmp_path: Path) -> None:
    source, out = tmp_path / "t.csv", tmp_path / "o.csv"
    source.write_text("id,icd10,drug,age,setting\n1,J20.9,azithromycin,40,outpatient\n2,N30.00,Bactrim,,\n3,J189,,,\n")
    wardround("stewardship", "--table", source, "--out", out)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["tier"], row["line"], row["action"]) for row in rows] == [
        ("1", "never", "not_listed", "block"),
        ("2", "always", "first", ""),
        ("3", "always", "", ""),
    ]


def test_a_table_of_codes_alone_is_enough(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("icd10\nA37.90\n")
    wardround("stewardship", "--table", tmp_path / "t.csv", "--out", tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_text().splitlines()[1] == "A37.90,pertussis,always,,,"


def test_a_table_without_codes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("drug\namoxicillin\n")
    told = wardround("stewardship", "--table", tmp_path / "t.csv", "--out", tmp_path / "o.csv", expect=2)
    assert "icd10" in told.output
    assert not (tmp_path / "o.csv").exists()


def test_a_syndrome_tells_what_is_allowed_and_what_would_allow_the_rest(patient: Path) -> None:
    (found,) = alternatives("uti.cystitis_uncomplicated", patient)["syndromes"]
    allowed = {item["id"].rpartition(".")[2]: item for item in found["allowed"]}
    excluded = {item["id"].rpartition(".")[2]: item for item in found["excluded"]}
    assert (allowed["nitrofurantoin"]["dose"], allowed["nitrofurantoin"]["line"]) == ("100 mg", "first")
    assert any(rule.startswith("ddi.") for rule in excluded["tmp_smx"]["excluded_by"])
    assert excluded["tmp_smx"]["would_be_allowed_if"]
    assert "amoxicillin_clavulanate" in excluded


def test_a_code_stands_for_its_syndromes(patient: Path) -> None:
    found = alternatives("L03.115", patient)
    assert found["code"]["tier"] == "sometimes"
    assert "cellulitis.mild" in {item["syndrome"] for item in found["syndromes"]}


def test_a_code_without_regimens_gives_names_and_no_doses(patient: Path) -> None:
    found = alternatives("A37.90", patient)
    assert found["syndromes"] == []
    assert "azithromycin" in found["code"]["first_line"]


@pytest.mark.parametrize(
    ("asked", "told"), [("uti.cystits", "uti.cystitis_men"), ("cystitis", "uti.cystitis"), ("Q", "neither")]
)
def test_what_is_neither_syndrome_nor_code_is_a_usage_error(asked: str, told: str, patient: Path) -> None:
    assert told in wardround("alternatives", asked, "--patient", patient, expect=2).output
