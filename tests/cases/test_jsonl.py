"""Reading JSON Lines: good lines become cases, each bad line one clear error."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.case import Case
from cases.errors import CaseError
from cases.jsonl import case_from_json, case_from_line, read_jsonl

GOOD = {"id": "c-1", "text": "burning when I pass urine"}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_keys = st.sampled_from([*Case.model_fields, "txt", "Meds"])
_changes = st.dictionaries(_keys, anything | st.sampled_from([[], {}, "x"]), max_size=8)
near_cases = _changes.map(lambda changes: GOOD | changes)
_words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=50).filter(str.strip)
_ages = st.floats(0, 125)


def error_of(**changes: Any) -> CaseError:
    outcome = case_from_line(json.dumps(GOOD | changes).encode(), 7)
    assert isinstance(outcome, CaseError), outcome
    assert outcome.line == 7
    return outcome


@given(anything | near_cases)
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_json_gives_a_case_or_an_error(value: Any) -> None:
    outcome = case_from_line(json.dumps(value).encode("utf-8", "surrogatepass"), 3)
    assert isinstance(outcome, Case | CaseError)


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_case_or_an_error(line: bytes) -> None:
    assert isinstance(case_from_line(line), Case | CaseError)


@pytest.mark.parametrize(
    ("changes", "field", "code", "said"),
    [
        ({"txt": "x"}, "txt", "unknown_key", '"text"'),
        ({"vitals": {"temp": 37}}, "vitals.temp", "unknown_key", '"temperature_c"'),
        ({"heart_rate": 80}, "heart_rate", "unknown_key", '"vitals.heart_rate"'),
        ({"patient": {"temperature_c": 37}}, "patient.temperature_c", "unknown_key", '"vitals.temperature_c"'),
        ({"vitals": {"temperature_c": 371}}, "vitals.temperature_c", "out_of_range", "decimal point"),
        ({"vitals": {"temperature_c": 98.6}}, "vitals.temperature_c", "out_of_range", "Fahrenheit"),
        ({"patient": {"age": -3}}, "patient.age", "out_of_range", "0 to 125 years"),
        ({"patient": {"age": 1984}}, "patient.age", "out_of_range", "year of birth"),
        ({"patient": {"height_cm": 1.68}}, "patient.height_cm", "out_of_range", "metres"),
        ({"vitals": {"spo2": 0.97}}, "vitals.spo2", "out_of_range", "fraction"),
        ({"patient": {"age": "34"}}, "patient.age", "wrong_type", "a number without quotes"),
        ({"patient": {"sex": "F"}}, "patient.sex", "unknown_value", "'female'"),
        ({"vitals": {"oxygen": 0}}, "vitals.oxygen", "wrong_type", "true, false or null"),
        ({"medications": "aspirin"}, "medications", "wrong_type", "a list"),
        ({"medications": [7]}, "medications.0", "wrong_type", "an object"),
        ({"medications": [{"dose": "5 mg"}]}, "medications.0", "missing_key", "rxcui"),
        ({"medications": [{"name": "x", "start": "soon"}]}, "medications.0.start", "bad_format", "2026-11-23"),
        ({"observations": [{"loinc": "abc"}]}, "observations.0.loinc", "bad_format", "2160-0"),
        ({"observations": [{"value": []}]}, "observations.0.value", "wrong_type", "a number, a text"),
        ({"region": "usa"}, "region", "bad_format", "two capital letters"),
        ({"text": None}, "", "nothing_to_read", "text, images"),
        ({"text": ""}, "text", "empty", "Leave the key out"),
        ({"text": "x" * 100_001}, "text", "too_long", "100000"),
        ({"id": 17}, "id", "wrong_type", "a text"),
        ({"id": " "}, "id", "bad_format", "printable"),
        ({"text": float("nan")}, "text", "not_a_number", "null"),
        ({"vitals": {"spo2": float("inf")}}, "vitals.spo2", "not_a_number", "null"),
        ({"patient": {"age": 10**400}}, "patient.age", "huge_number", "digits"),
        ({"text": "a\x00b"}, "text", "nul_character", "Remove"),
        ({"text": "a\ud800b"}, "text", "lone_surrogate", "UTF-8"),
        ({"vitals": {"systolic_bp": 70, "diastolic_bp": 110}}, "vitals", "inconsistent", "swapped"),
        ({"resourceType": "Bundle"}, "resourceType", "unknown_key", "FHIR"),
    ],
)
def test_a_bad_value_names_field_and_remedy(changes: dict[str, Any], field: str, code: str, said: str) -> None:
    error = error_of(**changes)
    assert (error.field, error.code) == (field, code)
    assert said in f"{error.message} {error.remedy}"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"id": "c-1", "text": "x"', "invalid_json"),
        (b"{'id': 'c-1'}", "invalid_json"),
        (b'{"id": "c-1", "text": "x",}', "invalid_json"),
        (b'{"id": "c-1"} {"id": "c-2"}', "invalid_json"),
        (b'{"id": "c-1", "text": "\xff"}', "invalid_utf8"),
        (b'{"id": "c-1", "id": "c-2", "text": "x"}', "duplicate_key"),
        (b"[" * 100_000, "too_deep"),
        (b'{"id": "c-1", "text": ' + b"[" * 40 + b"]" * 40 + b"}", "too_deep"),
        (b'["c-1"]', "not_an_object"),
        (b"17", "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"id": "c-1", "text": 1e999}', "huge_number"),
    ],
)
def test_a_broken_line_is_one_error(line: bytes, code: str) -> None:
    outcome = case_from_line(line, 1)
    assert isinstance(outcome, CaseError)
    assert outcome.code == code


def test_a_cut_line_still_names_its_case() -> None:
    outcome = case_from_line(b'{"id": "c-9", "text": "sore thr', 4)
    assert isinstance(outcome, CaseError)
    assert (outcome.line, outcome.case_id) == (4, "c-9")


def test_messages_never_repeat_the_file() -> None:
    secret = "Zebulon Quisenberry was here"
    medication = {"name": "x", "start": secret}
    for changes in (
        {secret: 1},
        {"region": secret},
        {"medications": [medication]},
        {"setting": secret},
        {"patient": {secret: 1}},
        {"patient": {"sex": secret}},
        {"vitals": secret},
    ):
        assert "Quisenberry" not in json.dumps(error_of(**changes).to_json())


def test_bad_lines_do_not_touch_good_ones(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    good = json.dumps(GOOD).encode()
    path.write_bytes(b"\xef\xbb\xbf" + good + b"\r\n\r\n  \n{bad\n" + good.replace(b"c-1", b"c-2") + b"\r\n")
    first, bad, second = read_jsonl(path)
    assert isinstance(first, Case)
    assert isinstance(second, Case)
    assert isinstance(bad, CaseError)
    assert bad.line == 4


def test_a_line_that_never_ends_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(b'{"id": "' + b"x" * 9_000_000 + b"\n" + json.dumps(GOOD).encode())
    long, good = read_jsonl(path)
    assert isinstance(long, CaseError)
    assert long.code == "line_too_long"
    assert isinstance(good, Case)


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(content)
    [error] = read_jsonl(path)
    assert isinstance(error, CaseError)
    assert error.code == "empty_file"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    [error] = read_jsonl(tmp_path / "no.jsonl")
    assert isinstance(error, CaseError)
    assert error.code == "missing_file"
    [error] = read_jsonl(tmp_path)
    assert isinstance(error, CaseError)
    assert error.code == "not_a_file"


def test_utf16_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps(GOOD), encoding="utf-16")
    [error] = read_jsonl(path)
    assert isinstance(error, CaseError)
    assert error.code == "invalid_utf8"


def test_a_truncated_gzip_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl.gz"
    lines = "\n".join(json.dumps(GOOD | {"id": f"c-{n}", "text": f"{n * 7919} cough"}) for n in range(20_000))
    path.write_bytes(gzip.compress(lines.encode())[:-5000])
    *cases, error = read_jsonl(path)
    assert isinstance(error, CaseError)
    assert error.code == "truncated_gzip"
    assert len(cases) > 100
    assert all(isinstance(case, Case) for case in cases)


def test_a_false_gzip_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl.gz"
    path.write_text(json.dumps(GOOD))
    [error] = read_jsonl(path)
    assert isinstance(error, CaseError)
    assert error.code == "bad_gzip"


@given(st.builds(lambda text, age: GOOD | {"text": text, "patient": {"age": age}}, _words, _ages))
@settings(max_examples=100, deadline=None)
def test_a_case_survives_the_round_trip(value: dict[str, Any]) -> None:
    case = case_from_json(value)
    assert isinstance(case, Case)
    assert case_from_line(case.model_dump_json().encode()) == case
