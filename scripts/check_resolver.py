"""Misspell every ingredient and brand of the drug tables and print what the resolver makes of it.

    python -m scripts.check_resolver --seed 7 --repeats 2

Targets: of one edit none wrong and 99% right; of two edits at most 0.3% wrong and 45% right.
"""

from __future__ import annotations

import argparse
import random
import time

from cases.vocabulary.lexicon import lexicon
from safety.misspellings import Score, measure, names_of
from safety.rxnorm import OfflineResolver


def main() -> None:
    """Measure one and two edits, and say how long a name took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=1, help="misspellings of each name")
    arguments = parser.parse_args()
    resolver, known, names = OfflineResolver(), lexicon(), names_of() * arguments.repeats
    for edits in (1, 2):
        began = time.perf_counter()
        score = measure(resolver, names, edits, random.Random(arguments.seed), known)
        taken = (time.perf_counter() - began) / max(score.total, 1)
        print(f"{edits} edit{'s' if edits > 1 else ' '} {score}, {1000 * taken:.1f} ms a name")
        _print_mistakes(score)


def _print_mistakes(score: Score) -> None:
    for written, meant, read_as in score.mistakes[:20]:
        print(f"    {written}: {meant} was read as {read_as}")


if __name__ == "__main__":
    main()
