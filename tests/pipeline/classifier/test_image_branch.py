"""The image's place in the head: silent until trained, silent without an image, and able to decide alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pipeline.classifier.loss import focal_loss
from pipeline.classifier.model import Head
from pipeline.classifier.vitals import SIZE

HIDDEN, IMAGE, ROWS = 16, 6, 8


@pytest.fixture
def head() -> Head:
    torch.manual_seed(0)
    return Head(HIDDEN, 2, dropout=0.1, image=IMAGE).eval()


def rows(count: int = ROWS) -> tuple[Tensor, Tensor, Tensor]:
    """Return texts, and vitals of which nothing is known."""
    text = torch.randn(count, HIDDEN, generator=torch.Generator().manual_seed(1))
    return text, torch.zeros(count, SIZE), torch.zeros(count, SIZE)


def images(count: int = ROWS, seed: int = 2) -> tuple[Tensor, Tensor]:
    """Return image vectors and their classes; the sign of the first entry is the class."""
    vectors = torch.randn(count, IMAGE, generator=torch.Generator().manual_seed(seed))
    return vectors, (vectors[:, 0] > 0).long()


def learn(head: Head, *, steps: int = 150) -> Head:
    """Train the head where every text says the same and only the image tells the classes apart."""
    text, values, mask = rows(1)
    vectors, targets = images(200)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    head.train()
    for _ in range(steps):
        seen = head(text.expand(200, -1), values.expand(200, -1), mask.expand(200, -1), vectors)
        optimizer.zero_grad()
        focal_loss(seen.labels, targets).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return head.eval()


def test_an_untrained_image_adds_exactly_nothing(head: Head) -> None:
    plain, seen = head(*rows()), head(*rows(), images()[0])
    assert torch.equal(plain.labels, seen.labels)
    assert torch.equal(plain.emergency, seen.emergency)


def test_no_image_adds_exactly_nothing_after_training(head: Head) -> None:
    learn(head)
    assert head.image is not None
    assert head.image.bias.abs().max() > 0.01  # without the gate a row of zeros would add this
    plain, blind = head(*rows()), head(*rows(), torch.zeros(ROWS, IMAGE))
    assert torch.equal(plain.labels, blind.labels)
    assert torch.equal(plain.emergency, blind.emergency)


def test_a_row_without_an_image_does_not_notice_the_others(head: Head) -> None:
    learn(head)
    vectors = images()[0]
    vectors[0] = 0.0
    plain, mixed = head(*rows()).labels, head(*rows(), vectors).labels
    assert torch.allclose(plain[0], mixed[0], atol=1e-6)
    assert not torch.allclose(plain[1:], mixed[1:], atol=1e-2)


def test_what_only_the_image_tells_is_learned(head: Head) -> None:
    learn(head)
    vectors, targets = images(100, seed=3)
    text, values, mask = (part.expand(100, -1) for part in rows(1))
    right = head(text, values, mask, vectors).labels.argmax(-1) == targets
    blind = head(text, values, mask).labels.argmax(-1) == targets
    assert right.float().mean() > 0.95
    assert blind.float().mean() < 0.7


def test_a_head_without_an_image_branch_ignores_image_vectors() -> None:
    torch.manual_seed(0)
    head = Head(HIDDEN, 2, dropout=0.1).eval()
    assert torch.equal(head(*rows()).labels, head(*rows(), images()[0]).labels)


def test_without_images_the_branch_gets_no_gradient(head: Head) -> None:
    head(*rows(), torch.zeros(ROWS, IMAGE)).labels.sum().backward()
    assert head.image is not None
    assert head.image.weight.grad is not None
    assert head.image.weight.grad.abs().max() == 0
    assert head.image.bias.grad is not None
    assert head.image.bias.grad.abs().max() == 0
