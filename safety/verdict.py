"""What the screen hands out, and how findings, gaps and questions are collected on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cases.case import Alternative, Finding, FindingKind, Priority, Question
from cases.vocabulary.tables import RegimenRow, VocabularyError
from cases.whole import Incomplete
from safety.intake import finding
from safety.rules import STOPPING, RulesError

TABLE_ERRORS = (RulesError, VocabularyError, Incomplete)
Value = TypeVar("Value")


@dataclass(frozen=True)
class Verdict:
    """What the screen found, what it could not check, what it would ask, and how urgent the case is.

    `annotated` is the screened text, where there was one, with a mark behind every drug that a finding is about.
    """

    findings: tuple[Finding, ...] = ()
    unchecked: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    priority: Priority = "routine"
    annotated: str | None = None


@dataclass(frozen=True)
class RegimenScreen:
    """The regimens that a patient may have, those that are excluded and why, and the questions that would help."""

    allowed: tuple[RegimenRow, ...] = ()
    excluded: tuple[Alternative, ...] = ()
    questions: tuple[Question, ...] = ()


@dataclass
class Tally:
    """Findings, questions and gaps as they are collected."""

    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    priority: Priority = "routine"

    @property
    def stopping(self) -> list[Finding]:
        """The findings that stop a plan."""
        return [item for item in self.findings if item.action in STOPPING]

    def add(
        self, findings: Iterable[Finding], questions: Iterable[Question] = (), unchecked: Iterable[str] = ()
    ) -> None:
        """Take more in."""
        self.findings += findings
        self.questions += questions
        self.unchecked += unchecked

    def guarded(self, part: str, kind: FindingKind, check: Callable[[], Value], otherwise: Value) -> Value:
        """Run one check; if it fails, say so with a blocking finding and go on."""
        try:
            return check()
        except Exception as error:  # noqa: BLE001 - a check that fails must never look like one that found nothing
            self.fail(part, kind, why_of(error))
            return otherwise

    def fail(self, part: str, kind: FindingKind, why: str = "") -> None:
        """Record that a check could not be made; `why` names the table that is to blame, never a patient's words."""
        self.unchecked.append(f"{part}: could not be checked{f' ({why})' if why else ''}")
        self.findings.append(
            finding(
                rule=f"screen.failed.{part}",
                kind=kind,
                severity="contraindicated",
                action="block",
                message=f"The check of {part} failed.",
                management="Check by hand; nothing may be released on this verdict.",
                source="screen",
            )
        )

    def verdict(self) -> Verdict:
        """Freeze it, every finding, gap and question once."""
        return Verdict(
            tuple(dict.fromkeys(self.findings)),
            tuple(dict.fromkeys(self.unchecked)),
            once(self.questions),
            self.priority,
        )


def why_of(error: Exception) -> str:
    """Return which table is wrong, in one line; of any other error only its kind, for its words may be a patient's."""
    if not isinstance(error, TABLE_ERRORS):
        return type(error).__name__
    return str(error).strip().partition("\n")[0]


def once(questions: Iterable[Question]) -> tuple[Question, ...]:
    """Return each question once, the missing facts first."""
    first: dict[str, Question] = {}
    for item in sorted(questions, key=lambda question: question.kind != "missing_fact"):
        first.setdefault(item.ask, item)
    return tuple(first.values())


def alternative(row: RegimenRow, stopped: Sequence[Finding]) -> Alternative:
    """Return what excluded a regimen and the changes that would allow it; without a reason of its own, its course."""
    if not stopped:
        other = "every drug of the course is allowed"
        return Alternative(regimen=row.id, excluded_by=("course.incomplete",), would_be_allowed_if=other)
    changes = dict.fromkeys(item.would_change_if for item in stopped)
    known = [change for change in changes if change]
    would = "; and ".join(known) if len(known) == len(changes) else None
    rules = tuple(dict.fromkeys(item.rule for item in stopped))
    return Alternative(regimen=row.id, excluded_by=rules, would_be_allowed_if=would)


def only_unknown(stopped: Sequence[Finding]) -> bool:
    """Whether a regimen is held up by nothing but facts that are not known."""
    return all(item.kind == "missing_fact" or item.rule.startswith("abx.criterion.") for item in stopped)


def weighed(question: Question, *, decides: bool) -> Question:
    """A missing fact holds the case up only if it decides whether any regimen is left; else it is asked beside."""
    kept = decides or question.kind != "missing_fact"
    return question if kept else question.model_copy(update={"kind": "syndrome"})


def softened(item: Finding) -> Finding:
    """An aside is never an order: what would stop one only warns."""
    if item.action not in STOPPING:
        return item
    return item.model_copy(update={"severity": "moderate", "action": "warn"})
