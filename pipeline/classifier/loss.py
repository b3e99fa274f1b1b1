"""The losses: focal over the labels, cross-entropy over emergencies, contrast between texts of different labels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

TINY = 1e-7  # 1 - p never is less: its power below one has no gradient at zero


def focal_loss(
    logits: Tensor,
    targets: Tensor,
    *,
    gamma: float = 2.0,
    alpha: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the mean focal loss `-alpha_y (1 - p_y)^gamma log p_y` (Lin et al. 2017, arXiv 1708.02002, eq. 5).

    With gamma 0 and no alpha it is cross-entropy. With label smoothing e the target is `1 - e` on the label and `e`
    spread over all classes (Szegedy et al. 2016), each term discounted by its own `(1 - p)^gamma`.

    Args:
        logits: (batch, labels).
        targets: (batch,) class indices.
        gamma: how strongly easy examples are discounted.
        alpha: (labels,) weight of each class; None weighs all alike.
        label_smoothing: share of the target that is spread over all classes.
    """
    log_p = torch.log_softmax(logits, dim=-1)
    terms = -((1 - log_p.exp()).clamp_min(TINY) ** gamma) * log_p
    loss = (1 - label_smoothing) * terms.gather(1, targets[:, None]).squeeze(1) + label_smoothing * terms.mean(dim=-1)
    if alpha is not None:
        loss = loss * alpha[targets]
    return loss.mean()


def emergency_loss(logits: Tensor, targets: Tensor, *, weight: float) -> Tensor:
    """Return the mean binary cross-entropy where the answer is known, an emergency counted `weight` times.

    Args:
        logits: (batch,).
        targets: (batch,) of 1, 0 and NaN for not known.
        weight: of a positive: missing an emergency is the worse mistake.
    """
    known = ~torch.isnan(targets)
    if not bool(known.any()):
        return logits.sum() * 0.0
    return binary_cross_entropy_with_logits(
        logits[known], targets[known], pos_weight=torch.tensor(weight, dtype=logits.dtype, device=logits.device)
    )


def supervised_contrast(features: Tensor, targets: Tensor, *, background: int | None, temperature: float) -> Tensor:
    """Return the supervised contrastive loss of a batch (Khosla et al. 2020, arXiv 2004.11362, eq. 2).

    Texts of one label attract each other and repel all others. Background texts have nothing in common, so they only
    repel.

    Args:
        features: (batch, hidden).
        targets: (batch,) class indices.
        background: the index of "other"; None if there is none.
        temperature: of the cosine similarities.
    """
    unit = normalize(features, dim=-1)
    similarity = unit @ unit.T / temperature
    itself = torch.eye(len(targets), dtype=torch.bool, device=targets.device)
    same = (targets[:, None] == targets[None, :]) & ~itself
    if background is not None:
        same &= (targets != background)[:, None]
    log_p = similarity - torch.logsumexp(similarity.masked_fill(itself, float("-inf")), dim=-1, keepdim=True)
    pairs = same.sum(dim=-1)
    anchors = pairs > 0
    if not bool(anchors.any()):
        return features.sum() * 0.0
    return -((log_p * same).sum(dim=-1)[anchors] / pairs[anchors]).mean()
