"""Train the network: LoRA on the encoder, branches and heads, until a development set stops getting better."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from pipeline.classifier.examples import OTHER, Example, outputs_of
from pipeline.classifier.loss import emergency_loss, focal_loss, supervised_contrast
from pipeline.classifier.model import Head, Logits, Network, load_encoder, with_lora
from pipeline.classifier.vitals import vitals_tensor

log = logging.getLogger(__name__)
READ_BATCH = 64  # texts a forward pass where nothing is learned


@dataclass(frozen=True)
class Recipe:
    """How to train. Rates are per optimiser step; `warm_up` is a share of all steps.

    Args:
        frozen_layers: how many of the encoder's lowest layers are kept as they are; -1 trains above the embeddings.
        balance: exponent of the class weights (rows / (classes x rows of the class)); 0 weighs all alike, 1 balances.
        alpha: focal weight of a label by name, times the balance; 1 where absent.
        contrast: weight of the supervised contrastive loss.
        emergency: weight of the emergency loss; `emergency_miss` is how often a missed emergency counts.
        patience: epochs without a better development loss before training stops; 0 never stops.
    """

    epochs: int = 10
    batch_size: int = 16
    learning_rate: float = 1e-3
    head_learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warm_up: float = 0.1
    gamma: float = 2.0
    label_smoothing: float = 0.0
    balance: float = 0.0
    alpha: dict[str, float] = field(default_factory=dict)
    contrast: float = 0.0
    contrast_temperature: float = 0.1
    emergency: float = 0.5
    emergency_miss: float = 2.0
    lora_rank: int = 16
    frozen_layers: int = -1
    dropout: float = 0.3
    lora_dropout: float = 0.0
    vitals_dropout: float = 0.3
    token_dropout: float = 0.1
    max_tokens: int = 256
    patience: int = 0
    seed: int = 42


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to; `development` is NaN without a development set."""

    number: int
    loss: float
    development: float


@dataclass(frozen=True)
class Trained:
    """What training leaves: the network (adapter not merged), its tokenizer, what the label head answers, epochs."""

    network: Network
    tokenizer: Any
    outputs: tuple[str, ...]
    epochs: tuple[Epoch, ...]


@dataclass(frozen=True)
class Rows:
    """Examples as tensors: states under the trained layers, one tensor (tokens, hidden) a text, and targets."""

    states: list[Tensor]
    values: Tensor  # (rows, SIZE)
    mask: Tensor  # (rows, SIZE)
    labels: Tensor  # (rows,)
    emergency: Tensor  # (rows,), NaN where not known


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


def thin(states: Tensor, probability: float, generator: np.random.Generator) -> Tensor:
    """Drop tokens (rows of states) at random, never the first or the last: no single word may carry a diagnosis."""
    kept = generator.random(len(states)) >= probability
    kept[[0, -1]] = True
    return states[torch.as_tensor(kept)]


def schedule(step: int, *, steps: int, warm_up: float) -> float:
    """Return the learning rate's factor: linear warm-up, then linear decay to zero."""
    ramp = max(1, int(steps * warm_up))
    return (step + 1) / ramp if step < ramp else max(0.0, (steps - step) / max(1, steps - ramp))


def train(
    examples: Sequence[Example],
    *,
    encoder: str | Path,
    recipe: Recipe,
    development: Sequence[Example] = (),
    start: Trained | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
    logs: Path | None = None,
) -> Trained:
    """Train on labelled cases and return the network, as it was after its best epoch.

    Args:
        examples: the training cases; their vitals are dropped at random so that absence is normal.
        encoder: hub name or folder of a BERT-like encoder.
        recipe: hyperparameters and seed.
        development: judges each epoch by its loss; without it the last epoch stands.
        start: a trained network to go on from, with the same outputs; it is changed in place.
        on_epoch: called after each epoch.
        logs: folder of TensorBoard logs.
    """
    set_seed(recipe.seed)
    outputs = start.outputs if start else outputs_of(examples)
    network, tokenizer = (start.network, start.tokenizer) if start else _fresh(encoder, recipe, len(outputs))
    rows = read_rows(network, tokenizer, examples, outputs, recipe.max_tokens)
    judges = read_rows(network, tokenizer, development, outputs, recipe.max_tokens) if development else None
    epochs = _fit(network, rows, judges, outputs, recipe, on_epoch, logs)
    return Trained(network.eval(), tokenizer, outputs, epochs)


