"""The guideline digests inside the PyPI package `open-medicine` (MIT), read where it is installed.

They are summaries by others, some superseded: graded `secondary`, with their year and DOI shown, and never the
support of a drug statement.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases.packages import package_folder
from retrievers.passage import Passage

LICENCE = "MIT (open-medicine)"
MIN_CHARACTERS = 80  # a heading with less under it says nothing


def read_open_medicine(folder: Path | None = None) -> list[Passage]:
    """Return one passage for every `##` section of every guideline in the package's registry.

    Args:
        folder: the package's `guidelines` folder; the installed one by default.

    Raises:
        PackageMissing: if the package is not installed.
    """
    root = folder or package_folder("open_medicine") / "guidelines"
    registry = json.loads((root / "registry.json").read_text(encoding="utf-8"))
    entries = registry if isinstance(registry, list) else registry["guidelines"]
    return [passage for entry in entries for passage in _guideline(root / "content" / entry["id"], entry)]


def _guideline(folder: Path, entry: dict[str, Any]) -> Iterator[Passage]:
    newer = entry.get("superseded_by")
    title = f"{entry['title']} ({entry['year']})" + (f", superseded by {newer}" if newer else "")
    for path in sorted(folder.glob("*.md")):
        blocks = re.split(r"^(?=## )", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for number, block in enumerate(blocks):
            text = _plain(block)
            if len(text) >= MIN_CHARACTERS:
                yield Passage(
                    id=f"om:{entry['id']}/{path.stem}#{number}",
                    title=title,
                    text=text,
                    grade="secondary",
                    source=f"{entry['title']} ({entry['organization']}, {entry['year']})",
                    licence=LICENCE,
                    year=entry["year"],
                    url=f"https://doi.org/{entry['doi']}" if entry.get("doi") else None,
                )


def _plain(block: str) -> str:
    """Drop Markdown's marks, keep its lines; table rows become comma-separated."""
    lines = [line for line in block.splitlines() if not re.fullmatch(r"[\s|:-]*", line)]
    cleaned = [re.sub(r"[*_`#]+", "", line).strip(" |").replace(" | ", ", ") for line in lines]
    return "\n".join(line for line in cleaned if line)
