"""Run a pipeline over case files: in batches, resumable at any moment, with files that are whole or absent.

The journal (`pipeline.journal`) decides what is left to do. A batch is committed in one transaction; a process that
is killed loses at most the batch it was working on, and the same command takes up from there.
"""

from __future__ import annotations

import logging
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from cases.case import Case, CaseResult, Run
from cases.errors import CaseError
from cases.read import read_cases
from pipeline.files import (
    RunRefused,
    combined_hash,
    fingerprints,
    only_writer,
    refuse_unusable_output,
    write_text,
)
from pipeline.journal import Done, Failed, Journal, RunIdentity, RunState
from pipeline.outputs import FHIR, MANIFEST, OUTPUTS, Promised, are_intact, remove_outputs, write_outputs
from pipeline.records import open_database
from pipeline.report import ReportOptions

log = logging.getLogger(__name__)
DATABASE = "wardround.sqlite"
_RUN_ID = "run.id"

Reader = Callable[[Sequence[Path]], Iterable[Case | CaseError]]
OnProgress = Callable[[int, int | None], None]


class CasePipeline(Protocol):
    """Anything that makes results of cases, one each, in order."""

    def batch(self, cases: list[Case], /) -> list[CaseResult]: ...


class PipelineBroken(RuntimeError):
    """The pipeline did not return one result for each case."""


@dataclass(frozen=True)
class Summary:
    """What a run came to.

    Args:
        run_id: of the run, as in the database and the manifest.
        out: the folder of the files.
        database: where the journal is, without a password.
        results, auto, review, immediate, errors: how many of each the whole run has.
        processed: how many cases this call worked on; the others were there already.
        seconds: that this call took.
        already_complete: whether there was nothing left to do.
    """

    run_id: str
    out: Path
    database: str
    results: int
    auto: int
    review: int
    immediate: int
    errors: int
    processed: int
    seconds: float
    already_complete: bool


def run_batch(
    pipeline: CasePipeline,
    paths: Sequence[Path],
    out: Path,
    *,
    config_text: str,
    config_hash: str,
    database: str | Path | None = None,
    batch_size: int = 32,
    force: bool = False,
    parquet: bool = False,
    options: ReportOptions | None = None,
    on_progress: OnProgress | None = None,
    made_by: Callable[[], Run | None] | None = None,
    promised: Promised | None = None,
    read: Reader = read_cases,
) -> Summary:
    """Process what is left of the case files and write the files of the run.

    Args:
        pipeline: makes results of cases.
        paths: case files and folders of them, in the order of the results.
        out: the folder of the files; made if it is not there.
        config_text: the resolved configuration, written to `config.yaml`.
        config_hash: SHA-256 of it.
        database: path or URL of the journal; `wardround.sqlite` in `out` if None.
        batch_size: how many cases are processed, and committed, together.
        force: set aside whatever `out` holds and start afresh.
        parquet: also write `results.parquet`.
        options: of the report.
        on_progress: called with the number of cases behind us and the number of all cases (None if unknown).
        made_by: what results would be made by today, to be compared with a run that is complete.
        promised: whether what the clinic asked for can be promised for the results.
        read: yields the cases and the errors of the files.

    Raises:
        RunRefused: if `out` was made from other inputs, another configuration or other models, evidence or rules, or
            another process writes to it.
        PipelineBroken: if the pipeline does not return one result for each case; what was committed stays.
    """
    started = time.perf_counter()
    if batch_size < 1:
        raise RunRefused(f"The batch size is {batch_size}. Give 1 or more.")
    identity = _identity(paths, out, config_text=config_text, config_hash=config_hash)
    with only_writer(out):
        engine = _open(database or out / DATABASE)
        try:
            journal = _claim(engine, out, identity, force=force)
            work = _Work(pipeline, journal, batch_size, on_progress or _silent)
            complete = _run_of(journal).state == "complete"
            if complete:
                _refuse_outdated(_run_of(journal), made_by, out)
            else:
                work.process(paths, read)
                journal.finish()
            untouched = complete and are_intact(out, parquet=parquet)
            where = _where(engine, out)
            if not untouched:
                run = _run_of(journal)
                shown = options or ReportOptions()
                write_outputs(journal, run, out, database=where, parquet=parquet, options=shown, promised=promised)
            return _summary(journal, out, where, work.processed, time.perf_counter() - started, untouched)
        finally:
            engine.dispose()


@dataclass
class _Work:
    """The cases that are left, batch by batch."""

    pipeline: CasePipeline
    journal: Journal
    batch_size: int
    on_progress: OnProgress
    processed: int = 0
    behind: int = 0
    cases: list[tuple[int, Case]] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)

    def process(self, paths: Sequence[Path], read: Reader) -> None:
        """Process every case that has no result yet."""
        total = sum(1 for _ in read(paths))
        ids, positions = self.journal.done_ids(), self.journal.failed_positions()
        self.behind = len(ids) + len(positions)
        self.on_progress(self.behind, total)
        for position, item in _without_repeats(read(paths)):
            if isinstance(item, CaseError):
                if position not in positions:
                    self.failed.append(Failed(position, item))
            elif item.id not in ids:
                self.cases.append((position, item))
            if max(len(self.cases), len(self.failed)) >= self.batch_size:
                self.commit(total)
        self.commit(total)

    def commit(self, total: int) -> None:
        """Process the waiting cases and put them, and the waiting errors, into the journal."""
        if not self.cases and not self.failed:
            return
        cases = [case for _, case in self.cases]
        results = self.pipeline.batch(cases) if cases else []
        _refuse_other_results(cases, results)
        done = [Done(position, case, result) for (position, case), result in zip(self.cases, results, strict=True)]
        self.journal.add(done, self.failed)
        self.processed += len(done)
        self.behind += len(done) + len(self.failed)
        log.info("committed %d results and %d errors of run %s", len(done), len(self.failed), self.journal.run_id)
        self.cases, self.failed = [], []
        self.on_progress(self.behind, total)


