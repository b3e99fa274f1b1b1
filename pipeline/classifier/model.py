"""The network: a text encoder with a LoRA adapter, CLS pooling, branches for vitals and an image, dropout, two heads.

    text ──► frozen layers ──► layers + LoRA ──► h_CLS (batch, hidden) ──┐
    vitals, mask ──► MLP, gated by "anything known" ─────────────────────┼─► + ─► dropout ─► linear ─► labels, "other"
    image vector ──► linear, gated by "there is one" ────────────────────┘              └──► linear ─► emergency

Both branches end in a zero-initialised layer behind a gate: where a data set holds no vitals or images the branch gets
no gradient and adds exactly nothing, and a case without them is scored by its text alone.

The lower layers may stay frozen; then their states are computed once a text and training starts above them. Of the
last layer only the CLS row is computed: nothing else of it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from pipeline.classifier.vitals import SIZE

VITALS_HIDDEN = 32
ADAPTED = ("query", "key", "value", "dense")
UNLIKELY = -6.0  # logit of an emergency before anything is learned


class Logits(NamedTuple):
    """What the heads say; leading dimensions are the input's."""

    labels: Tensor  # (..., outputs): the labels, then "other" where there is background data
    emergency: Tensor  # (...,)


class VitalsBranch(nn.Module):
    """Map known vitals to a correction of the text representation.

    Args:
        hidden: width of the text representation.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.inner = nn.Linear(2 * SIZE, VITALS_HIDDEN)
        self.outer = _silent(nn.Linear(VITALS_HIDDEN, hidden))

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Return (batch, hidden) from values and mask, both (batch, SIZE)."""
        known = mask.amax(dim=-1, keepdim=True)
        projected: Tensor = self.outer(torch.relu(self.inner(torch.cat([values * mask, mask], dim=-1))))
        return projected * known


class Head(nn.Module):
    """Everything after the encoder: fusion with vitals and image, dropout, a linear layer for each question.

    Args:
        hidden: width of the text representation.
        outputs: number of classes, "other" included where there is one.
        dropout: probability of dropping a unit, also drawn at inference for MC Dropout.
        image: width of the image tower's vector; 0 for none.
    """

    def __init__(self, hidden: int, outputs: int, *, dropout: float, image: int = 0) -> None:
        super().__init__()
        self.vitals = VitalsBranch(hidden)
        self.image = _silent(nn.Linear(image, hidden)) if image else None
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden, outputs)
        self.emergency = _silent(nn.Linear(hidden, 1))
        nn.init.constant_(self.emergency.bias, UNLIKELY)

    def forward(self, text: Tensor, values: Tensor, mask: Tensor, image: Tensor | None = None) -> Logits:
        """Return the logits of a batch; `image` is (batch, image), a row of zeros where there is none."""
        return self.judge(self.dropout(self.fuse(text, values, mask, image)))

    def fuse(self, text: Tensor, values: Tensor, mask: Tensor, image: Tensor | None = None) -> Tensor:
        """Return text (..., batch, hidden) corrected by vitals and image."""
        fused: Tensor = text + self.vitals(values, mask)
        if self.image is None or image is None:
            return fused
        given = (image != 0).any(dim=-1, keepdim=True).to(image.dtype)
        seen: Tensor = fused + self.image(image) * given
        return seen

    def judge(self, fused: Tensor) -> Logits:
        """Return the logits of what was fused, and dropped out where it should be."""
        return Logits(self.linear(fused), self.emergency(fused).squeeze(-1))