def _fresh(encoder: str | Path, recipe: Recipe, outputs: int) -> tuple[Network, Any]:
    plain, tokenizer = load_encoder(encoder)
    adapted = with_lora(plain, rank=recipe.lora_rank, dropout=recipe.lora_dropout, frozen=recipe.frozen_layers)
    head = Head(plain.config.hidden_size, outputs, dropout=recipe.dropout)
    return Network(adapted, head, frozen=recipe.frozen_layers), tokenizer


@torch.no_grad()
def read_rows(
    network: Network, tokenizer: Any, examples: Sequence[Example], outputs: tuple[str, ...], max_tokens: int
) -> Rows:
    """Return examples as tensors; what lies under the trained layers is computed here, once."""
    network.eval()
    tokens = tokenizer([e.text for e in examples], truncation=True, max_length=max_tokens)["input_ids"]
    states: list[Tensor] = [torch.empty(0)] * len(tokens)
    order = np.argsort([len(row) for row in tokens], kind="stable")
    for start in range(0, len(order), READ_BATCH):
        index = order[start : start + READ_BATCH]
        padded = tokenizer.pad({"input_ids": [tokens[i] for i in index]}, return_tensors="pt")
        below = network.below(padded["input_ids"], padded["attention_mask"])
        for i, row in zip(index, below, strict=True):
            states[i] = row[: len(tokens[i])].half()
    values, mask = vitals_tensor([e.case for e in examples])
    labels = torch.tensor([outputs.index(e.label) for e in examples])
    emergency = torch.tensor([math.nan if e.emergency is None else float(e.emergency) for e in examples])
    return Rows(states, values, mask, labels, emergency)


def _fit(
    network: Network,
    rows: Rows,
    judges: Rows | None,
    outputs: tuple[str, ...],
    recipe: Recipe,
    on_epoch: Callable[[Epoch], None] | None,
    logs: Path | None,
) -> tuple[Epoch, ...]:
    accelerator = Accelerator(log_with="tensorboard" if logs else None, project_dir=str(logs) if logs else None)
    if logs:
        accelerator.init_trackers("classifier")
    generator = np.random.default_rng(recipe.seed)
    steps = recipe.epochs * -(-len(rows.states) // recipe.batch_size)
    optimizer = torch.optim.AdamW(_parameter_groups(network, recipe))
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: schedule(step, steps=steps, warm_up=recipe.warm_up)
    )
    network, optimizer, scheduler = accelerator.prepare(network, optimizer, scheduler)
    criterion = Criterion(recipe, outputs, rows.labels)
    done: list[Epoch] = []
    best: dict[str, Tensor] = {}
    for number in range(1, recipe.epochs + 1):
        network.train()
        losses = []
        for index in batches([len(row) for row in rows.states], recipe.batch_size, generator):
            loss = criterion(*_forward(network, rows, index, recipe, generator, accelerator.device))
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        judged = judge(network, judges, criterion) if judges else math.nan
        done.append(Epoch(number, float(np.mean(losses)), judged))
        log.info("epoch %d of %d: loss %.4f, development %.4f", number, recipe.epochs, done[-1].loss, judged)
        accelerator.log({"loss/train": done[-1].loss, "loss/development": judged}, step=number)
        if on_epoch:
            on_epoch(done[-1])
        if judges and judged == min(epoch.development for epoch in done):
            best = copy.deepcopy(_trainable(network))
        if _is_stale(done, recipe.patience):
            break
    accelerator.end_training()
    network.load_state_dict(best, strict=False)
    return tuple(done)


