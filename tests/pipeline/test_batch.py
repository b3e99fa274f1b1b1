"""Running over files: order, resuming, refusing, and files that are whole or absent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from cases.case import Case, CaseResult
from pipeline import outputs
from pipeline.batch import PipelineBroken, Summary, run_batch
from pipeline.files import RunRefused, only_writer, sha256_of
from tests.pipeline import made_up


class Fake:
    """A pipeline that remembers its batches and stops at one of them if told to."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.batches: list[list[str]] = []
        self.stop_at = stop_at

    def batch(self, cases: list[Case], /) -> list[CaseResult]:
        if len(self.batches) == self.stop_at:
            raise KeyboardInterrupt
        self.batches.append([case.id for case in cases])
        return [made_up.review(case.id) if case.id.endswith("7") else made_up.result(case.id) for case in cases]

    @property
    def seen(self) -> list[str]:
        return [case_id for batch in self.batches for case_id in batch]


def write_cases(path: Path, numbers: Sequence[int], *, bad: Sequence[int] = ()) -> Path:
    lines = []
    for number in numbers:
        fields: dict[str, Any] = {"id": f"c-{number:03d}", "text": "made up"}
        lines.append(json.dumps({**fields, "vitals": {"temperature_c": 371}} if number in bad else fields))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def run(pipeline: Any, cases: Path, out: Path, **options: Any) -> Summary:
    plain = {"config_text": "seed: 42\n", "config_hash": "c" * 64, "batch_size": 4}
    return run_batch(pipeline, [cases], out, **{**plain, **options})


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    return write_cases(tmp_path / "cases.jsonl", range(10), bad=[3, 8])


def test_run_batch_writes_results_in_the_order_of_the_input_and_errors_beside(cases: Path, tmp_path: Path) -> None:
    summary = run(Fake(), cases, tmp_path / "out")
    found = [line["case_id"] for line in lines_of(tmp_path / "out" / "results.jsonl")]
    assert found == [f"c-{number:03d}" for number in (0, 1, 2, 4, 5, 6, 7, 9)]
    errors = lines_of(tmp_path / "out" / "errors.jsonl")
    assert [error["line"] for error in errors] == [4, 9]
    assert set(errors[0]) == {"line", "case_id", "field", "code", "message", "remedy"}
    assert (summary.results, summary.auto, summary.review, summary.errors) == (8, 7, 1, 2)
    assert not summary.already_complete


def test_run_batch_result_lines_are_valid_results(cases: Path, tmp_path: Path) -> None:
    run(Fake(), cases, tmp_path / "out")
    for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines():
        assert CaseResult.model_validate_json(line).model_dump_json(by_alias=True) == line


