"""Tiny models with random weights, saved to disk in the hub's layout and loaded from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

WORDS = [
    "return",
    "with",
    "fever",
    "or",
    "swelling",
    "rewrite",
    "this",
    "line",
    "of",
    "a",
    "treatment",
    "keep",
    "every",
]
WORDS += ["number", "add", "nothing"]
SPECIAL = ["<pad>", "</s>", "<unk>"]
TEMPLATE = "{% for m in messages %}{{ m['content'] }}{% endfor %} plan"
VOCABULARY_SIZE = 64


def save_tokenizer(folder: Path, *, chat: bool = False) -> None:
    """Save a word-level tokenizer of a few words."""
    vocabulary = {word: index for index, word in enumerate([*SPECIAL, *WORDS])}
    vocabulary |= {f"w{index}": index for index in range(len(vocabulary), VOCABULARY_SIZE)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_input_names=["input_ids", "attention_mask"],
    )
    if chat:
        fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)


def save_t5(folder: Path) -> Path:
    """Save a T5 of two layers."""
    config = T5Config(
        vocab_size=VOCABULARY_SIZE, d_model=32, d_kv=8, d_ff=32, num_layers=2, num_heads=4, decoder_start_token_id=0
    )  # fmt: skip
    return _saved(T5ForConditionalGeneration, config, folder)


def save_llama(folder: Path) -> Path:
    """Save a Llama of two layers, with a chat template."""
    config = LlamaConfig(
        vocab_size=VOCABULARY_SIZE, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, pad_token_id=0, eos_token_id=1, bos_token_id=1,
    )  # fmt: skip
    return _saved(LlamaForCausalLM, config, folder, chat=True)


def _saved(model_class: Any, config: Any, folder: Path, *, chat: bool = False) -> Path:
    torch.manual_seed(7)
    model = model_class(config)
    with torch.no_grad():  # wide logits, so that no two tokens nearly tie
        for parameter in model.parameters():
            parameter.normal_(0, 0.5)
    model.save_pretrained(folder)
    save_tokenizer(folder, chat=chat)
    return folder
