"""Write sentences with an encoder-decoder: FLAN-T5 of any size by hub name, or any folder of the same layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from generators.decoding import greedy, in_batches

MAX_INPUT_TOKENS = 512  # what T5 was trained on


class Seq2Seq:
    """An encoder-decoder on this machine; greedy, in float32, so that a batch does not change a sentence.

    Args:
        model: hub name, e.g. `google/flan-t5-base`, or a folder.
        batch_size: prompts a forward pass.

    Example:
        >>> writer = Seq2Seq("google/flan-t5-base")  # doctest: +SKIP
        >>> writer.generate(["Rephrase: Return with fever."], max_new_tokens=32)  # doctest: +SKIP
    """

    def __init__(self, model: str | Path, *, batch_size: int = 16) -> None:
        self.name = f"seq2seq:{Path(model).name}"
        self._batch_size = batch_size
        self._tokenizer = AutoTokenizer.from_pretrained(model)
        self._model = AutoModelForSeq2SeqLM.from_pretrained(model, dtype=torch.float32).eval()

    def generate(self, prompts: Sequence[str], *, max_new_tokens: int) -> list[str]:
        """Return one text for each prompt, in order."""
        lengths = [len(ids) for ids in self._tokenizer(list(prompts))["input_ids"]] if prompts else []
        return in_batches(prompts, lengths, self._batch_size, lambda batch: self._run(batch, max_new_tokens))

    @torch.inference_mode()
    def _run(self, batch: list[str], max_new_tokens: int) -> list[str]:
        inputs = self._tokenizer(
            batch, return_tensors="pt", padding=True, truncation=True, max_length=MAX_INPUT_TOKENS
        ).to(self._model.device)  # (batch, tokens)
        settings = greedy(self._tokenizer, self._model, max_new_tokens)
        output = self._model.generate(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], generation_config=settings
        )
        return [text.strip() for text in self._tokenizer.batch_decode(output, skip_special_tokens=True)]
