"""The screen as a LangChain part: behind any chain, it lets an answer through, marks it, or keeps it back.

    guarded = chat_model | SafetyScreen(patient)
    guarded.invoke("What should I take for my cough?").text

What streams in is gathered first: no word leaves before all of them are screened. An answer is released only if nothing
stops it and nothing that matters was left unchecked; any exception keeps it back. This module imports langchain-core,
`safety.screen` does not.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config
from langchain_core.runnables.utils import ConfigurableFieldSpec

from cases.case import Case, Finding, Plan
from cases.errors import CaseError
from cases.jsonl import case_from_json
from safety.acuity import worst
from safety.rules import STOPPING
from safety.screen import NOT_SCREENED, Screen, Verdict
from safety.verdict import once

OnUnsafe = Literal["annotate", "raise", "withhold"]
Answer = str | BaseMessage | Plan
PATIENT = "patient"
NOTICE = "This answer was withheld by a safety check. A clinician has to look at it."
# Gaps that are asked about beside an answer, as the pipeline does; every other gap keeps it back.
BESIDE = ("vital signs: none recorded", "NEWS2", "current medicines: unknown", "allergies: unknown")

_log = logging.getLogger(__name__)


class Unsafe(ValueError):
    """An answer was not released; `screened` holds it and what was found. The message repeats neither."""

    def __init__(self, screened: Screened) -> None:
        super().__init__("The answer was not released by the safety screen: see .screened.")
        self.screened = screened


@dataclass(frozen=True)
class Screened:
    """An answer after the screen.

    `text` is what may be shown: the answer itself if it is `released`, else what `on_unsafe` asked for. `written` is
    the answer as it came, `annotated` the same with its findings marked (None where the screen failed).
    """

    text: str = field(repr=False)
    written: str = field(repr=False)
    annotated: str | None = field(repr=False)
    released: bool
    verdict: Verdict = field(repr=False)

    def __str__(self) -> str:
        return self.text


class SafetyScreen(Runnable[Answer, Screened]):
    """Screen what a chain answers, for one patient.

    Args:
        patient: a `Case`, or a dict as in a case file. Without one, it is taken from
            `config["configurable"]["patient"]` of each call.
        on_unsafe: what becomes of an answer that is not released. `withhold` shows a notice and the findings in its
            place, `annotate` the answer with its findings marked, `raise` raises `Unsafe`.
        syndrome: what the answer is meant to treat, if that is known.
        screen: the screen; without one, that of the shipped tables.

    Raises:
        CaseError: if `patient` is no case.
        ValueError: if `on_unsafe` is none of the three.

    Example:
        >>> patient = {"id": "p", "text": "sore throat", "medications": ["warfarin"], "allergies": []}
        >>> SafetyScreen(patient).invoke("Take ibuprofen 400 mg three times daily.").released
        False
    """

    def __init__(
        self,
        patient: Case | Mapping[str, Any] | None = None,
        *,
        on_unsafe: OnUnsafe = "withhold",
        syndrome: str | None = None,
        screen: Screen | None = None,
    ) -> None:
        if on_unsafe not in ("annotate", "raise", "withhold"):
            raise ValueError(f"on_unsafe is annotate, raise or withhold, not {on_unsafe!r}")
        self._patient = None if patient is None else as_case(patient)
        self._on_unsafe = on_unsafe
        self._syndrome = syndrome
        self._screen = screen

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """The patient may come with each call."""
        return [ConfigurableFieldSpec(id=PATIENT, annotation=Any, description="a Case, or a dict as in a case file")]

    def invoke(self, input: Answer, config: RunnableConfig | None = None, **kwargs: Any) -> Screened:
        """Screen one answer.

        Raises:
            Unsafe: with `on_unsafe="raise"`, if the answer is not released.
        """
        return self._call_with_config(lambda answer: self._screened(answer, ensure_config(config)), input, config)

    def _screened(self, answer: Answer, config: RunnableConfig) -> Screened:
        written = ""
        try:
            written = text_of(answer)
            screened = judged(written, self._verdict(answer, written, self._case(config)))
        except Exception as error:  # noqa: BLE001 - whatever fails here, an answer that was not screened stays back
            _log.error("the safety screen of an answer failed: %s", type(error).__name__)
            screened = judged(written, NOT_SCREENED)
        if screened.released:
            return screened
        if self._on_unsafe == "raise":
            raise Unsafe(screened)
        if self._on_unsafe == "annotate" and screened.annotated is not None:
            return replace(screened, text=screened.annotated)
        return screened

    def _case(self, config: RunnableConfig) -> Case:
        if self._patient is not None:
            return self._patient
        return as_case(config.get("configurable", {})[PATIENT])

    def _verdict(self, answer: Answer, written: str, case: Case) -> Verdict:
        screen = self._screen or default_screen()
        if not isinstance(answer, Plan):
            return screen.text(case, written, self._syndrome)
        before, verdict = screen.patient(case), screen.plan(case, answer, self._syndrome)
        findings = tuple(dict.fromkeys(before.findings + verdict.findings))
        return Verdict(
            findings,
            tuple(dict.fromkeys(before.unchecked + verdict.unchecked)),
            once(before.questions + verdict.questions),
            worst((before.priority, verdict.priority)),
            screen.marked(written, findings),
        )


@cache
def default_screen() -> Screen:
    """The screen of the shipped tables, made once."""
    return Screen()


def as_case(patient: Case | Mapping[str, Any]) -> Case:
    """Return the case that a dict of a case file holds.

    Raises:
        CaseError: naming the first thing that is wrong with it.
    """
    if isinstance(patient, Case):
        return patient
    case = case_from_json(dict(patient))
    if isinstance(case, CaseError):
        raise case
    return case


def text_of(answer: Answer) -> str:
    """Return the words of an answer; a plan has a line a statement.

    Raises:
        ValueError: if there are none.
    """
    if isinstance(answer, Plan):
        text = "\n".join(statement.text for statement in answer.statements)
    else:
        text = str(answer.text) if isinstance(answer, BaseMessage) else answer
    if not isinstance(text, str) or not text.strip():
        raise ValueError("there is no text to screen")
    return text


def judged(written: str, verdict: Verdict) -> Screened:
    """Return the answer if nothing speaks against its release, and the notice with the findings in its place if not."""
    released = may_be_released(verdict)
    text = written if released else _notice(verdict)
    return Screened(text, written, verdict.annotated, released, verdict)


def may_be_released(verdict: Verdict) -> bool:
    """Whether nothing stops an answer, no dangerous fact is missing and nothing that matters was left unchecked."""
    return (
        verdict.annotated is not None
        and verdict.priority == "routine"
        and not any(item.action in STOPPING for item in verdict.findings)
        and not any(question.kind == "missing_fact" for question in verdict.questions)
        and all(gap.startswith(BESIDE) for gap in verdict.unchecked)
    )


def _notice(verdict: Verdict) -> str:
    """The notice, what was found and what could not be checked; never a word of the answer but its drugs."""
    found = [_line(item) for item in verdict.findings if item.action != "note"]
    gaps = [f"- not checked: {gap}" for gap in verdict.unchecked if not gap.startswith(BESIDE)]
    asked = [f"- {question.ask}" for question in verdict.questions if question.kind == "missing_fact"]
    return "\n".join([NOTICE, *found, *gaps, *asked])


def _line(item: Finding) -> str:
    return f"- {item.action} {item.rule}: {item.message} {item.management}"
