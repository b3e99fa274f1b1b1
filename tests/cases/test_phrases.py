"""Phrases with holes, and who tells the story."""

from __future__ import annotations

import pytest

from cases.language import find_phrases
from cases.phrases import PhraseError, phrase
from cases.teller import told_by_relative


def found(source: str, text: str) -> list[str]:
    return [mention.assertion for mention in find_phrases(text, (source,))]


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("neck .. stiff*", "My neck has gone very stiff.", ["present"]),
        ("neck .. stiff*", "Neck stiffness since noon", ["present"]),
        ("neck .. stiff*", "No neck stiffness.", ["negated"]),
        ("neck .. stiff*", "My neck is not stiff.", []),
        ("neck .. stiff*", "I hurt my neck. Stiff drinks help.", []),
        ("gcs {3-14}", "GCS 9 on arrival", ["present"]),
        ("gcs {3-14}", "GCS 15 on arrival", []),
        ("glucose .. {1-3}", "his glucose is 2.1 now", ["present"]),
        ("(chest|breastbone) (pain|tight*)", "chest-pain and breastbone tightness", ["present", "present"]),
        ("pain (in|of)? (the|my)? chest", "pain in my chest, chest pain, pain chest", ["present", "present"]),
        ("cap (refill|(return|fill) time) .. {3-9}", "cap return time 5 s", ["present"]),
        ("sob", "sobbing", []),
        ("bp .. {50-89}", "BP 122/78, well", []),
        ("bp .. {50-89}", "BP is only 82/50", ["present"]),
        ("bp .. {50-89}", "BP dropped from 120/80 to 85/40", ["present"]),
        ("hr .. {20-39}", "HR 98 BP 110/70 RR 22", []),
        ("hr .. {20-39}", "HR about 36", ["present"]),
    ],
)
def test_a_phrase_finds_its_wordings(source: str, text: str, expected: list[str]) -> None:
    assert found(source, text) == expected


@pytest.mark.parametrize("source", ["", "..", "(a)? b", "a ..", "a (b", "a) b", "a (|b)", "+ve", "a {x}"])
def test_a_malformed_phrase_is_refused(source: str) -> None:
    with pytest.raises(PhraseError):
        phrase(source)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My mother has crushing chest pain.", True),
        ("Mum collapsed in the kitchen.", True),
        ("My wife, 34, is vomiting and I'm worried about her.", True),
        ("My mother has asthma. I feel sick.", False),
        ("My father died of a heart attack.", False),
        ("My father has diabetes, and my chest hurts.", False),
        ("mother had a fever", False),
        ("Family history: mother has asthma.", False),
    ],
)
def test_a_relative_who_describes_the_patient_is_no_family_history(text: str, expected: bool) -> None:
    assert told_by_relative(text) is expected


def test_a_long_text_is_read_in_linear_time() -> None:
    assert found("(pain|ache) .. (chest|arm)", "pain and ache and " * 5000) == []
