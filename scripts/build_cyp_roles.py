"""Rebuild the table of CYP and transporter roles from the FDA's list of examples.

    python -m scripts.build_cyp_roles --evidence ../shared/knowledge/fda_roles_long.csv

Review the diff of safety/knowledge/cyp_roles.csv before committing it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cases.vocabulary.build import write_csv
from cases.vocabulary.tables import drugs
from safety.cyp_roles import HEADER, TABLES, fda_roles
from safety.rules import KNOWLEDGE


def main() -> None:
    """Parse the arguments, rebuild the table, and print what is not in the vocabulary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evidence", type=Path, required=True, help="table: substance, pathway, role, level")
    parser.add_argument("--folder", type=Path, default=KNOWLEDGE)
    arguments = parser.parse_args()
    roles, unmapped = fda_roles(arguments.evidence, drugs(), arguments.folder)
    write_csv(arguments.folder / TABLES[0], HEADER, [role.row() for role in roles])
    print(f"{len(roles)} roles of {len({role.name for role in roles})} ingredients")
    print(f"not in the vocabulary: {', '.join(unmapped) or 'none'}")


if __name__ == "__main__":
    main()
