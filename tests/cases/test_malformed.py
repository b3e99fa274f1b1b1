"""At least 500 malformed inputs of every kind give exactly as many clear errors; the good cases between them live."""

from __future__ import annotations

from pathlib import Path

from scripts.check_malformed import check_files, check_lines
from scripts.malformed import malformed_lines


def test_every_malformed_line_is_one_clear_error(tmp_path: Path) -> None:
    lines = malformed_lines()
    assert len(lines) >= 500
    counts = check_lines(tmp_path, lines)
    assert counts.total() == len(lines)
    assert len(counts) >= 15


def test_every_broken_file_is_one_clear_error(tmp_path: Path) -> None:
    assert check_files(tmp_path) >= 20
