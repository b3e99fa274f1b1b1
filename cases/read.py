"""Read cases from files of any format we know: JSON Lines, JSON, CSV, FHIR Bundles, DICOM; most also gzipped; folders.

The suffix tells the format, and where it does not, the first bytes. One bad case never costs another one: errors are
yielded in place. An id that has been read before is the error of the later case; a case that could not be read does
not use up its id. Cases flow one by one, only their ids are remembered.
"""

from __future__ import annotations

import dataclasses
import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases import csv, jsonl
from cases.case import Case
from cases.dicom import read_dicom
from cases.document import parse
from cases.errors import CaseError
from cases.fhir import bundle_to_case
from cases.images import check_images
from cases.problems import Problem
from cases.streams import empty_file, open_bytes, read_bytes

Numbered = Iterator[tuple[int, Case | CaseError]]

_SNIFFED = 4096  # bytes looked at where the suffix says nothing


@dataclass(frozen=True)
class Sourced:
    """A case or an error, and where it stands; the case's images are relative to `source.parent`."""

    item: Case | CaseError
    source: Path
    line: int


def read_cases(paths: Sequence[Path]) -> Iterator[Case | CaseError]:
    """Yield every case of these files and folders, or its error.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "cases.csv"
        >>> _ = path.write_text("id,text,patient.age\\nc-1,sore throat,34\\nc-2,cough,3x\\n")
        >>> [item.id if isinstance(item, Case) else item.field for item in read_cases([path])]
        ['c-1', 'patient.age']
    """
    for sourced in read_sources(paths):
        yield sourced.item


def read_sources(paths: Sequence[Path]) -> Iterator[Sourced]:
    """Yield every case, or its error, with the file and line it came from.

    With several files, an error says by number which of them it is in, since a file's name may be a patient's.
    """
    files = [file for path in paths for file in case_files(path)]
    seen: set[str] = set()
    for number, file in enumerate(files, start=1):
        prefix = f"File {number} of {len(files)}: " if len(files) > 1 else ""
        for line, item in _read_file(file):
            outcome = _accepted(item, line, file.parent, seen)
            if isinstance(outcome, CaseError) and prefix:
                outcome = dataclasses.replace(outcome, message=prefix + outcome.message)
            yield Sourced(outcome, file, line)


def case_files(path: Path) -> list[Path]:
    """Return the case files that a path stands for: itself, or all below a folder in the order of their names.

    Where a folder holds case files of another format, its DICOM files are taken for their images.
    """
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
    known = [file for file in files if _kind(file) in _READERS]
    return [file for file in known if _kind(file) != ".dcm"] or known or [path]


def _accepted(item: Case | CaseError, line: int, folder: Path, seen: set[str]) -> Case | CaseError:
    if isinstance(item, CaseError):
        return item
    if item.id in seen:
        message, remedy = "An earlier case has the same id.", "Give every case an id of its own."
        return CaseError(line, item.id, "id", "duplicate_id", message, remedy)
    error = check_images(item, folder) if item.images else None
    if error is None:
        seen.add(item.id)
        return item
    return dataclasses.replace(error, line=line)


def _read_file(file: Path) -> Numbered:
    try:
        reader = _READERS.get(_kind(file)) or _sniffed(file)
    except Problem as problem:
        return iter([(0, problem.at())])
    return reader(file)


def _kind(file: Path) -> str:
    """Return the suffix that tells the format, lower-case and without `.gz`."""
    name = file.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _sniffed(file: Path) -> Callable[[Path], Numbered]:
    if file.is_dir():
        raise Problem(
            "empty_folder", "The folder holds no case file.", "Put .jsonl, .json, .csv or .dcm files into it."
        )
    start = _start_of(file)
    if start[128:132] == b"DICM":
        return _read_dicom
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"["):
        return _read_json
    if b"," in text.split(b"\n")[0]:
        return csv.numbered_cases
    raise Problem("unknown_format", "The format of the file is not known.", "Name it .jsonl, .json, .csv or .dcm.")


def _start_of(file: Path) -> bytes:
    """Return the first bytes of a file.

    Raises:
        Problem: if it cannot be read.
    """
    with open_bytes(file) as stream:
        try:
            return stream.read(_SNIFFED)
        except (OSError, EOFError, gzip.BadGzipFile, zlib.error):
            raise Problem("unreadable_file", "The file cannot be read.", "Copy or compress it again.") from None


def _read_json(file: Path) -> Numbered:
    """Read one case, a list of cases, or a FHIR Bundle; a file that holds one object a line is read as JSON Lines."""
    try:
        value = parse(read_bytes(file))
    except Problem as problem:
        if problem.code == "invalid_json" and "follows the end" in problem.message:
            yield from jsonl.numbered_cases(file)
        else:
            yield 0, problem.at()
        return
    if not isinstance(value, list):
        yield 0, _from_json(value)
    elif not value:
        yield 0, empty_file().at()
    else:
        for number, item in enumerate(value, start=1):
            yield 0, _in_list(_from_json(item), number)


def _from_json(value: Any) -> Case | CaseError:
    if isinstance(value, dict) and "resourceType" in value:
        return bundle_to_case(value)
    return jsonl.case_from_json(value)


def _in_list(item: Case | CaseError, number: int) -> Case | CaseError:
    if isinstance(item, CaseError):
        return dataclasses.replace(item, message=f"Item {number} of the list: {item.message}")
    return item


def _read_dicom(file: Path) -> Numbered:
    yield 0, read_dicom(file)


_READERS: dict[str, Callable[[Path], Numbered]] = {
    ".jsonl": jsonl.numbered_cases,
    ".ndjson": jsonl.numbered_cases,
    ".json": _read_json,
    ".csv": csv.numbered_cases,
    ".dcm": _read_dicom,
    ".dicom": _read_dicom,
}
