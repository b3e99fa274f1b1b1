"""The rows' own expert: it speaks for texts like the rows, and leaves all others as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cases.case import Case
from pipeline.classifier.examples import OTHER, Example
from pipeline.classifier.local import LocalExpert, Opinion, with_rows
from pipeline.classifier.ngrams import counts
from pipeline.classifier.sampler import Draws

LABELS = ("acne", "cold", "gout", "migraine")
SAID = {
    "acne": "I have been having spots on my {} and they are sore",
    "cold": "I have been having a runny nose and my {} feels full",
    "gout": "I have been having pain in my big toe and the {} is red",
    "migraine": "I have been having throbbing headaches behind my {} and light hurts",
}
PLACES = ("face", "head", "skin", "eye", "foot", "back", "neck", "chest", "ear", "arm")
LETTERS = [
    f"{age}F, {what}, on {drug}." for age in (31, 54, 78) for what in ("fatigue", "rash") for drug in ("ACEi", "DOAC")
]
WIDTH = 4  # of the features: half CLS, half context


def example(text: str, label: str) -> Example:
    return Example(Case(id=text, text=text), label)


@pytest.fixture(scope="module")
def expert() -> LocalExpert:
    rows = [example(said.format(place), label) for label, said in SAID.items() for place in PLACES]
    features = torch.eye(4).repeat_interleave(len(PLACES), dim=0).double()
    texts = [example(text, OTHER) for text in LETTERS]
    return LocalExpert.fit(rows, features, texts=texts, labels=LABELS, centre=torch.zeros(WIDTH))


def opinion(expert: LocalExpert, *texts: str) -> Opinion:
    return expert(counts(texts), torch.zeros(len(texts), WIDTH).double())


def draws(*labels: list[float]) -> Draws:
    count = len(labels)
    return Draws(
        torch.tensor([labels]).double(), torch.zeros(1, count).double(), torch.zeros(count, 2), torch.zeros(count, 2)
    )


def test_the_gate_is_open_for_texts_like_the_rows_alone(expert: LocalExpert) -> None:
    like, unlike = opinion(expert, "I have been having spots on my nose and they are sore", "68M, SOB, on DOAC.").gate
    assert float(like) > 0.8 > 0.2 > float(unlike)


@pytest.mark.parametrize("label", LABELS)
def test_the_expert_knows_its_labels(expert: LocalExpert, label: str) -> None:
    assert LABELS[int(opinion(expert, SAID[label].format("knee")).labels.argmax())] == label


def test_what_none_of_the_rows_said_is_unknown(expert: LocalExpert) -> None:
    unknown = opinion(
        expert, SAID["gout"].format("joint"), "I have been having fits and I bit my tongue while asleep"
    ).unknown
    assert unknown is not None
    assert unknown[1] > unknown[0]


def test_a_closed_gate_leaves_the_draws_as_they_were() -> None:
    before = draws([0.6, 0.3, 0.1], [0.05, 0.05, 0.9])
    shut = Opinion(torch.zeros(2).double(), torch.log(torch.tensor([[0.1, 0.9]] * 2)).double(), torch.ones(2).double())
    assert torch.allclose(with_rows(before, shut, has_other=True).labels, before.labels)


def test_an_open_gate_says_what_the_rows_say() -> None:
    rows = Opinion(torch.ones(1).double(), torch.log(torch.tensor([[0.1, 0.9]])).double(), torch.zeros(1).double())
    found = with_rows(draws([0.6, 0.3, 0.1]), rows, has_other=True).labels[0, 0]
    assert found.tolist() == pytest.approx([0.05, 0.45, 0.5])


def test_an_expert_of_few_labels_leaves_none_of_them_to_the_network() -> None:
    rows = [example(SAID[label].format(place), label) for label in LABELS[:2] for place in PLACES]
    few = LocalExpert.fit(
        rows,
        torch.ones(len(rows), WIDTH).double(),
        texts=[example(text, OTHER) for text in LETTERS],
        labels=LABELS[:2],
        centre=torch.zeros(WIDTH),
    )
    said = opinion(few, SAID["acne"].format("chin"))
    assert said.unknown is None
    found = with_rows(draws([0.2, 0.7, 0.1]), said, has_other=True).labels[0, 0]
    assert float(found[2]) == pytest.approx(0.1)
    assert int(found.argmax()) == 0


@pytest.mark.parametrize("gate", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("has_other", [True, False])
def test_probabilities_sum_to_one(gate: float, has_other: bool) -> None:
    p = [0.5, 0.3, 0.2]
    labels = 2 if has_other else 3
    said = torch.log_softmax(torch.randn(1, labels, generator=torch.Generator().manual_seed(1)).double(), dim=-1)
    rows = Opinion(torch.tensor([gate]).double(), said, torch.tensor([0.7]).double())
    assert float(with_rows(draws(p), rows, has_other=has_other).labels.sum()) == pytest.approx(1)


def test_an_opinion_does_not_depend_on_the_batch(expert: LocalExpert) -> None:
    texts = [SAID["gout"].format("joint"), LETTERS[0], ""]
    together = opinion(expert, *texts)
    for i, text in enumerate(texts):
        for part, alone in zip(together, opinion(expert, text), strict=True):
            assert part is not None
            assert alone is not None
            assert torch.equal(part[i], alone[0])


def test_an_expert_survives_its_file(expert: LocalExpert, tmp_path: Path) -> None:
    expert.save(tmp_path)
    read = LocalExpert.load(tmp_path)
    assert read is not None
    for found, expected in zip(opinion(read, *LETTERS), opinion(expert, *LETTERS), strict=True):
        assert found is not None
        assert expected is not None
        assert torch.allclose(found, expected, atol=2e-2)
    assert np.array_equal(read.kept, expert.kept)


def test_without_rows_apart_there_is_no_expert(tmp_path: Path) -> None:
    assert LocalExpert.load(tmp_path) is None
