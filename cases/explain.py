"""Turn what pydantic says about a case into one `Problem`: the field, what was expected, what to do.

The message names fields, ranges and choices of the schema, never a value of the file. Values are looked at only to
recognise a slip: a temperature in Fahrenheit, a missing decimal point, a height in metres.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from annotated_types import Ge, Le
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cases.case import Allergy, Case, Condition, ImageRef, Medication, Observation, Patient, Vitals
from cases.problems import Problem, dotted, shown

Location = tuple[str | int, ...]

_NESTED: Mapping[str, type[BaseModel]] = {
    "patient": Patient, "vitals": Vitals, "observations": Observation, "conditions": Condition,
    "medications": Medication, "allergies": Allergy, "images": ImageRef,
}  # fmt: skip

_UNITS = {
    "age": "years", "gestation_weeks": "weeks", "weight_kg": "kg", "height_cm": "cm", "egfr": "mL/min/1.73 m²",
    "temperature_c": "°C", "heart_rate": "beats per minute", "respiratory_rate": "breaths per minute",
    "systolic_bp": "mmHg", "diastolic_bp": "mmHg", "spo2": "percent",
}  # fmt: skip

# (from, below, what such a value usually is); checked only for values outside the field's range
_SLIPS: Mapping[str, tuple[tuple[float, float, str], ...]] = {
    "temperature_c": (
        (68, 116, "It looks like degrees Fahrenheit: convert with (F - 32) / 1.8."),
        (280, 320, "It looks like kelvin, or like a missing decimal point."),
        (320, 450, "It looks like a missing decimal point (38.5, not 385)."),
    ),
    "age": ((1850, 2150, "It looks like a year of birth."), (126, 1850, "It looks like months or days.")),
    "gestation_weeks": ((46, 320, "It looks like days."),),
    "weight_kg": ((650, 250_000, "It looks like grams."),),
    "height_cm": ((0.3, 3, "It looks like metres."), (281, 2900, "It looks like millimetres."),),
    "spo2": ((0, 1.0001, "It looks like a fraction: write 97, not 0.97."),),
}  # fmt: skip

# what other systems call our fields
_SYNONYMS = {
    "temp": "vitals.temperature_c", "temperature": "vitals.temperature_c", "temperature_f": "vitals.temperature_c",
    "temp_f": "vitals.temperature_c", "temp_c": "vitals.temperature_c", "hr": "vitals.heart_rate",
    "pulse": "vitals.heart_rate", "rr": "vitals.respiratory_rate", "resp_rate": "vitals.respiratory_rate",
    "sbp": "vitals.systolic_bp", "bp": "vitals.systolic_bp", "dbp": "vitals.diastolic_bp", "sats": "vitals.spo2",
    "o2_sat": "vitals.spo2", "o2sat": "vitals.spo2", "oxygen_saturation": "vitals.spo2", "avpu": "vitals.consciousness",
    "gender": "patient.sex", "weight": "patient.weight_kg", "weight_lb": "patient.weight_kg",
    "height": "patient.height_cm", "height_in": "patient.height_cm", "gfr": "patient.egfr", "dob": "patient.age",
    "birth_date": "patient.age", "birthdate": "patient.age", "lactating": "patient.breastfeeding",
    "meds": "medications", "drugs": "medications", "medicines": "medications", "prescriptions": "medications",
    "history": "conditions", "diagnoses": "conditions", "problems": "conditions", "comorbidities": "conditions",
    "labs": "observations", "note": "text", "notes": "text", "complaint": "text", "chief_complaint": "text",
    "symptoms": "text", "description": "text", "case_id": "id", "identifier": "id", "patient_id": "group",
    "lang": "language", "country": "region", "location": "setting", "image": "images", "file": "path",
    "resourcetype": "",
}  # fmt: skip

_EXPECTED_TYPES = {
    "string_type": "a text in double quotes", "float_type": "a number without quotes",
    "bool_type": "true, false or null", "tuple_type": "a list in [ ]", "model_type": "an object in { }",
    "model_attributes_type": "an object in { }", "dict_type": "an object in { }", "float_parsing": "a number",
    "date_type": 'a date in quotes, like "2026-11-23"',
    "datetime_type": 'a time in quotes, like "2026-11-23T09:10:00Z"',
    "is_instance_of": "a list in [ ]", "none_required": "null",
}  # fmt: skip

_FORMATS = {
    "id": "a text of up to 200 printable characters", "language": 'a BCP 47 tag like "en" or "pt-BR"',
    "region": 'two capital letters of ISO 3166-1, like "US"', "loinc": 'a LOINC code like "2160-0"',
    "rxcui": 'an RxCUI of digits in quotes, like "6809"',
}  # fmt: skip

# the messages of the validators in cases/case.py → code, remedy
_RULES = {
    "a case needs text or images": ("nothing_to_read", "Give text, images or both."),
    "gestation_weeks is given but pregnant is false": ("inconsistent", "Correct one of the two."),
    "systolic_bp is below diastolic_bp": ("inconsistent", "Check whether the two are swapped."),
    "a condition needs a code or a display": ("missing_key", "Give code, display or both."),
    "a medication needs a name or an rxcui": ("missing_key", "Give name, rxcui or both."),
}


def explain(error: ValidationError) -> Problem:
    """Return the first problem of the case; it mentions how many other fields are wrong too."""
    details = error.errors(include_url=False)
    details.sort(key=lambda detail: detail["type"] != "extra_forbidden")  # a misspelt key explains a missing one
    first = _problem(details[0])
    others = sorted({_path(detail["loc"]) for detail in details} - {_path(details[0]["loc"])})
    if others:
        first.message += f" Also wrong: {', '.join(others[:5])}{' and more' if len(others) > 5 else ''}."
    return first


def nearest(key: str, choices: list[str]) -> str | None:
    """Return the choice that a mistyped key most likely means."""
    synonym = _SYNONYMS.get(key.lower())
    if synonym:
        return next((choice for choice in choices if choice == synonym.split(".")[-1]), synonym)
    close = difflib.get_close_matches(key.lower(), choices, n=1, cutoff=0.6)
    return close[0] if close else None


def _problem(detail: ErrorDetails) -> Problem:
    location = _trimmed(detail["loc"])
    kind, field = detail["type"], _path(detail["loc"])
    name = str(location[-1]) if location else ""
    if kind == "extra_forbidden":
        return _unknown_key(location)
    if kind == "missing":
        return Problem("missing_key", f"{field} is missing.", f"Give {field}.", field=field)
    if kind in ("greater_than_equal", "less_than_equal"):
        return _out_of_range(location, detail["input"])
    if kind == "literal_error":
        choices = detail["ctx"]["expected"]
        return Problem("unknown_value", f"{field} is none of its choices.", f"Write one of {choices}.", field=field)
    if kind == "value_error":
        return _broken_rule(detail, name, field)
    return _bad_shape(kind, name, field, detail.get("ctx", {}))


def _unknown_key(location: Location) -> Problem:
    key = str(location[-1])
    parent = _path(location[:-1])
    choices = list(_model(location).model_fields)
    guess = nearest(key, choices) or _elsewhere(key, choices)
    where = f" in {parent}" if parent else ""
    if key.lower() == "resourcetype":
        remedy = "This is a FHIR resource: put a Bundle of the patient into a .json file."
    else:
        remedy = f'Did you mean "{guess}"?' if guess else f"Known keys: {', '.join(choices)}."
    return Problem("unknown_key", f"Unknown key {shown(key)}{where}.", remedy, field=dotted(parent, key))


def _elsewhere(key: str, here: list[str]) -> str | None:
    """Name the group that a key belongs into when it stands in another one."""
    for group in ("patient", "vitals"):
        if key in _NESTED[group].model_fields and key not in here:
            return f"{group}.{key}"
    return key if key in Case.model_fields and key not in here else None


def _out_of_range(location: Location, value: Any) -> Problem:
    field, name = _path(location), str(location[-1])
    limits = _model(location).model_fields[name].metadata
    low = next((limit.ge for limit in limits if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in limits if isinstance(limit, Le)), None)
    message = f"{field} is impossible: expected {low} to {high} {_UNITS.get(name, '')}".rstrip() + "."
    slips = _SLIPS.get(name, ())
    hint = next((text for start, stop, text in slips if start <= value < stop), "Check the value and its unit.")
    return Problem("out_of_range", message, hint, field=field)


def _broken_rule(detail: ErrorDetails, name: str, field: str) -> Problem:
    if name == "start":
        return Problem("bad_format", f"{field} is no date.", 'Write it like "2026-11-23".', field=field)
    if name == "time":
        return Problem("bad_format", f"{field} is no time.", 'Write it like "2026-11-23T09:10:00Z".', field=field)
    rule = str(detail["ctx"]["error"])
    if rule not in _RULES:
        return Problem("bad_value", f"{field or 'The case'} is not valid.", "Compare it with the schema.", field=field)
    code, remedy = _RULES[rule]
    return Problem(code, f"{rule}.", remedy, field=field)


def _bad_shape(kind: str, name: str, field: str, context: Mapping[str, Any]) -> Problem:
    if kind == "string_too_long":
        limit = context["max_length"]
        return Problem("too_long", f"{field} is longer than {limit} characters.", "Shorten it.", field=field)
    if kind == "string_too_short":
        remedy = "Give every case an id." if field == "id" else "Leave the key out if it is unknown."
        return Problem("empty", f"{field} is empty.", remedy, field=field)
    if kind == "string_pattern_mismatch":
        expected = _FORMATS.get(name, "the documented format")
        return Problem("bad_format", f"{field} has the wrong format.", f"Write {expected}.", field=field)
    expected = "a number, a text, true or false" if name == "value" else _EXPECTED_TYPES.get(kind, "another type")
    return Problem("wrong_type", f"{field} has the wrong type: expected {expected}.", f"Write {expected}.", field=field)


def _trimmed(location: Location) -> Location:
    """Drop what pydantic adds behind a field: the branches of a union."""
    if not location or location[0] not in _NESTED:
        return location[:1]
    return location[:3] if len(location) > 1 and isinstance(location[1], int) else location[:2]


def _model(location: Location) -> type[BaseModel]:
    return _NESTED[str(location[0])] if len(location) > 1 else Case


def _path(location: Location) -> str:
    path = ""
    for part in _trimmed(location):
        path = dotted(path, part)
    return path
