"""Write results as JSON Lines, Parquet or FHIR, and read the JSON Lines back. Every writer is atomic and streams."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from cases.case import CaseResult
from cases.fhir_results import to_fhir
from cases.files import replacing

_ROW_GROUP = 1000  # results held in memory at once when writing Parquet
_NUMBERS = ("confidence", "predictive_entropy", "mutual_information", "ood_score", "emergency", "disagreement", "doubt")
_JSON_COLUMNS = ("differential", "reasons", "questions", "evidence", "plan", "findings", "run", "audit", "timings_ms")


def to_line(result: CaseResult) -> str:
    """Return a result as one line of JSON, without the line break."""
    return result.model_dump_json(by_alias=True)


def write_jsonl(results: Iterable[CaseResult], path: Path) -> int:
    """Write one result a line and return their number."""
    return _write_lines((to_line(result) for result in results), path)


def read_results(path: Path) -> Iterator[CaseResult]:
    """Yield the results of a file that `write_jsonl` wrote.

    Raises:
        pydantic.ValidationError: if a line is no result of this schema version.
    """
    with path.open("rb") as stream:
        for line in stream:
            if line.strip():
                yield CaseResult.model_validate_json(line)


def write_fhir(results: Iterable[CaseResult], path: Path, *, recorded: dt.datetime | None = None) -> int:
    """Write one FHIR R4 Bundle a line (NDJSON) and return their number.

    Args:
        results: the results.
        path: the file, by custom `.ndjson`.
        recorded: the time for the Provenance, now if not given.
    """
    moment = recorded or dt.datetime.now(dt.UTC)
    lines = (json.dumps(to_fhir(result, recorded=moment), ensure_ascii=False) for result in results)
    return _write_lines(lines, path)


def write_parquet(results: Iterable[CaseResult], path: Path) -> int:
    """Write one result a row and return their number.

    Flat columns hold what one filters and plots by; nested parts are JSON text in columns of the result's own names.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _parquet_schema()
    remaining, count = iter(results), 0
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        while rows := [_row(result) for result in islice(remaining, _ROW_GROUP)]:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def _write_lines(lines: Iterable[str], path: Path) -> int:
    count = 0
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        for line in lines:
            stream.write(line + "\n")
            count += 1
    return count


def _parquet_schema() -> Any:
    import pyarrow as pa

    texts = ("case_id", "route", "priority", "label", "icd10", "syndrome", "generator", *_JSON_COLUMNS)
    lists = ("reviewers", "reason_codes", "prediction_set", "finding_rules", "unchecked")
    return pa.schema(
        [("schema", pa.int32()), ("samples", pa.int32()), ("abstained", pa.bool_()), ("probability", pa.float64())]
        + [(name, pa.string()) for name in texts]
        + [(name, pa.float64()) for name in _NUMBERS]
        + [(name, pa.list_(pa.string())) for name in lists]
    )


def _row(result: CaseResult) -> dict[str, Any]:
    nested = result.model_dump(mode="json", by_alias=True)
    leading = result.differential[0] if result.differential else None
    return {
        **{name: nested[name] for name in ("schema", "case_id", "route", "priority", "reviewers", "prediction_set")},
        "unchecked": nested["unchecked"],
        "label": leading.label if leading else None,
        "icd10": leading.icd10 if leading else None,
        "probability": leading.probability if leading else None,
        "syndrome": result.syndrome.id if result.syndrome else None,
        "generator": result.plan.generator if result.plan else None,
        "abstained": result.plan.abstained if result.plan else None,
        "reason_codes": [reason.code for reason in result.reasons],
        "finding_rules": [finding.rule for finding in result.findings],
        "samples": result.uncertainty.samples,
        **{name: nested["uncertainty"][name] for name in _NUMBERS},
        **{name: json.dumps(nested[name], ensure_ascii=False) for name in _JSON_COLUMNS},
    }
