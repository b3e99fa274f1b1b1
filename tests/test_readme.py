"""README.md holds: its code runs and prints what it says, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from pipeline import cli

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.M | re.S)
SHELL = re.findall(r"^```\n(.*?)^```$", PAGE, flags=re.M | re.S)
COMMENTED = re.compile(r"^print\(.*\)  +# (.+)$", re.M)


def commands() -> Iterator[str]:
    """What one types after `$` or at the beginning of a line, without its comment."""
    lines = [line.removeprefix("$ ").split("#")[0].strip() for block in SHELL for line in block.splitlines()]
    yield from (line for line in dict.fromkeys(lines) if line.startswith(("wardround ", "make ")))


def test_there_is_code_and_there_are_commands() -> None:
    assert len(CODE) >= 2
    assert len(list(commands())) > 10


@pytest.mark.parametrize("code", CODE)
def test_code_runs_and_prints_what_its_comments_say(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    for said in COMMENTED.findall(code):
        begins = re.match(r'"(.+?) \.\.\."', said)
        assert (begins[1] if begins else said) in printed


@pytest.mark.parametrize("line", commands())
def test_every_command_exists_with_its_options(line: str) -> None:
    if line.startswith("make "):
        assert f"\n{line.split()[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
        return
    command = typer.main.get_command(cli.app)
    words = shlex.split(line)[1:]
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
    assert not getattr(command, "commands", {}), f"{line}: no such command"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("-")} <= known


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#][^)]*)\)", PAGE):
        assert target.startswith("http") or (ROOT / target).exists(), target
    anchors = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", PAGE, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors
