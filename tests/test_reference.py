"""REFERENCE.md says what the code does: every name is there, no name is there that is gone, every default is right.

The page is read as tables. A table is found by the heading it stands under and the name of its first column; a row is
found by the names in its first cell. Names are compared as sets, so a removed key fails as a missing one does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache, reduce
from inspect import signature
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
import typer.main
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cases import case as nouns
from cases import explain, fhir_observations
from cases.case import Case, CaseResult
from cases.csv import COLUMNS
from cases.errors import CaseError
from cases.fhir_record import USED
from cases.jsonl import case_from_line
from cases.results import write_parquet
from pipeline import cli, terminal
from pipeline.config import Config, Stage, known_keys
from pipeline.outputs import MANIFEST, OUTPUTS
from pipeline.records import Record
from pipeline.routing import REVIEWERS
from safety.rules import ACTION_OF

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "REFERENCE.md").read_text(encoding="utf-8")
WRITTEN: dict[str, Any] = {"EMBEDDED": "embedded", "field(default_factory=dict)": {}, "()": []}  # defaults in code
ERROR_CODE_AT = {"Problem": 0, "problem": 0, "_Mark": 0, "CaseError": 3}  # position of the code among the arguments

Table = dict[str, list[str]]


# ── reading the page ─────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def sections() -> dict[str, str]:
    """The text under each heading, up to the next one."""
    parts = re.split(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", PAGE, flags=re.M | re.S), flags=re.M)
    return {title.replace("`", ""): body for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def cells(line: str) -> list[str]:
    """The cells of a row; an escaped bar is no border."""
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def spans(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def table(heading: str, column: str) -> Table:
    """The rows of the table whose first column has this name, each by every name in its first cell."""
    blocks = re.findall(r"(?:^\|.*\n?)+", sections()[heading], flags=re.M)
    found: Table = {}
    for block in blocks:
        header, _, *rows = (cells(line) for line in block.splitlines())
        if header[0] == column:
            found |= {name: row for row in rows for name in spans(row[0])}
    assert found, f"no table of {column} under {heading}"
    return found


def default_in(row: list[str]) -> Any:
    """The value of the column *default*, read as YAML."""
    (text,) = spans(row[1])
    return yaml.safe_load(text)


# ── reading the code ─────────────────────────────────────────────────────────────────────────────────────────────────


def inner_models(annotation: Any) -> Iterator[tuple[type[BaseModel], bool]]:
    """The models that a field may hold, and whether it holds a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, False
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from inner_models(part)
    elif get_origin(annotation) is tuple:
        yield from ((model, True) for model, _ in inner_models(get_args(annotation)[0]))


def fields_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every field, also of the models inside, by its path: `plan.statements[].regimen.dose`."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        yield path, field
        for inner, many in inner_models(field.annotation):
            yield from fields_of(inner, f"{path}[]." if many else f"{path}.")


def limits(item: Any) -> Iterator[float]:
    """Every bound of a field, and of the types that it is made of."""
    rules: Any = getattr(item, "metadata", None) or getattr(item, "__metadata__", ())
    for rule in rules:
        if isinstance(rule, FieldInfo):
            yield from limits(rule)
        yield from (getattr(rule, name) for name in ("ge", "le", "max_length") if hasattr(rule, name))
    for part in get_args(item.annotation if isinstance(item, FieldInfo) else item):
        yield from limits(part) if get_args(part) else ()


def choices(annotation: Any) -> set[str]:
    """The words that a field may be."""
    parts = get_args(annotation)
    if parts and all(isinstance(part, str) for part in parts):
        return set(parts)
    return set().union(*(choices(part) for part in parts)) if parts else set()


def numbers(text: str) -> set[float]:
    return {float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}


@cache
def error_codes() -> frozenset[str]:
    """Every code that a reader writes as a literal, and those of the validators' messages."""
    found = {code for code, _ in explain._RULES.values()}
    for path in (*(ROOT / "cases").rglob("*.py"), *(ROOT / "pipeline").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                at = ERROR_CODE_AT.get(name)
                code = node.args[at] if at is not None and len(node.args) > at else None
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    found.add(code.value)
    return frozenset(found)


def commands() -> dict[str, Any]:
    """Every command and group, by what one types."""

    def walk(command: Any, typed: str) -> Iterator[tuple[str, Any]]:
        yield typed, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, f"{typed} {name}")

    return dict(walk(typer.main.get_command(cli.app), "wardround"))


