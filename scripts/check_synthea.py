"""Every Synthea patient bundle becomes a case with text, vitals, medicines and conditions.

python -m scripts.check_synthea [--data ../shared/data/synthea-r4]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cases.case import Case, Vitals
from cases.read import read_cases


def main() -> int:
    """Print one line a bundle; a bundle of practitioners holds no patient and must say so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/synthea-r4"))
    wrong = 0
    paths = sorted(parser.parse_args().data.glob("*.json.gz"))
    for path in paths:
        (found,) = read_cases([path])
        if isinstance(found, Case):
            whole = bool(found.text) and found.vitals != Vitals() and None not in (found.medications, found.conditions)
            held = (len(found.text or ""), len(found.medications or ()), len(found.conditions or ()))
            counts = "{} characters, {} medicines, {} conditions".format(*held)
            print("ok  " if whole else "THIN", path.name[:40].ljust(40), counts)
            wrong += not whole
        else:
            expected = path.name.startswith("practitioner")
            print("ok  " if expected else "FAIL", path.name[:40].ljust(40), f"refused: {found.message} {found.remedy}")
            wrong += not expected
    print(f"{len(paths) - wrong} of {len(paths)} as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
