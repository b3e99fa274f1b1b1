"""Facts are looked for closely only where a text holds a first word of theirs: the answers are the plain way's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Case, Condition
from cases.facts import FactReader, Known, facts
from cases.language import find_phrases, find_terms, openings_of, words_in
from cases.phrases import phrase
from cases.read import read_cases

FACTS = facts()
TERMS = tuple(term for fact in FACTS.values() for term in fact.terms)
PHRASES = tuple(source for fact in FACTS.values() for source in fact.phrases)
ODD_LETTERS = str.maketrans({"i": "\u0130", "s": "\u017f", "k": "\u212a", "'": "\u2019", "-": "\u2011"})


class PlainReader(FactReader):
    """Looks for every fact everywhere."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        everything = {name: ("", *fact.phrases) for name, fact in FACTS.items()}
        self._known, self.silent = {}, frozenset()
        self._asked = self._told = everything
        self._shown = [(text, everything) for text, _ in self._shown]
        codes = [(item.code or "").strip().upper().replace(".", "") for item in case.conditions or ()]
        listed = [code for code, item in zip(codes, case.conditions or (), strict=True) if item.system == "icd10"]
        self._coded = frozenset(
            name
            for name, fact in FACTS.items()
            if any(code.startswith(prefix.upper().replace(".", "")) for code in listed for prefix in fact.icd10)
        )


def _all(reader: FactReader) -> dict[str, Known]:
    return {name: reader[name] for name in FACTS}


def _case(text: str, **fields: object) -> Case:
    return Case.model_validate({"id": "c", "text": text, **fields})


def _texts() -> Iterator[str]:
    """Stories made of the very words that facts are recognised by."""
    draw = random.Random(5)
    fillers = (
        "I have",
        "no",
        "denies",
        "my mother has",
        "history of",
        "?",
        "and",
        "with",
        "but not",
        "since Monday",
        ".",
    )
    for _ in range(60):
        words = [draw.choice((draw.choice(TERMS), draw.choice(fillers))) for _ in range(12)]
        yield " ".join(words)


@pytest.mark.parametrize("odd", [False, True])
def test_facts_of_a_text_are_those_of_the_plain_way(odd: bool) -> None:
    for text in _texts():
        case = _case(text.translate(ODD_LETTERS) if odd else text, question=text[:40] or None)
        assert _all(FactReader(case)) == _all(PlainReader(case))


def test_facts_of_the_example_cases_are_those_of_the_plain_way() -> None:
    for case in read_cases([Path("examples/cases.jsonl")]):
        assert isinstance(case, Case)
        assert _all(FactReader(case)) == _all(PlainReader(case))


CODES = sorted({code for fact in FACTS.values() for code in fact.icd10})


@settings(max_examples=60, deadline=None)
@given(
    code=st.one_of(st.sampled_from(CODES), st.sampled_from(CODES).map(lambda code: f"{code}9"), st.text(max_size=6)),
    display=st.one_of(st.none(), st.sampled_from(TERMS), st.text(min_size=1, max_size=20)),
    system=st.sampled_from(["icd10", "snomed"]),
)
def test_facts_of_a_condition_are_those_of_the_plain_way(code: str, display: str | None, system: str) -> None:
    if not code and not display:
        return
    condition = Condition.model_validate({"system": system, "code": code or None, "display": display})
    case = _case("x", conditions=(condition,))
    assert _all(FactReader(case)) == _all(PlainReader(case))


@pytest.mark.parametrize("term", TERMS[::7])
def test_a_term_opens_with_a_word_of_any_text_that_holds_it(term: str) -> None:
    for text in (term, f"No {term.upper()}.", f"({term.translate(ODD_LETTERS)})", f"x,{term.replace(' ', '-')}"):
        if find_terms(text, (term,)):
            assert openings_of((term,)).may_be_in(words_in(text))


def test_letters_that_are_equal_where_case_is_ignored_name_the_term() -> None:
    assert [
        item.term for item in find_terms("My sk\u0130n is fine; \u212aidney \u017ftones", ("skin", "kidney stones"))
    ] == [
        "skin",
        "kidney stones",
    ]


@settings(max_examples=150, deadline=None)
@given(source=st.sampled_from(PHRASES), text=st.text(alphabet="abcdefghiklmnoprstuwyıſK '-.,()", max_size=60))
def test_a_phrase_opens_with_a_word_of_any_text_that_holds_it(source: str, text: str) -> None:
    if phrase(source).pattern.search(text):
        assert phrase(source).may_be_in(words_in(text))
        assert find_phrases(text, (source,)) is not None
