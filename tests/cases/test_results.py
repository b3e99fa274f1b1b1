"""Writing results: the examples of the design validate and survive every format."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from jsonschema import Draft202012Validator

from cases.case import Case, CaseResult
from cases.fhir_results import to_fhir
from cases.jsonl import case_from_json
from cases.results import read_results, write_fhir, write_jsonl, write_parquet
from cases.schema import case_schema, result_schema

FIXTURES = Path(__file__).parent / "fixtures"
RECORDED = dt.datetime(2026, 11, 23, 9, 10, tzinfo=dt.UTC)


def load(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def merged() -> Any:
    released, review = load("design_result"), load("design_review")
    return released | review | {"uncertainty": released["uncertainty"] | review["uncertainty"]}


@pytest.fixture
def results() -> list[CaseResult]:
    documents = (load("design_result"), merged() | {"case_id": "c-002"})
    return [CaseResult.model_validate_json(json.dumps(document)) for document in documents]


def test_the_case_of_the_design_is_read() -> None:
    case = case_from_json(load("design_case"))
    assert isinstance(case, Case)
    assert case.medications is not None
    assert [item.name for item in case.medications] == ["warfarin", "metformin"]
    assert case.patient.breastfeeding is None


def test_the_results_of_the_design_keep_every_field(results: list[CaseResult]) -> None:
    for result, document in zip(results, (load("design_result"), merged()), strict=True):
        written = json.loads(result.model_dump_json(by_alias=True))
        assert {key: written[key] for key in document if key not in ("case_id", "findings", "evidence", "plan")} == {
            key: value for key, value in document.items() if key not in ("case_id", "findings", "evidence", "plan")
        }


def test_the_schemas_are_schemas_and_fit_the_examples(results: list[CaseResult]) -> None:
    for schema in (case_schema(), result_schema()):
        Draft202012Validator.check_schema(schema)
    Draft202012Validator(case_schema()).validate(load("design_case"))
    for result in results:
        Draft202012Validator(result_schema()).validate(json.loads(result.model_dump_json(by_alias=True)))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"id": "c-1"},
        {"id": "c-1", "text": "x", "txt": 1},
        {"id": "c-1", "text": "x", "vitals": {"temperature_c": 371}},
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(document: Any) -> None:
    assert not Draft202012Validator(case_schema()).is_valid(document)
    assert not isinstance(case_from_json(document), Case)


def test_what_is_read_fits_the_schema() -> None:
    document = {"id": "c", "text": "x", "patient": None, "images": None, "medications": ["a"], "allergies": []}
    assert isinstance(case_from_json(document), Case)
    Draft202012Validator(case_schema()).validate(document)


def test_jsonl_survives_the_round_trip(results: list[CaseResult], tmp_path: Path) -> None:
    path = tmp_path / "runs" / "results.jsonl"
    assert write_jsonl(results, path) == 2
    assert list(read_results(path)) == results
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(results: list[CaseResult], tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    write_jsonl(results, path)

    def broken() -> Any:
        yield results[0]
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_jsonl(broken(), path)
    assert list(read_results(path)) == results
    assert list(tmp_path.iterdir()) == [path]


def test_parquet_holds_flat_and_nested_columns(results: list[CaseResult], tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "results.parquet"
    assert write_parquet(results, path) == 2
    first, second = pq.read_table(path).to_pylist()
    assert (first["case_id"], first["route"], first["label"]) == ("c-001", "auto", "urinary tract infection")
    assert second["reason_codes"] == ["uncertain", "safety_block"]
    assert json.loads(first["plan"])["generator"] == "composed+seq2seq"


def test_parquet_of_nothing_still_has_columns(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    assert write_parquet([], tmp_path / "results.parquet") == 0
    assert "case_id" in pq.read_table(tmp_path / "results.parquet").column_names


def test_fhir_is_valid_r4(results: list[CaseResult], tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    assert write_fhir(results, path, recorded=RECORDED) == 2
    for line in path.read_text(encoding="utf-8").splitlines():
        Bundle.model_validate_json(line)


def test_fhir_carries_probabilities_findings_and_hashes(results: list[CaseResult]) -> None:
    bundle = to_fhir(results[1], recorded=RECORDED)
    by_kind = {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}
    assert by_kind["RiskAssessment"]["prediction"][0]["probabilityDecimal"] == 0.94
    assert by_kind["DetectedIssue"]["severity"] == "high"
    sources = {item["what"]["identifier"]["system"] for item in by_kind["Provenance"]["entity"]}
    assert {
        "urn:wardround:config",
        "urn:wardround:index",
        "urn:wardround:rules",
        "urn:wardround:model:classifier",
    } <= sources
    assert to_fhir(results[1], recorded=RECORDED) == bundle


def test_a_bare_result_is_valid_fhir() -> None:
    run = {"version": "", "config": "", "models": {}, "index": "", "rules": "", "seed": 0}
    bare = {"case_id": "c", "route": "auto", "priority": "routine", "reviewers": [], "reasons": [], "run": run}
    Bundle.model_validate(to_fhir(CaseResult.model_validate_json(json.dumps(bare)), recorded=RECORDED))
