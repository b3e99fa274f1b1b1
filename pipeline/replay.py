"""Run a finished run's cases again: the same bytes must come out, timings aside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cases.case import CaseResult
from pipeline.config import load_config
from pipeline.journal import Done, Journal
from pipeline.lazy import LazyPipeline
from pipeline.outputs import MANIFEST
from pipeline.records import open_database


def replay_run(out: Path, *, batch_size: int = 32) -> list[str]:
    """Return a line for every result that differs, naming the fields.

    Raises:
        FileNotFoundError: if `out` is not a finished run.
    """
    manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    pipeline = LazyPipeline(load_config(out / "config.yaml"))
    journal = Journal(open_database(_database(out, manifest["database"])), manifest["run"])
    differences = []
    for batch in _batches(journal.finished(), batch_size):
        again = pipeline.batch([done.case for done in batch])
        differences += [
            f"{old.case_id}: {', '.join(fields)}"
            for done, new in zip(batch, again, strict=True)
            if (fields := changed_fields(old := done.result, new))
        ]
    return differences


def changed_fields(old: CaseResult, new: CaseResult) -> list[str]:
    """Return the names of the fields that differ, `timings_ms` aside."""
    a, b = (json.loads(result.model_dump_json(by_alias=True, exclude={"timings_ms"})) for result in (old, new))
    return [key for key in a if a[key] != b[key]]


def _database(out: Path, named: str) -> str:
    """A database is named by URL, by an absolute path, or by a path inside the run's folder."""
    return named if "://" in named else str(out / named)


def _batches(items: Iterator[Done], size: int) -> Iterator[list[Done]]:
    batch: list[Done] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
