"""The house of DESIGN.md: a floor imports only the floors below it, and rooms do not import each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "cases": {"cases"},
    "retrievers": {"cases", "retrievers"},
    "generators": {"cases", "generators"},
    "safety": {"cases", "safety"},
    "pipeline": {"cases", "retrievers", "generators", "safety", "pipeline"},
    "scripts": {"cases", "retrievers", "generators", "safety", "pipeline", "scripts"},
}
FILES = sorted(path for floor in MAY_IMPORT for path in (ROOT / floor).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Top-level packages that a file imports, also inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[0] for name in names} & {*MAY_IMPORT}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_floor_imports_only_the_floors_below(path: Path) -> None:
    floor = path.relative_to(ROOT).parts[0]
    assert imported(path) <= MAY_IMPORT[floor]


def test_no_relative_import_hides_a_floor() -> None:
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree)), path


def test_nothing_unpickles() -> None:
    for path in FILES:
        assert not {"pickle", "joblib", "dill"} & {
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import)
            for alias in node.names
        }, path
