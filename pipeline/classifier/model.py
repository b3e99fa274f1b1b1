"""The network: a text encoder with a LoRA adapter, CLS pooling, a vitals branch with a mask, a dropout head.

    text ──► encoder + LoRA ──► h_CLS (batch, hidden) ──┐
    vitals, mask ──► MLP, gated by "anything known" ────┴──► + ──► dropout ──► linear ──► logits (batch, labels)

The vitals branch ends in a zero-initialised layer behind a gate: where a data set holds no vitals the branch gets no
gradient and adds exactly nothing, and a case without vitals is scored by its text alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.classifier.vitals import SIZE

VITALS_HIDDEN = 32


class VitalsBranch(nn.Module):
    """Map known vitals to a correction of the text representation.

    Args:
        hidden: width of the text representation.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.inner = nn.Linear(2 * SIZE, VITALS_HIDDEN)
        self.outer = nn.Linear(VITALS_HIDDEN, hidden)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Return (batch, hidden) from values and mask, both (batch, SIZE)."""
        known = mask.amax(dim=-1, keepdim=True)
        projected: Tensor = self.outer(torch.relu(self.inner(torch.cat([values * mask, mask], dim=-1))))
        return projected * known


class Head(nn.Module):
    """Everything after the encoder: fusion with the vitals, dropout, linear layer.

    Args:
        hidden: width of the text representation.
        labels: number of classes.
        dropout: probability of dropping a unit, also drawn at inference for MC Dropout.
    """

    def __init__(self, hidden: int, labels: int, *, dropout: float) -> None:
        super().__init__()
        self.vitals = VitalsBranch(hidden)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden, labels)

    def forward(self, text: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """Return logits (batch, labels)."""
        logits: Tensor = self.linear(self.dropout(text + self.vitals(values, mask)))
        return logits


class Network(nn.Module):
    """Encoder and head as one trainable module.

    Args:
        encoder: a Hugging Face encoder, plain or wrapped by PEFT.
        head: the head.
    """

    def __init__(self, encoder: Any, head: Head) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, input_ids: Tensor, attention_mask: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """Return logits (batch, labels) from tokens (batch, tokens) and vitals (batch, SIZE)."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        logits: Tensor = self.head(states[:, 0], values, mask)
        return logits


def load_encoder(name_or_folder: str | Path) -> tuple[Any, Any]:
    """Load any Hugging Face encoder and its tokenizer, by hub name or from a folder, without a pooler."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(name_or_folder))
    encoder = AutoModel.from_pretrained(
        str(name_or_folder), add_pooling_layer=False, attn_implementation="eager", dtype=torch.float32
    )
    return encoder, tokenizer


ADAPTED = ("query", "key", "value", "dense")


def with_lora(encoder: Any, *, rank: int, dropout: float) -> Any:
    """Wrap every linear layer of the encoder in a LoRA adapter (Hu et al. 2021, arXiv 2106.09685)."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=dropout, target_modules=list(ADAPTED))
    return get_peft_model(encoder, config)
