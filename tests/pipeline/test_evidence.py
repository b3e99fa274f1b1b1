"""What is looked up for a case, and how the evidence's second opinion is counted."""

from __future__ import annotations

import pytest

from cases.case import Case, Plan, Statement
from pipeline.evidence import Found, disagreement, look_up
from pipeline.replay import changed_fields
from retrievers.hybrid import HybridRetriever
from retrievers.lexical import Lexical
from tests.pipeline.test_wardround import cystitis, rooms, wardround


@pytest.mark.parametrize(("ranked", "expected"), [(["a", "b"], 0.0), (["b", "a"], 0.5), (["b", "c"], 1.0), ([], 1.0)])
def test_disagreement_is_one_minus_the_reciprocal_rank(ranked: list[str], expected: float) -> None:
    assert disagreement("a", ranked) == expected


def test_a_case_without_text_finds_nothing() -> None:
    cases = [(cystitis(), "urinary tract infection"), (cystitis(id="b", text=None, images=({"path": "x.png"},)), None)]
    found = look_up(rooms().retriever, cases, k=3)
    assert len(found[0].by_text) == 3
    assert found[1] == Found()


def test_the_leading_conditions_library_is_all_there() -> None:
    (found,) = look_up(rooms().retriever, [(cystitis(), "urinary tract infection")], k=3)
    expected = {p.id for p in rooms().retriever.passages if p.label == "urinary tract infection"}
    assert {item.id for item in found.by_condition} == expected


def test_what_is_shown_is_what_is_cited_and_what_was_found() -> None:
    (found,) = look_up(rooms().retriever, [(cystitis(), "urinary tract infection")], k=2)
    cited = found.by_condition[-1]
    line = Statement(kind="review_date", text="x", citations=(cited.id,), span=(0, 1), supported=True)
    shown = found.shown(Plan(statements=(line,)))
    assert shown[0].id == cited.id
    assert [item.rank for item in shown] == list(range(1, len(shown) + 1))
    assert len(shown) <= 3


def test_replay_names_the_fields_that_differ_and_forgives_timings() -> None:
    result = wardround().invoke(cystitis())
    assert changed_fields(result, result.model_copy(update={"timings_ms": {"classify": 9.0}})) == []
    assert changed_fields(result, result.model_copy(update={"priority": "urgent"})) == ["priority"]


def test_a_question_is_part_of_the_search() -> None:
    case = Case(id="q", text="zzz", question="painful swollen big toe, is it gout?")
    lexical = Lexical(rooms().retriever.passages)
    retriever = HybridRetriever(rooms().retriever.passages, lexical=lexical, dense=lexical, mode="lexical")
    (found,) = look_up(retriever, [(case, None)], k=5)
    assert any("gout" in item.id for item in found.by_text)
