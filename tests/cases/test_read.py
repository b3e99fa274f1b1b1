"""Reading files of every format together: dispatch, folders, duplicate ids, which line and which file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cases.case import Case
from cases.errors import CaseError
from cases.read import read_cases, read_sources

CASE = {"id": "c-1", "text": "sore throat"}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p-1"}},
        {"resource": {"resourceType": "Condition", "code": {"text": "Gout"}, "subject": {"reference": "Patient/p-1"}}},
    ],
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", json.dumps(CASE)),
        ("a.ndjson", json.dumps(CASE)),
        ("a.json", json.dumps(CASE, indent=2)),
        ("a.json", json.dumps([CASE])),
        ("a.json", json.dumps(CASE) + "\n"),
        ("A.JSON", json.dumps(BUNDLE)),
        ("a.csv", "id,text\nc-1,sore throat\n"),
        ("a.txt", json.dumps(CASE)),
        ("noname", json.dumps(BUNDLE)),
        ("a.dat", "id,text\nc-1,sore throat\n"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_every_format_is_recognised(tmp_path: Path, name: str, content: str, zipped: bool) -> None:
    path = tmp_path / (f"{name}.gz" if zipped else name)
    path.write_bytes(gzip.compress(content.encode()) if zipped else content.encode())
    [case] = read_cases([path])
    assert isinstance(case, Case), case


def test_json_that_is_json_lines_is_read_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(CASE) + "\n" + json.dumps(CASE | {"id": "c-2"}) + "\n{\n")
    first, second, bad = read_cases([path])
    assert isinstance(first, Case)
    assert isinstance(second, Case)
    assert isinstance(bad, CaseError)
    assert bad.line == 3


def test_an_error_in_a_list_names_its_item(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([CASE, {"id": "c-2"}, 7]))
    good, missing, number = read_cases([path])
    assert isinstance(good, Case)
    assert isinstance(missing, CaseError)
    assert missing.message.startswith("Item 2")
    assert isinstance(number, CaseError)


def test_a_duplicate_is_the_error_of_the_later_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(CASE))
    (tmp_path / "b.jsonl").write_text(json.dumps(CASE | {"id": "c-2"}) + "\n" + json.dumps(CASE))
    first, second, duplicate = read_cases([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
    assert isinstance(first, Case)
    assert isinstance(second, Case)
    assert isinstance(duplicate, CaseError)
    assert (duplicate.line, duplicate.case_id, duplicate.code) == (2, "c-1", "duplicate_id")
    assert duplicate.message.startswith("File 2 of 2")


def test_a_broken_case_does_not_use_up_its_id(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(CASE | {"txt": 1}) + "\n" + json.dumps(CASE))
    bad, good = read_cases([path])
    assert isinstance(bad, CaseError)
    assert isinstance(good, Case)


def test_a_missing_image_is_the_error_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(CASE) + "\n" + json.dumps({"id": "c-2", "images": [{"path": "x.png"}]}))
    _, error = read_cases([path])
    assert isinstance(error, CaseError)
    assert (error.line, error.case_id, error.code) == (2, "c-2", "missing_image")


def test_a_folder_stands_for_its_case_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "b.csv").write_text("id,text\nc-2,cough\n")
    (tmp_path / "a.jsonl").write_text(json.dumps(CASE))
    (tmp_path / "image.dcm").write_text("an image of a.jsonl, no case")
    (tmp_path / "notes.txt").write_text("no case")
    found = list(read_sources([tmp_path]))
    assert [(sourced.source.name, sourced.line) for sourced in found] == [("a.jsonl", 1), ("b.csv", 2)]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.json", b"", "empty_file"),
        ("a.json", b"[]", "empty_file"),
        ("a.json", b"{", "invalid_json"),
        ("a.json", b"[" * 50_000, "too_deep"),
        ("a.json", b'{"resourceType": "Patient"}', "not_a_bundle"),
        ("a.json.gz", b"no gzip", "bad_gzip"),
        ("a.json.gz", gzip.compress(json.dumps([CASE]).encode() * 100)[:40], "truncated_gzip"),
        ("a.dcm", b"no dicom", "unreadable_image"),
        ("a.bin", b"\x7fELF", "unknown_format"),
        ("a.bin.gz", b"no gzip", "unreadable_file"),
    ],
)
def test_an_unreadable_file_is_one_error(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    [error] = read_cases([tmp_path / name])
    assert isinstance(error, CaseError)
    assert error.code == code


def test_missing_files_and_empty_folders_are_errors(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    missing, empty = read_cases([tmp_path / "no.json", tmp_path / "empty"])
    assert isinstance(missing, CaseError)
    assert missing.code == "missing_file"
    assert isinstance(empty, CaseError)
    assert empty.code == "empty_folder"
