"""The command on the shipped examples with the shipped weights: what a newcomer runs, and what must not change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cases.case import CaseResult
from cases.results import read_results

ROOT = Path(__file__).parent.parent.parent
WARDROUND = str(Path(sys.executable).parent / "wardround")
EXAMPLES = [str(ROOT / "examples" / name) for name in ("cases.jsonl", "patient-bundle.json", "image-cases.jsonl")]


def wardround(*arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [WARDROUND, *arguments], capture_output=True, text=True, check=False, env=environment, cwd=ROOT
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "out"
    wardround("run", *EXAMPLES, "--out", str(folder))
    return folder


@pytest.fixture(scope="module")
def results(out: Path) -> dict[str, CaseResult]:
    return {result.case_id: result for result in read_results(out / "results.jsonl")}


def test_every_example_has_a_result(results: dict[str, CaseResult], out: Path) -> None:
    assert len(results) == 17
    assert (out / "errors.jsonl").read_text() == ""
    assert {"report.html", "config.yaml", "manifest.json", "wardround.sqlite"} <= {p.name for p in out.iterdir()}


def test_emergencies_are_immediate(results: dict[str, CaseResult]) -> None:
    for case_id in ("chest-pain", "asthma-attack", "migraine-thunderclap"):
        assert results[case_id].priority == "immediate", case_id
        assert not results[case_id].plan.statements


@pytest.mark.parametrize(
    "case_id", ["out-of-scope", "gibberish", "psoriasis-german", "dengue-on-nsaid", "fever-after-travel"]
)
def test_what_is_not_safe_to_release_goes_to_review(results: dict[str, CaseResult], case_id: str) -> None:
    assert results[case_id].route == "review"


def test_a_released_drug_is_verified_cited_and_spelled_out(results: dict[str, CaseResult]) -> None:
    for result in results.values():
        by_id = {item.id: item for item in result.evidence}
        for statement in result.plan.statements if result.plan else ():
            start, end = statement.span
            cited = by_id[statement.citations[0]].text
            assert 0 <= start < end <= len(cited)
            if statement.kind == "drug":
                said = cited[start:end].lower()
                assert statement.regimen.frequency in said
                assert all(part in said for part in statement.regimen.name.split(" + "))
                assert result.route == "review" or by_id[statement.citations[0]].regimens


def test_started_again_it_does_nothing(out: Path) -> None:
    before = (out / "results.jsonl").read_bytes()
    done = wardround("run", *EXAMPLES, "--out", str(out))
    assert "nothing left to do" in done.stdout
    assert (out / "results.jsonl").read_bytes() == before


def test_replay_gives_the_same_bytes(out: Path) -> None:
    assert "the same bytes" in wardround("replay", str(out)).stdout


def test_another_configuration_is_refused_without_force(out: Path) -> None:
    done = wardround("run", *EXAMPLES, "--out", str(out), "--set", "classifier.samples=3", expect=2)
    assert "force" in done.stderr


def test_bad_lines_do_not_take_good_ones_with_them(tmp_path: Path) -> None:
    lines = [
        '{"id": "good", "text": "itchy scaly ring on my arm"}',
        '{"id": "bad", "text": "x", "vitals": {"temperature_c": 371}}',
    ]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    wardround("run", str(tmp_path / "cases.jsonl"), "--out", str(tmp_path / "out"), "--no-plan", expect=3)
    (error,) = [json.loads(line) for line in (tmp_path / "out" / "errors.jsonl").read_text().splitlines()]
    assert (error["line"], error["case_id"], error["field"]) == (2, "bad", "vitals.temperature_c")
    assert error["remedy"]
    (result,) = read_results(tmp_path / "out" / "results.jsonl")
    assert result.plan is None


def test_search_finds_the_library(tmp_path: Path) -> None:
    done = wardround("search", "burning when I pass urine", "-k", "3", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert any(item["id"].startswith("lib:uti#") for item in found)


def test_screen_and_interactions_speak_without_models(tmp_path: Path) -> None:
    (tmp_path / "plan.txt").write_text(
        "Start trimethoprim-sulfamethoxazole 800 mg + 160 mg twice daily.", encoding="utf-8"
    )
    (tmp_path / "patient.json").write_text(
        json.dumps({"id": "p", "text": "urinary infection", "medications": ["warfarin"], "allergies": []}),
        encoding="utf-8",
    )
    verdict = json.loads(
        wardround("screen", str(tmp_path / "plan.txt"), "--patient", str(tmp_path / "patient.json")).stdout
    )
    assert not verdict["clear"]
    assert any(finding["kind"] == "interaction" for finding in verdict["findings"])
    pair = json.loads(wardround("interactions", "warfarin", "ibuprofen").stdout)
    assert any(finding["kind"] == "interaction" for finding in pair["findings"])
    unknown = json.loads(wardround("interactions", "warfarin", "zzqxitol").stdout)
    assert not unknown["clear"]


def test_schema_prints_both_formats() -> None:
    assert {"case", "result"} <= {*json.loads(wardround("schema").stdout)}


@pytest.mark.parametrize(
    "arguments", [["run", "absent.jsonl", "--out", "x"], ["run", "README.md", "--set", "nope=1", "--out", "x"]]
)
def test_usage_errors_exit_with_2(arguments: list[str]) -> None:
    wardround(*arguments, expect=2)


def test_a_chat_model_is_refused_unless_permitted(tmp_path: Path) -> None:
    done = wardround(
        "run",
        EXAMPLES[0],
        "--out",
        str(tmp_path),
        "--set",
        "generator.backend=chat",
        "--set",
        "generator.model=fake:x",
        expect=2,
    )
    assert "allow_external" in done.stderr
