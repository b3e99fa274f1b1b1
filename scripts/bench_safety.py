"""How long the safety screen takes: import, first call, a plan for a patient, a sentence, a misspelling: `make bench`.

    python -m scripts.bench_safety [--runs 300] [--out build/bench_safety.json]

A plan has about 200 words and orders six drugs; the patient takes eight. Every text and every patient is another one,
so that nothing answers from memory; what a first call costs is told apart.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from cases.case import Case, Medication
from cases.vocabulary.tables import drugs
from safety.interactions import Interactions
from safety.mentions import find_mentions
from safety.pairs import Pairs
from safety.rxnorm import OfflineResolver
from safety.screen import Screen

WORDS, ORDERED, TAKEN = 200, 6, 8
IMPORT = "import time; start = time.perf_counter(); import safety.screen; print(time.perf_counter() - start)"
REMARKS = (
    "Drink enough, and rest until the fever has gone",
    "Come back at once for chest pain, confusion or trouble breathing",
    "Weigh yourself every morning and write it down",
    "The result of the blood test will be there on day {}",
    "Keep the appointment in {} weeks",
)
ORDERS = ("{} {} mg twice daily for {} days", "{} {} mg once daily", "{} {} mg every 8 hours for {} days")


def main() -> int:
    """Measure and print; write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("build/bench_safety.json"))
    arguments = parser.parse_args()
    figures = measure(arguments.runs)
    for name, value in figures.items():
        print(f"{name:32} {value:10.3f}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 0


def measure(runs: int) -> dict[str, float]:
    """Return every figure; times in milliseconds unless the name says seconds."""
    draw = random.Random(42)
    made, screen = _timed(Screen)
    resolver = OfflineResolver()
    names = sorted(drugs())
    first, *rest = [(patient(names, draw), plan(names, draw)) for _ in range(runs + 11)]
    first_ms, _ = _timed(lambda: screen.text(*first))
    for told in rest[:10]:
        screen.text(*told)
    spent = [_timed(lambda told=told: screen.text(*told))[0] for told in rest[10:]]  # type: ignore[misc]
    return {
        "import_seconds": _import_seconds(),
        "tables_seconds": made / 1000,
        "first_plan": first_ms,
        "plan_p50": median(spent),
        "plan_p95": quantiles(spent, n=20)[-1],
        "mentions_a_sentence": _each(
            lambda text: find_mentions(text, default="proposed"), _sentences(names, draw, runs)
        ),
        "fuzzy_name": _each(resolver.resolve, [_misspelt(draw.choice(names), draw) for _ in range(runs)]),
        **_pairs_figures(names, draw, runs),
    }


def patient(names: Sequence[str], draw: random.Random) -> Case:
    """Return a patient with eight medicines and two conditions."""
    taken = tuple(Medication(name=name) for name in draw.sample(names, TAKEN))
    minutes = draw.randrange(2, 10**6)
    story = f"Cough, fever and a sore throat for {minutes} minutes, no chest pain, and a swollen left knee."
    values: dict[str, Any] = {
        "id": f"p{draw.random()}",
        "text": story,
        "patient": {"age": draw.uniform(20, 90), "sex": draw.choice(("female", "male")), "egfr": draw.uniform(20, 110)},
        "conditions": ({"code": "I10"}, {"system": "other", "display": "Asthma"}),
        "medications": taken,
        "allergies": draw.choice((("penicillin",), ("codeine",), ())),
    }
    return Case.model_validate(values)


def plan(names: Sequence[str], draw: random.Random) -> str:
    """Return a text of about two hundred words with six orders."""
    sentences = [
        f"Start {draw.choice(ORDERS).format(name, draw.choice((5, 20, 50, 500)), draw.randrange(3, 15))}."
        for name in draw.sample(names, ORDERED)
    ]
    while sum(len(sentence.split()) for sentence in sentences) < WORDS:
        remark = draw.choice(REMARKS).format(draw.randrange(1, 10_000))
        sentences.insert(draw.randrange(len(sentences) + 1), f"{remark}, as agreed at {draw.randrange(1, 10_000)}.")
    return " ".join(sentences)


def _sentences(names: Sequence[str], draw: random.Random, count: int) -> list[str]:
    return [f"On day {draw.random()} she took {draw.choice(names)} and felt no better." for _ in range(count)]


def _misspelt(name: str, draw: random.Random) -> str:
    place = draw.randrange(len(name))
    return name[:place] + draw.choice("aeiourstln") + name[place + 1 :]


def _pairs_figures(names: Sequence[str], draw: random.Random, runs: int) -> dict[str, float]:
    """Interactions of many pairs: through one table of rules, and each as a screen of its own."""
    pairs = draw.sample(list(combinations(draw.sample(names, 60), 2)), min(runs, 1000))
    resolver = OfflineResolver()
    table = Pairs(resolver, Interactions(resolver))
    table.row({"name_a": "loratadine", "name_b": "amoxicillin"})  # no rule: reads what every rule covers
    together = _each(lambda pair: table.row({"name_a": pair[0], "name_b": pair[1]}), pairs)
    screen = Screen(resolver=OfflineResolver())  # which has not met these names yet, either
    alone = _each(screen.interactions, pairs)
    return {"pair_in_a_table": together, "pair_by_screen": alone, "table_times_faster": alone / together}


def _each(call: Callable[[Any], Any], items: Iterable[Any]) -> float:
    """Return the mean milliseconds of a call."""
    every = list(items)
    spent, _ = _timed(lambda: [call(item) for item in every])
    return spent / len(every)


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the milliseconds of a call, and what it returned."""
    start = time.perf_counter()
    value = call()
    return (time.perf_counter() - start) * 1000, value


def _import_seconds() -> float:
    """Return the least of three fresh interpreters; the first may still compile."""
    runs = (
        subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True) for _ in range(3)
    )
    return min(float(run.stdout) for run in runs)


if __name__ == "__main__":
    raise SystemExit(main())
