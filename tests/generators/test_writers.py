"""The writers that run a model here: loaded from a folder, deterministic, and the same whatever the batch."""

from pathlib import Path

import pytest

from generators.backend import TextGenerator
from generators.causal import Causal
from generators.decoding import by_length
from generators.seq2seq import Seq2Seq
from tests.generators.tiny import WORDS, save_llama, save_t5

PROMPTS = [" ".join(WORDS[start : start + length]) for start in range(5) for length in (2, 11, 5, 8)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny models on disk."""
    root = tmp_path_factory.mktemp("models")
    return {"seq2seq": save_t5(root / "tiny-t5"), "causal": save_llama(root / "tiny-llama")}


def _writer(kind: str, folders: dict[str, Path], batch_size: int) -> TextGenerator:
    return {"seq2seq": Seq2Seq, "causal": Causal}[kind](folders[kind], batch_size=batch_size)


@pytest.mark.parametrize("kind", ["seq2seq", "causal"])
def test_writer_is_a_text_generator_and_says_what_it_is(kind: str, folders: dict[str, Path]) -> None:
    writer = _writer(kind, folders, 4)
    assert isinstance(writer, TextGenerator)
    assert writer.name == f"{kind}:{folders[kind].name}"


@pytest.mark.parametrize("kind", ["seq2seq", "causal"])
def test_writer_result_does_not_depend_on_the_batch(kind: str, folders: dict[str, Path]) -> None:
    alone = _writer(kind, folders, 1).generate(PROMPTS, max_new_tokens=12)
    assert len(set(alone)) > 5
    for batch_size in (3, 8, 64):
        assert _writer(kind, folders, batch_size).generate(PROMPTS, max_new_tokens=12) == alone
    reversed_order = _writer(kind, folders, 5).generate(PROMPTS[::-1], max_new_tokens=12)
    assert reversed_order[::-1] == alone


@pytest.mark.parametrize("kind", ["seq2seq", "causal"])
def test_writer_is_deterministic_and_short(kind: str, folders: dict[str, Path]) -> None:
    writer = _writer(kind, folders, 4)
    first, again = (writer.generate(PROMPTS, max_new_tokens=6) for _ in range(2))
    assert first == again
    assert all(len(text.split()) <= 6 for text in first)


@pytest.mark.parametrize("kind", ["seq2seq", "causal"])
def test_writer_accepts_no_prompts(kind: str, folders: dict[str, Path]) -> None:
    assert _writer(kind, folders, 4).generate([], max_new_tokens=6) == []


def test_causal_uses_the_chat_template(folders: dict[str, Path]) -> None:
    writer = Causal(folders["causal"])
    assert writer._asked("return with fever") == "return with fever plan"


def test_decoding_puts_the_longest_first_and_loses_nothing() -> None:
    batches = list(by_length([3, 9, 1, 9, 5], 2))
    assert batches == [[1, 3], [4, 0], [2]]
