"""The files of a finished run, all derived from the journal, the manifest last: a folder with a manifest is whole.

    results.jsonl    one result a line, in the order of the input
    errors.jsonl     one unreadable case a line
    results.parquet  the results as a table, if asked for
    config.yaml      the resolved configuration
    report.html      the report, one self-contained file
    audit.jsonl      the released cases drawn for blinded audit: what was said of the patient, not what was released
    manifest.json    hashes of inputs and outputs, counts, versions

Started again, a run whose files are whole is left alone; files that are lost or altered are written anew.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cases.case import CaseResult
from pipeline.files import remove_leftovers, sha256_of, write_lines, write_text
from pipeline.journal import Done, Journal, RunState
from pipeline.report import ReportOptions, write_report
from pipeline.shift import Standing

Promised = Callable[[Iterable[CaseResult]], Standing | None]
MANIFEST = "manifest.json"
OUTPUTS = ("results.jsonl", "errors.jsonl", "results.parquet", "config.yaml", "report.html", "audit.jsonl")
FHIR = "results.fhir.ndjson"  # made from the results on demand, and not in the manifest
_VERSIONED = ("wardround", "torch", "transformers", "sentence-transformers", "numpy", "pydantic", "sqlalchemy")


def write_outputs(
    journal: Journal,
    run: RunState,
    out: Path,
    *,
    database: str,
    parquet: bool,
    options: ReportOptions,
    promised: Promised | None = None,
) -> None:
    """Write every file of the run.

    Args:
        journal: of the run, with everything in it.
        run: the run.
        out: the folder.
        database: where the journal is, for the manifest; without a password.
        parquet: whether to write `results.parquet`.
        options: of the report.
        promised: whether what the clinic asked for can be promised for these results.
    """
    (out / MANIFEST).unlink(missing_ok=True)
    remove_leftovers(out)
    write_lines(out / "results.jsonl", journal.lines())
    errors = list(journal.errors())
    write_lines(out / "errors.jsonl", (json.dumps(error.to_json(), ensure_ascii=False) for error in errors))
    write_text(out / "config.yaml", run.config_text)
    _write_parquet(journal, out / "results.parquet", wanted=parquet)
    write_lines(out / "audit.jsonl", _blinded(journal.finished()))
    standing = promised(done.result for done in journal.finished()) if promised else None
    write_report(out / "report.html", journal.finished(), errors, run, options, standing)
    manifest = _manifest(journal, run, out, database) | {"promise": standing.to_json() if standing else None}
    write_text(out / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def _blinded(finished: Iterable[Done]) -> Iterator[str]:
    for done in finished:
        if done.result.audit and done.result.audit.drawn:
            case = done.case.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
            yield json.dumps({"case": case, "probability": done.result.audit.probability}, ensure_ascii=False)


def remove_outputs(out: Path) -> None:
    """Take away the files of an earlier run, its manifest first."""
    for name in (MANIFEST, *OUTPUTS, FHIR):
        (out / name).unlink(missing_ok=True)


def are_intact(out: Path, *, parquet: bool | None = None) -> bool:
    """Whether the manifest is there and every file it names is what it says.

    Args:
        out: the folder.
        parquet: whether `results.parquet` must, or must not, be among them.
    """
    try:
        outputs = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["outputs"]
        whole = all(sha256_of(out / name) == entry["sha256"] for name, entry in outputs.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return whole and parquet in (None, "results.parquet" in outputs)


def _write_parquet(journal: Journal, path: Path, *, wanted: bool) -> None:
    if not wanted:
        path.unlink(missing_ok=True)
        return
    from cases.results import write_parquet

    write_parquet((done.result for done in journal.finished()), path)


def _manifest(journal: Journal, run: RunState, out: Path, database: str) -> dict[str, Any]:
    files = {name: out / name for name in OUTPUTS if (out / name).exists()}
    return {
        "schema": 1,
        "run": run.id,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "database": database,
        "config": run.config_hash,
        "inputs_sha256": run.inputs_hash,
        "inputs": list(run.inputs),
        "counts": journal.counts(),
        "made_by": run.provenance,
        "versions": _versions(run.version),
        "outputs": {name: {"sha256": sha256_of(path), "bytes": path.stat().st_size} for name, path in files.items()},
    }


def _versions(wardround: str) -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in _VERSIONED:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {**versions, "wardround": wardround}