def _silent(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Network(nn.Module):
    """Encoder and head as one trainable module.

    Args:
        encoder: a BERT-like encoder, plain or wrapped by PEFT.
        head: the head.
        frozen: how many of the lowest layers, embeddings included, are not trained; -1 for not even the embeddings.
    """

    def __init__(self, encoder: Any, head: Head, *, frozen: int = -1) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self.frozen = frozen

    def forward(self, input_ids: Tensor, attention_mask: Tensor, values: Tensor, mask: Tensor) -> Logits:
        """Return the logits of tokens (batch, tokens) and vitals (batch, SIZE)."""
        row = self.row(self.below(input_ids, attention_mask), attention_mask)
        logits: Logits = self.head(row, values, mask)
        return logits

    def below(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the states (batch, tokens, hidden) under the trained layers."""
        base = bare(self.encoder)
        if self.frozen < 0:
            states: Tensor = base.embeddings(input_ids)
            return states
        with torch.no_grad():
            embedded = base.embeddings(input_ids)
            return run_layers(base.encoder.layer[: self.frozen], embedded, attention_bias(attention_mask))

    def row(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the CLS row (batch, hidden) of states that `below` made."""
        base, bias = bare(self.encoder), attention_bias(attention_mask)
        *middle, last = base.encoder.layer[max(0, self.frozen) :]
        middle = [layer.eval() for layer in middle]  # dropout where it will be drawn: the last layer and the head
        return cls_row(last, run_layers(middle, states, bias), bias, base.config.num_attention_heads, live(last))


def bare(encoder: Any) -> Any:
    """Return the encoder without its PEFT wrapper."""
    return encoder.get_base_model() if hasattr(encoder, "get_base_model") else encoder


def attention_bias(attention_mask: Tensor) -> Tensor:
    """Return (batch, 1, 1, tokens): 0 where a token may be attended to, else hugely negative."""
    return (1.0 - attention_mask[:, None, None, :].float()) * torch.finfo(torch.float32).min


def run_layers(layers: Sequence[Any], states: Tensor, bias: Tensor) -> Tensor:
    """Run whole encoder layers over states (batch, tokens, hidden)."""
    for layer in layers:
        out = layer(states, bias)
        states = out[0] if isinstance(out, tuple) else out
    return states


class Drops(NamedTuple):
    """The three dropouts of one encoder layer, as functions."""

    attention: Any
    output: Any
    feed_forward: Any


def live(layer: Any) -> Drops:
    """Return the layer's own dropout modules: off in eval mode."""
    return Drops(layer.attention.self.dropout, layer.attention.output.dropout, layer.output.dropout)


def cls_row(layer: Any, states: Tensor, bias: Tensor, heads: int, drops: Drops) -> Tensor:
    """Return the CLS row of one encoder layer: (batch, hidden), or (draws, batch, hidden) if a dropout adds draws.

    Keys and values are computed once; `drops.attention` gets weights (batch, heads, 1, tokens).
    """
    attention = layer.attention.self
    batch, _, width = states.shape
    split = (batch, -1, heads, width // heads)
    key, value = (part(states).view(split).transpose(1, 2) for part in (attention.key, attention.value))
    query = attention.query(states[:, :1]).view(split).transpose(1, 2)
    weights = torch.softmax(query @ key.transpose(-1, -2) / (width // heads) ** 0.5 + bias, dim=-1)
    context = (drops.attention(weights) @ value).transpose(-3, -2)
    context = context.reshape(*context.shape[:-4], batch, width)
    output = layer.attention.output
    attended = output.LayerNorm(drops.output(output.dense(context)) + states[:, 0])
    transformed = drops.feed_forward(layer.output.dense(layer.intermediate(attended)))
    row: Tensor = layer.output.LayerNorm(transformed + attended)
    return row


def load_encoder(name_or_folder: str | Path) -> tuple[Any, Any]:
    """Load any BERT-like Hugging Face encoder and its tokenizer, by hub name or from a folder, without a pooler."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(name_or_folder))
    encoder = AutoModel.from_pretrained(
        str(name_or_folder), add_pooling_layer=False, attn_implementation="eager", dtype=torch.float32
    )
    return encoder, tokenizer


def with_lora(encoder: Any, *, rank: int, dropout: float, frozen: int = -1) -> Any:
    """Wrap every linear layer above the frozen ones in a LoRA adapter (Hu et al. 2021, arXiv 2106.09685)."""
    from peft import LoraConfig, get_peft_model

    layers = list(range(max(0, frozen), encoder.config.num_hidden_layers))
    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=dropout,
        target_modules=list(ADAPTED),
        layers_to_transform=layers,
        layers_pattern="layer",
    )
    return get_peft_model(encoder, config)
