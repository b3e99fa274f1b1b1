"""`wardround mentions`: lines in, spans out, whatever a line holds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cases.vocabulary.tables import drugs
from pipeline.cli import app

RUNNER = CliRunner()


def code(name: str) -> str | None:
    return drugs()[name].rxcui


def answered(folder: Path, *lines: Any, flags: tuple[str, ...] = ()) -> tuple[int, list[Any], str]:
    written = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n"
    (folder / "in.jsonl").write_text(written, encoding="utf-8")
    out = folder / "out.jsonl"
    result = RUNNER.invoke(app, ["mentions", str(folder / "in.jsonl"), "--out", str(out), "--quiet", *flags])
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] if out.exists() else []
    return result.exit_code, rows, result.output


def test_a_span_has_place_surface_code_and_role(tmp_path: Path) -> None:
    line = {"id": "a", "text": "\U0001f600 Avoid ibuprofen.", "more": [1, {"x": None}]}
    exit_code, rows, _ = answered(tmp_path, line)
    span = {"start": 8, "end": 17, "text": "ibuprofen", "rxcui": code("ibuprofen"), "role": "advised_against"}
    assert (exit_code, rows) == (0, [{"id": "a", "spans": [span]}])


def test_a_combination_has_the_codes_of_its_ingredients(tmp_path: Path) -> None:
    _, rows, _ = answered(tmp_path, {"id": 1, "text": "On co-amoxiclav."})
    assert rows[0]["spans"][0]["rxcui"] == f"{code('amoxicillin')};{code('clavulanate')}"


@pytest.mark.parametrize("text", ["", "NSAIDs, statins, antibiotics and steroids", "potassium 4.1 and iron studies"])
def test_classes_and_laboratory_values_are_no_spans(tmp_path: Path, text: str) -> None:
    assert answered(tmp_path, {"id": "a", "text": text})[:2] == (0, [{"id": "a", "spans": []}])


def test_what_looks_like_a_drug_and_is_not_known_has_no_code(tmp_path: Path) -> None:
    _, rows, _ = answered(tmp_path, {"id": "a", "text": "Treated with examplizumab."})
    assert [(span["text"], span["rxcui"]) for span in rows[0]["spans"]] == [("examplizumab", None)]


def test_a_misspelt_name_has_the_code_of_the_only_one_near(tmp_path: Path) -> None:
    _, rows, _ = answered(tmp_path, {"id": "a", "text": "I take metaprolol."})
    assert [(span["text"], span["rxcui"]) for span in rows[0]["spans"]] == [("metaprolol", code("metoprolol"))]


def test_bad_lines_are_told_by_number_and_the_others_go_on(tmp_path: Path) -> None:
    lines = ('{"id": "a"', {"id": "b", "text": "aspirin"}, {"text": "aspirin"}, [1], {"id": "e", "text": 7}, "", "null")
    exit_code, rows, told = answered(tmp_path, *lines, {"id": "h", "text": "none"})
    assert exit_code == 3
    assert [row["id"] for row in rows] == ["b", "h"]
    assert [line.split(":")[0].split(",")[0] for line in told.splitlines()] == [f"line {n}" for n in (1, 3, 4, 5, 7)]


def test_the_order_is_kept_and_ids_may_repeat(tmp_path: Path) -> None:
    ids = [3, 1, 2, 1]
    _, rows, _ = answered(tmp_path, *({"id": key, "text": f"aspirin {key}"} for key in ids))
    assert [row["id"] for row in rows] == ids


def test_the_default_role_is_what_the_flag_says(tmp_path: Path) -> None:
    line = {"id": "a", "text": "Doxycycline."}
    assert answered(tmp_path, line)[1][0]["spans"][0]["role"] == "current"
    assert answered(tmp_path, line, flags=("--default-role", "proposed"))[1][0]["spans"][0]["role"] == "proposed"


def test_half_a_character_pair_and_a_nul_are_text_like_any_other(tmp_path: Path) -> None:
    exit_code, rows, _ = answered(tmp_path, '{"id": "a", "text": "\\ud83d aspirin \\u0000 x"}')
    assert (exit_code, rows[0]["spans"][0]["start"]) == (0, 2)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe{\x00", None])
def test_a_file_that_holds_nothing_readable_is_a_usage_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "in.jsonl").write_bytes(content)
    result = RUNNER.invoke(app, ["mentions", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "o")])
    assert result.exit_code == 2
    assert not (tmp_path / "o").exists()


def test_the_file_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": 1, "text": "x"}\n', encoding="utf-8")
    assert RUNNER.invoke(app, ["mentions", str(path), "--out", str(path)]).exit_code == 2


def test_a_gzip_that_breaks_off_keeps_what_stood_before(tmp_path: Path) -> None:
    data = gzip.compress(b'{"id": 1, "text": "aspirin"}\n' * 5000, mtime=0)
    (tmp_path / "in.jsonl.gz").write_bytes(data[: len(data) // 2])
    result = RUNNER.invoke(app, ["mentions", str(tmp_path / "in.jsonl.gz"), "--out", str(tmp_path / "o"), "--quiet"])
    assert result.exit_code in (2, 3)
    assert "gzip" in result.output
