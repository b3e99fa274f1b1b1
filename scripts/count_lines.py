"""Write down how many lines the tables of the vocabulary and of the safety rules have, so that a cut one is noticed.

python -m scripts.count_lines
"""

from __future__ import annotations

import csv
from pathlib import Path

from cases.files import replacing
from cases.vocabulary.tables import VOCABULARY
from cases.whole import LISTING, lines_in
from safety.rules import KNOWLEDGE

TABLES = (".yaml", ".csv", ".txt", ".gz", "")
NO_TABLES = (LISTING, "LICENSE")


def main() -> int:
    """Count and write both listings."""
    for folder in (VOCABULARY, KNOWLEDGE):
        with replacing(folder / LISTING) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(("file", "lines"))
            rows.writerows((path.relative_to(folder).as_posix(), lines_in(path)) for path in tables(folder))
    return 0


def tables(folder: Path) -> list[Path]:
    """Return every table of a folder and of the folders in it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return [path for path in files if path.suffix in TABLES and path.name not in NO_TABLES]


if __name__ == "__main__":
    raise SystemExit(main())
