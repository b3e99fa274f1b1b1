"""Monte Carlo Dropout at the price of one pass (Gal and Ghahramani 2016, arXiv 1506.02142).

The trunk runs once without dropout. Only the last encoder layer, for the CLS row alone, and the head are drawn T
times: keys and values of that row's attention are shared by all draws. The T masks are drawn once from the seed and
used for every case, so a case's draws never depend on the batch it travels in. With dropout off the fast path equals
the plain forward pass; in distribution it equals a sampler that re-runs the last layer and the head T times.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pipeline.classifier.model import Head


def _mask(shape: tuple[int, ...], probability: float, generator: torch.Generator) -> Tensor:
    """Return an inverted-dropout mask: 0 with `probability`, else 1 / (1 - probability)."""
    if probability == 0:
        return torch.ones(shape)
    return (torch.rand(shape, generator=generator) >= probability).float() / (1 - probability)


class Sampler:
    """Draw T predictions from a BERT-like encoder and a head.

    Args:
        encoder: a BertModel (adapter merged), in eval mode.
        head: the head, in eval mode.
        samples: T; 0 means one deterministic pass.
        max_tokens: the longest input, for which attention masks are drawn.
        seed: of the masks.
    """

    def __init__(self, encoder: Any, head: Head, *, samples: int, max_tokens: int, seed: int) -> None:
        self._encoder = encoder
        self._head = head
        generator = torch.Generator().manual_seed(seed)
        config = encoder.config
        hidden_p = float(config.hidden_dropout_prob) if samples else 0.0
        attention_p = float(config.attention_probs_dropout_prob) if samples else 0.0
        head_p = head.dropout.p if samples else 0.0
        draws, width = max(samples, 1), config.hidden_size
        self._attention = _mask((draws, 1, config.num_attention_heads, 1, max_tokens), attention_p, generator)
        self._output = _mask((draws, 1, width), hidden_p, generator)
        self._feed_forward = _mask((draws, 1, width), hidden_p, generator)
        self._logits = _mask((draws, 1, width), head_p, generator)

    @torch.inference_mode()
    def __call__(
        self, input_ids: Tensor, attention_mask: Tensor, values: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return probabilities (draws, batch, labels) and the deterministic CLS features (batch, hidden)."""
        trunk, bias = self._trunk(input_ids, attention_mask)
        states = self._last_layer(trunk, bias)
        features = self._cls_row(trunk, bias, None)
        fused = (states + self._head.vitals(values, mask)) * self._logits
        return torch.softmax(self._head.linear(fused), dim=-1), features.squeeze(0)

    def _trunk(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Run all layers but the last; return states (batch, tokens, hidden) and the additive attention bias."""
        bias = (1.0 - attention_mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
        states = self._encoder.embeddings(input_ids)
        for layer in self._encoder.encoder.layer[:-1]:
            out = layer(states, bias)
            states = out[0] if isinstance(out, tuple) else out
        return states, bias

    def _last_layer(self, trunk: Tensor, bias: Tensor) -> Tensor:
        return self._cls_row(trunk, bias, self._attention[..., : trunk.shape[1]])

    def _cls_row(self, trunk: Tensor, bias: Tensor, attention_mask: Tensor | None) -> Tensor:
        """The last layer for the CLS row: (draws, batch, hidden), or (1, batch, hidden) without masks."""
        layer = self._encoder.encoder.layer[-1]
        attention = layer.attention.self
        batch, _, width = trunk.shape
        heads = self._encoder.config.num_attention_heads
        split = (batch, -1, heads, width // heads)
        key, value = (part(trunk).view(split).transpose(1, 2) for part in (attention.key, attention.value))
        query = attention.query(trunk[:, :1]).view(split).transpose(1, 2)
        weights = torch.softmax(query @ key.transpose(-1, -2) / (width // heads) ** 0.5 + bias, dim=-1)
        draws = weights.unsqueeze(0) if attention_mask is None else weights * attention_mask
        context = (draws @ value).transpose(2, 3).reshape(-1, batch, width)
        drop_out, drop_ff = (1.0, 1.0) if attention_mask is None else (self._output, self._feed_forward)
        output = layer.attention.output
        attended = output.LayerNorm(output.dense(context) * drop_out + trunk[:, 0])
        transformed = layer.output.dense(layer.intermediate(attended)) * drop_ff
        states: Tensor = layer.output.LayerNorm(transformed + attended)
        return states
