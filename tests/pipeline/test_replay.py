"""Replay: what cannot be compared is never called the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cases.case import Case, CaseResult
from pipeline.batch import run_batch
from pipeline.config import Config
from pipeline.files import RunRefused
from pipeline.replay import replay_run
from tests.pipeline import made_up


class Made:
    """A pipeline whose every answer is made up, in `mood`."""

    mood = "routine"

    def __init__(self, *_: Any) -> None:
        pass

    def batch(self, cases: list[Case], /) -> list[CaseResult]:
        return [made_up.result(case.id, priority=self.mood) for case in cases]


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cases = tmp_path / "cases.jsonl"
    cases.write_text("".join(f'{{"id": "c-{number}", "text": "made up"}}\n' for number in range(5)))
    config = Config()
    run_batch(Made(), [cases], tmp_path / "out", config_text=config.to_yaml(), config_hash=config.sha256)
    monkeypatch.setattr("pipeline.replay.LazyPipeline", Made)
    return tmp_path / "out"


def test_replay_says_nothing_of_the_same_results(out: Path) -> None:
    assert replay_run(out, batch_size=2) == []


def test_replay_names_the_fields_that_differ(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Made, "mood", "urgent")
    assert replay_run(out)[0] == "c-0: priority"


def test_replay_refuses_a_run_whose_database_is_gone(out: Path) -> None:
    (out / "wardround.sqlite").unlink()
    with pytest.raises(FileNotFoundError, match="wardround"):
        replay_run(out)
    assert not (out / "wardround.sqlite").exists()


def test_replay_refuses_a_database_of_something_else(out: Path) -> None:
    (out / "wardround.sqlite").write_bytes(b"")
    with pytest.raises(RunRefused, match="nothing to compare"):
        replay_run(out)
    for part in out.glob("wardround.sqlite*"):  # with what SQLite would recover it from
        part.unlink()
    (out / "wardround.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(RunRefused, match="cannot be opened"):
        replay_run(out)


def test_replay_refuses_altered_results(out: Path) -> None:
    results = out / "results.jsonl"
    results.write_text(results.read_text().replace("routine", "urgent", 1))
    with pytest.raises(RunRefused, match="not as the run wrote them"):
        replay_run(out)
