"""The chat writer: refused by default, counted when permitted."""

import logging

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from generators.chat import Chat, ExternalModelRefused


def test_chat_is_refused_by_default() -> None:
    with pytest.raises(ExternalModelRefused, match="allow_external"):
        Chat("openai:gpt-4o-mini")


def test_chat_answers_in_order_and_logs_counts_only(caplog: pytest.LogCaptureFixture) -> None:
    chat = Chat(FakeListChatModel(responses=["one", "two"]), allow_external=True)
    with caplog.at_level(logging.INFO):
        answers = chat.generate(["say something secret", "and again"], max_new_tokens=8)
    assert sorted(answers) == ["one", "two"]
    assert chat.name == "chat:FakeListChatModel"
    assert "2 prompts" in caplog.text
    assert "secret" not in caplog.text
