"""Files of a run: fingerprints of what goes in, whole-or-nothing writing of what comes out, one writer at a time."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cases.files import replacing

_CHUNK = 1 << 20


class RunRefused(ValueError):
    """The run cannot start as it was asked for; the message says why and what to do."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's contents."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprints(paths: Sequence[Path]) -> tuple[dict[str, Any], ...]:
    """Name, SHA-256 and size of every input file, in order; a folder stands for all files below it, by name.

    Raises:
        RunRefused: if a path does not exist, or a file may not be read.
    """
    rows = []
    for path in paths:
        if not path.exists():
            raise RunRefused(f"There is no file or folder {path}. Check the path of the case files.")
        for file in _files_of(path):
            name = file.relative_to(path.parent).as_posix()
            try:
                rows.append({"name": name, "sha256": sha256_of(file), "bytes": file.stat().st_size})
            except OSError as error:
                raise RunRefused(f"{file} cannot be read ({error.strerror}). Check its permissions.") from error
    return tuple(rows)


def combined_hash(rows: Iterable[dict[str, Any]]) -> str:
    """One SHA-256 over the contents of several files in order; their names do not matter."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(bytes.fromhex(row["sha256"]))
    return digest.hexdigest()


def refuse_unusable_output(paths: Sequence[Path], out: Path, *, own: Collection[str] = ()) -> None:
    """Refuse an output that is no folder, or that would become its own input.

    Raises:
        RunRefused: if `out` is one of the input folders or lies inside one, is a file, or holds an input file under
            the name of one of the run's own files.
    """
    if out.exists() and not out.is_dir():
        raise RunRefused(f"The output {out} is a file. Name a folder, which need not exist.")
    for path in paths:
        if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
            raise RunRefused(f"The output folder {out} lies inside the input folder {path}. Choose one outside it.")
        if path.resolve() in {(out / name).resolve() for name in own}:
            raise RunRefused(f"The run would write over its input {path}. Choose another --out.")


def write_text(path: Path, text: str) -> None:
    """Write a small file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines, as many as there are, whole or not at all."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)


def remove_leftovers(folder: Path) -> None:
    """Take away the temporary files of processes that were killed; only for the one who holds the folder."""
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink()


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the lock goes with the process, however it ends.

    Raises:
        RunRefused: if another process holds it.
    """
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunRefused(f"Another run is writing to {folder}. Wait for it, or choose another folder.") from error
        yield


def _files_of(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
