"""The words' own opinion, and how it is pooled with the network's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cases.case import Case
from pipeline.classifier.examples import OTHER, Example
from pipeline.classifier.lexicon import Lexicon, pooled, pooled_labels
from pipeline.classifier.model import Logits
from pipeline.classifier.ngrams import counts
from pipeline.classifier.sampler import Draws

SPOTS = ["red spots on my face", "spots on the face and back", "itchy spots, red face", "face full of red spots"]
COUGH = ["a cough and a fever", "dry cough at night", "cough, fever, short of breath", "cough for a week"]
NOISE = ["how do I reset my password", "book a flight to Rome", "is the shop open today", "reset the router today"]


def examples(texts: list[str], label: str) -> list[Example]:
    return [Example(Case(id=f"{label}-{i}", text=text), label) for i, text in enumerate(texts)]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    outputs = ("Acne", "Pneumonia", OTHER)
    coughs = [replace(e, emergency="breath" in e.text) for e in examples(COUGH, "Pneumonia")]
    return Lexicon.fit([*examples(SPOTS, "Acne"), *coughs, *examples(NOISE, OTHER)], outputs)


@pytest.mark.parametrize(("text", "leading"), [("spots on face", 0), ("fever and cough", 1), ("reset password", 2)])
def test_words_speak_for_the_label_that_uses_them(lexicon: Lexicon, text: str, leading: int) -> None:
    assert int(lexicon(counts([text])).labels.argmax()) == leading


def test_misspelt_words_still_speak(lexicon: Lexicon) -> None:
    """Half a word is enough: characters are counted beside words."""
    assert int(lexicon(counts(["spotts on my fase"])).labels.argmax()) == 0


def test_words_speak_for_an_emergency(lexicon: Lexicon) -> None:
    calm, alarm = lexicon(counts(["a cough", "short of breath"])).emergency.tolist()
    assert alarm > 0 > calm


def test_an_opinion_does_not_depend_on_the_batch(lexicon: Lexicon) -> None:
    texts = [*SPOTS, *COUGH, ""]
    together = lexicon(counts(texts))
    for i, text in enumerate(texts):
        alone = lexicon(counts([text]))
        assert torch.equal(together.labels[i], alone.labels[0])
        assert torch.equal(together.emergency[i], alone.emergency[0])


def test_two_classes_are_told_apart_like_many() -> None:
    two = Lexicon.fit([*examples(SPOTS, "Acne"), *examples(COUGH, "Pneumonia")], ("Acne", "Pneumonia"))
    assert two(counts(["red spots", "dry cough"])).labels.argmax(dim=-1).tolist() == [0, 1]


def test_where_nobody_said_what_an_emergency_is_words_are_even() -> None:
    two = Lexicon.fit([*examples(SPOTS, "Acne"), *examples(NOISE, OTHER)], ("Acne", OTHER))
    assert two(counts(SPOTS)).emergency.tolist() == [0.0] * 4


def test_a_lexicon_survives_its_file(lexicon: Lexicon, tmp_path: Path) -> None:
    lexicon.save(tmp_path)
    read = Lexicon.load(tmp_path)
    for found, expected in zip(read(counts(SPOTS)), lexicon(counts(SPOTS)), strict=True):
        assert torch.allclose(found, expected, atol=2e-2)


def test_opinions_are_pooled_as_equals() -> None:
    words = torch.tensor([[0.2, 0.8]]).double().log()
    network = Draws(torch.tensor([[[0.8, 0.2]]]), torch.tensor([[0.9]]), torch.zeros(1, 3), torch.zeros(1, 3))
    found = pooled(network, Logits(words, torch.logit(torch.tensor([0.1]).double())))
    assert found.labels[0, 0].tolist() == pytest.approx([0.5, 0.5])
    assert float(found.emergency) == pytest.approx(0.5)
    assert pooled_labels(words.exp(), words)[0].tolist() == pytest.approx([0.2, 0.8])


def test_neither_opinion_can_rule_a_label_out_alone() -> None:
    certain, opposed = torch.tensor([[1.0, 0.0]]), torch.tensor([[-1000.0, 1000.0]]).double()
    assert pooled_labels(certain, opposed)[0].tolist() == pytest.approx([0.5, 0.5])
