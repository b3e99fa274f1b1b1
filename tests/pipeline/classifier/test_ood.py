"""Distance from what was trained on: by hand where a hand can do it, and larger the further out a case lies."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from pipeline.classifier.metrics import auroc
from pipeline.classifier.ood import KEPT, NEIGHBOUR, SHRINKAGE, FeatureDensity

WIDTH, CLASSES = 16, 4


def clusters(seed: int, rows: int, width: int = WIDTH, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    """Features in double precision around one mean a class, on the axes."""
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(rows) % CLASSES
    means = 6 * torch.eye(width, dtype=torch.float64)[:CLASSES]
    return scale * (means[targets] + torch.randn(rows, width, generator=generator, dtype=torch.float64)), targets


def outside(seed: int, rows: int) -> Tensor:
    """Features around another mean, on an axis that no class lies on."""
    generator = torch.Generator().manual_seed(seed)
    return 6 * torch.eye(WIDTH, dtype=torch.float64)[-1] + torch.randn(rows, WIDTH, generator=generator).double()


@pytest.fixture(scope="module")
def density() -> FeatureDensity:
    return FeatureDensity.fit(*clusters(0, 600))


@pytest.mark.parametrize("distance", ["score", "nearness"])
def test_what_was_never_trained_on_scores_higher(density: FeatureDensity, distance: str) -> None:
    inside, far = (getattr(density, distance)(x) for x in (clusters(1, 200)[0], outside(2, 200)))
    positive = torch.arange(400) >= 200
    assert auroc(torch.cat([inside, far]).numpy(), positive.numpy()) > 0.95


def test_the_score_by_hand() -> None:
    """Two classes at -2 and 2, each with variance 1 within: 4 over all, and shrinkage changes nothing in one dimension.

    At x the distance to the nearest mean is (|x| - 2)^2 / 1 and to the centre x^2 / 5.
    """
    features = torch.tensor([[-3.0], [-1.0], [1.0], [3.0]], dtype=torch.float64)
    made = FeatureDensity.fit(features, torch.tensor([0, 0, 1, 1]))
    x = torch.tensor([[2.0], [0.0], [5.0]], dtype=torch.float64)
    assert made.score(x).tolist() == pytest.approx([0 - 4 / 5, 4 - 0, 9 - 25 / 5])


def test_the_precision_is_shrunk_towards_the_mean_variance() -> None:
    """Variances 4 and 0 have the mean 2: neither direction has a variance of zero."""
    features = torch.tensor([[-2.0, 0.0], [2.0, 0.0]], dtype=torch.float64)
    made = FeatureDensity.fit(features, torch.tensor([0, 0]))
    expected = [1 / ((1 - SHRINKAGE) * 4 + SHRINKAGE * 2), 1 / (SHRINKAGE * 2)]
    assert made.precision.diagonal().tolist() == pytest.approx(expected)
    assert made.precision[0, 1] == 0


def test_nearness_by_hand() -> None:
    """Ten neighbours at right angles to one another: the tenth nearest is at a cosine of 0, and of 1 to itself."""
    made = FeatureDensity.fit(*clusters(0, 600))
    few = FeatureDensity(made.means, made.precision, made.centre, made.background, torch.eye(NEIGHBOUR).double())
    assert few.nearness(5 * torch.eye(NEIGHBOUR).double()).tolist() == pytest.approx([1.0] * NEIGHBOUR)
    one = FeatureDensity(made.means, made.precision, made.centre, made.background, torch.eye(NEIGHBOUR).double()[:1])
    assert one.nearness(5 * torch.eye(NEIGHBOUR).double()).tolist() == pytest.approx([0.0] + [1.0] * 9)


def test_nearness_is_the_distance_to_the_kth_nearest_by_brute_force(density: FeatureDensity) -> None:
    x = outside(3, 20)
    for row, found in zip(x, density.nearness(x), strict=True):
        cosines = sorted(float(torch.cosine_similarity(row, other, dim=0)) for other in clusters(0, 600)[0])
        assert float(found) == pytest.approx(1 - cosines[-NEIGHBOUR], abs=1e-9)


def test_nearness_looks_at_the_direction_alone(density: FeatureDensity) -> None:
    x = outside(3, 20)
    assert torch.allclose(density.nearness(x), density.nearness(100 * x))


def test_the_score_does_not_depend_on_the_unit_of_the_features() -> None:
    (features, targets), (x, _) = clusters(0, 400), clusters(1, 50)
    plain, scaled = FeatureDensity.fit(features, targets), FeatureDensity.fit(50 * features, targets)
    assert torch.allclose(plain.score(x), scaled.score(50 * x))


@pytest.mark.parametrize("distance", ["score", "nearness"])
def test_a_case_is_measured_alike_alone_and_among_others(density: FeatureDensity, distance: str) -> None:
    x = outside(4, 30)
    together = getattr(density, distance)(x)
    alone = torch.cat([getattr(density, distance)(x[i : i + 1]) for i in range(len(x))])
    assert torch.allclose(together, alone, atol=1e-10)


@pytest.mark.parametrize("rows", [KEPT - 4, KEPT, KEPT + 4, 2 * KEPT + 4])
def test_no_more_training_features_are_kept_than_stated(rows: int) -> None:
    kept = FeatureDensity.fit(*clusters(0, rows)).neighbours
    assert KEPT / 2 <= len(kept) <= KEPT
    assert torch.allclose(kept.norm(dim=-1), torch.ones(len(kept), dtype=torch.float64))


def test_a_density_survives_its_file_to_the_third_digit(density: FeatureDensity, tmp_path: Path) -> None:
    density.save(tmp_path / "density.safetensors")
    read = FeatureDensity.load(tmp_path / "density.safetensors")
    x = torch.cat([clusters(1, 50)[0], outside(2, 50)])
    assert read.means.dtype == torch.float64
    assert (read.score(x) - density.score(x)).abs().max() < 5e-3 * density.score(x).std()
    assert (read.nearness(x) - density.nearness(x)).abs().max() < 1e-3


def test_a_density_of_narrow_features_survives_its_file(tmp_path: Path) -> None:
    features, targets = clusters(0, 400, scale=0.003)
    made = FeatureDensity.fit(features, targets)
    made.save(tmp_path / "density.safetensors")
    assert torch.isfinite(made.score(features)).all()
    assert torch.isfinite(FeatureDensity.load(tmp_path / "density.safetensors").score(features)).all()


def test_a_class_without_rows_is_passed_over() -> None:
    features, targets = clusters(0, 400)
    gap = torch.where(targets == 1, 2, targets)
    assert torch.isfinite(FeatureDensity.fit(features, gap).score(features)).all()


def test_one_row_a_class_can_be_fitted() -> None:
    features, targets = clusters(0, CLASSES)
    assert torch.isfinite(FeatureDensity.fit(features, targets).score(features)).all()
