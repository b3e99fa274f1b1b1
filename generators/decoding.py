"""Greedy decoding in batches of similar length, shared by the writers that run a model on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from transformers import GenerationConfig


def by_length(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Yield batches of indices, the longest items first, so that padding is small and memory is tested at once."""
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


def in_batches(
    prompts: Sequence[str], lengths: Sequence[int], batch_size: int, run: Callable[[list[str]], list[str]]
) -> list[str]:
    """Return `run`'s text for every prompt, in the order of the prompts."""
    texts = [""] * len(prompts)
    for batch in by_length(lengths, batch_size):
        for index, text in zip(batch, run([prompts[index] for index in batch]), strict=True):
            texts[index] = text
    return texts


def greedy(tokenizer: Any, model: Any, max_new_tokens: int) -> GenerationConfig:
    """Return the settings of deterministic decoding, whatever the checkpoint's own are."""
    own = model.generation_config
    eos = own.eos_token_id if own.eos_token_id is not None else tokenizer.eos_token_id
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    return GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False,
        num_beams=1,
        max_new_tokens=max_new_tokens,
        eos_token_id=eos,
        pad_token_id=pad,
        decoder_start_token_id=own.decoder_start_token_id,
    )
