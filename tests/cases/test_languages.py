"""A text that is not English is noticed, whatever its case claims; English in every style is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cases.languages import likely_other_language

FIXTURES = Path(__file__).parent.parent / "safety" / "fixtures"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("de", "Ich habe seit drei Tagen starke Schmerzen beim Wasserlassen und kein Fieber."),
        ("fr", "J'ai une douleur dans la poitrine depuis deux jours avec des nausées, je ne dors pas."),
        ("es", "Tengo dolor en el pecho desde hace dos dias y me cuesta respirar cuando camino con mi perro."),
        ("it", "Ho un forte dolore alla schiena da tre giorni, non riesco a dormire e sono molto stanco."),
        ("nl", "Ik heb sinds drie dagen pijn bij het plassen en geen koorts, maar ook niet goed geslapen."),
    ],
)
def test_another_language_is_noticed(code: str, text: str) -> None:
    assert likely_other_language(text) == code


def test_no_english_vignette_is_taken_for_another_language() -> None:
    texts = [json.loads(line)["text"] for path in FIXTURES.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert len(texts) > 200
    assert [text for text in texts if likely_other_language(text)] == []


@pytest.mark.parametrize("text", ["", "??? ... !!", "67M c/o CP rad to L arm, diaphoretic, PMH DM2 HTN"])
def test_shorthand_and_nothing_are_no_language(text: str) -> None:
    assert likely_other_language(text) is None
