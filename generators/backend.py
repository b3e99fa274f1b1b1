"""The seam between plans and language models: prompts in, texts out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class TextGenerator(Protocol):
    """A model that continues or answers prompts, deterministically, whatever the batch.

    `name` says what wrote a plan: the backend, and the hash or name of its weights where that is known.
    """

    name: str

    def generate(self, prompts: Sequence[str], *, max_new_tokens: int) -> list[str]:
        """Return one text for each prompt, in order."""
        ...
