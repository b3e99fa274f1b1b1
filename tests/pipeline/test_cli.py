"""The command's edges: what is refused, in words and with exit code 2, before any model is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cases.whole import REMEDY, Incomplete
from pipeline.cli import app
from safety.rules import RulesError


def wardround(*arguments: str | Path, expect: int = 2) -> Result:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == expect, done.output
    return done


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    path = tmp_path / "patient.json"
    path.write_text(json.dumps({"id": "p", "text": "unwell", "medications": [], "allergies": ["penicillin"]}))
    return path


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.txt"
    path.write_text("Amoxicillin 500 mg by mouth three times daily.")
    return path


def test_screen_reads_the_only_case_of_a_file(plan: Path, patient: Path) -> None:
    found = json.loads(wardround("screen", plan, "--patient", patient, expect=0).stdout)["findings"]
    assert "allergy" in {item["kind"] for item in found}


def test_screen_refuses_a_file_of_several_patients(plan: Path, tmp_path: Path) -> None:
    several = tmp_path / "several.jsonl"
    several.write_text('{"id": "a", "text": "cough"}\n{"id": "b", "text": "fever"}\n')
    assert "more than one case" in wardround("screen", plan, "--patient", several).output


def test_screen_refuses_a_text_that_says_nothing(tmp_path: Path, patient: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text(" \n")
    assert "is empty" in wardround("screen", empty, "--patient", patient).output


@pytest.mark.parametrize("name", ["absent", "empty.jsonl", "."])
def test_screen_names_what_is_wrong_with_the_patients_file(name: str, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    assert wardround("screen", plan, "--patient", tmp_path / name).output.strip()


def test_interactions_wants_two_names() -> None:
    wardround("interactions", "warfarin", " ")


def test_search_refuses_an_empty_query() -> None:
    assert "empty" in wardround("search", "  ").output


def test_search_takes_the_mode_from_the_configuration_unless_told() -> None:
    assert "retrieval.mode" in wardround("search", "cough", "--set", "retrieval.mode=psychic").output
    assert "retrieval.mode" in wardround("search", "cough", "--mode", "psychic").output


@pytest.mark.parametrize("setting", ["[/red]=1", "plan=[/red]", "plan=["])
def test_messages_show_brackets_as_they_are(setting: str, patient: Path, tmp_path: Path) -> None:
    assert "Traceback" not in wardround("run", patient, "--out", tmp_path / "out", "--set", setting).output


def test_an_output_that_cannot_be_made_is_refused(patient: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in wardround("run", patient, "--out", tmp_path / "file" / "out").output


@pytest.mark.parametrize("key", ["classifier.weights", "classifier.encoder", "retrieval.embedding"])
def test_a_model_that_is_not_there_is_refused_in_words(
    key: str, patient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = wardround("run", patient, "--out", tmp_path / "out", "--set", f"{key}={tmp_path / 'absent'}")
    assert "cannot be opened" in done.output


def test_replay_refuses_what_is_no_finished_run(tmp_path: Path) -> None:
    assert "manifest.json is missing" in wardround("replay", tmp_path).output
    (tmp_path / "manifest.json").write_text("{}")
    assert "not as the run wrote them" in wardround("replay", tmp_path).output


def test_interactions_answers_a_table_of_pairs(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("rxcui_a,rxcui_b,ref\n11289,5640,1\n6809,161,2\n1,2,3\n", encoding="utf-8")
    wardround("interactions", "--pairs", tmp_path / "pairs.csv", "--out", tmp_path / "flags.csv", expect=0)
    assert (tmp_path / "flags.csv").read_text(encoding="utf-8").splitlines() == [
        "rxcui_a,rxcui_b,ref,status,severity,action,rule",
        "11289,5640,1,checked,major,interrupt,ddi.anticoagulant_nsaid",
        "6809,161,2,checked,,,",
        "1,2,3,unknown_drug,,interrupt,rx.unresolved",
    ]


@pytest.mark.parametrize("arguments", ["warfarin --out x.csv", "--pairs x.csv", "a b --pairs x.csv --out y.csv"])
def test_interactions_refuses_names_and_tables_together(arguments: str) -> None:
    wardround("interactions", *arguments.split())


def test_interactions_refuses_a_table_that_is_not_there(tmp_path: Path) -> None:
    output = wardround("interactions", "--pairs", tmp_path / "x.csv", "--out", tmp_path / "y.csv").output
    assert "x.csv" in output
    assert not (tmp_path / "y.csv").exists()


COMMANDS = [
    ["screen", "plan.txt", "--patient", "patient.json"],
    ["interactions", "warfarin", "aspirin"],
    ["interactions", "--pairs", "pairs.csv", "--out", "out.csv"],
    ["acuity", "--table", "pairs.csv", "--out", "out.csv"],
]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_an_incomplete_table_ends_a_command_with_its_name_and_the_remedy(
    arguments: list[str], plan: Path, patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(folder: Path) -> None:
        raise Incomplete(f"{folder.name}: bleeding.yaml has 3 of at least 60 lines. {REMEDY}")

    monkeypatch.chdir(plan.parent)
    Path("pairs.csv").write_text("name_a,name_b\nwarfarin,aspirin\n")
    monkeypatch.setattr("cases.whole.check_whole", lost)
    output = wardround(*arguments).output
    assert "bleeding.yaml" in output
    assert "Restore the file" in output
    assert not Path("out.csv").exists()


def test_a_corrupt_table_ends_a_command_with_its_name_and_the_remedy(
    plan: Path, patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def corrupt(*_: object) -> None:
        raise RulesError("confused_pairs.csv: KeyError: 'a'")

    monkeypatch.setattr("safety.rxnorm.confused_pairs", corrupt)
    output = wardround("screen", plan, "--patient", patient).output
    assert "confused_pairs.csv" in output
    assert "Restore the file" in output
