"""The losses: each against its equation or PyTorch's own, and what each must leave alone."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy

from pipeline.classifier.loss import emergency_loss, focal_loss, supervised_contrast

LABELS = 5
seeds = st.integers(0, 10_000)


def batch(seed: int, rows: int = 8) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(rows, LABELS, generator=generator, dtype=torch.float64)
    return logits, torch.randint(0, LABELS, (rows,), generator=generator)


def directions(*degrees: float) -> Tensor:
    """Unit vectors in the plane."""
    angles = torch.tensor(degrees, dtype=torch.float64) * math.pi / 180
    return torch.stack([angles.cos(), angles.sin()], dim=1)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_focal_loss_with_gamma_zero_is_cross_entropy(seed: int) -> None:
    logits, targets = batch(seed)
    assert torch.allclose(focal_loss(logits, targets, gamma=0.0), cross_entropy(logits, targets))


@given(seeds, st.floats(0, 0.9))
@settings(max_examples=25, deadline=None)
def test_label_smoothing_is_pytorchs(seed: int, smoothing: float) -> None:
    logits, targets = batch(seed)
    expected = cross_entropy(logits, targets, label_smoothing=smoothing)
    assert torch.allclose(focal_loss(logits, targets, gamma=0.0, label_smoothing=smoothing), expected)


def test_focal_loss_by_hand() -> None:
    """Probabilities 0.8 and 0.2 at the truth, gamma 2, weights 1 and 3."""
    logits = torch.log(torch.tensor([[0.8, 0.2], [0.8, 0.2]], dtype=torch.float64))
    found = focal_loss(logits, torch.tensor([0, 1]), gamma=2.0, alpha=torch.tensor([1.0, 3.0], dtype=torch.float64))
    assert float(found) == pytest.approx((-0.04 * math.log(0.8) - 3 * 0.64 * math.log(0.2)) / 2)


@given(seeds, st.floats(0, 3), st.floats(0, 3))
@settings(max_examples=25, deadline=None)
def test_a_larger_gamma_never_costs_more(seed: int, one: float, other: float) -> None:
    logits, targets = batch(seed)
    small, large = sorted((one, other))
    assert focal_loss(logits, targets, gamma=large) <= focal_loss(logits, targets, gamma=small) + 1e-12


@given(seeds, st.sampled_from([0.0, 1.0, 2.0]), st.floats(0, 0.5))
@settings(max_examples=25, deadline=None)
def test_focal_loss_and_its_gradient_are_finite_and_not_negative(seed: int, gamma: float, smoothing: float) -> None:
    logits, targets = batch(seed)
    logits = (100 * logits).requires_grad_()
    loss = focal_loss(logits, targets, gamma=gamma, label_smoothing=smoothing)
    loss.backward()
    assert loss >= 0
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_a_gamma_below_one_has_a_gradient_where_the_answer_is_certain() -> None:
    logits = torch.tensor([[40.0, 0.0]], requires_grad=True)
    focal_loss(logits, torch.tensor([0]), gamma=0.5).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_emergency_loss_by_hand() -> None:
    """A missed emergency at even odds counts five times, a false alarm once."""
    found = emergency_loss(torch.zeros(2), torch.tensor([1.0, 0.0]), weight=5.0)
    assert float(found) == pytest.approx((5 + 1) * math.log(2) / 2)


@given(seeds, st.lists(st.sampled_from([1.0, 0.0, math.nan]), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_emergency_loss_ignores_what_nobody_said(seed: int, answers: list[float]) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(len(answers), generator=generator).requires_grad_()
    targets = torch.tensor(answers)
    known = ~torch.isnan(targets)
    loss = emergency_loss(logits, targets, weight=3.0)
    loss.backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[~known] == 0).all()
    if known.any():
        assert torch.allclose(loss, emergency_loss(logits[known], targets[known], weight=3.0))
        assert (logits.grad[known] != 0).all()
    else:
        assert loss == 0


def test_contrast_by_hand() -> None:
    """Two texts of one label at a right angle, a third of another opposite to the first, temperature 1.

    The first sees cosines 0 (same) and -1, the second 0 (same) and 0; the third has no pair.
    """
    found = supervised_contrast(directions(0, 90, 180), torch.tensor([0, 0, 1]), background=None, temperature=1.0)
    first, second = math.log(1 + math.exp(-1)), math.log(2)
    assert float(found) == pytest.approx((first + second) / 2)


@given(seeds, st.floats(0.05, 1.0))
@settings(max_examples=30, deadline=None)
def test_contrast_equals_the_plain_sum_over_anchors_and_pairs(seed: int, temperature: float) -> None:
    """Equation 2 of Khosla et al., written as loops; class 0 is background."""
    features, targets = batch(seed, 10)
    unit = features / features.norm(dim=1, keepdim=True)
    total, anchors = 0.0, 0
    for i in range(10):
        others = [j for j in range(10) if j != i]
        same = [j for j in others if targets[j] == targets[i] and targets[i] != 0]
        if not same:
            continue
        below = sum(math.exp(float(unit[i] @ unit[a]) / temperature) for a in others)
        total -= sum(float(unit[i] @ unit[j]) / temperature - math.log(below) for j in same) / len(same)
        anchors += 1
    found = supervised_contrast(features, targets, background=0, temperature=temperature)
    assert float(found) == pytest.approx(total / max(anchors, 1), abs=1e-9)


def test_contrast_is_lower_when_texts_of_one_label_are_near() -> None:
    targets = torch.tensor([0, 0, 1, 1])
    sorted_out = supervised_contrast(directions(0, 5, 180, 185), targets, background=None, temperature=0.1)
    mixed_up = supervised_contrast(directions(0, 180, 5, 185), targets, background=None, temperature=0.1)
    assert sorted_out < 0.1 < mixed_up


def test_only_directions_are_contrasted() -> None:
    targets = torch.tensor([0, 0, 1, 1])
    features = directions(0, 40, 180, 250)
    plain, longer = (supervised_contrast(s * features, targets, background=None, temperature=0.1) for s in (1, 7))
    assert torch.allclose(plain, longer)


def test_background_only_repels() -> None:
    """Two background texts: nearer to a label costs more, and nearer to each other is worth nothing."""
    targets = torch.tensor([0, 0, 9, 9])

    def loss(*degrees: float) -> float:
        return float(supervised_contrast(directions(0, 10, *degrees), targets, background=9, temperature=0.5))

    assert loss(60, 300) > loss(120, 240)
    assert loss(120, 120) == pytest.approx(loss(120, 240), abs=0.1)
    attracted = supervised_contrast(directions(0, 10, 120, 240), targets, background=None, temperature=0.5)
    assert loss(120, 240) < float(attracted)


def test_a_step_moves_background_away_from_the_label_and_the_labels_texts_together() -> None:
    features = directions(0, 30, 60).requires_grad_()
    supervised_contrast(features, torch.tensor([0, 0, 9]), background=9, temperature=0.5).backward()
    assert features.grad is not None
    moved = features.detach() - 0.1 * features.grad
    before, after = (torch.nn.functional.normalize(x.detach(), dim=1) for x in (features, moved))
    assert after[0] @ after[1] > before[0] @ before[1]
    assert after[0] @ after[2] < before[0] @ before[2]


@pytest.mark.parametrize("targets", [[0, 1, 2], [9, 9, 9], [0, 9, 9]])
def test_a_batch_without_a_pair_costs_nothing_and_teaches_nothing(targets: list[int]) -> None:
    features = directions(0, 30, 60).requires_grad_()
    loss = supervised_contrast(features, torch.tensor(targets), background=9, temperature=0.1)
    loss.backward()
    assert loss == 0
    assert features.grad is not None
    assert (features.grad == 0).all()


def test_a_single_text_costs_nothing() -> None:
    assert supervised_contrast(directions(0), torch.tensor([0]), background=None, temperature=0.1) == 0


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_the_order_of_a_batch_does_not_matter(seed: int) -> None:
    features, targets = batch(seed, 10)
    order = torch.randperm(10, generator=torch.Generator().manual_seed(seed))
    one, other = (
        supervised_contrast(features[i], targets[i], background=0, temperature=0.2) for i in (torch.arange(10), order)
    )
    assert torch.allclose(one, other)
