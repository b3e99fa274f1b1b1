"""What every command shares: the console, one way to fail, one way to print JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

from pipeline.config import ConfigError

USAGE, SOME_FAILED = 2, 3
WIDTH = 140  # characters a line where the output is not a terminal
console = Console(width=None if sys.stdout.isatty() else WIDTH)


def fail(message: str) -> typer.Exit:
    """Say what is wrong and return the exit to raise."""
    Console(stderr=True).print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(USAGE)


@contextmanager
def usage() -> Iterator[None]:
    """Turn what is wrong with files and settings that were named into one line and exit code 2."""
    try:
        yield
    except FileNotFoundError as error:
        raise fail(f"{error.filename}: there is no such file. Check the path.") from error
    except (ConfigError, ValueError, OSError) as error:
        raise fail(f"{error} {getattr(error, 'remedy', '')}".rstrip()) from error


def print_json(value: Any) -> None:
    """Print plain values as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