COMMANDS = commands()


# ── case files ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_key_of_a_case_is_documented() -> None:
    assert set(table("JSON keys", "key")) == {path for path, _ in fields_of(Case)}


def test_ranges_choices_and_required_keys_of_a_case_are_the_documented_ones() -> None:
    rows = table("JSON keys", "key")
    for path, field in fields_of(Case):
        accepted = rows[path][2]
        assert {float(limit) for limit in limits(field)} <= numbers(accepted), path
        assert choices(field.annotation) <= set(spans(accepted)), path
        assert field.is_required() == ("required" in accepted), path


def test_the_example_of_a_case_can_be_read() -> None:
    (example,) = re.findall(r"^```json\n(.*?)^```$", PAGE, flags=re.M | re.S)
    read = case_from_line(example.encode())
    assert isinstance(read, Case), str(read)


def test_every_csv_column_is_documented() -> None:
    assert set(table("CSV columns", "columns")) == set(COLUMNS)


def test_every_fhir_resource_and_loinc_code_is_documented() -> None:
    assert set(table("FHIR R4", "resource")) == set(USED)
    codes = {*fhir_observations._QUANTITIES, *fhir_observations._WORDS}
    assert set(re.findall(r"\b\d{1,7}-\d\b", sections()["FHIR R4"])) == codes


def test_freshness_of_measurements_is_the_documented_one() -> None:
    rows = table("FHIR R4", "field")
    days = dict.fromkeys((f"vitals.{name}" for name in fhir_observations._VITALS), fhir_observations.VITALS_DAYS)
    days |= {f"patient.{name}": limit for name, limit in fhir_observations._FRESH_DAYS.items()}
    assert set(rows) == set(days)
    for path, limit in days.items():
        child = fhir_observations._FRESH_DAYS_CHILD.get(path.removeprefix("patient."))
        assert numbers(rows[path][3]) == {limit, *([child] if child else [])}, path


def test_every_error_code_has_a_remedy() -> None:
    rows = table("Errors", "code")
    assert set(rows) == error_codes()
    assert all(row[2] for row in rows.values())


def test_every_field_of_an_error_is_documented() -> None:
    assert set(table("Errors", "field")) == {field.name for field in fields(CaseError)}


# ── results ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_field_of_a_result_is_documented() -> None:
    assert set(table("2. Results", "field")) == {path for path, _ in fields_of(CaseResult)}


def test_routes_are_documented() -> None:
    assert set(get_args(nouns.Route)) <= set(spans(table("2. Results", "field")["route"][2]))


@pytest.mark.parametrize(
    ("heading", "column", "values"),
    [
        ("Reason codes", "code", nouns.ReasonCode),
        ("Priorities", "priority", nouns.Priority),
        ("Findings", "kind", nouns.FindingKind),
        ("Findings", "severity", nouns.Severity),
        ("Findings", "action", nouns.Action),
        ("The contract of a statement", "kind", nouns.StatementKind),
        ("Question kinds", "kind", nouns.Question.model_fields["kind"].annotation),
        ("Grades", "grade", nouns.Grade),
    ],
)
def test_every_word_of_a_result_is_documented(heading: str, column: str, values: Any) -> None:
    assert set(table(heading, column)) == set(get_args(values))


def test_reviewers_of_a_reason_are_the_documented_ones() -> None:
    for code, row in table("Reason codes", "code").items():
        expected = REVIEWERS.get(code, ("physician",))  # type: ignore[call-overload]
        assert tuple(row[2].split(", ")) == expected, code


def test_a_severity_leads_to_the_documented_action() -> None:
    assert {name: spans(row[1])[0] for name, row in table("Findings", "severity").items()} == ACTION_OF


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_file_of_a_run_is_documented() -> None:
    documented = set(table("Files in --out", "file"))
    assert {*OUTPUTS, MANIFEST} <= documented
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pipeline").glob("*.py"))
    assert all(f'"{name}"' in code for name in documented)


