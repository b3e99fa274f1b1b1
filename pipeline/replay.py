"""Run a finished run's cases again: the same bytes must come out, timings aside.

What cannot be compared is refused, never called the same: files that were altered, a database that is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from errno import ENOENT
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from cases.case import CaseResult
from pipeline.config import load_config
from pipeline.files import RunRefused
from pipeline.journal import Done, Journal
from pipeline.lazy import LazyPipeline
from pipeline.outputs import MANIFEST, are_intact
from pipeline.records import open_database


def replay_run(out: Path, *, batch_size: int = 32) -> list[str]:
    """Return a line for every result that differs, naming the fields.

    Raises:
        FileNotFoundError: if `out` is not a finished run.
        RunRefused: if its files were altered, or its database does not hold every result.
        ConfigError: if its configuration is none of this version.
    """
    manifest = _manifest(out)
    pipeline = LazyPipeline(load_config(out / "config.yaml"))
    journal = _journal(out, manifest)
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


def _manifest(out: Path) -> dict[str, Any]:
    text = (out / MANIFEST).read_text(encoding="utf-8")
    if not are_intact(out):
        raise RunRefused(
            f"Files in {out} are not as the run wrote them. Start the run again with the same --out to write them anew."
        )
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def _journal(out: Path, manifest: dict[str, Any]) -> Journal:
    """The journal of the run; a database is named by URL, by an absolute path, or by a path inside the run's folder."""
    named = manifest["database"]
    place = named if "://" in named else out / named
    if isinstance(place, Path) and not place.exists():  # opening it would make an empty one
        raise FileNotFoundError(ENOENT, "the database is gone", str(place))
    try:
        journal = Journal(open_database(place), manifest["run"])
    except (SQLAlchemyError, ImportError) as error:
        kind = type(error).__name__  # not its text, which may hold a URL
        raise RunRefused(f"The database of {out} cannot be opened ({kind}).") from error
    if journal.run() is None or journal.counts() != manifest["counts"]:
        raise RunRefused(f"The database of {out} does not hold the results of this run; there is nothing to compare.")
    return journal


def _batches(items: Iterator[Done], size: int) -> Iterator[list[Done]]:
    batch: list[Done] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
