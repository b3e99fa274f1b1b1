"""Check a folder of vocabulary tables: `python -m scripts.check_vocabulary [FOLDER]` (default: the one that ships)."""

from __future__ import annotations

import sys
from pathlib import Path

from cases.vocabulary.check import problems, summary
from cases.vocabulary.tables import VOCABULARY


def main() -> int:
    """Print what the folder holds and every mistake; return 1 if there is one."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else VOCABULARY
    print(summary(folder))
    mistakes = problems(folder)
    for mistake in mistakes:
        print("-", mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    raise SystemExit(main())