def _open(database: str | Path) -> Engine:
    try:
        return open_database(database)
    except (SQLAlchemyError, ImportError) as error:
        kind = type(error).__name__  # not its text, which may hold a password
        raise RunRefused(f"The database cannot be opened ({kind}). Check its path or URL and its driver.") from error


def _claim(engine: Engine, out: Path, identity: RunIdentity, *, force: bool) -> Journal:
    """The journal of the run that `out` holds, or of a new one."""
    mark = out / _RUN_ID
    journal = Journal(engine, mark.read_text(encoding="utf-8", errors="replace").strip() if mark.exists() else "")
    run = journal.run()
    if force or (run is not None and _never_began(journal, run) and _differing(run, identity)):
        remove_outputs(out)
        journal.supersede()
    elif run is not None and run.state != "superseded":
        _refuse_other_run(run, identity, out)
        return journal
    elif (out / MANIFEST).exists() or (out / "results.jsonl").exists():
        raise RunRefused(
            f"{out} holds results, but this database does not know their run. "
            "Give the --database they were made with, choose another --out, or start afresh with --force."
        )
    journal = Journal(engine, uuid.uuid4().hex)
    write_text(mark, journal.run_id)  # before the row: killed in between, the id names no run and is replaced
    journal.start(identity)
    log.info("started run %s", journal.run_id)
    return journal


def _never_began(journal: Journal, run: RunState) -> bool:
    """Whether the run stopped before its first batch, for example because a model was not there."""
    return run.state == "running" and not any(journal.counts().values())


def _differing(run: RunState, identity: RunIdentity) -> list[str]:
    pairs = {
        "other case files": (run.inputs_hash, identity.inputs_hash),
        "another configuration": (run.config_hash, identity.config_hash),
        "another version of wardround": (run.version, identity.version),
    }
    return [what for what, (there, here) in pairs.items() if there != here]


def _refuse_other_run(run: RunState, identity: RunIdentity, out: Path) -> None:
    differing = _differing(run, identity)
    if differing:
        raise RunRefused(
            f"{out} was made with {' and '.join(differing)} (run {run.id[:8]}). "
            "Choose another --out, or start afresh with --force."
        )


def _refuse_outdated(run: RunState, made_by: Callable[[], Run | None] | None, out: Path) -> None:
    today = made_by() if made_by else None
    if today is None or run.provenance is None:
        return
    now = today.model_dump(mode="json")
    changed = ", ".join(sorted(key for key in now if now[key] != run.provenance.get(key)))
    if changed:
        raise RunRefused(f"{out} is complete, but was made with other {changed}. Use --force, or another folder.")


def _refuse_other_results(cases: Sequence[Case], results: Sequence[CaseResult]) -> None:
    if [case.id for case in cases] != [result.case_id for result in results]:
        raise PipelineBroken(
            f"The pipeline returned {len(results)} results for {len(cases)} cases, or not in their order. "
            "Everything up to the batch before is in the journal."
        )


def _without_repeats(items: Iterable[Case | CaseError]) -> Iterator[tuple[int, Case | CaseError]]:
    """Number the items; a case whose id was there before is an error, never a second result."""
    seen: set[str] = set()
    for position, item in enumerate(items):
        if isinstance(item, Case) and item.id in seen:
            remedy = "Give every case an id of its own."
            yield position, CaseError(0, item.id, "id", "duplicate_id", "The id was used before.", remedy)
            continue
        if isinstance(item, Case):
            seen.add(item.id)
        yield position, item


def _identity(paths: Sequence[Path], out: Path, *, config_text: str, config_hash: str) -> RunIdentity:
    refuse_unusable_output(paths, out, own=(*OUTPUTS, FHIR, MANIFEST, DATABASE))
    inputs = fingerprints(paths)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise RunRefused(f"The output folder {out} cannot be written ({error.strerror}). Choose another.") from error
    return RunIdentity(config_hash, config_text, combined_hash(inputs), inputs, _version())


def _run_of(journal: Journal) -> RunState:
    run = journal.run()
    if run is None:
        raise PipelineBroken(f"Run {journal.run_id} has vanished from the database.")
    return run


def _summary(
    journal: Journal, out: Path, database: str, processed: int, seconds: float, already_complete: bool
) -> Summary:
    return Summary(
        journal.run_id, out, database, **journal.counts(),
        processed=processed, seconds=seconds, already_complete=already_complete,
    )  # fmt: skip


def _where(engine: Engine, out: Path) -> str:
    if engine.url.database == str((out / DATABASE).resolve()):
        return DATABASE
    return engine.url.render_as_string(hide_password=True)


def _version() -> str:
    try:
        return version("wardround")
    except PackageNotFoundError:
        return "0+unknown"


def _silent(done: int, total: int | None) -> None:
    """Tell nobody."""
