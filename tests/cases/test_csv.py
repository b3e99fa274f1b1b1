"""Reading CSV: dotted columns, three kinds of empty, and rows that cost only themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Case
from cases.csv import COLUMNS, read_csv
from cases.errors import CaseError

HEADER = (
    "id,text,patient.age,patient.sex,patient.pregnant,vitals.heart_rate,medications,allergies,conditions,observations"
)


def read(folder: Path, content: str | bytes) -> list[Case | CaseError]:
    path = folder / "cases.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_csv(path))


def the_case(folder: Path, row: str) -> Case:
    [case] = read(folder, f"{HEADER}\n{row}\n")
    assert isinstance(case, Case), case
    return case


def the_error(folder: Path, content: str | bytes) -> CaseError:
    [error] = read(folder, content)
    assert isinstance(error, CaseError), error
    return error


def test_every_cell_finds_its_field(tmp_path: Path) -> None:
    medications = "warfarin;metformin|500 mg|oral|twice daily"
    row = f"c-1,burning,34,Female,no,84,{medications},penicillin|rash,I10|Hypertension,2160-0|0.9|mg/dL"
    case = the_case(tmp_path, row)
    assert (case.patient.age, case.patient.sex, case.patient.pregnant, case.vitals.heart_rate) == (
        34,
        "female",
        False,
        84,
    )
    assert case.medications is not None
    assert case.medications[1].frequency == "twice daily"
    assert case.allergies is not None
    assert case.allergies[0].reaction == "rash"
    assert case.conditions is not None
    assert (case.conditions[0].code, case.conditions[0].display) == ("I10", "Hypertension")
    assert case.observations[0].value == 0.9


def test_none_is_not_unknown(tmp_path: Path) -> None:
    case = the_case(tmp_path, "c-1,cough,,,,,none,,,")
    assert case.medications == ()
    assert case.allergies is None
    assert case.patient.age is None


def test_every_column_is_a_field_of_a_case() -> None:
    assert {name.split(".")[0] for name in COLUMNS} == set(Case.model_fields)


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        ("c-1,x,3x,,,,,,,", "patient.age", "digits"),
        ("c-1,x,nan,,,,,,,", "patient.age", "no number"),
        ("c-1,x,1_0,,,,,,,", "patient.age", "no number"),
        ("c-1,x,-3,,,,,,,", "patient.age", "0 to 125"),
        ('c-1,x,"37,5",,,,,,,', "patient.age", "decimal point"),
        ("c-1,x,,,maybe,,,,,", "patient.pregnant", "true or false"),
        ("c-1,x,,girl,,,,,,", "patient.sex", "'female'"),
        ("c-1,x,,,,1e300,,,,", "vitals.heart_rate", "0 to 350"),
        ("c-1,,,,,,,,,", "", "text or images"),
        (",x,,,,,,,,", "id", "Give id"),
        ("c-1,x", "", "2 cells"),
        ("c-1,x,,,,,a|b|c|d|e,,,", "medications", "name|dose|route|frequency"),
        ("c-1,a\x00b,,,,,,,,", "text", "NUL"),
    ],
)
def test_a_bad_cell_names_its_column(tmp_path: Path, row: str, field: str, said: str) -> None:
    error = the_error(tmp_path, f"{HEADER}\n{row}\n")
    assert (error.line, error.field) == (2, field)
    assert said in f"{error.message} {error.remedy}"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty_file"),
        ("id,text\n", "empty_file"),
        ("id,txt\nc-1,x\n", "unknown_key"),
        ("id,text,temperature_c\nc-1,x,37\n", "unknown_key"),
        ("id,text,id\nc-1,x,c-1\n", "duplicate_key"),
        ("text\nx\n", "missing_key"),
        ("id;text\nc-1;x\n", "wrong_delimiter"),
        (b"id,text\nc-1,\xff\n", "invalid_utf8"),
        ('id,text\nc-1,"x" y\n', "bad_quotes"),
        ('id,text\nc-1,"x\n', "bad_quotes"),
        ("id,text\nc-1," + "x" * 200_000 + "\n", "too_long"),
    ],
)
def test_a_broken_file_is_one_error(tmp_path: Path, content: str | bytes, code: str) -> None:
    assert the_error(tmp_path, content).code == code


def test_an_unclosed_quote_costs_only_its_row(tmp_path: Path) -> None:
    first, bad, multi, last = read(tmp_path, '\ufeffid,text\r\nc-1,a\r\nc-2,"b\r\nc-3,"two\r\nlines"\r\n\r\nc-4,d\r\n')
    assert isinstance(first, Case)
    assert isinstance(bad, CaseError)
    assert bad.line == 3
    assert isinstance(multi, Case)
    assert multi.text == "two\r\nlines"
    assert isinstance(last, Case)


@given(st.text(alphabet='c-1,x"\n;|.\u00e9 ', max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_rows_give_cases_or_errors(tmp_path_factory: pytest.TempPathFactory, rows: str) -> None:
    for item in read(tmp_path_factory.getbasetemp(), f"id,text\n{rows}"):
        assert isinstance(item, Case | CaseError)
