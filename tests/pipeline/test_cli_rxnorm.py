"""`wardround rxnorm import`: what it writes and says, what it refuses, and that the other commands use the index."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config import Config, SafetyConfig, load_config
from pipeline.doctor import diagnose
from pipeline.resolvers import build_resolver, describe, index_file, offline_resolver, resolver_mark
from safety.offline_first import OfflineFirst
from safety.rxnorm_index import IndexUnusable

RELEASE = Path(__file__).parent.parent / "safety" / "fixtures" / "rrf"
FILES = (RELEASE / "RXNCONSO.RRF", RELEASE / "RXNREL.RRF")


def wardround(*arguments: str | Path, expect: int = 0) -> Result:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == expect, done.output
    return done


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    wardround("rxnorm", "import", *FILES, "--out", folder, "--quiet")
    return folder / "rxnorm.sqlite"


@pytest.fixture(autouse=True)
def _no_index_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WARDROUND_RXNORM", raising=False)


def test_import_says_what_it_read_and_how_to_use_it(tmp_path: Path) -> None:
    output = wardround("rxnorm", "import", *FILES, "--out", tmp_path).output
    assert "RxNorm TEST_261102F: 9 ingredients" in output
    assert f"WARDROUND_RXNORM={tmp_path / 'rxnorm.sqlite'}" in output.replace("\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["rxnorm.sqlite"]


def test_import_writes_into_the_cache_folder_without_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_CACHE", str(tmp_path))
    wardround("rxnorm", "import", *FILES, "--quiet")
    assert (tmp_path / "rxnorm" / "rxnorm.sqlite").is_file()


def test_import_names_file_and_line_of_what_it_cannot_read(tmp_path: Path) -> None:
    wrong = tmp_path / "RXNREL.RRF"
    wrong.write_text("1|2|3\n", encoding="utf-8")
    output = wardround("rxnorm", "import", FILES[0], wrong, "--out", tmp_path, "--quiet", expect=2).output
    assert "RXNREL.RRF line 1: it has 3 fields, not 16" in output
    assert not (tmp_path / "rxnorm.sqlite").exists()


def test_import_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "there is no such file" in wardround("rxnorm", "import", tmp_path / "a", FILES[1], expect=2).output


def test_commands_use_the_index_of_the_environment(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("interactions", "Exampra Duo", "verapamil")
    assert "rx.unresolved" in wardround(*names).output
    monkeypatch.setenv("WARDROUND_RXNORM", str(index))
    said = json.loads(wardround(*names).stdout)
    assert said["findings"]
    assert not [item for item in said["findings"] if item["kind"] == "unresolved_drug"]
    assert said["unchecked"] == ["examplinib: known, no rules"]


def test_an_index_that_is_not_there_stops_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_RXNORM", str(tmp_path / "none.sqlite"))
    assert "there is no RxNorm index" in wardround("interactions", "warfarin", "ibuprofen", expect=2).output
    with pytest.raises(IndexUnusable):
        build_resolver(SafetyConfig(), cache=tmp_path)


def test_the_configuration_goes_before_the_environment(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_RXNORM", "/nowhere")
    config = load_config(settings=[f"safety.rxnorm={index}"])
    assert index_file(config.safety) == index
    assert index_file(SafetyConfig(rxnorm=str(index.parent))) == index  # its folder will do
    assert offline_resolver(config.safety).resolve("Exampra").names == ("examplinib",)


def test_without_an_index_the_committed_tables_answer() -> None:
    assert index_file(SafetyConfig()) is None
    assert not offline_resolver().resolve("Exampra").resolved
    assert "committed tables alone" in describe()


def test_the_release_is_part_of_where_a_result_comes_from(index: Path) -> None:
    assert resolver_mark(Config()) == ""
    mark = resolver_mark(load_config(settings=[f"safety.rxnorm={index}", "safety.rxnav=true"]))
    assert mark.startswith("+rxnorm:")
    assert mark.endswith("+rxnav")


def test_rxnav_stands_behind_the_tables_only_when_it_is_asked_for(tmp_path: Path) -> None:
    assert not isinstance(build_resolver(SafetyConfig(), cache=tmp_path), OfflineFirst)
    assert isinstance(build_resolver(SafetyConfig(rxnav=True), cache=tmp_path), OfflineFirst)


def test_the_doctor_says_which_index_is_in_use(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.doctor.LOOKS", {"names of medicines": describe})
    monkeypatch.setenv("WARDROUND_RXNORM", str(index))
    (check,) = diagnose()
    assert check.ok
    assert "RxNorm TEST_261102F" in check.detail
    monkeypatch.setenv("WARDROUND_RXNORM", "/nowhere.sqlite")
    assert not diagnose()[0].ok
