"""Write sentences with any LangChain chat model. It may stand outside this machine, so it must be permitted by name.

What is sent are the library's own lines with the request to rephrase them; nothing of the case is in a prompt.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

logger = logging.getLogger(__name__)


class ExternalModelRefused(PermissionError):
    """A chat model was configured without permission to send anything to it."""


class Chat:
    """A chat model behind LangChain's `init_chat_model`.

    Args:
        model: as `init_chat_model` takes it, e.g. `openai:gpt-4o-mini` or `ollama:llama3.2`, or a model object.
        allow_external: permission to send prompts to it; without it nothing is even loaded.

    Raises:
        ExternalModelRefused: without permission.
    """

    def __init__(self, model: Any, *, allow_external: bool = False) -> None:
        if not allow_external:
            raise ExternalModelRefused(
                "A chat model may send text outside this machine: set generator.allow_external=true to permit it."
            )
        self.name = f"chat:{model if isinstance(model, str) else type(model).__name__}"
        self._model = _chat_model(model)

    def generate(self, prompts: Sequence[str], *, max_new_tokens: int) -> list[str]:
        """Return one text for each prompt, in order."""
        logger.info("sending %d prompts to %s", len(prompts), self.name)
        answers = self._model.batch(list(prompts), max_tokens=max_new_tokens)
        logger.info("%d answers from %s", len(answers), self.name)
        return [str(answer.text).strip() for answer in answers]


def _chat_model(model: Any) -> Any:
    if not isinstance(model, str):
        return model
    from langchain.chat_models import init_chat_model

    return init_chat_model(model, temperature=0)