def test_every_parquet_column_is_documented(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write_parquet([], tmp_path / "results.parquet")
    assert set(spans(sections()["Parquet columns"])) == set(pq.read_schema(tmp_path / "results.parquet").names)


def test_exit_codes_are_documented() -> None:
    codes = re.findall(r"^\| (\d) \|", sections()["Exit codes"], flags=re.M)
    assert {int(code) for code in codes} == {0, 1, terminal.USAGE, terminal.SOME_FAILED}


def test_every_table_and_column_of_the_database_is_documented() -> None:
    rows = table("Database tables", "table")
    assert set(rows) == set(Record.metadata.tables)
    for name, columns in Record.metadata.tables.items():
        assert {column.name for column in columns.columns} <= set(spans(rows[name][1])), name


# ── configuration ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_configuration_key_is_documented() -> None:
    assert set(table("4. Configuration", "key")) == set(known_keys())


def test_defaults_and_ranges_of_the_configuration_are_the_documented_ones() -> None:
    rows = table("4. Configuration", "key")
    values: Any = Config().model_dump(mode="json")
    for path, field in fields_of(Config):
        value = reduce(lambda inner, part: inner[part], path.split("."), values)
        row = rows[path]
        assert row[-1], f"{path} has no meaning"
        if isinstance(field.annotation, type) and issubclass(field.annotation, Stage):
            continue
        assert default_in(row) == value, path
        assert {float(limit) for limit in limits(field)} <= numbers(row[2]), path
        assert choices(field.annotation) <= set(spans(row[2])), path


def recipe_fields() -> dict[str, Any]:
    """Keys of a training recipe and their defaults, read without importing what trains."""
    found: dict[str, Any] = {}
    for file, name, prefix in (("recipe.py", "TrainingConfig", ""), ("train.py", "Recipe", "recipe.")):
        tree = ast.parse((ROOT / "pipeline" / "classifier" / file).read_text(encoding="utf-8"))
        (body,) = (node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name)
        for node in body:
            if isinstance(node, ast.AnnAssign):
                found[prefix + ast.unparse(node.target)] = ast.unparse(node.value) if node.value else "required"
    return {key: value for key, value in found.items() if value != "Recipe()"}


def test_keys_and_defaults_of_a_training_recipe_are_the_documented_ones() -> None:
    rows, code = table("Training recipe", "key"), recipe_fields()
    assert set(rows) == set(code)
    for key, written in code.items():
        if written == "required":
            assert rows[key][1] == "required", key
        else:
            value = WRITTEN[written] if written in WRITTEN else ast.literal_eval(written)
            assert default_in(rows[key]) == value, key


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def names_of(parameter: Any) -> list[str]:
    """What one types: an option's forms, an argument's name in capitals."""
    return [name if name.startswith("-") else name.upper() for name in (*parameter.opts, *parameter.secondary_opts)]


def test_every_command_is_documented() -> None:
    headings = [heading for heading in sections() if heading == "wardround" or heading.startswith("wardround ")]
    assert headings == list(COMMANDS) or set(headings) == set(COMMANDS)


@pytest.mark.parametrize("typed", COMMANDS)
def test_every_flag_of_a_command_is_documented(typed: str) -> None:
    parameters = COMMANDS[typed].params
    documented = set(table(typed, "flag")) if parameters else set(re.findall(r"^\| `(.+?)`", sections()[typed], re.M))
    assert documented == {name for parameter in parameters for name in names_of(parameter)}


@pytest.mark.parametrize("typed", [typed for typed, command in COMMANDS.items() if command.params])
def test_defaults_of_flags_are_the_documented_ones(typed: str) -> None:
    rows = table(typed, "flag")
    for parameter in COMMANDS[typed].params:
        row = rows[names_of(parameter)[0]]
        if parameter.required:
            assert row[1] == "required", parameter.name
        elif parameter.default in (None, False):
            assert row[1] == "", parameter.name
        else:
            assert spans(row[1]) == [str(parameter.default)], parameter.name
        assert row[2], f"{parameter.name} has no meaning"


# ── as a library ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_parts_for_langchain_are_documented() -> None:
    from safety.runnable import SafetyScreen, Screened
    from safety.tool import ScreenDrugs

    given = signature(SafetyScreen).parameters
    rows = table("SafetyScreen", "argument")
    assert set(rows) == set(given)
    assert {name: default_in(row) for name, row in rows.items()} == {name: item.default for name, item in given.items()}
    assert set(table("Screened", "field")) == {field.name for field in fields(Screened)}
    assert set(table("screen_drugs", "argument")) == set(ScreenDrugs.model_fields)


# ── the page itself ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_links_inside_the_page_lead_somewhere() -> None:
    anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in sections()}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors
