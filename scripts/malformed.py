"""Malformed case files of every kind, hand-made or mutated from a good case; `scripts.check_malformed` feeds them."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECRET = "Zzyzxa"  # stands in every text of the good case; no message may repeat it
GOOD: dict[str, Any] = {
    "id": "good", "text": f"{SECRET} burning", "language": "en", "setting": "outpatient", "region": "US",
    "patient": {"age": 34, "sex": "female", "pregnant": False, "breastfeeding": False, "gestation_weeks": None,
                "weight_kg": 62, "height_cm": 168, "egfr": 88},
    "vitals": {"temperature_c": 37.1, "heart_rate": 84, "respiratory_rate": 16, "systolic_bp": 118, "diastolic_bp": 74,
               "spo2": 98, "oxygen": False, "consciousness": "alert"},
    "observations": [{"loinc": "2160-0", "display": f"{SECRET}", "value": 0.9, "unit": "mg/dL",
                      "time": "2026-11-23T09:10:00Z"}],
    "conditions": [{"system": "icd10", "code": "I10", "display": f"{SECRET}"}],
    "medications": ["warfarin", {"rxcui": "6809", "name": f"{SECRET}", "dose": "500 mg", "route": "oral",
                                 "frequency": "twice daily", "status": "active", "start": "2024-02-01"}],
    "allergies": ["penicillin", {"name": f"{SECRET}", "reaction": "rash", "severity": "mild", "status": "confirmed"}],
    "images": [], "question": f"{SECRET}?", "group": f"{SECRET}",
}  # fmt: skip

_RANGES = {
    "patient.age": (-3, 126, 1984), "patient.gestation_weeks": (-1, 46), "patient.weight_kg": (0, 651, 3500),
    "patient.height_cm": (1.68, 19, 281), "patient.egfr": (-1, 251), "vitals.temperature_c": (19, 98.6, 371, 310.15),
    "vitals.heart_rate": (-1, 351), "vitals.respiratory_rate": (-1, 151), "vitals.systolic_bp": (-1, 351, 60),
    "vitals.diastolic_bp": (-1, 251, 130), "vitals.spo2": (0.97, 19, 101),
}  # fmt: skip
_BROKEN_VALUES: dict[str, tuple[Any, ...]] = {
    "id": ("", "  ", "a\nb", "x" * 201, None), "text": (None, "", " \n ", "x" * 100_001),
    "language": ("English", "e", ""),
    "setting": ("home", "ER"), "region": ("usa", "us", "U1"), "patient.sex": ("F", "woman"),
    "vitals.consciousness": ("A", "sleepy"), "observations.0.loinc": ("2160", "x-1"), "question": ("",),
    "observations.0.time": ("yesterday", "2026-13-01T00:00:00Z"), "observations.0.unit": ("x" * 51,),
    "conditions.0.system": ("ICD", "icd9"), "medications.1.rxcui": ("x", "", "12.5"), "medications.1.name": ("",),
    "medications.1.status": ("taking", "on"), "medications.1.start": ("2024-02-30", "soon", "02/01/2024"),
    "allergies.1.name": ("", None), "allergies.1.severity": ("high",), "allergies.1.status": ("sure",),
}  # fmt: skip
_WRONG_TYPES: tuple[Any, ...] = ({"a": 1}, [[1]], 10**14, "12", True)
_FORMATTED = ("language", "setting", "region", "patient.sex", "vitals.consciousness", "observations.0.loinc",
              "observations.0.time", "conditions.0.system", "medications.1.status", "medications.1.start",
              "allergies.1.severity", "allergies.1.status")  # fmt: skip
_ACCEPTED: dict[str, tuple[type, ...]] = {"observations.0.value": (int, str, bool)}


_NO_CASES = (
    "null", "true", "17", '"text"', "[]", "{}", '["id"]', "nonsense", "{'id': 'c'}", "{id: 1}", "{", "}", '{"id"}',
    '{"id": "c", "text": "x"} {"id": "d", "text": "y"}', '{"id": "c", "text": "x"},', '// {"id": "c"}',
    '{"id": "c", "text": "a\tb"}', '{"id": "c", "text": "\\x41"}', '{"id": "c", "text": undefined}',
    '{"id": "c", "text": "x", "vitals": {"spo2": 09}}', '{"id": "c", "text": "x", "vitals": {"spo2": .9}}',
    '{"id": "c", "text": "x", "vitals": {"spo2": +9}}', '{"id": "c", "text": "x", "vitals": {"spo2": 0x9}}',
    '{"id": "c", "text": "x", "vitals": {"spo2": Infinity}}', "id,text", "<xml/>", "- yaml",
)  # fmt: skip


@dataclass(frozen=True)
class Malformed:
    """One line that must become exactly one error."""

    kind: str
    line: bytes


def malformed_lines(seed: int = 42) -> list[Malformed]:
    """Return every malformed line: hand-made ones and mutations of a good case."""
    lines = [*_mutated_values(), *_mutated_keys(), *_mutated_bytes(random.Random(seed)), *_hand_made()]
    return list({item.line: item for item in lines}.values())


def _mutated_values() -> Iterator[Malformed]:
    for path, values in (_RANGES | _BROKEN_VALUES).items():
        for value in values:
            yield Malformed("impossible value", _with(path, value))
    for path, old in _leaves(GOOD):
        for value in _WRONG_TYPES:
            if not _fits(path, old, value):
                yield Malformed("wrong type", _with(path, value))
        yield Malformed("NaN", _with(path, float("nan")))
        yield Malformed("huge number", _with(path, 10**400 if path.endswith("a") else 1e300))
        yield Malformed("deep nesting", _with(path, _nested(30)))
        if isinstance(old, str):
            yield Malformed("NUL", _with(path, f"{old}\0"))
            yield Malformed("lone surrogate", _with(path, f"{old}\ud83d"))


def _fits(path: str, old: Any, value: Any) -> bool:
    """Tell whether the value would be accepted in place of the old one."""
    if path in _ACCEPTED:
        return isinstance(value, _ACCEPTED[path])
    if isinstance(old, str):
        return isinstance(value, str) and path not in _FORMATTED
    return isinstance(old, bool) and value is True


def _mutated_keys() -> Iterator[Malformed]:
    for path, _ in _leaves(GOOD):
        parent, _, key = path.rpartition(".")
        if not key.isdigit():
            for wrong in (key[:-1] + "_", key.upper() + "X", f"{SECRET} {key}", "x" * 60 + key, "é" + key):
                yield Malformed("unknown key", _with(f"{parent}.{wrong}" if parent else wrong, 1))
            text = json.dumps(GOOD | {"id": f"bad-{key}"})
            yield Malformed("repeated key", text.replace(f'"{key}":', f'"{key}": null, "{key}":', 1).encode())


def _mutated_bytes(draw: random.Random) -> Iterator[Malformed]:
    line = json.dumps(GOOD).encode()
    for _ in range(80):
        yield Malformed("cut line", line[: draw.randrange(2, len(line) - 1)])
    for _ in range(40):
        place = draw.randrange(1, len(line))
        yield Malformed(
            "invalid UTF-8", line[:place] + draw.choice((b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xf5")) + line[place:]
        )
    for character in b'{}[]:,"':
        places = [place for place, byte in enumerate(line) if byte == character]
        for place in draw.sample(places, min(8, len(places))):
            yield Malformed("missing punctuation", line[:place] + line[place + 1 :])


def _hand_made() -> Iterator[Malformed]:
    for line in _NO_CASES:
        yield Malformed("no case", line.encode())
    for depth in (100, 5_000, 200_000):
        yield Malformed("deep nesting", b"[" * depth)
        yield Malformed("deep nesting", b'{"id":' * depth)
        yield Malformed("deep nesting", b'{"id": "c", "text": ' + b"[" * depth + b"]" * depth + b"}")
    for path in ("../x.png", "/etc/passwd", "C:\\x.png", "missing.png", "https://example.org/x.png", "a/../../x.png",
                 ".", "x" * 300, "cases.jsonl"):  # fmt: skip
        yield Malformed("image", json.dumps({"id": "c", "images": [{"path": path}]}).encode())
    for key, value in (("dose", "5 mg"), ("name", None), ("rxcui", None)):
        yield Malformed("nameless", json.dumps({"id": "c", "text": "x", "medications": [{key: value}]}).encode())
    yield Malformed("nameless", json.dumps({"id": "c", "text": "x", "conditions": [{}]}).encode())
    patient = {"pregnant": False, "gestation_weeks": 20}
    yield Malformed("contradiction", json.dumps({"id": "c", "text": "x", "patient": patient}).encode())
    yield Malformed("too long", json.dumps({"id": "c", "text": "x" * 5_000_000}).encode())
    yield Malformed("duplicate id", json.dumps(GOOD | {"id": "good-0"}).encode())


def broken_files(folder: Path) -> Iterator[Path]:
    line = json.dumps(GOOD | {"id": "other"}).encode()
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", "entry": []}
    broken = {"resource": {"resourceType": "Patient", "birthDate": "yesterday"}}
    contents = {
        "empty.jsonl": b"", "blank.jsonl": b"\n \n", "utf16.jsonl": line.decode().encode("utf-16"), "empty.json": b"",
        "list.json": b"[]", "cut.json": line[:50], "no-patient.json": json.dumps(bundle).encode(),
        "broken.json": json.dumps(bundle | {"entry": [broken]}).encode(),
        "no-bundle.json": b'{"resourceType": "Patient"}',
        "entry.json": json.dumps(bundle | {"entry": 5}).encode(), "cut.jsonl.gz": gzip.compress(line)[:30],
        "false.jsonl.gz": line, "empty.csv": b"", "header.csv": b"id,text\n", "column.csv": b"id,txt\nc,x\n",
        "twice.csv": b"id,text,id\nc,x,c\n", "semicolon.csv": b"id;text\nc;x\n", "noid.csv": b"text\nx\n",
        "quote.csv": b'id,text\nc,"x\n', "cells.csv": b"id,text\nc,x,y\n",
        "number.csv": b"id,text,patient.age\nc,x,old\n",
        "false.dcm": b"no dicom", "false.bin": b"\x7fELF",
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        yield folder / name
    yield folder / "missing.jsonl"


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        here = f"{path}.{key}" if path else str(key)
        if isinstance(inner, dict | list) and inner:
            yield from _leaves(inner, here)
        elif inner != []:
            yield here, inner


def _with(path: str, value: Any) -> bytes:
    case = copy.deepcopy(GOOD) | {"id": "bad"}
    if path.endswith("gestation_weeks"):
        case["patient"]["pregnant"] = None
    *parents, last = path.split(".")
    target: Any = case
    for key in parents:
        target = target[int(key) if isinstance(target, list) else key]
    target[int(last) if isinstance(target, list) else last] = value
    return json.dumps(case).encode()


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value
