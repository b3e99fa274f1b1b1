"""The benchmark of the safety screen: labels by construction, the same draw for the same seed, honest baselines."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from cases.case import Medication
from cases.vocabulary.tables import sources
from pipeline.safety_benchmark import generated
from pipeline.safety_benchmark.evaluate import Evaluation, evaluate, flat
from pipeline.safety_benchmark.judges import BASELINES, ScreenJudge, no_antibiotics, nobody
from pipeline.safety_benchmark.measure import measure, outcome
from pipeline.safety_benchmark.mutate import CLASSES, Mutant, mutants
from pipeline.safety_benchmark.plans import correct_plans, words
from safety.rxnorm import OfflineResolver
from safety.screen import Screen

ERRORS = 45


@pytest.fixture(scope="module")
def judge() -> ScreenJudge:
    resolver = OfflineResolver()
    return ScreenJudge(Screen(resolver=resolver), resolver)


@pytest.fixture(scope="module")
def errors() -> list[Mutant]:
    return mutants(Random(5), ERRORS)


def test_every_class_of_error_is_drawn_alike(errors: list[Mutant]) -> None:
    assert [mutant.unsafe for mutant in errors] == [CLASSES[i % len(CLASSES)] for i in range(ERRORS)]


def test_an_error_changes_the_text_or_the_case_and_nothing_else(errors: list[Mutant]) -> None:
    for mutant in errors:
        changed = mutant.before.text != mutant.after.text, mutant.before.case != mutant.after.case
        assert sum(changed) == 1, mutant


def test_the_same_seed_draws_the_same_errors() -> None:
    drawn = [[(m.unsafe, m.what, m.after.text) for m in mutants(Random(8), 18)] for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_the_screen_stops_each_class(judge: ScreenJudge, errors: list[Mutant]) -> None:
    missed = [(mutant.unsafe, mutant.what) for mutant in errors if not outcome(judge, mutant).caught]
    assert len(missed) <= 2, missed


def test_correct_plans_pass(judge: ScreenJudge) -> None:
    stopped = {plan.syndrome: judge.stopping(plan) for plan in correct_plans(Random(6), 40) if judge(plan)}
    assert not stopped


def test_a_screen_that_says_nothing_scores_nothing(errors: list[Mutant]) -> None:
    class Silent(ScreenJudge):
        def __init__(self) -> None: ...

        def findings(self, plan: object) -> tuple[()]:
            return ()

    assert not any(outcome(Silent(), mutant).caught for mutant in errors)


def test_the_baselines_are_what_they_are_called(errors: list[Mutant]) -> None:
    assert not any(nobody(mutant.after) for mutant in errors)
    assert all(no_antibiotics(mutant.after) for mutant in errors if mutant.unsafe in ("U1", "U4"))
    assert set(BASELINES) == {"nobody", "substring", "no_antibiotics"}


def test_figures_have_intervals_and_flat_names(judge: ScreenJudge) -> None:
    figures = flat(measure(judge, 9, seed=3))
    assert 0 <= figures["mutation.U1.sensitivity.low"] <= figures["mutation.U1.sensitivity"] <= 1
    assert figures["correct.cases"] == 9


def test_states_and_pairs_name_sources_of_the_vocabulary() -> None:
    cited = {entry["source"] for part in ("states", "pairs") for entry in words()[part]}
    assert not cited - set(sources())


class _Model:
    """Writes the same two sentences for everybody, and counts what it was asked."""

    name = "fake"

    def __init__(self) -> None:
        self.asked = 0

    def generate(self, prompts: Sequence[str], *, max_new_tokens: int) -> list[str]:
        self.asked += len(prompts)
        return ["Take amoxicillin 500 mg three times daily for 5 days. Rest." for _ in prompts]


def test_a_model_writes_once_and_is_judged_both_ways(judge: ScreenJudge, tmp_path: Path) -> None:
    asked, model, onc = generated.patients(Random(2), 12), _Model(), frozenset[frozenset[str]]()
    first = generated.write_plans(asked, model, tmp_path / "texts.jsonl")
    count = model.asked
    assert generated.write_plans(asked, model, tmp_path / "texts.jsonl") == first
    assert model.asked == count
    figures = flat(generated.figures(first, judge, onc, seed=1))
    assert figures["generated.own_rules.on"] == 0
    assert figures["generated.independent.on"] <= figures["generated.independent.off"]
    assert figures["generated.independent.off"] > 0


def test_references_know_the_pair_and_not_the_advice_against_it() -> None:
    plan = generated.patients(Random(2), 2)[0]
    case = plan.case.model_copy(update={"medications": (Medication(name="simvastatin"),), "allergies": ()})
    onc = frozenset({frozenset({"simvastatin", "clarithromycin"})})
    told = replace(plan, case=case, syndrome="uti.cystitis_men", sentences=("Give clarithromycin 500 mg.",))
    assert generated.independently_unsafe(told, onc)
    assert not generated.independently_unsafe(replace(told, sentences=("Avoid clarithromycin.",)), onc)
    assert not generated.independently_unsafe(told, frozenset())


def test_parts_are_kept_and_the_sheet_is_blind(judge: ScreenJudge, tmp_path: Path) -> None:
    made = Evaluation(
        screen=judge, resolver=OfflineResolver(), generator=_Model, shared=tmp_path, number=9, plans=4, seed=4,
        out=tmp_path,
    )  # fmt: skip
    evaluate(made, ["mutations"], provenance={})
    figures = evaluate(made, ["generated", "sheet"], provenance={})
    stored = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert stored == figures
    assert {"mutation.sensitivity", "generated.plans"} <= set(stored)
    assert "Plans with an error" in (tmp_path / "report.html").read_text(encoding="utf-8")
    with (tmp_path / "sheet.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    assert not any("U" + digit in " ".join(row.values()) for row in rows for digit in "123456789")
