"""Rebuild the codes of drugs.csv and the derived name tables from the witness tables.

    python -m scripts.build_drug_tables --evidence ../shared

Review the diff of drugs.csv before committing it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cases.vocabulary.build import build
from cases.vocabulary.tables import VOCABULARY


def main() -> None:
    """Parse the arguments, rebuild, and print how many rows each table got."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evidence", type=Path, required=True, help="folder with knowledge/ and data/rxnorm/")
    parser.add_argument("--folder", type=Path, default=VOCABULARY)
    arguments = parser.parse_args()
    for table, count in build(arguments.evidence, arguments.folder).items():
        print(f"{count:6d} {table}")


if __name__ == "__main__":
    main()
