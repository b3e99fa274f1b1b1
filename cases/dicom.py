"""Turn a DICOM file into a case with one image, or check that one can be read; no pixel is decoded.

`id` is the SOP Instance UID and `group` a hash of the Patient ID, so that neither name nor number of the patient gets
into a result. An age, weight or size of 0, which scanners write for "not entered", is unknown.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cases.case import Case
from cases.errors import CaseError
from cases.jsonl import case_from_values
from cases.problems import Problem

# objects that hold no picture to look at: their Modality
_NOT_IMAGES = ("SEG", "SR", "PR", "KO", "DOC", "RTSTRUCT", "RTPLAN", "RTDOSE", "REG", "FID", "RWV", "PLAN", "ECG")
_SEX = {"F": "female", "M": "male", "O": "other"}
_YEARS_PER_UNIT = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_PREGNANT = {"1": False, "3": True}  # (0010,21C0): 1 not, 3 definitely pregnant; 2 possibly and 4 unknown are unknown
_NOTHING = ("none", "nil", "nka", "nkda", "no known allergies", "no known drug allergies")
_TEXTS = ("StudyDescription", "ReasonForTheRequestedProcedure", "AdditionalPatientHistory", "PatientComments")
_HASH_LENGTH = 16


def read_dicom(path: Path) -> Case | CaseError:
    """Read one DICOM file as a case; the image's path is the file's name, relative to its folder."""
    case_id = None
    try:
        with _damage_is_a_problem():
            header = read_header(path)
            case_id = _text(header, "SOPInstanceUID") or path.stem
            values = _values(header, path, case_id)
        return case_from_values(values)
    except Problem as problem:
        return problem.at(0, case_id)


def read_header(path: Path) -> Any:
    """Return the DICOM attributes of an image, its pixels left where they are.

    Raises:
        Problem: if the file is no DICOM, holds no image, or is shorter than its image.
    """
    from pydicom import dcmread

    if not path.is_file():
        raise Problem("missing_file", "The file does not exist.", "Check the path.")
    with _damage_is_a_problem():
        header = dcmread(path)
        _check_pixels(header)
    return header


@contextmanager
def _damage_is_a_problem() -> Iterator[None]:
    """Turn whatever pydicom raises over a damaged file, also late, when an attribute is looked at, into a problem."""
    from pydicom import config
    from pydicom.errors import BytesLengthException, InvalidDicomError

    again = "Export it from the archive again."
    try:
        with config.disable_value_validation(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom warns with the values it read
            yield
    except InvalidDicomError:
        raise Problem("unreadable_image", "The file is no DICOM.", again) from None
    except (OSError, EOFError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError,
            BytesLengthException, struct.error, zlib.error):  # fmt: skip
        raise Problem("unreadable_image", "The DICOM file is damaged.", again) from None


def _check_pixels(header: Any) -> None:
    from pydicom.pixels.utils import get_expected_length

    modality = _text(header, "Modality")
    if modality in _NOT_IMAGES or "PixelData" not in header:
        message = "The DICOM object holds no image."
        raise Problem("no_image", message, "Give the image itself, not a report or a segmentation.")
    pixels = header.PixelData
    compressed = header.file_meta.TransferSyntaxUID.is_compressed
    if len(pixels) < (1 if compressed else get_expected_length(header)):
        message = "The DICOM file is shorter than its image."
        raise Problem("unreadable_image", message, "Copy the file again.")


def _values(header: Any, path: Path, case_id: str) -> dict[str, Any]:
    modality = _text(header, "Modality")
    return {
        "id": case_id,
        "text": _said(header),
        "patient": {
            "age": _age(header),
            "sex": _SEX.get(_text(header, "PatientSex") or ""),
            "pregnant": _PREGNANT.get(_text(header, "PregnancyStatus") or ""),
            "weight_kg": _number(header, "PatientWeight"),
            "height_cm": _metres_to_cm(_number(header, "PatientSize")),
        },
        "allergies": _allergies(header),
        "images": [{"path": path.name, "modality": modality}],
        "group": _group(header),
    }


def _said(header: Any) -> str | None:
    texts = [text.rstrip(".") for name in _TEXTS if (text := _text(header, name))]
    return ". ".join(dict.fromkeys(texts)) + "." if texts else None


def _age(header: Any) -> float | None:
    match = re.fullmatch(r"(\d{1,3})([DWMY])", _text(header, "PatientAge") or "")
    if match and int(match[1]):
        return round(int(match[1]) * _YEARS_PER_UNIT[match[2]], 2)
    born, taken = _date(header, "PatientBirthDate"), _date(header, "StudyDate")
    return round((taken - born).days / 365.25, 2) if born and taken else None


def _date(header: Any, name: str) -> dt.date | None:
    text = _text(header, name)
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date() if text else None
    except ValueError:
        message = f"{name} is no date."
        raise Problem("bad_format", message, "Correct the DICOM attribute.", field=f"dicom.{name}") from None


def _number(header: Any, name: str) -> float | None:
    value = header.get(name)
    try:
        return float(value) or None if value not in (None, "") else None
    except (TypeError, ValueError):
        message = f"{name} is no number."
        raise Problem("wrong_type", message, "Correct the DICOM attribute.", field=f"dicom.{name}") from None


def _metres_to_cm(metres: float | None) -> float | None:
    return None if metres is None else round(metres * 100, 1)


def _allergies(header: Any) -> list[str] | None:
    text = _text(header, "Allergies")
    if not text:
        return None
    names = [name.strip() for name in re.split(r"[\\;,]", text) if name.strip()]
    return [name for name in names if name.lower() not in _NOTHING]


def _group(header: Any) -> str | None:
    number = _text(header, "PatientID")
    return f"patient-{hashlib.sha256(number.encode()).hexdigest()[:_HASH_LENGTH]}" if number else None


def _text(header: Any, name: str) -> str | None:
    """Return an attribute as text, its several values joined by backslashes as DICOM writes them."""
    value = header.get(name)
    values = value if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]
    return "\\".join(str(item) for item in values if item is not None).strip() or None