def test_run_batch_manifest_names_inputs_counts_and_every_output(cases: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(Fake(), cases, out)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["inputs"] == [{"name": "cases.jsonl", "sha256": sha256_of(cases), "bytes": cases.stat().st_size}]
    assert manifest["counts"] == {"results": 8, "auto": 7, "review": 1, "immediate": 0, "errors": 2}
    assert manifest["database"] == "wardround.sqlite"
    assert manifest["made_by"] == made_up.RUN
    assert set(manifest["outputs"]) == {"results.jsonl", "errors.jsonl", "config.yaml", "report.html", "audit.jsonl"}
    for name, entry in manifest["outputs"].items():
        assert sha256_of(out / name) == entry["sha256"]
    assert (out / "config.yaml").read_text() == "seed: 42\n"
    assert not list(out.glob(".*.tmp"))


@pytest.mark.parametrize("stop_at", [0, 1, 2])
def test_run_batch_takes_up_where_it_stopped(cases: Path, tmp_path: Path, stop_at: int) -> None:
    first, second = Fake(stop_at), Fake()
    with pytest.raises(KeyboardInterrupt):
        run(first, cases, tmp_path / "out", batch_size=3)
    assert not (tmp_path / "out" / "manifest.json").exists()
    summary = run(second, cases, tmp_path / "out", batch_size=3)
    assert sorted(first.seen + second.seen) == [f"c-{number:03d}" for number in (0, 1, 2, 4, 5, 6, 7, 9)]
    assert summary.processed == len(second.seen)
    assert summary.errors == 2
    whole = tmp_path / "whole"
    run(Fake(), cases, whole)
    assert (whole / "results.jsonl").read_bytes() == (tmp_path / "out" / "results.jsonl").read_bytes()
    assert (whole / "errors.jsonl").read_bytes() == (tmp_path / "out" / "errors.jsonl").read_bytes()


def test_run_batch_started_again_does_nothing_and_says_so(cases: Path, tmp_path: Path) -> None:
    run(Fake(), cases, tmp_path / "out")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.*")}
    again = Fake()
    summary = run(again, cases, tmp_path / "out")
    assert summary.already_complete
    assert (summary.results, summary.errors, summary.processed) == (8, 2, 0)
    assert again.batches == []
    assert {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in outputs.OUTPUTS if name in before} == {
        name: before[name] for name in outputs.OUTPUTS if name in before
    }


def test_run_batch_writes_lost_or_altered_files_again(cases: Path, tmp_path: Path) -> None:
    run(Fake(), cases, tmp_path / "out")
    report = (tmp_path / "out" / "report.html").read_bytes()
    (tmp_path / "out" / "results.jsonl").write_text("altered")
    (tmp_path / "out" / "report.html").unlink()
    again = Fake()
    summary = run(again, cases, tmp_path / "out")
    assert not summary.already_complete
    assert again.batches == []
    assert len(lines_of(tmp_path / "out" / "results.jsonl")) == 8
    assert (tmp_path / "out" / "report.html").read_bytes() == report


@pytest.mark.parametrize("name", ["write_lines", "write_report", "write_text"])
def test_run_batch_stopped_while_writing_leaves_no_manifest(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(outputs, name, stop)
        with pytest.raises(KeyboardInterrupt):
            run(Fake(), cases, tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()
    again = Fake()
    run(again, cases, tmp_path / "out")
    assert again.batches == []
    assert len(lines_of(tmp_path / "out" / "results.jsonl")) == 8


def test_run_batch_refuses_a_folder_made_from_other_inputs(cases: Path, tmp_path: Path) -> None:
    run(Fake(), cases, tmp_path / "out")
    other = write_cases(tmp_path / "other.jsonl", range(3))
    with pytest.raises(RunRefused, match=r"made with other case files.*--force"):
        run(Fake(), other, tmp_path / "out")
    assert len(lines_of(tmp_path / "out" / "results.jsonl")) == 8


def test_run_batch_refuses_a_folder_made_with_another_configuration(cases: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Fake(1), cases, tmp_path / "out")
    with pytest.raises(RunRefused, match=r"another configuration"):
        run(Fake(), cases, tmp_path / "out", config_hash="d" * 64)


def test_run_batch_takes_away_what_killed_processes_left(cases: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".results.jsonl.123.tmp").write_text("half")
    run(Fake(), cases, tmp_path / "out")
    assert not list((tmp_path / "out").glob(".*.tmp"))


def test_run_batch_writes_parquet_if_asked_and_takes_it_away_if_not(cases: Path, tmp_path: Path) -> None:
    run(Fake(), cases, tmp_path / "out", parquet=True)
    table = parquet.read_table(tmp_path / "out" / "results.parquet")
    assert table.num_rows == 8
    assert "results.parquet" in json.loads((tmp_path / "out" / "manifest.json").read_text())["outputs"]
    assert not run(Fake(), cases, tmp_path / "out").already_complete
    assert not (tmp_path / "out" / "results.parquet").exists()


def test_run_batch_renamed_input_is_the_same_input(cases: Path, tmp_path: Path) -> None:
    run(Fake(), cases, tmp_path / "out")
    assert run(Fake(), cases.rename(tmp_path / "renamed.jsonl"), tmp_path / "out").already_complete


def test_run_batch_force_starts_afresh(cases: Path, tmp_path: Path) -> None:
    first = run(Fake(), cases, tmp_path / "out")
    other = write_cases(tmp_path / "other.jsonl", range(3))
    second = run(Fake(), other, tmp_path / "out", force=True, config_hash="d" * 64)
    assert second.run_id != first.run_id
    assert (second.results, second.processed, second.errors) == (3, 3, 0)
    assert len(lines_of(tmp_path / "out" / "results.jsonl")) == 3
    assert run(Fake(), other, tmp_path / "out", config_hash="d" * 64).already_complete


def test_run_batch_refuses_results_whose_journal_is_elsewhere(cases: Path, tmp_path: Path) -> None:
    run(Fake(), cases, tmp_path / "out", database=tmp_path / "one.sqlite")
    with pytest.raises(RunRefused, match="does not know their run"):
        run(Fake(), cases, tmp_path / "out", database=tmp_path / "two.sqlite")
    assert run(Fake(), cases, tmp_path / "out", database=tmp_path / "one.sqlite").already_complete


def test_run_batch_keeps_runs_of_one_database_apart(cases: Path, tmp_path: Path) -> None:
    database = tmp_path / "shared.sqlite"
    run(Fake(), cases, tmp_path / "a", database=database)
    summary = run(Fake(), cases, tmp_path / "b", database=database)
    assert (summary.processed, summary.results) == (8, 8)


def test_run_batch_empty_input_is_fine(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    pipeline = Fake()
    summary = run_batch(
        pipeline, [empty], tmp_path / "out", config_text="", config_hash="c" * 64, read=lambda _: iter(())
    )
    assert (summary.results, summary.errors) == (0, 0)
    assert pipeline.batches == []
    assert (tmp_path / "out" / "results.jsonl").read_bytes() == b""
    assert (tmp_path / "out" / "manifest.json").exists()


def test_run_batch_only_errors_never_reach_the_pipeline(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "bad.jsonl", range(9), bad=range(9))
    pipeline = Fake()
    assert run(pipeline, cases, tmp_path / "out").errors == 9
    assert pipeline.batches == []


def test_run_batch_repeated_id_is_an_error_of_the_later_case(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "cases.jsonl", [1, 2])
    read = lambda _: iter([made_up.case(1), made_up.case(2), made_up.case(1)])  # noqa: E731
    summary = run(Fake(), cases, tmp_path / "out", read=read)
    assert (summary.results, summary.errors) == (2, 1)
    assert lines_of(tmp_path / "out" / "errors.jsonl")[0]["code"] == "duplicate_id"


def test_run_batch_tells_its_progress(cases: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    run(Fake(), cases, tmp_path / "out", on_progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 10)
    assert told[-1] == (10, 10)
    assert told == sorted(told)


def test_run_batch_refuses_a_pipeline_that_loses_a_case(cases: Path, tmp_path: Path) -> None:
    class Lossy(Fake):
        def batch(self, cases: list[Case], /) -> list[CaseResult]:
            return super().batch(cases)[1:]

    with pytest.raises(PipelineBroken, match="3 results for 4 cases"):
        run(Lossy(), cases, tmp_path / "out")


def test_run_batch_refuses_a_missing_file_and_an_output_inside_its_input(tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match="no file or folder"):
        run(Fake(), tmp_path / "nowhere.jsonl", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(RunRefused, match="lies inside the input folder"):
        run(Fake(), tmp_path, tmp_path / "out")


@pytest.mark.parametrize("database", ["nosuchthing://x", "postgresql+psycopg://u:secret@127.0.0.1:1/x"])
def test_run_batch_refuses_a_database_that_cannot_be_opened(cases: Path, tmp_path: Path, database: str) -> None:
    with pytest.raises(RunRefused, match="cannot be opened") as refusal:
        run(Fake(), cases, tmp_path / "out", database=database)
    assert "secret" not in str(refusal.value)


def test_run_batch_refuses_a_file_for_an_output_and_for_a_database(cases: Path, tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match="is a file"):
        run(Fake(), cases, cases)
    with pytest.raises(RunRefused, match="cannot be opened"):
        run(Fake(), cases, tmp_path / "out", database=cases)
    assert cases.read_text().startswith("{")


def test_run_batch_refuses_a_second_writer(cases: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with only_writer(tmp_path / "out"), pytest.raises(RunRefused, match="Another run"):
        run(Fake(), cases, tmp_path / "out")


def test_run_batch_logs_no_patient_text(cases: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        run(Fake(), cases, tmp_path / "out")
    assert "committed" in caplog.text
    assert "made up" not in caplog.text


@settings(max_examples=15, deadline=None)
@given(stops=st.lists(st.integers(0, 4), max_size=4), size=st.integers(1, 7))
def test_run_batch_interrupted_anywhere_gives_the_same_files(
    stops: list[int], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run")
    cases = write_cases(folder / "cases.jsonl", range(12), bad=[0, 5])
    for stop in stops:
        try:
            run(Fake(stop), cases, folder / "out", batch_size=size)
        except KeyboardInterrupt:
            continue
    run(Fake(), cases, folder / "out", batch_size=size)
    ids = [line["case_id"] for line in lines_of(folder / "out" / "results.jsonl")]
    assert ids == [f"c-{number:03d}" for number in range(12) if number not in (0, 5)]
    assert [error["line"] for error in lines_of(folder / "out" / "errors.jsonl")] == [1, 6]


def test_run_batch_never_removes_its_own_input(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "results.jsonl", range(3))
    for force in (False, True):
        with pytest.raises(RunRefused, match="write over its input"):
            run(Fake(), cases, tmp_path, force=force)
    assert cases.exists()


def test_run_batch_started_afresh_leaves_no_fhir_of_the_earlier_run(cases: Path, tmp_path: Path) -> None:
    run(Fake(), cases, tmp_path / "out")
    (tmp_path / "out" / outputs.FHIR).write_text("{}")
    run(Fake(), cases, tmp_path / "out", force=True)
    assert not (tmp_path / "out" / outputs.FHIR).exists()


def test_run_batch_that_never_began_does_not_hold_the_folder(cases: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Fake(stop_at=0), cases, tmp_path / "out")
    summary = run(Fake(), cases, tmp_path / "out", config_hash="d" * 64)
    assert (summary.results, summary.errors) == (8, 2)


def test_run_batch_that_began_holds_the_folder(cases: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Fake(stop_at=1), cases, tmp_path / "out")
    with pytest.raises(RunRefused, match="another configuration"):
        run(Fake(), cases, tmp_path / "out", config_hash="d" * 64)


def test_run_batch_does_not_show_a_complete_run_of_other_models_as_todays(cases: Path, tmp_path: Path) -> None:
    pipeline, out = Fake(), tmp_path / "out"
    run(pipeline, cases, out)
    same = CaseResult.model_validate_json(json.dumps(lines_of(out / "results.jsonl")[0])).run
    assert run(pipeline, cases, out, made_by=lambda: same).already_complete
    assert run(pipeline, cases, out, made_by=lambda: None).already_complete
    with pytest.raises(RunRefused, match="rules"):
        run(pipeline, cases, out, made_by=lambda: same.model_copy(update={"rules": "other"}))
