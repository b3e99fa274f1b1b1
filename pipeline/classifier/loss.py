"""Focal loss."""

from __future__ import annotations

import torch
from torch import Tensor


def focal_loss(logits: Tensor, targets: Tensor, *, gamma: float = 2.0, alpha: Tensor | None = None) -> Tensor:
    """Return the mean focal loss `-alpha_y (1 - p_y)^gamma log p_y` (Lin et al. 2017, arXiv 1708.02002, eq. 5).

    With gamma 0 and no alpha it is cross-entropy.

    Args:
        logits: (batch, labels).
        targets: (batch,) class indices.
        gamma: how strongly easy examples are discounted.
        alpha: (labels,) weight of each class; None weighs all alike.
    """
    log_p = torch.log_softmax(logits, dim=-1).gather(1, targets[:, None]).squeeze(1)
    loss = -((1 - log_p.exp()) ** gamma) * log_p
    if alpha is not None:
        loss = loss * alpha[targets]
    return loss.mean()
