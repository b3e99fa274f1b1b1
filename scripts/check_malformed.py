"""Feed the readers malformed case files of every kind and count: one clear error each, no good case touched.

    python -m scripts.check_malformed

Prints a table of kinds and exits 1 if any malformed input was accepted, crashed, cost a good case, or was answered with
a message that repeats the file. The same check runs as a test.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from cases.case import Case
from cases.errors import CaseError
from cases.read import read_cases
from scripts.malformed import GOOD, SECRET, Malformed, broken_files, malformed_lines


def check_lines(folder: Path, lines: list[Malformed]) -> Counter[str]:
    """Read all lines from one file, a good case between every two, and count the errors by kind.

    Raises:
        ValueError: at the first line that is accepted, repeats the file, or costs a good case.
    """
    path = folder / "cases.jsonl"
    good = [json.dumps(GOOD | {"id": f"good-{number}"}).encode() for number in range(len(lines))]
    path.write_bytes(b"".join(bad.line + b"\n" + fine + b"\n" for bad, fine in zip(lines, good, strict=True)))
    outcomes = list(read_cases([path]))
    if len(outcomes) != 2 * len(lines):
        raise ValueError(f"{2 * len(lines)} lines gave {len(outcomes)} outcomes")
    counts: Counter[str] = Counter()
    for number, bad in enumerate(lines):
        _require_clear(outcomes[2 * number], 2 * number + 1, bad)
        fine = outcomes[2 * number + 1]
        if not isinstance(fine, Case) or fine.id != f"good-{number}":
            raise ValueError(f"the good case after a {bad.kind} was lost")
        counts[bad.kind] += 1
    return counts


def check_files(folder: Path) -> int:
    """Read whole files that are broken, beside a good one, and return their number.

    Raises:
        ValueError: if one of them is not exactly one error, or the good file is lost.
    """
    good = folder / "good.jsonl"
    good.write_text(json.dumps(GOOD))
    files = list(broken_files(folder))
    for path in files:
        errors = [item for item in read_cases([path, good]) if isinstance(item, CaseError)]
        found = [item for item in read_cases([path, good]) if isinstance(item, Case) and item.id == "good"]
        if len(errors) != 1 or len(found) != 1:
            raise ValueError(f"{path.name}: {len(errors)} errors, {len(found)} good cases")
        _require_clear(errors[0], errors[0].line, Malformed(path.name, b""))
    return len(files)


def _require_clear(outcome: Case | CaseError, line: int, bad: Malformed) -> None:
    if not isinstance(outcome, CaseError):
        raise ValueError(f"{bad.kind} was accepted: {bad.line[:120]!r}")
    said = f"{outcome.field} {outcome.code} {outcome.message} {outcome.remedy}"
    if outcome.line != line or not all((outcome.code, outcome.message, outcome.remedy)):
        raise ValueError(f"{bad.kind}: unclear error {outcome.to_json()}")
    if SECRET in said:
        raise ValueError(f"{bad.kind}: the message repeats the file")


def main() -> int:
    """Run both checks and print what was found."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    lines = malformed_lines()
    with tempfile.TemporaryDirectory() as folder:
        try:
            counts = check_lines(Path(folder), lines)
            files = check_files(Path(folder))
        except ValueError as error:
            print(f"failed: {error}")
            return 1
    for kind, count in counts.most_common():
        print(f"{count:6}  {kind}")
    print(f"{files:6}  whole files")
    total = len(lines) + files
    print(f"{total} malformed inputs, {total} clear errors; {len(lines)} good cases between them, none lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
