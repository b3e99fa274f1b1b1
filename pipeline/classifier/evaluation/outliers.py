"""Are unseen conditions seen as such? Four diseases are held out of everything, six times, so that each is once.

For each draw a first stage is trained from the plain encoder on texts of the other twenty labels and the background,
less every background text that was written to look like a held-out label; then Symptom2Disease's rows of all labels
are scored. The score is the classifier's own: distances and the probability of "other", with the shipped weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from pipeline.classifier.evaluation.protocols import predict_draws
from pipeline.classifier.examples import OTHER, Example, labels_of
from pipeline.classifier.lexicon import Lexicon
from pipeline.classifier.metrics import auroc
from pipeline.classifier.ood import FeatureDensity
from pipeline.classifier.stages import replayed
from pipeline.classifier.train import Recipe, train
from pipeline.monotone import MonotoneLogistic, log_odds

DRAWS, HELD_OUT, SEED = 6, 4, 42
TEXTS = 3000  # a draw is trained on this many texts: six full trainings would take hours


def held_out_auroc(
    rows: Sequence[Example],
    texts: Sequence[Example],
    develop: Sequence[Example],
    *,
    recipe: Recipe,
    encoder: str,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, float]:
    """Return the AUROC of held-out against known diseases, of each draw, mean and smallest."""
    names = np.random.default_rng(SEED).permutation(labels_of(rows))
    found = []
    for draw in range(DRAWS):
        hidden = set(names[draw * HELD_OUT : (draw + 1) * HELD_OUT].tolist())
        found.append(_one(rows, texts, develop, hidden, recipe=recipe, encoder=encoder))
        tell(f"held out {', '.join(sorted(hidden))}: AUROC {found[-1]:.3f}")
    return {
        "held_out.ood_auroc": float(np.mean(found)),
        "held_out.ood_auroc.low": float(np.min(found)),
        "held_out.ood_auroc.high": float(np.max(found)),
    }


def _one(
    rows: Sequence[Example],
    texts: Sequence[Example],
    develop: Sequence[Example],
    hidden: set[str],
    *,
    recipe: Recipe,
    encoder: str,
) -> float:
    seen = replayed([text for text in texts if text.label not in hidden], TEXTS, SEED)
    trained = train(seen, encoder=encoder, recipe=recipe)
    words = Lexicon.fit([], seen, trained.outputs)
    inside = [e for e in seen if e.label != OTHER]
    targets = torch.tensor([trained.outputs.index(e.label) for e in inside])
    density = FeatureDensity.fit(predict_draws(trained, words, inside, recipe=recipe, samples=0).features, targets)

    def witnesses(examples: Sequence[Example]) -> np.ndarray:
        draws = predict_draws(trained, words, examples, recipe=recipe, samples=50)
        other = log_odds(draws.labels.mean(dim=0)[:, -1].double().numpy())
        return np.stack([density.score(draws.features).numpy(), density.nearness(draws.features).numpy(), other], 1)

    known = [e for e in develop if e.label not in hidden]
    outside = np.array([e.label == OTHER for e in known])
    score = MonotoneLogistic.fit(("mahalanobis", "neighbour", "other"), witnesses(known), outside)
    return auroc(score(witnesses(rows)), np.array([row.label in hidden for row in rows]))
