"""The classifier's mathematics, on a tiny BERT with random weights."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Case, Patient, Vitals
from pipeline.classifier.examples import OTHER, Example
from pipeline.classifier.loss import focal_loss
from pipeline.classifier.model import Head, Network, attention_bias
from pipeline.classifier.ood import FeatureDensity
from pipeline.classifier.sampler import Sampler, Scope
from pipeline.classifier.train import Recipe, train
from pipeline.classifier.uncertainty import sharpen, spread
from pipeline.classifier.vitals import NAMES, SIZE, vitals_tensor

LABELS, HIDDEN = 5, 32
TOLD = (("fever cough", "hot"), ("rash itch", "itchy"))


@pytest.fixture
def network() -> Network:
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=99, hidden_size=HIDDEN, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
        attn_implementation="eager",
    )  # fmt: skip
    return Network(BertModel(config, add_pooling_layer=False), Head(HIDDEN, LABELS, dropout=0.3)).eval()


@pytest.fixture
def tokens() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(1, 99, (4, 12), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 7:] = 0
    return ids, mask


def no_vitals(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(rows, SIZE), torch.zeros(rows, SIZE)


def sampler(network: Network, samples: int, seed: int = 3, scope: Scope = "last") -> Sampler:
    return Sampler(network.encoder, network.head, samples=samples, max_tokens=16, seed=seed, scope=scope)


def test_focal_loss_with_gamma_zero_is_cross_entropy() -> None:
    logits, targets = torch.randn(8, LABELS), torch.randint(0, LABELS, (8,))
    expected = torch.nn.functional.cross_entropy(logits, targets)
    assert torch.allclose(focal_loss(logits, targets, gamma=0.0, alpha=torch.ones(LABELS)), expected)


def test_focal_loss_discounts_what_is_easy() -> None:
    easy, target = torch.tensor([[8.0, 0.0]]), torch.tensor([0])
    hard = torch.tensor([[0.0, 0.0]])
    ratio = [float(focal_loss(x, target, gamma=2.0) / focal_loss(x, target, gamma=0.0)) for x in (easy, hard)]
    assert ratio[0] < 1e-5
    assert ratio[1] == pytest.approx(0.25)


def test_sampler_without_dropout_equals_the_plain_forward_pass(network: Network, tokens) -> None:
    with torch.no_grad():
        logits = network(*tokens, *no_vitals(4))
        states = network.encoder(input_ids=tokens[0], attention_mask=tokens[1]).last_hidden_state[:, 0]
    for scope in ("last", "head", "all"):
        found = sampler(network, samples=0, scope=scope)(*tokens, *no_vitals(4))
        assert found.labels.shape == (1, 4, LABELS)
        assert torch.allclose(found.labels[0], logits.labels.softmax(-1), atol=1e-6)
        assert torch.allclose(found.emergency[0], logits.emergency.sigmoid(), atol=1e-6)
        assert torch.allclose(found.features, states, atol=1e-5)


def test_the_cls_row_alone_equals_the_whole_last_layer(network: Network, tokens) -> None:
    with torch.no_grad():
        row = network.row(network.below(*tokens), tokens[1])
        whole = network.encoder(input_ids=tokens[0], attention_mask=tokens[1]).last_hidden_state[:, 0]
    assert torch.allclose(row, whole, atol=1e-5)


@pytest.mark.parametrize("frozen", [-1, 1, 2])
def test_frozen_layers_change_nothing_but_what_is_learned(network: Network, tokens, frozen: int) -> None:
    other = Network(network.encoder, network.head, frozen=frozen).eval()
    with torch.no_grad():
        assert torch.allclose(other(*tokens, *no_vitals(4)).labels, network(*tokens, *no_vitals(4)).labels, atol=1e-5)


def test_sampler_equals_in_distribution_the_naive_sampler_of_last_layer_and_head(network: Network, tokens) -> None:
    fast = sampler(network, samples=4000)(*tokens, *no_vitals(4)).labels
    last = network.encoder.encoder.layer[-1]
    for module in (last, network.head):
        module.train()
    torch.manual_seed(5)
    with torch.no_grad():
        states = network.encoder.embeddings(tokens[0])
        for layer in network.encoder.encoder.layer[:-1]:
            states = layer(states, attention_bias(tokens[1]))
        whole = network.encoder.encoder.layer[-1]
        draw = lambda: network.head(whole(states, attention_bias(tokens[1]))[:, 0], *no_vitals(4)).labels  # noqa: E731
        slow = torch.stack([draw().softmax(-1) for _ in range(4000)])
    tolerance = 4 * slow.std(0).max().item() * math.sqrt(2 / 4000)
    assert (fast.mean(0) - slow.mean(0)).abs().max() < tolerance
    assert (fast.std(0) - slow.std(0)).abs().max() < tolerance


def test_drawing_everything_spreads_more_than_drawing_a_part(network: Network, tokens) -> None:
    spreads = {
        scope: sampler(network, samples=200, scope=scope)(*tokens, *no_vitals(4)).labels.std(0).mean()
        for scope in ("all", "last", "head")
    }
    assert spreads["all"] > max(spreads["last"], spreads["head"]) > 0
    assert not any(module.training for module in network.modules())


def test_a_cases_draws_do_not_depend_on_its_batch(network: Network, tokens) -> None:
    ids, mask = tokens
    together = sampler(network, samples=20)(ids, mask, *no_vitals(4)).labels
    alone = sampler(network, samples=20)(ids[1:2, :7], mask[1:2, :7], *no_vitals(1)).labels
    assert torch.allclose(together[:, 1:2], alone, atol=1e-5)


def test_untrained_vitals_add_exactly_nothing(network: Network, tokens) -> None:
    sick = Case(id="a", text="x", vitals=Vitals(heart_rate=150.0), patient=Patient(age=80.0))
    with torch.no_grad():
        plain = network(*tokens, *no_vitals(4))
        given_vitals = network(*tokens, *vitals_tensor([sick] * 4))
    assert torch.equal(plain.labels, given_vitals.labels)


def test_a_childs_pulse_is_read_by_the_childs_age() -> None:
    pulse = Vitals(heart_rate=130.0)
    infant, adult = (Case(id="a", text="x", vitals=pulse, patient=Patient(age=age)) for age in (0.5, 40.0))
    values, _ = vitals_tensor([infant, adult])
    at = NAMES.index("heart_rate")
    assert abs(values[0, at]) < 1 < 2 < values[1, at]


def test_missing_vitals_are_masked_not_imputed() -> None:
    values, mask = vitals_tensor([Case(id="a", text="x", vitals=Vitals(spo2=98.0)), Case(id="b", text="y")])
    assert mask.sum(dim=1).tolist() == [1.0, 0.0]
    assert values[1].abs().sum() == 0


@given(st.integers(2, 6), st.integers(1, 8), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_entropies_stay_in_their_bounds(labels: int, draws: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    p = torch.softmax(4 * torch.randn(draws, 3, labels, generator=generator), dim=-1)
    found = spread(p)
    assert torch.allclose(found.mean.sum(-1), torch.ones(3), atol=1e-5)
    assert (found.predictive_entropy >= -1e-6).all()
    assert (found.predictive_entropy <= math.log(labels) + 1e-5).all()
    assert (found.mutual_information <= found.predictive_entropy + 1e-6).all()
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()


def test_a_temperature_of_one_changes_nothing() -> None:
    p = torch.softmax(torch.randn(4, LABELS), dim=-1)
    assert torch.allclose(sharpen(p, 1.0), p, atol=1e-6)


def test_far_features_score_higher() -> None:
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(200) % 4
    features = torch.randn(200, 8, generator=generator) + 6 * torch.eye(8)[targets]
    density = FeatureDensity.fit(features, targets)
    far = 10 * torch.randn(50, 8, generator=generator)
    assert density.score(far).median() > density.score(features).quantile(0.95)


def test_training_learns_from_vitals_where_there_are_vitals(tmp_path: Path) -> None:
    """Texts say nothing; only the temperature tells the classes apart."""
    encoder = tiny_encoder(tmp_path)
    examples = [
        Example(Case(id=str(i), text="unwell", vitals=Vitals(temperature_c=celsius)), label)
        for i in range(30)
        for celsius, label in ((36.8, "well"), (39.5, "febrile"))
    ]
    recipe = Recipe(epochs=25, learning_rate=1e-3, head_learning_rate=2e-2, vitals_dropout=0.1, dropout=0.1)
    trained = train(examples, encoder=encoder, recipe=recipe)
    batch = trained.tokenizer(["unwell"] * 2, return_tensors="pt")
    given = vitals_tensor([e.case for e in examples[:2]])
    with torch.no_grad():
        logits = trained.network(batch["input_ids"], batch["attention_mask"], *given).labels
    assert [trained.outputs[i] for i in logits.argmax(-1)] == ["well", "febrile"]


def test_training_stops_when_development_gets_no_better(tmp_path: Path) -> None:
    """The development labels contradict the training labels, so every epoch makes them worse."""
    encoder = tiny_encoder(tmp_path)
    examples = [Example(Case(id=str(i), text=text), label) for i in range(20) for text, label in TOLD]
    contrary = [Example(e.case, "hot" if e.label == "itchy" else "itchy") for e in examples[:4]]
    recipe = Recipe(epochs=12, learning_rate=5e-3, head_learning_rate=2e-2, patience=2)
    trained = train(examples, encoder=encoder, recipe=recipe, development=contrary, logs=tmp_path / "logs")
    assert len(trained.epochs) < 12
    assert list((tmp_path / "logs").rglob("events.out.tfevents*"))


def test_an_emergency_head_and_a_background_class_are_learned(tmp_path: Path) -> None:
    encoder = tiny_encoder(tmp_path)
    rows = (("fever cough", "hot", True), ("rash itch", "itchy", False), ("burning unwell", OTHER, None))
    examples = [Example(Case(id=str(i), text=text), *rest) for i in range(25) for text, *rest in rows]
    recipe = Recipe(epochs=15, learning_rate=5e-3, head_learning_rate=2e-2, dropout=0.1, contrast=0.1)
    trained = train(examples, encoder=encoder, recipe=recipe)
    batch = trained.tokenizer([text for text, *_ in rows], return_tensors="pt", padding=True)
    with torch.no_grad():
        logits = trained.network(batch["input_ids"], batch["attention_mask"], *no_vitals(3))
    assert trained.outputs == ("hot", "itchy", OTHER)
    assert [trained.outputs[i] for i in logits.labels.argmax(-1)] == ["hot", "itchy", OTHER]
    assert logits.emergency[0] > 0 > logits.emergency[1]


def tiny_encoder(folder: Path) -> Path:
    """Save a tiny BERT and its tokenizer in hub layout."""
    from transformers import BertConfig, BertModel, BertTokenizer

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "unwell", "fever", "rash", "itch", "cough", "burning"]
    BertTokenizer(vocab={word: i for i, word in enumerate(words)}).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder
