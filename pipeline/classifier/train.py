"""Train the classifier: LoRA on the encoder, vitals branch and head, focal loss, then calibrate what was held out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor

from cases.case import Case
from pipeline.classifier.loss import focal_loss
from pipeline.classifier.model import Head, Network, load_encoder, with_lora
from pipeline.classifier.vitals import vitals_tensor

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How to train. Rates are per optimiser step; `warm_up` is a share of all steps."""

    epochs: int = 10
    batch_size: int = 16
    learning_rate: float = 1e-3
    head_learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warm_up: float = 0.1
    gamma: float = 2.0
    lora_rank: int = 16
    dropout: float = 0.3
    vitals_dropout: float = 0.3
    token_dropout: float = 0.1
    max_tokens: int = 256
    seed: int = 42


@dataclass(frozen=True)
class Trained:
    """What training leaves: the network (adapter not merged), its tokenizer, its labels, the loss of each epoch."""

    network: Network
    tokenizer: Any
    labels: tuple[str, ...]
    losses: tuple[float, ...]


def batches(lengths: Sequence[int], size: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield shuffled batches of indices, texts of like length together so that little is padding."""
    order = generator.permutation(len(lengths))
    pools = [order[start : start + size * 8] for start in range(0, len(order), size * 8)]
    chunks = [
        pool[np.argsort(np.asarray(lengths)[pool], kind="stable")][start : start + size]
        for pool in pools
        for start in range(0, len(pool), size)
    ]
    for position in generator.permutation(len(chunks)):
        yield chunks[position]


def thin(tokens: list[int], probability: float, generator: np.random.Generator) -> list[int]:
    """Drop tokens at random, never the first or the last: no single word may carry a diagnosis."""
    kept = generator.random(len(tokens)) >= probability
    return [token for i, token in enumerate(tokens) if kept[i] or i in (0, len(tokens) - 1)]


def schedule(step: int, *, steps: int, warm_up: float) -> float:
    """Return the learning rate's factor: linear warm-up, then linear decay to zero."""
    ramp = max(1, int(steps * warm_up))
    return (step + 1) / ramp if step < ramp else max(0.0, (steps - step) / max(1, steps - ramp))


def train(
    cases: Sequence[Case],
    targets: Sequence[str],
    *,
    encoder: str | Path,
    recipe: Recipe,
    on_epoch: Callable[[int, float], None] | None = None,
) -> Trained:
    """Train on labelled cases and return the network.

    Args:
        cases: the training cases; their vitals are dropped at random so that absence is normal.
        targets: one label a case.
        encoder: hub name or folder of a BERT-like encoder.
        recipe: hyperparameters and seed.
        on_epoch: called with epoch number and mean loss.
    """
    set_seed(recipe.seed)
    labels = tuple(sorted(set(targets)))
    plain, tokenizer = load_encoder(encoder)
    adapted = with_lora(plain, rank=recipe.lora_rank, dropout=recipe.dropout / 3)
    head = Head(plain.config.hidden_size, len(labels), dropout=recipe.dropout)
    network = Network(adapted, head)
    texts = [case.text or "" for case in cases]
    tokens = tokenizer(texts, truncation=True, max_length=recipe.max_tokens)["input_ids"]
    values, mask = vitals_tensor(cases)
    y = torch.tensor([labels.index(target) for target in targets])
    losses = _fit(network, tokenizer, tokens, values, mask, y, recipe, on_epoch)
    return Trained(network.eval(), tokenizer, labels, losses)


def _fit(
    network: Network,
    tokenizer: Any,
    tokens: list[list[int]],
    values: Tensor,
    mask: Tensor,
    y: Tensor,
    recipe: Recipe,
    on_epoch: Callable[[int, float], None] | None,
) -> tuple[float, ...]:
    accelerator = Accelerator()
    generator = np.random.default_rng(recipe.seed)
    steps = recipe.epochs * -(-len(tokens) // recipe.batch_size)
    optimizer = torch.optim.AdamW(_parameter_groups(network, recipe))
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: schedule(step, steps=steps, warm_up=recipe.warm_up)
    )
    network, optimizer, scheduler = accelerator.prepare(network, optimizer, scheduler)
    network.train()
    means = []
    for epoch in range(recipe.epochs):
        losses = []
        for index in batches([len(row) for row in tokens], recipe.batch_size, generator):
            thinned = [thin(tokens[i], recipe.token_dropout, generator) for i in index]
            padded = tokenizer.pad({"input_ids": thinned}, return_tensors="pt").to(accelerator.device)
            rows = torch.as_tensor(index)
            kept = torch.as_tensor(generator.random((len(index), 1)) >= recipe.vitals_dropout)
            known = (mask[rows] * kept).to(accelerator.device)
            logits = network(padded["input_ids"], padded["attention_mask"], values[rows].to(accelerator.device), known)
            loss = focal_loss(logits, y[rows].to(accelerator.device), gamma=recipe.gamma)
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        means.append(float(np.mean(losses)))
        log.info("epoch %d of %d: loss %.4f", epoch + 1, recipe.epochs, means[-1])
        if on_epoch:
            on_epoch(epoch + 1, means[-1])
    return tuple(means)


def _parameter_groups(network: Network, recipe: Recipe) -> list[dict[str, Any]]:
    adapter = [p for p in network.encoder.parameters() if p.requires_grad]
    return [
        {"params": adapter, "lr": recipe.learning_rate, "weight_decay": recipe.weight_decay},
        {"params": list(network.head.parameters()), "lr": recipe.head_learning_rate, "weight_decay": 0.0},
    ]
