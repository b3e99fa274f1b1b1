"""Open case files, plain or gzipped, and cut them into lines without ever holding more than one."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from cases.problems import Problem

MAX_LINE = 4 * 1024 * 1024  # a text of 100,000 characters, every one escaped, is 1.2 MB
MAX_DOCUMENT = 256 * 1024 * 1024  # a lifetime's FHIR record is some tens of MB
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, through gzip if its name ends in `.gz`.

    Raises:
        Problem: if it is missing, no regular file, or may not be read.
    """
    try:
        if not path.exists():
            raise Problem("missing_file", "The file does not exist.", "Check the path.")
        if not path.is_file():
            raise Problem("not_a_file", "The path is no regular file.", "Name a case file.")
        return cast(BinaryIO, gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))
    except OSError as error:
        raise _unreadable(error) from None


def read_bytes(path: Path, *, limit: int = MAX_DOCUMENT) -> bytes:
    """Return the whole content of a file.

    Raises:
        Problem: as `open_bytes`, or if the file is empty, too large, or a broken gzip.
    """
    with open_bytes(path) as stream:
        data = _read(stream, limit + 1, line=False)
    if len(data) > limit:
        raise Problem("file_too_large", "The file is too large to be one document.", "Split it, one case a file.")
    if not data.strip():
        raise empty_file()
    return data


def numbered_lines(path: Path, *, limit: int = MAX_LINE) -> Iterator[tuple[int, bytes | Problem]]:
    """Yield each line with its 1-based number; a line that cannot be read is yielded as its problem.

    Args:
        path: the file.
        limit: the most bytes of a line.

    Raises:
        Problem: as `open_bytes`, or if the gzip is broken; the lines before the break have been yielded.
    """
    with open_bytes(path) as stream:
        number = 0
        while line := _read(stream, limit + 1, line=True):
            number += 1
            if number == 1 and line.startswith(_UTF16):
                raise Problem("invalid_utf8", "The file is UTF-16.", "Save the file as UTF-8.")
            yield number, line if len(line) <= limit else _skip_rest(stream, line, limit)


def empty_file() -> Problem:
    """The problem of a file without any case."""
    return Problem("empty_file", "The file holds no case.", "Write at least one case into it.")


def _skip_rest(stream: BinaryIO, line: bytes, limit: int) -> Problem:
    while line and not line.endswith(b"\n"):
        line = _read(stream, MAX_LINE, line=True)
    return Problem("line_too_long", f"The line is longer than {limit} bytes.", "Shorten the text of the case.")


def _read(stream: BinaryIO, size: int, *, line: bool) -> bytes:
    try:
        return stream.readline(size) if line else stream.read(size)
    except EOFError:
        message = "The gzip ends too early; the cases after this point are lost."
        raise Problem("truncated_gzip", message, "Copy or compress the file again.") from None
    except (gzip.BadGzipFile, zlib.error):
        raise Problem("bad_gzip", "The file is no valid gzip.", "Compress it again, or remove .gz.") from None
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> Problem:
    return Problem("unreadable_file", f"The file cannot be read ({error.strerror}).", "Check its permissions.")
