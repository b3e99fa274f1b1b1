"""The commands that answer whole tables."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from pipeline.cli import app


def _answered(folder: Path, text: str, *, expect: int = 0) -> str:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    arguments = ["contraindications", "--table", str(folder / "t.csv"), "--out", str(folder / "o.csv")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == expect, done.output
    return done.output if expect else (folder / "o.csv").read_text(encoding="utf-8")


def test_every_row_is_answered_and_a_bad_cell_is_the_matter_of_its_row(tmp_path: Path) -> None:
    table = "id,drug,age,sex,condition_icd10\n1,codeine,9,,\n2,codeine,abc,,\n3,amoxicillin,40,male,\n4,xyzzy,,,\n"
    assert _answered(tmp_path, table).splitlines() == [
        "id,drug,age,sex,condition_icd10,action,rule",
        "1,codeine,9,,,block,ci.codeine_tramadol_under_12",
        "2,codeine,abc,,,block,input.age",
        "3,amoxicillin,40,male,,,",
        "4,xyzzy,,,,interrupt,rx.unresolved",
    ]


def test_a_table_without_drugs_is_refused(tmp_path: Path) -> None:
    assert "no column drug" in _answered(tmp_path, "age\n3\n", expect=2)
    assert not (tmp_path / "o.csv").exists()
