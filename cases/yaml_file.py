"""Read a YAML table with the C parser where PyYAML has it: ten times as fast, and there are thousands of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def read_yaml(path: Path) -> Any:
    """Return what a UTF-8 file of plain YAML holds.

    Raises:
        OSError: if the file cannot be read.
        UnicodeDecodeError: if it is not UTF-8.
        yaml.YAMLError: if it is no YAML.
    """
    text = path.read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
