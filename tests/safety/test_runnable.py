"""The screen behind a chain: what is released, marked or kept back, and that nothing leaves before it was screened."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableGenerator, RunnableLambda

from cases.case import Plan, Statement
from cases.errors import CaseError
from safety.runnable import NOTICE, SafetyScreen, Screened, Unsafe
from safety.screen import Screen

PATIENT = {
    "id": "p-1",
    "text": "sore knee",
    "patient": {"age": 50, "sex": "male", "egfr": 90},
    "medications": ["warfarin"],
    "allergies": [],
}
SAFE = "Rest the knee and take acetaminophen 500 mg every six hours."
UNSAFE = "Take ibuprofen 400 mg three times daily."


@pytest.fixture
def guard(screen: Screen) -> SafetyScreen:
    return SafetyScreen(PATIENT, screen=screen)


def test_a_safe_answer_is_released_as_written(guard: SafetyScreen) -> None:
    screened = guard.invoke(SAFE)
    assert screened.released
    assert screened.text == screened.written == str(screened) == SAFE


def test_an_unsafe_answer_is_withheld_with_what_was_found(guard: SafetyScreen) -> None:
    screened = guard.invoke(UNSAFE)
    assert not screened.released
    assert screened.text.startswith(NOTICE)
    assert "ddi.anticoagulant_nsaid" in screened.text
    assert "400 mg" not in screened.text
    assert screened.written == UNSAFE


def test_an_unsafe_answer_is_annotated_on_request(screen: Screen) -> None:
    screened = SafetyScreen(PATIENT, on_unsafe="annotate", screen=screen).invoke(UNSAFE)
    assert not screened.released
    assert screened.text == screened.annotated != UNSAFE
    assert "ibuprofen [INTERRUPT: ddi.anticoagulant_nsaid" in screened.text


def test_an_unsafe_answer_raises_on_request(screen: Screen) -> None:
    guard = SafetyScreen(PATIENT, on_unsafe="raise", screen=screen)
    assert guard.invoke(SAFE).released
    with pytest.raises(Unsafe) as raised:
        guard.invoke(UNSAFE)
    assert raised.value.screened.verdict.findings
    assert "ibuprofen" not in str(raised.value)


def test_the_answer_of_a_chat_model_is_screened(guard: SafetyScreen) -> None:
    chain = FakeListChatModel(responses=[UNSAFE]) | guard
    assert not chain.invoke("What helps my knee?").released


def test_the_text_blocks_of_a_message_are_screened(guard: SafetyScreen) -> None:
    message = AIMessage(content=[{"type": "text", "text": "Take "}, {"type": "text", "text": "ibuprofen."}])
    screened = guard.invoke(message)
    assert screened.written == "Take ibuprofen."
    assert not screened.released


def _statement(text: str) -> Statement:
    return Statement(kind="drug", text=text, citations=("lib:x#y",), span=(0, 1), supported=True)


def test_a_plan_is_screened_as_a_plan(guard: SafetyScreen) -> None:
    plan = Plan(statements=(_statement(SAFE), _statement(UNSAFE)))
    screened = guard.invoke(plan)
    assert not screened.released
    assert screened.written == f"{SAFE}\n{UNSAFE}"
    assert "ibuprofen [INTERRUPT" in (screened.annotated or "")
    assert guard.invoke(Plan(statements=(_statement(SAFE),))).released


def test_the_patient_may_come_with_the_call(screen: Screen) -> None:
    guard = SafetyScreen(screen=screen)
    other = PATIENT | {"medications": []}
    with_warfarin = guard.invoke(UNSAFE, {"configurable": {"patient": PATIENT}})
    assert "ddi.anticoagulant_nsaid" in with_warfarin.text
    assert "ddi.anticoagulant_nsaid" not in guard.invoke(UNSAFE, {"configurable": {"patient": other}}).text


def test_a_chain_passes_the_patient_of_the_call_on(screen: Screen) -> None:
    chain = FakeListChatModel(responses=[UNSAFE]) | SafetyScreen(screen=screen)
    assert "ddi.anticoagulant_nsaid" in chain.invoke("?", {"configurable": {"patient": PATIENT}}).text


@pytest.mark.parametrize("patient", [None, {"id": "x"}, {"id": "x", "text": "y", "nope": 1}, 3])
def test_without_a_readable_patient_nothing_is_released(screen: Screen, patient: Any) -> None:
    screened = SafetyScreen(screen=screen).invoke(SAFE, {"configurable": {"patient": patient}})
    assert not screened.released
    assert SAFE not in screened.text


def test_a_wrong_patient_or_option_is_refused_when_the_screen_is_made() -> None:
    with pytest.raises(CaseError):
        SafetyScreen({"id": "x", "nope": 1})
    with pytest.raises(ValueError, match="annotate, raise or withhold"):
        SafetyScreen(PATIENT, on_unsafe="ignore")  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", ["", " \n\t", AIMessage(content=""), Plan(), None, 7, {"text": SAFE}])
@pytest.mark.parametrize("on_unsafe", ["annotate", "withhold"])
def test_an_answer_without_text_is_withheld(screen: Screen, answer: Any, on_unsafe: Any) -> None:
    screened = SafetyScreen(PATIENT, on_unsafe=on_unsafe, screen=screen).invoke(answer)
    assert not screened.released
    assert screened.text.startswith(NOTICE)
    assert "the safety screen did not run" in screened.text


@pytest.mark.parametrize("on_unsafe", ["annotate", "withhold"])
def test_an_exception_in_the_screen_withholds_the_answer(monkeypatch: pytest.MonkeyPatch, on_unsafe: Any) -> None:
    broken = Screen()

    def boom(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(broken, "text", boom)
    screened = SafetyScreen(PATIENT, on_unsafe=on_unsafe, screen=broken).invoke(SAFE)
    assert not screened.released
    assert SAFE not in screened.text


def test_a_batch_keeps_order_and_number(guard: SafetyScreen) -> None:
    answers = [SAFE, UNSAFE] * 6
    screened = guard.batch(answers)
    assert [item.written for item in screened] == answers
    assert [item.released for item in screened] == [True, False] * 6
    assert guard.batch([]) == []


def test_a_batch_returns_what_was_raised_in_its_place(screen: Screen) -> None:
    guard = SafetyScreen(PATIENT, on_unsafe="raise", screen=screen)
    first, second = guard.batch([UNSAFE, SAFE], return_exceptions=True)
    assert isinstance(first, Unsafe)
    assert isinstance(second, Screened)


def test_nothing_streams_before_everything_was_screened(guard: SafetyScreen) -> None:
    chain = FakeListChatModel(responses=[UNSAFE]) | guard
    chunks = list(chain.stream("?"))
    assert len(chunks) == 1
    assert not chunks[0].released
    assert chunks[0].written == UNSAFE
    assert UNSAFE not in chunks[0].text


def test_a_name_that_two_chunks_share_is_found(guard: SafetyScreen) -> None:
    def pieces(_: Iterator[str]) -> Iterator[str]:
        yield from ("Take ibu", "profen ", "400 mg three times daily.")

    (screened,) = (RunnableGenerator(pieces) | guard).stream("?")
    assert screened.written == UNSAFE
    assert not screened.released


def test_async_calls_and_streams_give_the_same(guard: SafetyScreen) -> None:
    async def run() -> tuple[Screened, list[Screened]]:
        return await guard.ainvoke(UNSAFE), [chunk async for chunk in guard.astream(UNSAFE)]

    one, streamed = asyncio.run(run())
    assert [one] == streamed == [guard.invoke(UNSAFE)]


def test_the_result_is_frozen_and_shows_no_text_in_logs(guard: SafetyScreen) -> None:
    screened = guard.invoke(UNSAFE)
    assert "ibuprofen" not in repr(screened)
    with pytest.raises(FrozenInstanceError):
        screened.released = True  # type: ignore[misc]


def test_it_stands_in_a_chain_like_any_part(guard: SafetyScreen) -> None:
    chain = RunnableLambda(lambda text: text.upper()) | guard | str
    assert chain.invoke(SAFE) == SAFE.upper()
