"""Write sentences with a decoder-only model: SmolLM2 by default, any causal checkpoint by hub name or folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from generators.decoding import greedy, in_batches


class Causal:
    """A causal model on this machine; greedy, in float32, padded on the left; prompts go into its chat template.

    Args:
        model: hub name or folder.
        batch_size: prompts a forward pass.
    """

    def __init__(self, model: str | Path, *, batch_size: int = 16) -> None:
        self.name = f"causal:{Path(model).name}"
        self._batch_size = batch_size
        self._tokenizer = AutoTokenizer.from_pretrained(model, padding_side="left")
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._model: Any = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()  # type: ignore[no-untyped-call]

    def generate(self, prompts: Sequence[str], *, max_new_tokens: int) -> list[str]:
        """Return one text for each prompt, in order."""
        asked = [self._asked(prompt) for prompt in prompts]
        lengths = [len(ids) for ids in self._tokenizer(asked)["input_ids"]] if asked else []
        return in_batches(asked, lengths, self._batch_size, lambda batch: self._run(batch, max_new_tokens))

    def _asked(self, prompt: str) -> str:
        if not self._tokenizer.chat_template:
            return prompt
        turns = [{"role": "user", "content": prompt}]
        return str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))

    @torch.inference_mode()
    def _run(self, batch: list[str], max_new_tokens: int) -> list[str]:
        inputs = self._tokenizer(batch, return_tensors="pt", padding=True, add_special_tokens=False)  # (batch, tokens)
        inputs = inputs.to(self._model.device)
        settings = greedy(self._tokenizer, self._model, max_new_tokens)
        output = self._model.generate(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], generation_config=settings
        )
        new = output[:, inputs["input_ids"].shape[1] :]
        return [text.strip() for text in self._tokenizer.batch_decode(new, skip_special_tokens=True)]
