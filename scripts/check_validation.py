"""Accuracy of `wardround run` on the 240 validation rows of Symptom2Disease, beside the trivial baseline.

    python -m scripts.check_validation [--data Symptom2Disease.csv] [--out runs/validation]

The rows become case files that hold nothing but an id and a text, and go through the command like any other batch.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from cases.results import read_results
from pipeline.classifier.data import split
from pipeline.classifier.evaluation.baselines import svm
from pipeline.classifier.examples import read_examples

Z95 = 1.959964  # two-sided 95% normal quantile


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the 95% Wilson interval of a share."""
    p = right / n
    centre, half = p + Z95**2 / (2 * n), Z95 * math.sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
    return (centre - half) / (1 + Z95**2 / n), (centre + half) / (1 + Z95**2 / n)


def main() -> int:
    """Write the case files, run them, compare with the labels, print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/symptom2disease/Symptom2Disease.csv"))
    parser.add_argument("--out", type=Path, default=Path("runs/validation"))
    arguments = parser.parse_args()
    rows = read_examples(arguments.data)
    parts = split(rows, calibrate_folds=0)
    asked = {f"row-{i}": rows[i] for i in parts.validation}
    shutil.rmtree(arguments.out, ignore_errors=True)
    arguments.out.mkdir(parents=True)
    cases = arguments.out / "cases.jsonl"
    lines = [json.dumps({"id": name, "text": row.text}) for name, row in asked.items()]
    cases.write_text("\n".join(lines), encoding="utf-8")
    command = [
        str(Path(sys.executable).parent / "wardround"),
        "run",
        str(cases),
        "--out",
        str(arguments.out / "run"),
        "--quiet",
    ]
    code = subprocess.run(command, check=False).returncode
    results = list(read_results(arguments.out / "run" / "results.jsonl"))
    right = sum(r.differential[0].label == asked[r.case_id].label for r in results)
    low, high = wilson(right, len(results))
    auto = [r for r in results if r.route == "auto"]
    auto_right = sum(r.differential[0].label == asked[r.case_id].label for r in auto)
    print(f"exit code {code}; {len(results)} of {len(asked)} cases complete")
    print(f"accuracy {right / len(results):.4f} (95% {low:.3f} to {high:.3f}), {right} of {len(results)}")
    seen = [row for row in rows if row.text not in {held.text for held in asked.values()}]
    print(f"baseline TF-IDF + linear SVM {svm(seen).right(list(asked.values())).mean():.4f}")
    print(f"released {len(auto)} ({len(auto) / len(results):.2f}), right among them {auto_right}")
    print("reasons for review:", dict(Counter(reason.code for r in results for reason in r.reasons).most_common()))
    return 0 if code == 0 and len(results) == len(asked) else 1


if __name__ == "__main__":
    raise SystemExit(main())
