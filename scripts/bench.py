"""Cases a second through the whole pipeline, without and with a plan, split by stage: `make bench`.

    python -m scripts.bench [--cases 240] [--threads 2] [--generator composed] [--out build/bench.json]

The texts are the shipped examples, repeated; models are loaded and warmed before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

from cases.case import Case
from cases.read import read_cases
from pipeline.build import build
from pipeline.config import load_config
from pipeline.wardround import Wardround

EXAMPLES = Path("examples/cases.jsonl")


def main() -> int:
    """Measure and print; write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=240)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--generator", default="composed")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    arguments = parser.parse_args()
    cases = repeated(arguments.cases)
    figures = {}
    for name, plan in (("without a plan", "false"), ("with a plan", "true")):
        settings = [f"plan={plan}", f"runtime.threads={arguments.threads}", f"generator.backend={arguments.generator}"]
        figures[name] = measure(build(load_config(settings=settings)), cases)
        print_figures(name, figures[name])
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 0


def repeated(count: int) -> list[Case]:
    """Return `count` example cases with ids of their own."""
    examples = [case for case in read_cases([EXAMPLES]) if isinstance(case, Case)]
    return [examples[i % len(examples)].model_copy(update={"id": f"c{i}"}) for i in range(count)]


def measure(pipeline: Wardround, cases: list[Case]) -> dict[str, float]:
    """Return cases a second and milliseconds a case of every stage."""
    pipeline.batch(cases[:4])
    started = time.perf_counter()
    results = [result for start in range(0, len(cases), 32) for result in pipeline.batch(cases[start : start + 32])]
    seconds = time.perf_counter() - started
    stages: dict[str, float] = defaultdict(float)
    for result in results:
        for stage, milliseconds in result.timings_ms.items():
            stages[stage] += milliseconds / len(results)
    return {"cases_per_second": len(cases) / seconds, **{f"{stage}_ms": ms for stage, ms in stages.items()}}


def print_figures(name: str, figures: dict[str, float]) -> None:
    """Print one block."""
    print(f"{name}: {figures['cases_per_second']:.1f} cases a second")
    for stage, value in figures.items():
        if stage.endswith("_ms"):
            print(f"  {stage.removesuffix('_ms'):16} {value:8.2f} ms a case")


if __name__ == "__main__":
    raise SystemExit(main())
