"""What has been done: a run's results, errors and review items, written batch by batch, each wholly or not at all.

Everything that a run leaves behind is derived from here, so a process killed at any moment loses at most the batch
that it was working on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from cases.case import Case, CaseResult
from cases.errors import CaseError
from pipeline.files import RunRefused
from pipeline.records import PRIORITY_RANK, ErrorRecord, ResultRecord, ReviewItemRecord, RunRecord, now

_ROWS_AT_A_TIME = 500


@dataclass(frozen=True)
class RunIdentity:
    """What makes a run this run: the same inputs under the same configuration.

    Args:
        config_hash: SHA-256 of the resolved configuration.
        config_text: the resolved configuration, as written to `config.yaml`.
        inputs_hash: SHA-256 over the contents of all input files, in order.
        inputs: name, SHA-256 and size of each input file.
        version: of wardround.
    """

    config_hash: str
    config_text: str
    inputs_hash: str
    inputs: tuple[dict[str, Any], ...]
    version: str


@dataclass(frozen=True)
class RunState:
    """A run as the journal knows it."""

    id: str
    state: str
    config_hash: str
    config_text: str
    inputs_hash: str
    inputs: tuple[dict[str, Any], ...]
    version: str
    provenance: dict[str, Any] | None
    started_at: dt.datetime
    finished_at: dt.datetime | None


@dataclass(frozen=True)
class Done:
    """One finished case: its place in the input, what came in and what came out."""

    position: int
    case: Case
    result: CaseResult


@dataclass(frozen=True)
class Failed:
    """One unreadable case and its place in the input."""

    position: int
    error: CaseError


class ProvenanceChanged(RunRefused):
    """Results of one run were made by different models, evidence, rules or seeds."""


class Journal:
    """The rows of one run in an open database."""

    def __init__(self, engine: Engine, run_id: str) -> None:
        self._engine = engine
        self.run_id = run_id

    def run(self) -> RunState | None:
        """The run, or None if it has not been started in this database."""
        with Session(self._engine) as session:
            row = session.get(RunRecord, self.run_id)
            return None if row is None else _state_of(row)

    def start(self, identity: RunIdentity) -> None:
        """Open the run."""
        row = RunRecord(id=self.run_id, **{**asdict(identity), "inputs": list(identity.inputs)})
        with Session(self._engine) as session, session.begin():
            session.add(row)

    def supersede(self) -> None:
        """Set the run aside, with everything that was decided about it: another one takes its place."""
        with Session(self._engine) as session, session.begin():
            row = session.get(RunRecord, self.run_id)
            if row is not None:
                row.state = "superseded"

    def finish(self) -> None:
        """Mark the run complete."""
        with Session(self._engine) as session, session.begin():
            row = session.get_one(RunRecord, self.run_id)
            row.state, row.finished_at = "complete", row.finished_at or now()

    def add(self, done: Sequence[Done], failed: Sequence[Failed]) -> None:
        """Commit a batch: its results, its errors and the review items of its results, in one transaction.

        Raises:
            ProvenanceChanged: if the results were not made by what made the earlier results of this run.
        """
        with Session(self._engine) as session, session.begin():
            self._hold_provenance(session, done)
            session.add_all(_result_row(self.run_id, item) for item in done)
            session.add_all(_error_row(self.run_id, item) for item in failed)

    def _hold_provenance(self, session: Session, done: Sequence[Done]) -> None:
        if not done:
            return
        row = session.get_one(RunRecord, self.run_id)
        for item in done:
            made_by = item.result.run.model_dump(mode="json")
            row.provenance = row.provenance or made_by
            if row.provenance != made_by:
                changed = ", ".join(sorted(key for key in made_by if made_by[key] != row.provenance.get(key)))
                raise ProvenanceChanged(
                    f"Case {item.result.case_id} was made with other {changed} than the earlier results of this run. "
                    "Put back what made those, or start afresh with --force."
                )

    def done_ids(self) -> set[str]:
        """Ids of the cases that have a result."""
        with Session(self._engine) as session:
            return set(session.scalars(select(ResultRecord.case_id).where(ResultRecord.run_id == self.run_id)))

    def failed_positions(self) -> set[int]:
        """Places of the cases that could not be read."""
        with Session(self._engine) as session:
            return set(session.scalars(select(ErrorRecord.position).where(ErrorRecord.run_id == self.run_id)))

    def lines(self) -> Iterator[str]:
        """The lines of `results.jsonl`, in the order of the input."""
        for row in self._rows(ResultRecord):
            yield row.document

    def finished(self) -> Iterator[Done]:
        """Every finished case, in the order of the input."""
        for row in self._rows(ResultRecord):
            case = Case.model_validate_json(row.case_document)
            yield Done(row.position, case, CaseResult.model_validate_json(row.document))

    def errors(self) -> Iterator[CaseError]:
        """Every unreadable case, in the order of the input."""
        for row in self._rows(ErrorRecord):
            yield CaseError(row.line, row.case_id, row.field, row.code, row.message, row.remedy)

    def counts(self) -> dict[str, int]:
        """How many `results`, `auto`, `review`, `immediate` and `errors` there are."""
        of_run = ResultRecord.run_id == self.run_id
        by_kind = select(ResultRecord.route, ResultRecord.priority, func.count()).where(of_run)
        counts = {"results": 0, "auto": 0, "review": 0, "immediate": 0}
        with Session(self._engine) as session:
            for route, priority, number in session.execute(by_kind.group_by("route", "priority")):
                counts["results"] += number
                counts[route] += number
                counts["immediate"] += number if priority == "immediate" else 0
            errors = select(func.count()).select_from(ErrorRecord).where(ErrorRecord.run_id == self.run_id)
            return {**counts, "errors": session.scalar(errors) or 0}

    def _rows(self, record: type[Any]) -> Iterator[Any]:
        query = select(record).where(record.run_id == self.run_id).order_by(record.position)
        with Session(self._engine) as session:
            yield from session.scalars(query.execution_options(yield_per=_ROWS_AT_A_TIME))


def _state_of(row: RunRecord) -> RunState:
    return RunState(
        id=row.id, state=row.state, config_hash=row.config_hash, config_text=row.config_text,
        inputs_hash=row.inputs_hash, inputs=tuple(row.inputs), version=row.version, provenance=row.provenance,
        started_at=row.started_at, finished_at=row.finished_at,
    )  # fmt: skip


def _result_row(run_id: str, done: Done) -> ResultRecord:
    result = done.result
    return ResultRecord(
        run_id=run_id,
        case_id=result.case_id,
        position=done.position,
        route=result.route,
        priority=result.priority,
        case_document=done.case.model_dump_json(),
        document=result.model_dump_json(by_alias=True),
        review_item=_review_item(result) if result.route == "review" else None,
    )


def _review_item(result: CaseResult) -> ReviewItemRecord:
    return ReviewItemRecord(
        priority=result.priority,
        priority_rank=PRIORITY_RANK[result.priority],
        doubt=result.uncertainty.doubt,
        reasons=list(dict.fromkeys(reason.code for reason in result.reasons)),
        reviewers=list(result.reviewers),
    )


def _error_row(run_id: str, failed: Failed) -> ErrorRecord:
    error = failed.error
    return ErrorRecord(
        run_id=run_id,
        position=failed.position,
        line=error.line,
        case_id=None if error.case_id is None else _storable(error.case_id),
        field=_storable(error.field),
        code=_storable(error.code)[:100],
        message=_storable(error.message),
        remedy=_storable(error.remedy),
    )


def _storable(text: str) -> str:
    """What no database refuses: an unreadable case may name its fields with lone surrogates or NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
