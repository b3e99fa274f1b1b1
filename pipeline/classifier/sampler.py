"""Monte Carlo Dropout at the price of one pass (Gal and Ghahramani 2016, arXiv 1506.02142).

The trunk runs once without dropout. With scope `last`, only the last encoder layer, for the CLS row alone, and the
head are drawn T times: keys and values of that row's attention are shared by all draws. With `head`, only the head is
drawn. `all` is the naive sampler, T full passes with every dropout on: the reference that the cheap ones are measured
against.

For `last` and `head` the T masks are drawn once from the seed and used for every case, so a case's draws never depend
on the batch it travels in. With dropout off every scope equals the plain forward pass; in distribution `last` equals a
sampler that re-runs the last layer and the head T times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from pipeline.classifier.model import Drops, Head, attention_bias, cls_row, run_layers

Scope = Literal["all", "last", "head"]


class Draws(NamedTuple):
    """T predictions of a batch, and the deterministic features under them."""

    labels: Tensor  # (draws, batch, outputs), probabilities
    emergency: Tensor  # (draws, batch), probabilities
    features: Tensor  # (batch, hidden), CLS without dropout
    context: Tensor  # (batch, hidden), mean of the states under the last layer, over the tokens

    @property
    def both(self) -> Tensor:
        """Features and context side by side, (batch, 2 x hidden)."""
        return torch.cat([self.features, self.context], dim=-1)


def in_order(parts: Sequence[Draws], order: Sequence[int]) -> Draws:
    """Join the draws of batches whose rows are the cases of `order`, back in the order of the cases."""
    back = torch.argsort(torch.tensor(order, dtype=torch.long), stable=True)
    labels, emergency = (torch.cat([part[i] for part in parts], dim=1)[:, back] for i in (0, 1))
    features, context = (torch.cat([part[i] for part in parts])[back] for i in (2, 3))
    return Draws(labels, emergency, features, context)


def _mask(shape: tuple[int, ...], probability: float, generator: torch.Generator) -> Tensor:
    """Return an inverted-dropout mask: 0 with `probability`, else 1 / (1 - probability)."""
    if probability == 0:
        return torch.ones(shape)
    return (torch.rand(shape, generator=generator) >= probability).float() / (1 - probability)


def _keep(value: Tensor) -> Tensor:
    return value


NO_DROPS = Drops(_keep, _keep, _keep)


class Sampler:
    """Draw T predictions from a BERT-like encoder and a head.

    Args:
        encoder: a BertModel (adapter merged), in eval mode.
        head: the head, in eval mode.
        samples: T; 0 means one deterministic pass.
        max_tokens: the longest input, for which attention masks are drawn.
        seed: of the masks.
        scope: which dropouts are drawn.
    """

    def __init__(
        self, encoder: Any, head: Head, *, samples: int, max_tokens: int, seed: int, scope: Scope = "last"
    ) -> None:
        self._encoder = encoder
        self._head = head
        self._scope: Scope = scope if samples else "head"
        self._samples = max(samples, 1)
        generator = torch.Generator().manual_seed(seed)
        config, drawn = encoder.config, samples > 0
        hidden_p = float(config.hidden_dropout_prob)
        self._attention = _mask(
            (self._samples, 1, config.num_attention_heads, 1, max_tokens),
            float(config.attention_probs_dropout_prob),
            generator,
        )
        width = (self._samples, 1, config.hidden_size)
        self._output = _mask(width, hidden_p, generator)
        self._feed_forward = _mask(width, hidden_p, generator)
        self._fused = _mask(width, head.dropout.p if drawn else 0.0, generator)
        self._generator = generator

    @torch.inference_mode()
    def plain(self, input_ids: Tensor, attention_mask: Tensor, values: Tensor, mask: Tensor) -> Draws:
        """Return one prediction of a whole pass without dropout, as any library runs it."""
        *_, trunk, top = self._encoder(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        ).hidden_states
        logits = self._head(top[:, 0], values, mask)
        labels, emergency = torch.softmax(logits.labels, dim=-1), torch.sigmoid(logits.emergency)
        return Draws(labels[None], emergency[None], top[:, 0], _token_mean(trunk, attention_mask))

    @torch.inference_mode()
    def __call__(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        values: Tensor,
        mask: Tensor,
        image: Tensor | None = None,
    ) -> Draws:
        """Return the draws of tokens (batch, tokens), vitals (batch, SIZE) and image vectors (batch, image)."""
        bias = attention_bias(attention_mask)
        trunk = run_layers(self._encoder.encoder.layer[:-1], self._encoder.embeddings(input_ids), bias)
        features, context = self._cls_row(trunk, bias, NO_DROPS), _token_mean(trunk, attention_mask)
        if self._scope == "all":
            labels, emergency = self._naive(input_ids, attention_mask, (values, mask, image))
            return Draws(labels, emergency, features, context)
        states = features.unsqueeze(0) if self._scope == "head" else self._cls_row(trunk, bias, self._drops(trunk))
        logits = self._head.judge(self._head.fuse(states, values, mask, image) * self._fused)
        return Draws(torch.softmax(logits.labels, dim=-1), torch.sigmoid(logits.emergency), features, context)

    def _cls_row(self, trunk: Tensor, bias: Tensor, drops: Drops) -> Tensor:
        last = self._encoder.encoder.layer[-1]
        return cls_row(last, trunk, bias, self._encoder.config.num_attention_heads, drops)

    def _drops(self, trunk: Tensor) -> Drops:
        attention = self._attention[..., : trunk.shape[1]]
        return Drops(lambda x: x * attention, lambda x: x * self._output, lambda x: x * self._feed_forward)

    def _naive(
        self, input_ids: Tensor, attention_mask: Tensor, given: tuple[Tensor, Tensor, Tensor | None]
    ) -> tuple[Tensor, Tensor]:
        """T full passes; every dropout module is switched on for them, and its masks come from the sampler's seed."""
        modules = [m for part in (self._encoder, self._head) for m in part.modules() if isinstance(m, nn.Dropout)]
        labels, emergency = [], []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._generator.initial_seed())
            for module in modules:
                module.train()
            try:
                for _ in range(self._samples):
                    states = self._encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
                    logits = self._head(states[:, 0], *given)
                    labels.append(torch.softmax(logits.labels, dim=-1))
                    emergency.append(torch.sigmoid(logits.emergency))
            finally:
                for module in modules:
                    module.eval()
        return torch.stack(labels), torch.stack(emergency)


def _token_mean(states: Tensor, attention_mask: Tensor) -> Tensor:
    """Return the mean (batch, hidden) of states (batch, tokens, hidden) over the tokens that are no padding."""
    held = attention_mask[..., None].to(states.dtype)
    mean: Tensor = (states * held).sum(dim=1) / held.sum(dim=1)
    return mean
