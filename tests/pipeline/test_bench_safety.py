"""The benchmark of the safety screen runs and measures what it says."""

from __future__ import annotations

import random

from cases.vocabulary.tables import drugs
from safety.mentions import find_mentions
from scripts.bench_safety import ORDERED, TAKEN, WORDS, measure, patient, plan


def test_texts_and_patients_are_of_the_promised_size_and_all_different() -> None:
    draw, names = random.Random(1), sorted(drugs())
    made = [(patient(names, draw), plan(names, draw)) for _ in range(20)]
    assert len({text for _, text in made}) == len({case.text for case, _ in made}) == 20
    for case, text in made:
        assert WORDS <= len(text.split()) < WORDS + 30
        assert len(case.medications or ()) == TAKEN
        assert len(find_mentions(text, default="proposed")) >= ORDERED


def test_every_figure_is_measured() -> None:
    figures = measure(10)
    assert {"import_seconds", "first_plan", "plan_p50", "plan_p95", "mentions_a_sentence", "fuzzy_name"} <= set(figures)
    assert all(value > 0 for value in figures.values())
    assert figures["plan_p95"] >= figures["plan_p50"]
    assert figures["plan_p50"] < 500  # milliseconds; 9 to 18 on one slow core
