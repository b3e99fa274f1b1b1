"""What a writer is asked: to rephrase one cited line. A prompt holds no word of the case."""

from __future__ import annotations

from cases.case import Statement

TEMPLATE = (
    "Rewrite this line of a treatment plan as one clear English sentence for a clinician. "
    "Keep every number, drug name, condition and negation. Add nothing.\n\nLine: {line}\n\nSentence:"
)


def prompt(statement: Statement) -> str:
    """Return the request to rephrase a statement's line."""
    return TEMPLATE.format(line=statement.text)


def first_sentence(answer: str) -> str:
    """Return the first line of an answer, without the quotation marks or the label that chat models like to add."""
    lines = [line.strip() for line in answer.splitlines() if line.strip()]
    text = lines[0] if lines else ""
    text = text.removeprefix("Sentence:").strip().strip("\"'“”").strip()
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
