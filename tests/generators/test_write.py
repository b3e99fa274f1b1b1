"""Writing plans with a model: what is grounded stands, everything else is the composed sentence."""

import logging
from collections.abc import Callable, Sequence

import pytest

from cases.case import Plan
from generators.compose import Brief, compose
from generators.prompts import first_sentence, prompt
from generators.write import write
from tests.generators.knee import brief


class Scripted:
    """A hand-written model: applies a function to the line it was asked to rewrite."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self.name = "seq2seq:scripted"
        self.asked: list[str] = []
        self._answer = answer

    def generate(self, prompts: Sequence[str], *, max_new_tokens: int) -> list[str]:
        """Answer every prompt."""
        self.asked += prompts
        return [self._answer(text.split("Line: ")[1].split("\n")[0]) for text in prompts]


def _written(knee: Brief, answer: Callable[[str], str]) -> tuple[Plan, Plan]:
    plan = compose(knee)
    return plan, write([knee], [plan], Scripted(answer))[0]


def test_write_keeps_what_is_grounded(knee: Brief) -> None:
    plan, written = _written(
        knee, lambda line: line.replace("three times daily", "TID").replace("Return", "Please return")
    )
    texts = [statement.text for statement in written.statements]
    assert any("TID" in text for text in texts)
    assert any(text.startswith("Please return") for text in texts)
    assert written.generator == "composed+seq2seq"
    for before, after in zip(plan.statements, written.statements, strict=True):
        assert after.model_copy(update={"text": before.text}) == before


@pytest.mark.parametrize(
    "answer",
    [
        lambda line: line.replace("400 mg", "800 mg"),
        lambda line: "Do not " + line,
        lambda line: line.replace("fever", "cough"),
        lambda line: "None",
        lambda line: "",
        lambda line: line + " Take warfarin 5 mg daily.",
        lambda line: "Sure! Here is the sentence you asked for.",
        lambda line: line * 40,
    ],
)
def test_write_replaces_what_is_not(knee: Brief, answer: Callable[[str], str]) -> None:
    plan, written = _written(knee, answer)
    for before, after in zip(plan.statements, written.statements, strict=True):
        assert after.text == before.text
    assert written.generator == "composed"
    assert all(statement.supported for statement in written.statements)


def test_write_asks_for_a_shared_line_once(knee: Brief) -> None:
    plans = [compose(knee)] * 3
    model = Scripted(lambda line: line)
    write([knee] * 3, plans, model)
    assert len(model.asked) == len(set(model.asked)) == len({s.text for s in plans[0].statements})


def test_write_is_the_same_alone_and_in_a_batch() -> None:
    briefs = [brief(plan) for plan in ("drug", "no_drug", "test_first", "refer")]
    plans = [compose(item) for item in briefs]
    model = Scripted(lambda line: line.replace("Return", "Please return"))
    alone = [write([item], [plan], model)[0] for item, plan in zip(briefs, plans, strict=True)]
    assert write(briefs, plans, model) == alone


def test_write_leaves_an_abstained_plan_alone(knee: Brief) -> None:
    model = Scripted(lambda line: line)
    assert write([knee], [Plan(abstained=True)], model) == [Plan(abstained=True)]
    assert model.asked == []


def test_write_refuses_another_number_of_answers(knee: Brief) -> None:
    class Silent(Scripted):
        def generate(self, prompts: Sequence[str], *, max_new_tokens: int) -> list[str]:
            return []

    with pytest.raises(ValueError, match="shorter"):
        write([knee], [compose(knee)], Silent(lambda line: line))


def test_write_puts_no_word_of_the_case_into_prompts_or_logs(knee: Brief, caplog: pytest.LogCaptureFixture) -> None:
    model = Scripted(lambda line: line)
    with caplog.at_level(logging.DEBUG):
        write([knee], [compose(knee)], model)
    assert knee.case.text
    assert knee.case.text not in "".join(model.asked) + caplog.text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("  Return with fever  ", "Return with fever."),
        ('"Return with fever."\nI hope that helps!', "Return with fever."),
        ("Sentence: Return with fever.", "Return with fever."),
        ("\n\n", ""),
    ],
)
def test_prompts_first_sentence(answer: str, sentence: str) -> None:
    assert first_sentence(answer) == sentence


def test_prompts_hold_the_line(knee: Brief) -> None:
    statement = compose(knee).statements[0]
    assert statement.text in prompt(statement)
