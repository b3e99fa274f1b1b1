"""Are unseen conditions seen as such? Four diseases are held out of everything, six times, so that each is once.

For each draw a network is trained from the plain encoder on texts of the other twenty labels and the background, and
an expert on four fifths of Symptom2Disease's rows of those labels. Then the fifth that was left, and all rows of the
held-out diseases, are scored. The score is the classifier's own, fitted on the development vignettes: two distances and
the probability of "other". Beside it stands that probability alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from pipeline.classifier.classify import WITNESSES
from pipeline.classifier.evaluation.base import Base, part
from pipeline.classifier.evaluation.protocols import unique_rows
from pipeline.classifier.examples import OTHER, Example, inside, labels_of
from pipeline.classifier.metrics import auroc
from pipeline.classifier.ood import FeatureDensity
from pipeline.classifier.sampler import Draws
from pipeline.classifier.train import Recipe, train
from pipeline.monotone import MonotoneLogistic, log_odds

DRAWS, HELD_OUT, SEED = 6, 4, 42
TEXTS = 2000  # a draw is trained on this many texts: six full trainings would take hours
TESTED = 0.2  # share of the known diseases' rows that is scored


def held_out_auroc(
    rows: Sequence[Example],
    texts: Sequence[Example],
    develop: Sequence[Example],
    *,
    recipe: Recipe,
    encoder: str | Path,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, float]:
    """Return the AUROC of held-out against known diseases: mean, smallest and largest of the draws."""
    unique = unique_rows(rows)
    names = np.random.default_rng(SEED).permutation(labels_of(unique))
    found = []
    for draw in range(DRAWS):
        hidden = set(names[draw * HELD_OUT : (draw + 1) * HELD_OUT].tolist())
        found.append(_one(unique, texts, develop, hidden, recipe=recipe, encoder=encoder))
        tell(f"held out {', '.join(sorted(hidden))}: AUROC {found[-1][0]:.3f}, of `other` alone {found[-1][1]:.3f}")
    score, other = np.array(found).T
    return {
        "held_out.ood_auroc": float(score.mean()),
        "held_out.ood_auroc.low": float(score.min()),
        "held_out.ood_auroc.high": float(score.max()),
        "held_out.ood_auroc.other_alone": float(other.mean()),
    }


def _one(
    rows: Sequence[Example],
    texts: Sequence[Example],
    develop: Sequence[Example],
    hidden: set[str],
    *,
    recipe: Recipe,
    encoder: str | Path,
) -> tuple[float, float]:
    generator = np.random.default_rng(SEED)
    left = [text for text in texts if text.label not in hidden]
    seen = [left[i] for i in generator.permutation(len(left))[:TEXTS].tolist()]
    network = Base.of(train(seen, encoder=encoder, recipe=recipe), seen, max_tokens=recipe.max_tokens)
    outside = np.array([row.label in hidden for row in rows])
    tested = outside | (generator.random(len(rows)) < TESTED)
    drawn, learned, asked = network.draw(rows), np.flatnonzero(~tested), np.flatnonzero(tested)
    known = [rows[i] for i in learned.tolist()]
    expert = network.expert(known, drawn.both[learned])

    labelled = inside(seen)
    targets = [network.labels.index(e.label) for e in [*labelled, *known]]
    features = torch.cat([network.draw(labelled).features, drawn.features[learned]])
    density = FeatureDensity.fit(features, torch.tensor(targets))

    def witnesses(draws: Draws) -> np.ndarray:
        other = log_odds(draws.labels.mean(dim=0)[:, -1].double().numpy())
        return np.stack([density.score(draws.features).numpy(), density.nearness(draws.features).numpy(), other], 1)

    judges = [e for e in develop if e.label not in hidden]
    judged = witnesses(network.with_rows(expert, judges, network.draw(judges)))
    score = MonotoneLogistic.fit(WITNESSES, judged, np.array([e.label == OTHER for e in judges]))
    found = witnesses(network.with_rows(expert, [rows[i] for i in asked.tolist()], part(drawn, asked)))
    return auroc(score(found), outside[asked]), auroc(found[:, 2], outside[asked])
