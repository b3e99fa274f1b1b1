"""What a classifier learns from: cases with a label, and whether each is an emergency where that is known.

Read from a CSV or JSONL with `text,label` and, where there are any, `emergency`, `style`, `condition`, `id`, `group`,
and the `patient` and `vitals` of a case file, in a CSV as JSON. Other columns of a CSV are ignored unless their name is
nearly one of these; an unknown key of a JSONL is an error. The label `other` is background: conditions outside the
label set, and texts about no patient.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from cases.case import Case, Patient, Vitals

OTHER = "other"
TEXTS = Path(__file__).parent / "texts"  # written for wardround, CC BY 4.0
_YES_OR_NO = TypeAdapter(bool)
KEYS = {"text", "label", "emergency", "style", "condition", "id", "patient", "vitals", "group"}


@dataclass(frozen=True)
class Example:
    """A labelled case.

    Args:
        case: its text, vitals and patient.
        label: a label, or `other`.
        emergency: whether the patient needs emergency care now; None where nobody said.
        style: how the text is written, where known.
        condition: what it is in words, where known.
    """

    case: Case
    label: str
    emergency: bool | None = None
    style: str = ""
    condition: str = ""

    @property
    def text(self) -> str:
        """The case's text."""
        return self.case.text or ""


def labels_of(examples: Iterable[Example]) -> tuple[str, ...]:
    """Return the labels in order, without `other`."""
    return tuple(sorted({example.label for example in examples} - {OTHER}))


def outputs_of(examples: Sequence[Example]) -> tuple[str, ...]:
    """Return what the label head answers: the labels, then `other` where there is background."""
    background = any(example.label == OTHER for example in examples)
    return (*labels_of(examples), *((OTHER,) if background else ()))


def inside(examples: Sequence[Example]) -> list[Example]:
    """Return the examples with a label."""
    return [e for e in examples if e.label != OTHER]


def read_examples(path: Path) -> list[Example]:
    """Read labelled cases from a file, or from every JSONL file of a folder.

    Raises:
        ValueError: if there is nothing, a column is missing, a cell is empty or a value impossible; it names the row.
    """
    if path.is_dir():
        parts = sorted(path.glob("*.jsonl"))
        if not parts:
            raise ValueError(f"the folder {path} holds no JSONL file.")
        return [example for part in parts for example in read_examples(part)]
    rows = _jsonl(path) if path.suffix in {".jsonl", ".json"} else _csv(path)
    if not rows:
        raise ValueError(f"{path.name} holds no rows; it needs text,label.")
    return [_example(path, number, row) for number, row in rows]


def _jsonl(path: Path) -> list[tuple[int, dict[str, Any]]]:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path.name} line {number} is not JSON: {error.msg}.") from error
        if not isinstance(row, dict):
            raise ValueError(f"{path.name} row {number} is no object with text and label.")
        rows.append((number, row))
    return rows


def _csv(path: Path) -> list[tuple[int, dict[str, Any]]]:
    frame = pd.read_csv(path)
    missing = {"text", "label"} - {*frame.columns}
    if missing:
        raise ValueError(f"{path.name} has no column {', '.join(sorted(missing))}; it needs text,label.")
    for name in frame.columns:
        meant = get_close_matches(str(name), KEYS, n=1, cutoff=0.75)
        if meant and name not in KEYS:
            raise ValueError(f"{path.name} has a column {name}; if it means {meant[0]}, name it so.")
    kept = frame[[name for name in frame.columns if name in KEYS]].astype(object)
    records = kept.where(kept.notna(), None).to_dict("records")
    return [
        (number, {str(key): _cell(f"{path.name} row {number}", str(key), value) for key, value in row.items()})
        for number, row in enumerate(records, start=2)
    ]


def _cell(where: str, key: str, value: Any) -> Any:
    """Return a CSV cell as a JSONL would hold it."""
    if value is None or key not in {"emergency", "patient", "vitals"}:
        return value
    try:
        return _YES_OR_NO.validate_python(str(value).lower()) if key == "emergency" else json.loads(value)
    except (ValidationError, TypeError, json.JSONDecodeError) as error:
        needed = "yes or no" if key == "emergency" else "a JSON object"
        raise ValueError(f"{where}: {key} is {value!r}; it must be {needed}.") from error


def _example(path: Path, number: int, row: dict[str, Any]) -> Example:
    where = f"{path.name} row {number}"
    for key in ("text", "label"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise ValueError(f"{where} has an empty {key}; it needs text,label.")
    if not isinstance(row.get("emergency"), bool | None):
        raise ValueError(f"{where}: emergency is {row['emergency']!r}; it must be true, false or left out.")
    for key in ("style", "condition"):
        if not isinstance(row.get(key) or "", str):
            raise ValueError(f"{where}: {key} is {row[key]!r}; it must be words.")
    unknown = sorted(set(row) - KEYS)
    if unknown:
        raise ValueError(f"{where} has the unknown key {unknown[0]}; known are {', '.join(sorted(KEYS))}.")
    try:
        case = Case(
            id=str(row.get("id") or f"{path.stem}-{number}"),
            text=row["text"],
            patient=Patient.model_validate(row.get("patient") or {}),
            vitals=Vitals.model_validate(row.get("vitals") or {}),
            group=row.get("group"),
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return Example(case, row["label"], row.get("emergency"), row.get("style") or "", row.get("condition") or "")


def medquad_background(path: Path, *, avoid: Sequence[str], limit: int) -> list[Example]:
    """Return MedQuAD's questions on conditions outside the label set as background (CC BY 4.0).

    Args:
        path: `medquad.jsonl.gz`.
        avoid: words of the labels, lower case; a question or focus that holds one is left out.
        limit: how many, spread evenly over the file.
    """
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    asked = dict.fromkeys(row["question"].strip() for row in rows if not _touches(row, avoid))
    every = max(1.0, len(asked) / limit)
    picked = [list(asked)[int(i * every)] for i in range(min(limit, len(asked)))]
    return [Example(Case(id=f"medquad-{i}", text=text), OTHER, False, "question") for i, text in enumerate(picked)]


def _touches(row: dict[str, Any], avoid: Sequence[str]) -> bool:
    said = f"{row.get('question', '')} {row.get('focus', '')}".lower()
    return any(word in said for word in avoid)
