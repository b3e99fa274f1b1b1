"""Labelled cases from a file: what is read, and what is refused by file and row."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cases.case import Case, Patient, Vitals
from pipeline.classifier.examples import (
    OTHER,
    Example,
    labels_of,
    medquad_background,
    outputs_of,
    read_examples,
)  # fmt: skip

PLAIN = {"text": "itchy spots", "label": "Acne"}


def jsonl(folder: Path, *rows: Any, name: str = "own.jsonl") -> Path:
    """Write rows, each as JSON unless it is a string already."""
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return folder / name


def csv(folder: Path, text: str) -> Path:
    (folder / "own.csv").write_text(text, encoding="utf-8")
    return folder / "own.csv"


def example(label: str, number: int = 0) -> Example:
    return Example(Case(id=f"{label}-{number}", text="unwell"), label)


def test_a_plain_row_is_an_example(tmp_path: Path) -> None:
    (read,) = read_examples(jsonl(tmp_path, PLAIN))
    assert (read.text, read.label, read.emergency, read.style, read.condition) == ("itchy spots", "Acne", None, "", "")
    assert read.case.id == "own-1"


def test_everything_of_a_row_is_read(tmp_path: Path) -> None:
    row = {
        **PLAIN, "id": "x7", "emergency": True, "style": "lay", "condition": "acne fulminans", "group": "g1",
        "patient": {"age": 16, "sex": "male"},
        "vitals": {"temperature_c": 39.4, "heart_rate": 132, "oxygen": False, "consciousness": "alert"},
    }  # fmt: skip
    (read,) = read_examples(jsonl(tmp_path, row))
    assert (read.case.id, read.emergency, read.style, read.condition) == ("x7", True, "lay", "acne fulminans")
    assert read.case.group == "g1"
    assert read.case.patient == Patient(age=16.0, sex="male")
    assert read.case.vitals == Vitals(temperature_c=39.4, heart_rate=132.0, oxygen=False, consciousness="alert")


def test_what_is_not_said_is_unknown(tmp_path: Path) -> None:
    silent = {**PLAIN, "emergency": None, "style": None, "condition": None, "patient": None, "vitals": None}
    (read,) = read_examples(jsonl(tmp_path, silent))
    assert (read.emergency, read.style, read.condition) == (None, "", "")
    assert (read.case.patient, read.case.vitals) == (Patient(), Vitals())


def test_empty_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    read = read_examples(jsonl(tmp_path, PLAIN, "", PLAIN))
    assert [e.case.id for e in read] == ["own-1", "own-3"]


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    jsonl(tmp_path, {**PLAIN, "label": "b"}, name="b.jsonl")
    jsonl(tmp_path, {**PLAIN, "label": "a"}, name="a.jsonl")
    (tmp_path / "notes.txt").write_text("not read", encoding="utf-8")
    assert [e.label for e in read_examples(tmp_path)] == ["a", "b"]


def test_a_csv_is_read_like_a_jsonl(tmp_path: Path) -> None:
    text = (
        "label,text,emergency,style,comment\nAcne,itchy spots,False,lay,x\nMalaria,fever,True,,y\nMalaria,chills,,,\n"
    )
    read = read_examples(csv(tmp_path, text))
    assert [(e.label, e.text, e.style) for e in read] == [
        ("Acne", "itchy spots", "lay"),
        ("Malaria", "fever", ""),
        ("Malaria", "chills", ""),
    ]
    assert [e.emergency for e in read] == [False, True, None]
    assert [e.case.id for e in read] == ["own-2", "own-3", "own-4"]


@pytest.mark.parametrize("header", ["words,label", "text,diagnosis", "a,b"])
def test_a_csv_without_its_columns_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(ValueError, match=r"own\.csv has no column .*(text|label)"):
        read_examples(csv(tmp_path, f"{header}\nx,y\n"))


@pytest.mark.parametrize("row", ["x,", ",y", '"  ",y'])
def test_an_empty_cell_of_a_csv_is_refused_by_its_row(tmp_path: Path, row: str) -> None:
    with pytest.raises(ValueError, match=r"own\.csv row 3 has an empty (text|label)"):
        read_examples(csv(tmp_path, f"text,label\nx,y\n{row}\n"))


REFUSED = {
    "text": ({"label": "Acne"}, "empty text"),
    "label": ({"text": "spots", "label": "  "}, "empty label"),
    "a label that is a number": ({"text": "spots", "label": 3}, "empty label"),
    "a key": ({**PLAIN, "colour": "red"}, "unknown key colour"),
    "a vital sign out of range": ({**PLAIN, "vitals": {"heart_rate": 1000}}, "heart_rate"),
    "an unknown vital sign": ({**PLAIN, "vitals": {"pulse": 80}}, "pulse"),
    "a vital sign in words": ({**PLAIN, "vitals": {"heart_rate": "fast"}}, "heart_rate"),
    "vital signs that contradict": ({**PLAIN, "vitals": {"systolic_bp": 80, "diastolic_bp": 90}}, "below diastolic"),
    "a patient out of range": ({**PLAIN, "patient": {"age": 200}}, "age"),
    "a patient in words": ({**PLAIN, "patient": "a man of 40"}, "Patient"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_row_that_is_wrong_is_refused_by_file_and_row(tmp_path: Path, what: str) -> None:
    row, said = REFUSED[what]
    with pytest.raises(ValueError, match=rf"own\.jsonl row 2.*{said}"):
        read_examples(jsonl(tmp_path, PLAIN, row, PLAIN))


def test_a_line_that_is_not_json_is_refused_by_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"own\.jsonl line 2 is not JSON"):
        read_examples(jsonl(tmp_path, PLAIN, '{"text": "cut'))


SLIPS_THROUGH = {
    "an emergency in words": {**PLAIN, "emergency": "no"},
    "an emergency as a number": {**PLAIN, "emergency": 2},
    "a style that is a number": {**PLAIN, "style": 3},
    "a list": [1, 2],
    "a number": 3,
}


@pytest.mark.parametrize("what", SLIPS_THROUGH)
def test_a_row_that_is_differently_wrong_is_refused_by_file_and_row(tmp_path: Path, what: str) -> None:
    with pytest.raises(ValueError, match=r"own\.jsonl"):
        read_examples(jsonl(tmp_path, PLAIN, SLIPS_THROUGH[what]))


def test_a_csv_that_says_yes_and_no_is_refused_or_understood(tmp_path: Path) -> None:
    try:
        read = read_examples(csv(tmp_path, "text,label,emergency\na,b,no\nc,d,yes\n"))
    except ValueError:
        return
    assert [e.emergency for e in read] == [False, True]


def test_an_unknown_column_of_a_csv_with_a_known_name_mistyped_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="emergancy"):
        read_examples(csv(tmp_path, "text,label,emergancy\na,b,True\n"))


@pytest.mark.parametrize("separator", ["\u2028", "\u0085"])
def test_a_text_may_hold_any_character_that_json_allows(tmp_path: Path, separator: str) -> None:
    (read,) = read_examples(jsonl(tmp_path, {**PLAIN, "text": f"itchy{separator}spots"}))
    assert read.text == f"itchy{separator}spots"


def test_labels_are_sorted_and_background_comes_last() -> None:
    some = [example("b"), example("a"), example(OTHER), example("b", 1)]
    assert labels_of(some) == ("a", "b")
    assert outputs_of(some) == ("a", "b", OTHER)
    assert outputs_of(some[:2]) == ("a", "b")


def medquad(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "medquad.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def asked(number: int, focus: str = "gout") -> dict[str, str]:
    return {"question": f"What is condition {number}?", "focus": focus}


def test_background_is_other_and_no_emergency(tmp_path: Path) -> None:
    (made,) = medquad_background(medquad(tmp_path, asked(1)), avoid=(), limit=5)
    assert (made.label, made.emergency, made.text, made.style) == (OTHER, False, "What is condition 1?", "question")


def test_background_touches_no_label(tmp_path: Path) -> None:
    rows = [{"question": "What is ACNE?", "focus": "x"}, asked(2, focus="Acne Rosacea"), asked(3)]
    made = medquad_background(medquad(tmp_path, *rows), avoid=("acne",), limit=5)
    assert [e.text for e in made] == ["What is condition 3?"]


def test_background_is_asked_once_and_spread_over_the_file(tmp_path: Path) -> None:
    made = medquad_background(medquad(tmp_path, *[asked(i // 2) for i in range(200)]), avoid=(), limit=10)
    assert [e.text for e in made] == [f"What is condition {i}?" for i in range(0, 100, 10)]
    assert len({e.case.id for e in made}) == 10


def test_background_is_spread_over_the_file_also_where_the_limit_does_not_divide_it(tmp_path: Path) -> None:
    made = medquad_background(medquad(tmp_path, *[asked(i) for i in range(19)]), avoid=(), limit=10)
    assert "What is condition 18?" in [e.text for e in made] or "What is condition 17?" in [e.text for e in made]
