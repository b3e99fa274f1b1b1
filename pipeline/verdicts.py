"""A safety verdict as JSON, for the command line."""

from __future__ import annotations

from typing import Any

from safety.screen import Verdict


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return findings, questions, priority, what could not be checked, and a screened text with its findings marked.

    `clear` is true only when nothing was found and nothing was left unchecked.
    """
    return {
        "clear": not verdict.findings and not verdict.unchecked,
        "priority": verdict.priority,
        "findings": [finding.model_dump(mode="json") for finding in verdict.findings],
        "questions": [question.model_dump(mode="json") for question in verdict.questions],
        "unchecked": list(verdict.unchecked),
        **({} if verdict.annotated is None else {"annotated": verdict.annotated}),
    }
