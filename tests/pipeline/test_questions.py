"""What to ask first: as much is gained as brute force says, and nothing is asked that is known or tells nothing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Case, Diagnosis, Differential, Uncertainty
from cases.facts import FactReader, facts
from pipeline.questions import CANDIDATES, LEAST_GAIN, PRIOR, SILENCE, SPOKEN_OF, Asker, gain

LABELS = ("Acne", "Psoriasis", "Malaria", "Typhoid", "allergy")
DECIDES, DECIDES_TOO, DOES_NOT = "fever", "wheeze", "sleep_apnoea"  # the last stands in no red flag and no syndrome
SILENT = Case(id="a", text="feeling unwell since Monday")

shares = st.lists(st.floats(0.001, 1), min_size=2, max_size=5)


def differential(*probabilities: float, labels: tuple[str, ...] = LABELS) -> Differential:
    ranked = sorted(zip(probabilities, labels, strict=False), reverse=True)
    diagnoses = tuple(Diagnosis(label=label, icd10="X", probability=p) for p, label in ranked)
    return Differential(diagnoses=diagnoses, uncertainty=Uncertainty(confidence=ranked[0][0] if ranked else 0.0))


def asker(**present: tuple[float, ...]) -> Asker:
    return Asker(LABELS, present)


def ask_of(name: str) -> str:
    return facts()[name].ask


def brute_force(p: list[float], present: list[float]) -> float:
    """Expected entropy by going through every joint outcome of label and answer."""

    def entropy(weights: list[float]) -> float:
        total = sum(weights)
        return -sum(w / total * math.log(w / total) for w in weights if w > 0)

    answers = [[a * b for a, b in zip(p, present, strict=True)], [a * (1 - b) for a, b in zip(p, present, strict=True)]]
    return entropy(p) - sum(sum(joint) * entropy(joint) for joint in answers if sum(joint) > 0)


@given(shares, st.data())
@settings(max_examples=100, deadline=None)
def test_the_gain_equals_a_brute_force_expected_entropy(weights: list[float], data: st.DataObject) -> None:
    p = [w / sum(weights) for w in weights]
    present = data.draw(st.lists(st.floats(0, 1), min_size=len(p), max_size=len(p)))
    found = gain(np.array(p), np.array(present))
    assert found == pytest.approx(brute_force(p, present), abs=1e-9)
    assert -1e-12 <= found <= math.log(2) + 1e-12  # an answer of yes or no carries no more than one bit


@given(shares, st.floats(0, 1))
def test_a_fact_that_is_as_frequent_under_every_label_tells_nothing(weights: list[float], share: float) -> None:
    p = np.array(weights) / sum(weights)
    assert gain(p, np.full(len(p), share)) == pytest.approx(0, abs=1e-12)


@given(shares)
def test_nothing_is_gained_where_one_label_is_certain(weights: list[float]) -> None:
    p = np.eye(len(weights))[0]
    assert gain(p, np.clip(weights, 0, 1)) == pytest.approx(0, abs=1e-12)


def test_the_fact_that_tells_most_is_asked() -> None:
    made = asker(fever=(0.6, 0.4, 0.5, 0.5, 0.5), wheeze=(0.9, 0.1, 0.5, 0.5, 0.5), rash=(0.8, 0.2, 0.5, 0.5, 0.5))
    question = made.question(SILENT, differential(0.5, 0.5))
    assert question is not None
    assert question.ask == ask_of("wheeze")
    assert question.kind == "differential"
    assert "acne" in question.because
    assert "psoriasis" in question.because


def test_facts_that_tell_alike_are_asked_in_the_order_of_their_names() -> None:
    row = (0.9, 0.1, 0.5, 0.5, 0.5)
    for made in (asker(wheeze=row, fever=row), asker(fever=row, wheeze=row)):
        question = made.question(SILENT, differential(0.5, 0.5))
        assert question is not None
        assert question.ask == ask_of("fever")


@pytest.mark.parametrize("text", ["a fever since Monday", "no fever at all"])
def test_a_known_fact_is_never_asked(text: str) -> None:
    case = Case(id="a", text=text)
    assert FactReader(case)[DECIDES].value is not None
    certain = (0.95, 0.05, 0.5, 0.5, 0.5)
    assert asker(fever=certain).question(case, differential(0.5, 0.5)) is None
    question = asker(fever=certain, wheeze=(0.8, 0.2, 0.5, 0.5, 0.5)).question(case, differential(0.5, 0.5))
    assert question is not None
    assert question.ask == ask_of(DECIDES_TOO)


@given(st.lists(st.sampled_from(sorted(facts())), min_size=1, max_size=6, unique=True), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_whatever_is_asked_is_unknown(names: list[str], seed: int) -> None:
    generator = np.random.default_rng(seed)
    made = asker(**{name: tuple(generator.random(len(LABELS))) for name in names})
    case = Case(id="a", text="no fever, a rash on both arms, and he wheezes at night")
    question = made.question(case, differential(0.4, 0.3, 0.3))
    unknown = {ask_of(name) for name in names if FactReader(case)[name].value is None}
    assert question is None or question.ask in unknown


def test_a_deciding_fact_is_preferred_to_one_that_tells_more() -> None:
    better, worse = (0.99, 0.01, 0.5, 0.5, 0.5), (0.8, 0.2, 0.5, 0.5, 0.5)
    preferred = asker(**{DOES_NOT: better, DECIDES: worse}).question(SILENT, differential(0.5, 0.5))
    alone = asker(**{DOES_NOT: better}).question(SILENT, differential(0.5, 0.5))
    assert preferred is not None
    assert alone is not None
    assert (preferred.ask, alone.ask) == (ask_of(DECIDES), ask_of(DOES_NOT))


def test_a_deciding_fact_that_tells_nothing_gives_way() -> None:
    made = asker(**{DOES_NOT: (0.9, 0.1, 0.5, 0.5, 0.5), DECIDES: (0.5, 0.5, 0.5, 0.5, 0.5)})
    question = made.question(SILENT, differential(0.5, 0.5))
    assert question is not None
    assert question.ask == ask_of(DOES_NOT)


@pytest.mark.parametrize("probabilities", [(1.0, 0.0), (1.0,), (), (0.999, 0.001)])
def test_nothing_is_asked_when_one_label_is_certain(probabilities: tuple[float, ...]) -> None:
    assert asker(fever=(0.95, 0.05, 0.5, 0.5, 0.5)).question(SILENT, differential(*probabilities)) is None


def test_nothing_is_asked_that_is_not_worth_the_time() -> None:
    row = (0.6, 0.5, 0.5, 0.5, 0.5)
    assert gain(np.array([0.5, 0.5]), np.array(row[:2])) < LEAST_GAIN
    assert asker(fever=row).question(SILENT, differential(0.5, 0.5)) is None


def test_only_the_leading_labels_count() -> None:
    """A fact that would tell the fifth label from the rest is not asked."""
    assert CANDIDATES == 4
    fifth = asker(fever=(0.1, 0.1, 0.1, 0.1, 0.99))
    assert fifth.question(SILENT, differential(0.22, 0.21, 0.2, 0.19, 0.18)) is None
    assert fifth.question(SILENT, differential(0.18, 0.19, 0.2, 0.21, 0.22)) is not None


def test_a_label_that_was_never_counted_is_passed_over() -> None:
    made = asker(fever=(0.9, 0.1, 0.5, 0.5, 0.5))
    assert made.question(SILENT, differential(0.6, 0.4, labels=("Acne", "unheard of"))) is None


def test_presence_is_counted_by_hand() -> None:
    """Of six texts of a label four have a fever, one denies it and one is silent."""
    texts = ["I have a fever"] * 4 + ["no fever", "feeling unwell"]
    cases = [(Case(id=str(i), text=text), "Acne") for i, text in enumerate(texts)]
    cases += [(Case(id=f"o{i}", text="feeling unwell"), "Psoriasis") for i in range(10)]
    made = Asker.count(cases, ("Acne", "Psoriasis"))
    yes, no = 4 + PRIOR[0], 1 + PRIOR[1] + SILENCE * 1
    silent = PRIOR[0] / (PRIOR[0] + PRIOR[1] + SILENCE * 10)
    assert made.present["fever"] == pytest.approx((yes / (yes + no), silent), abs=1e-4)
    assert all(0 < share < 1 for row in made.present.values() for share in row)


@pytest.mark.parametrize("mentions", [SPOKEN_OF - 1, SPOKEN_OF])
def test_a_fact_that_is_hardly_ever_spoken_of_is_not_asked(mentions: int) -> None:
    texts = ["I have a fever"] * mentions + ["feeling unwell"] * 10
    made = Asker.count([(Case(id=str(i), text=text), "Acne") for i, text in enumerate(texts)], ("Acne",))
    assert ("fever" in made.present) == (mentions >= SPOKEN_OF)


def test_what_was_counted_survives_a_file(tmp_path: Path) -> None:
    made = asker(fever=(0.9, 0.1, 0.5, 0.5, 0.5))
    made.save(tmp_path / "facts.json")
    read = Asker.load(tmp_path / "facts.json")
    assert read == made
    assert read.question(SILENT, differential(0.5, 0.5)) == made.question(SILENT, differential(0.5, 0.5))


def test_without_a_file_nothing_is_asked(tmp_path: Path) -> None:
    assert Asker.load(tmp_path / "none.json").question(SILENT, differential(0.5, 0.5)) is None


def test_a_question_does_not_separate_a_label_from_itself() -> None:
    question = asker(fever=(0.4, 0.8, 0.5, 0.5, 0.5)).question(SILENT, differential(0.8, 0.2))
    assert question is not None
    one, other = question.because.removeprefix("separates ").split(" from ")
    assert one != other


def test_a_question_names_the_labels_that_it_tells_apart() -> None:
    """A fever speaks for acne and malaria alike, against psoriasis."""
    question = asker(fever=(0.9, 0.2, 0.95, 0.5, 0.5)).question(SILENT, differential(0.5, 0.49, 0.01))
    assert question is not None
    assert "psoriasis" in question.because
