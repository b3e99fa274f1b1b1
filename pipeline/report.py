"""The report of a run: one HTML file that needs no network, made to be read by a clinician.

What to do comes first, why comes next, and everything that supports it is one click below. All text is escaped by
the template engine, and a content security policy lets nothing run but the page's own script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cases.case import Case, CaseResult, Evidence, Finding, Plan, Reason, Statement
from cases.errors import CaseError
from cases.files import replacing
from pipeline import words
from pipeline.charts import charts
from pipeline.journal import Done, RunState
from pipeline.passages import Citation, Passage, citations, passages
from pipeline.shift import Standing
from pipeline.tally import Tally

TEMPLATES = Path(__file__).parent / "templates"
_KINDS = tuple(words.STATEMENTS.items())
_HALF_CHECKED = {"stage_failed", "unresolved_drug"}  # with these, an empty screen does not mean that all is well


@dataclass(frozen=True)
class ReportOptions:
    """How much the report shows.

    Args:
        open_cases: above this number of cases, the cases are folded.
        shown_cases: above this number, the most pressing cases are shown and the rest is left to `results.jsonl`.
    """

    open_cases: int = 30
    shown_cases: int = 1000


@dataclass(frozen=True)
class PlanLine:
    """A statement with where its citations lead; `number` is its place in the plan."""

    number: int
    statement: Statement
    citations: tuple[Citation, ...]


@dataclass(frozen=True)
class CaseView:
    """A case as the page shows it."""

    anchor: str
    case: Case
    result: CaseResult
    decision: words.Decision
    headline: str
    patient: str
    vitals: list[tuple[str, str]]
    reason: Reason | None
    reason_detail: str
    urgent: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    fully_checked: bool
    plan: Plan | None
    groups: tuple[tuple[str, tuple[PlanLine, ...]], ...]
    passages: tuple[Passage, ...]


@dataclass
class _Shown:
    """The most pressing cases, as many as are shown; the rest is only counted."""

    limit: int
    tally: Tally = field(default_factory=Tally)
    by_decision: dict[words.Decision, list[Done]] = field(default_factory=lambda: {key: [] for key in words.DECISIONS})

    def add(self, done: Done) -> None:
        self.tally.add(done.result)
        same = self.by_decision[words.decision(done.result)]
        if len(same) < self.limit:
            same.append(done)

    def views(self) -> list[CaseView]:
        ordered = list(chain.from_iterable(self.by_decision.values()))[: self.limit]
        return [case_view(done.case, done.result, number) for number, done in enumerate(ordered, start=1)]


def write_report(
    path: Path,
    finished: Iterable[Done],
    errors: Sequence[CaseError],
    run: RunState,
    options: ReportOptions,
    standing: Standing | None = None,
) -> None:
    """Write the report of a run.

    Args:
        path: of the HTML file.
        finished: the cases with their results; read once.
        errors: the cases that could not be read.
        run: for the provenance in the footer.
        options: how much is shown.
        standing: whether the target of the thresholds can be promised for this run.
    """
    shown = _Shown(options.shown_cases)
    for done in finished:
        shown.add(done)
    stream = (
        _environment().get_template("report.html.j2").stream(**_content(shown, errors, run, options), standing=standing)
    )
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        stream.enable_buffering()
        file.writelines(stream)


def case_view(case: Case, result: CaseResult, number: int) -> CaseView:
    """Arrange one case for the page. An immediate case has no home plan, whatever the result holds."""
    decision = words.decision(result)
    plan = None if decision == "immediate" else result.plan
    reason = words.main_reason(result)
    return CaseView(
        anchor=f"case-{number}",
        case=case,
        result=result,
        decision=decision,
        headline=words.leading_line(result),
        patient=words.patient_line(case),
        vitals=words.vitals(case),
        reason=reason,
        reason_detail=words.reason_detail(result, reason) if reason else "",
        urgent=words.urgent_findings(result) if decision == "immediate" else (),
        findings=tuple(sorted(result.findings, key=_gravity)),
        fully_checked=not result.unchecked and not {reason.code for reason in result.reasons} & _HALF_CHECKED,
        plan=plan,
        groups=_groups(plan, result.evidence),
        passages=passages(result.evidence, plan),
    )


def _groups(plan: Plan | None, evidence: tuple[Evidence, ...]) -> tuple[tuple[str, tuple[PlanLine, ...]], ...]:
    lines = [
        PlanLine(number, statement, citations(statement, evidence))
        for number, statement in enumerate(plan.statements if plan else ())
    ]
    grouped = ((title, tuple(line for line in lines if line.statement.kind == kind)) for kind, title in _KINDS)
    return tuple((title, group) for title, group in grouped if group)


def _gravity(finding: Finding) -> tuple[int, int]:
    return words.ACTIONS.index(finding.action), words.SEVERITIES.index(finding.severity)


def _content(shown: _Shown, errors: Sequence[CaseError], run: RunState, options: ReportOptions) -> dict[str, Any]:
    views, tally = shown.views(), shown.tally
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    return {
        "cases": views,
        "folded": len(views) > options.open_cases,
        "left_out": tally.results - len(views),
        "tally": tally,
        "tiles": [(key, title, tally.decisions[key]) for key, title in words.DECISIONS.items()],
        "charts": charts(tally),
        "errors": errors,
        "run": run,
        "reasons_used": [(code, text) for code, text in words.REASONS.items() if tally.reasons[code]],
        "style": Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        "script": Markup(script),
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = words.Names()
    environment.filters |= {
        "label": names.label, "syndrome": names.syndrome, "regimen": names.regimen, "drug": names.drug,
        "number": words.number, "spoken": words.spoken, "listed": words.listed,
    }  # fmt: skip
    environment.globals |= {
        "reason_text": words.REASONS, "decision_text": words.DECISIONS, "standing_text": words.STANDINGS,
    }  # fmt: skip
    return environment