def _is_stale(done: Sequence[Epoch], patience: int) -> bool:
    best = min(range(len(done)), key=lambda i: done[i].development)
    return patience > 0 and not math.isnan(done[-1].development) and len(done) - 1 - best >= patience


def _trainable(network: Network) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}


class Criterion:
    """The sum of the losses, as the recipe weighs them.

    Args:
        recipe: the weights.
        outputs: what the label head answers.
        labels: (rows,) of the training set, for the class weights.
    """

    def __init__(self, recipe: Recipe, outputs: tuple[str, ...], labels: Tensor) -> None:
        self._recipe = recipe
        self._background = outputs.index(OTHER) if OTHER in outputs else None
        counts = torch.bincount(labels, minlength=len(outputs)).clamp_min(1)
        balance = (len(labels) / (len(outputs) * counts)) ** recipe.balance
        self._alpha = balance * torch.tensor([recipe.alpha.get(name, 1.0) for name in outputs])

    def __call__(self, logits: Logits, features: Tensor, labels: Tensor, emergency: Tensor) -> Tensor:
        """Return the loss of a batch; `features` are what the heads saw, (batch, hidden)."""
        recipe = self._recipe
        loss = focal_loss(
            logits.labels, labels, gamma=recipe.gamma, alpha=self._alpha.to(labels.device),
            label_smoothing=recipe.label_smoothing,
        )  # fmt: skip
        if recipe.emergency:
            loss = loss + recipe.emergency * emergency_loss(logits.emergency, emergency, weight=recipe.emergency_miss)
        if recipe.contrast:
            loss = loss + recipe.contrast * supervised_contrast(
                features, labels, background=self._background, temperature=recipe.contrast_temperature
            )
        return loss


def _forward(
    network: Network, rows: Rows, index: np.ndarray, recipe: Recipe, generator: np.random.Generator, device: Any
) -> tuple[Logits, Tensor, Tensor, Tensor]:
    thinned = [thin(rows.states[i], recipe.token_dropout, generator) for i in index]
    kept = torch.as_tensor(generator.random((len(index), 1)) >= recipe.vitals_dropout)
    return _apply(network, rows, torch.as_tensor(index), thinned, kept, device)


def _apply(
    network: Network, rows: Rows, index: Tensor, states: list[Tensor], kept: Tensor, device: Any
) -> tuple[Logits, Tensor, Tensor, Tensor]:
    padded = pad_sequence(states, batch_first=True).float().to(device)
    attend = pad_sequence([torch.ones(len(row)) for row in states], batch_first=True).to(device)
    row = network.row(padded, attend)
    fused = network.head.fuse(row, rows.values[index].to(device), (rows.mask[index] * kept).to(device))
    logits = network.head.judge(network.head.dropout(fused))
    return logits, fused, rows.labels[index].to(device), rows.emergency[index].to(device)


@torch.no_grad()
def judge(network: Network, rows: Rows, criterion: Criterion) -> float:
    """Return the mean loss over rows, without dropout."""
    network.eval()
    device = next(network.parameters()).device
    order = np.argsort([len(row) for row in rows.states], kind="stable")
    total = 0.0
    for start in range(0, len(order), READ_BATCH):
        index = torch.as_tensor(order[start : start + READ_BATCH])
        states = [rows.states[i] for i in index]
        total += len(index) * float(criterion(*_apply(network, rows, index, states, torch.ones(1), device)))
    return total / len(order)


def _parameter_groups(network: Network, recipe: Recipe) -> list[dict[str, Any]]:
    adapter = [p for p in network.encoder.parameters() if p.requires_grad]
    return [
        {"params": adapter, "lr": recipe.learning_rate, "weight_decay": recipe.weight_decay},
        {"params": list(network.head.parameters()), "lr": recipe.head_learning_rate, "weight_decay": 0.0},
    ]
