"""Read JSON strictly: what `json` lets through or dies of becomes a `Problem` that names the place.

Two steps, so that a broken value deep inside a case does not cost the case its id: `parse` turns bytes into plain
values and leaves a mark where it met NaN, a huge number or a repeated key; `checked` walks the values, raises at the
first mark, NUL or lone surrogate with its dotted path, and freezes lists into tuples.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from cases.problems import Problem, dotted, shown

MAX_DEPTH = 16  # a case nests three deep, a FHIR Bundle about twenty
MAX_MAGNITUDE = 1e15  # beyond every quantity of medicine, and where integers stop being exact as floats

_BOM = b"\xef\xbb\xbf"
_LEADING_ID = re.compile(rb'\s*\{\s*"id"\s*:\s*"([^"\\\x00-\x1f]{1,200})"')
_JSON_MESSAGES = (
    ("Expecting property name", "a key in double quotes was expected", "Use double quotes and no trailing comma."),
    ("Illegal trailing comma", "a comma stands before a closing bracket", "Remove the trailing comma."),
    ("Expecting ','", "a comma or a closing bracket was expected", "Check the commas, quotes and brackets there."),
    ("Expecting ':'", "a colon was expected after a key", 'Write keys as "key": value.'),
    ("Unterminated string", "a text is opened and never closed", "Close the quotes; the line may be cut off."),
    ("Invalid control", "a raw control character stands inside a text", r"Write line breaks inside texts as \n."),
    ("Invalid \\", "a backslash starts no valid escape", r"Write a backslash inside a text as \\."),
    ("Extra data", "something follows the end of the value", "Put each case on a line of its own."),
)


@dataclass(frozen=True)
class _Mark:
    """A number that JSON may spell and a case may not hold."""

    code: str
    message: str
    remedy: str


_NOT_A_NUMBER = _Mark("not_a_number", "NaN and Infinity are no values.", "Use null for an unknown value.")
_HUGE = _Mark("huge_number", "The number is far outside anything that can be measured.", "Check digits and unit.")


class _Repeated(dict[str, Any]):
    """An object in which a key stands twice."""

    key: str = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    repeated = _Repeated(plain)
    repeated.key = Counter(key for key, _ in pairs).most_common(1)[0][0]
    return repeated


def _integer(digits: str) -> int | _Mark:
    return int(digits) if len(digits) <= 16 and abs(int(digits)) <= MAX_MAGNITUDE else _HUGE


def _float(digits: str) -> float | _Mark:
    value = float(digits)
    return value if math.isfinite(value) and abs(value) <= MAX_MAGNITUDE else _HUGE


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=lambda _: _NOT_A_NUMBER
)


def parse(data: bytes) -> Any:
    """Turn the bytes of one JSON value into plain values; a byte order mark is accepted.

    Raises:
        Problem: if the bytes are no UTF-8 or no JSON, or nest too deeply to be read.
    """
    text = decoded(data.removeprefix(_BOM))
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _invalid(error) from None
    except RecursionError:
        raise _too_deep("") from None


def decoded(data: bytes) -> str:
    """Decode UTF-8.

    Raises:
        Problem: if it is none, naming the byte.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = f"Byte {error.start + 1} is not UTF-8."
        raise Problem("invalid_utf8", place, "Save the file as UTF-8.") from None


def leading_id(data: bytes) -> str | None:
    """Return the id at the beginning of a line that is no valid JSON, if it can be read."""
    match = _LEADING_ID.match(data.removeprefix(_BOM))
    try:
        return match.group(1).decode("utf-8") if match else None
    except UnicodeDecodeError:
        return None


def checked(value: Any, *, max_depth: int = MAX_DEPTH) -> Any:
    """Return the value with lists as tuples.

    Raises:
        Problem: at the first repeated key, NaN, huge number, NUL, lone surrogate or too deep nesting, with its path.
    """
    return _walk(value, "", max_depth)


def _walk(value: Any, path: str, depth: int) -> Any:
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, _Mark):
        raise Problem(value.code, value.message, value.remedy, field=path)
    if not isinstance(value, dict | list | tuple):
        return value
    if depth == 0:
        raise _too_deep(path)
    if isinstance(value, list | tuple):
        return tuple(_walk(item, dotted(path, index), depth - 1) for index, item in enumerate(value))
    if isinstance(value, _Repeated):
        message = f"The object holds {shown(value.key)} twice."
        raise Problem("duplicate_key", message, "Keep one of the two.", field=dotted(path, value.key))
    return {_text(key, path): _walk(item, dotted(path, key), depth - 1) for key, item in value.items()}


def _text(value: str, path: str) -> str:
    if "\x00" in value:
        raise Problem("nul_character", "The text holds a NUL character.", "Remove it.", field=path)
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        message = "The text holds half of a character pair (a lone surrogate)."
        raise Problem("lone_surrogate", message, "Export the text again as UTF-8.", field=path)
    return value


def _too_deep(path: str) -> Problem:
    field = ".".join(path.split(".")[:3])  # as deep as the fields of a case go
    return Problem("too_deep", "The value nests too deeply.", "A case nests three levels.", field=field)


def _invalid(error: json.JSONDecodeError) -> Problem:
    for start, message, remedy in _JSON_MESSAGES:
        if error.msg.startswith(start):
            return Problem("invalid_json", f"Not valid JSON: at character {error.pos + 1}, {message}.", remedy)
    message = f"Not valid JSON: at character {error.pos + 1}, a value was expected."
    return Problem("invalid_json", message, "Write texts in double quotes; the line may be cut off.")
