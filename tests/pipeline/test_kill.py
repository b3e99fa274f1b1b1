"""Real processes, really killed; `python -m scripts.check_kill` does the same with thirty kills."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.check_kill import Outcome, check, made_up_command, mistakes_in, write_cases


def _check(folder: Path, *, cases: int, kills: int) -> Outcome:
    write_cases(folder / "cases.jsonl", cases)
    return check(made_up_command(folder), folder, cases=cases, kills=kills, seed=7)


def test_killed_run_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    outcome = _check(tmp_path, cases=100, kills=5)
    assert outcome.mistakes == []
    assert outcome.kills == 5


@pytest.mark.slow
def test_run_killed_thirty_times_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    outcome = _check(tmp_path, cases=200, kills=30)
    assert outcome.mistakes == []
    assert outcome.moments["among the cases"] > 0


def test_check_kill_sees_a_lost_and_a_doubled_result(tmp_path: Path) -> None:
    write_cases(tmp_path / "cases.jsonl", 40)
    from scripts.check_kill import _run_to_the_end

    _run_to_the_end(made_up_command(tmp_path))
    assert mistakes_in(tmp_path / "out", 40) == []
    results = tmp_path / "out" / "results.jsonl"
    lines = results.read_text().splitlines(keepends=True)
    results.write_text("".join([*lines[:-1], lines[0]]))
    assert mistakes_in(tmp_path / "out", 40) == ["40 results, 39 distinct, 40 wanted, in order"]
