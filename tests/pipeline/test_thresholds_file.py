"""A calibration's file: what was written is read again, and what could not stop anything is refused by its name."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.monotone import MonotoneLogistic
from pipeline.thresholds import SIGNALS, Calibration

DOUBT = MonotoneLogistic(SIGNALS, (0.1,) * 6, (1.5,) * 6, (1.0, 0.2, 0.3, 0.0, 0.4, 0.5), -1.0)


def calibration(cases: int) -> Calibration:
    generator = np.random.default_rng(0)
    signals = generator.random((cases, len(SIGNALS))).round(6)
    signals[:, SIGNALS.index("set_size")] = 0
    known = [(None, False, True)[i % 3] for i in range(cases)]
    return Calibration(signals.tolist(), [i % 3 != 2 for i in range(cases)], known, DOUBT, "fit:test", "made up")


def test_a_calibration_survives_its_file(tmp_path: Path) -> None:
    made = calibration(400)
    made.save(tmp_path / "calibration.json")
    read = Calibration.load(tmp_path / "calibration.json")
    assert read == made
    assert read.thresholds() == made.thresholds()


def test_a_file_holds_one_case_a_line(tmp_path: Path) -> None:
    calibration(7).save(tmp_path / "calibration.json")
    stored = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    lines = (tmp_path / "calibration.json").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("  [") for line in lines) == len(stored["cases"]) == 7
    assert stored["columns"][: len(SIGNALS)] == list(SIGNALS)


def broken(tmp_path: Path, change: Any) -> Path:
    """Write a good file, and beside it what `change` makes of its contents."""
    calibration(5).save(tmp_path / "good.json")
    text = (tmp_path / "good.json").read_text(encoding="utf-8")
    changed = change(text) if isinstance(change(text), str) else json.dumps(change(text))
    (tmp_path / "broken.json").write_text(changed, encoding="utf-8")
    return tmp_path / "broken.json"


def without(key: str) -> Any:
    return lambda text: {k: v for k, v in json.loads(text).items() if k != key}


def each_case(change: Any) -> Any:
    def changed(text: str) -> dict[str, Any]:
        stored = json.loads(text)
        return {**stored, "cases": [change(row) for row in stored["cases"]]}

    return changed


def with_doubt(**changes: Any) -> Any:
    def changed(text: str) -> dict[str, Any]:
        stored = json.loads(text)
        return {**stored, "doubt": {**stored["doubt"], **changes}}

    return changed


REFUSED = {
    "no cases": lambda text: {**json.loads(text), "cases": []},
    "a key is missing": without("source"),
    "the score is missing": without("doubt"),
    "a key is unknown": lambda text: {**json.loads(text), "colour": "blue"},
    "a list": lambda text: [json.loads(text)],
    "a signal is null": each_case(lambda row: [None, *row[1:]]),
    "a signal is not finite": each_case(lambda row: [math.nan, *row[1:]]),
    "a signal is infinite": each_case(lambda row: [*row[:2], math.inf, *row[3:]]),
    "a row is short": each_case(lambda row: row[:4]),
    "a row is a number": each_case(lambda row: row[0]),
}
SLIPS_THROUGH = {  # refused without the file's name, or not at all
    "cut off": lambda text: text[:-40],
    "empty": lambda text: "\n",
    "a word": lambda text: '"calibration"',
    "null": lambda text: "null",
    "a signal is a word": each_case(lambda row: ["high", *row[1:]]),
    "a signal too few": each_case(lambda row: row[1:]),
    "a signal too many": each_case(lambda row: [0.0, *row]),
    "no emergency column": each_case(lambda row: row[:-1]),
    "columns in another order": lambda text: {**json.loads(text), "columns": json.loads(text)["columns"][::-1]},
    "right is a word": each_case(lambda row: [*row[:-2], "no", row[-1]]),
    "emergency is a word": each_case(lambda row: [*row[:-1], "no"]),
    "a negative weight": with_doubt(weights=[-1.0] * 6),
    "the score of other signals": with_doubt(names=["age"], centre=[0.0], scale=[1.0], weights=[1.0]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_broken_file_is_refused_by_its_name(tmp_path: Path, what: str) -> None:
    with pytest.raises(ValueError, match=r"broken\.json"):
        Calibration.load(broken(tmp_path, REFUSED[what]))


@pytest.mark.parametrize("what", SLIPS_THROUGH)
def test_a_differently_broken_file_is_refused_by_its_name(tmp_path: Path, what: str) -> None:
    with pytest.raises(ValueError, match=r"broken\.json"):
        Calibration.load(broken(tmp_path, SLIPS_THROUGH[what]))
