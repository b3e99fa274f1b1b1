"""Observations of a FHIR record by LOINC: the latest of each, and the vital signs and body measures among them.

Every unit is checked against a table and converted to the unit of the field's name; an unknown unit is refused, since
a Fahrenheit read as Celsius or a pound read as kilogram is worse than no value. A measurement counts as the patient's
present state only while it is fresh; older ones stay in `observations` with their time. The periods below are this
project's own choice.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cases.fhir_record import Record, Resource, at, code_in, name_of

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"

Scale = tuple[float, float]  # value in our unit = value × first + second

_CELSIUS: Mapping[str, Scale] = dict.fromkeys(("cel", "°c", "c", "degc", "celsius"), (1.0, 0.0)) | dict.fromkeys(
    ("[degf]", "°f", "f", "degf", "fahrenheit"), (5 / 9, -160 / 9)
)
_PER_MINUTE: Mapping[str, Scale] = dict.fromkeys(
    ("/min", "1/min", "{beats}/min", "beats/min", "beats/minute", "bpm", "{breaths}/min", "breaths/min",
     "breaths/minute", "{resp}/min", "per minute"), (1.0, 0.0),
)  # fmt: skip
_MMHG: Mapping[str, Scale] = dict.fromkeys(("mm[hg]", "mmhg", "mm hg"), (1.0, 0.0)) | {"kpa": (7.500617, 0.0)}
_PERCENT: Mapping[str, Scale] = dict.fromkeys(("%", "percent"), (1.0, 0.0))
_KG: Mapping[str, Scale] = {"kg": (1.0, 0.0), "g": (0.001, 0.0)} | dict.fromkeys(
    ("[lb_av]", "lb", "lbs"), (0.45359237, 0.0)
)
_CM: Mapping[str, Scale] = {"cm": (1.0, 0.0), "m": (100.0, 0.0), "mm": (0.1, 0.0)} | dict.fromkeys(
    ("[in_i]", "[in_us]", "in", "inch", "inches"), (2.54, 0.0)
)
_ML_MIN_173: Mapping[str, Scale] = dict.fromkeys(
    ("ml/min/{1.73_m2}", "ml/min/1.73.m2", "ml/min/{1.73m2}", "ml/min/1.73m2", "ml/min/1.73_m2", "ml/min/1.73 m2",
     "ml/min/1.73 m²", "ml/min/1.73m²"), (1.0, 0.0),
)  # fmt: skip
_WEEKS: Mapping[str, Scale] = dict.fromkeys(("wk", "weeks", "week"), (1.0, 0.0)) | dict.fromkeys(
    ("d", "days", "day"), (1 / 7, 0.0)
)
_L_MIN: Mapping[str, Scale] = dict.fromkeys(("l/min",), (1.0, 0.0))

VITALS_DAYS = 90  # older vital signs are history
TOGETHER = dt.timedelta(hours=24)  # vital signs of one moment
_FRESH_DAYS = MappingProxyType(
    {"egfr": 365, "height_cm": 3650, "weight_kg": 730, "pregnant": 280, "gestation_weeks": 7}
)  # fmt: skip
_FRESH_DAYS_CHILD = MappingProxyType({"height_cm": 180, "weight_kg": 90})
_ADULT_AGE = 18

_QUANTITIES: Mapping[str, tuple[str, Mapping[str, Scale]]] = {
    **dict.fromkeys(("8310-5", "8331-1", "8328-7", "8332-7", "8333-0"), ("temperature_c", _CELSIUS)),
    **dict.fromkeys(("8867-4", "8889-8"), ("heart_rate", _PER_MINUTE)),
    "9279-1": ("respiratory_rate", _PER_MINUTE),
    "8480-6": ("systolic_bp", _MMHG),
    "8462-4": ("diastolic_bp", _MMHG),
    **dict.fromkeys(("2708-6", "59408-5"), ("spo2", _PERCENT)),
    "3151-8": ("oxygen_flow", _L_MIN),
    "3150-6": ("oxygen_percent", _PERCENT),
    **dict.fromkeys(("29463-7", "3141-9"), ("weight_kg", _KG)),
    **dict.fromkeys(("8302-2", "3137-7"), ("height_cm", _CM)),
    **dict.fromkeys(("33914-3", "62238-1", "69405-9", "77147-7", "98979-8"), ("egfr", _ML_MIN_173)),
    **dict.fromkeys(("18185-9", "49051-6", "11884-4"), ("gestation_weeks", _WEEKS)),
}
_WORDS: Mapping[str, str] = {"82810-3": "pregnant", "80288-4": "consciousness", "67775-7": "consciousness"}
_PREGNANT = {"LA15173-0": True, "77386006": True, "LA26683-5": False, "60001007": False}
_CONSCIOUSNESS = {
    "alert": "alert", "awake": "alert", "confusion": "confusion", "new confusion": "confusion", "confused": "confusion",
    "voice": "voice", "verbal": "voice", "responds to voice": "voice", "pain": "pain", "responds to pain": "pain",
    "unresponsive": "unresponsive", "mentally alert": "alert",
}  # fmt: skip
_VITALS = (
    "temperature_c", "heart_rate", "respiratory_rate", "systolic_bp", "diastolic_bp", "spo2", "oxygen", "consciousness",
)  # fmt: skip
_ROOM_AIR_PERCENT = 21

_WITHOUT_RESULT = ("cancelled", "entered-in-error", "registered", "unknown")
_LOINC_CODE = re.compile(r"\d{1,7}-\d")


@dataclass(frozen=True)
class Measured:
    """One measurement: an Observation, or one component of it."""

    resource: Resource
    body: Mapping[str, Any]
    path: str
    loinc: str | None
    display: str | None
    time: dt.datetime | None

    @property
    def key(self) -> str | None:
        """What makes a later measurement replace this one."""
        return self.loinc or self.display

    def to_case(self) -> dict[str, Any]:
        """Return it as an observation of a case file, or {} if it holds no value."""
        value, unit = _plain_value(self.body)
        if value is None or not self.key:
            return {}
        time = self.time.isoformat() if self.time else None
        return {"loinc": self.loinc, "display": self.display, "value": value, "unit": unit, "time": time}


def latest_observations(record: Record) -> tuple[Measured, ...]:
    """Return the latest measurement of each kind, oldest first."""
    latest: dict[str, Measured] = {}
    for measured in _measurements(record):
        if measured.key and (measured.key not in latest or _when(measured) >= _when(latest[measured.key])):
            latest[measured.key] = measured
    return tuple(sorted(latest.values(), key=lambda item: (_when(item), item.key or "")))


def vitals_of(observed: tuple[Measured, ...], moment: dt.datetime | None) -> dict[str, tuple[Any, Measured]]:
    """Return the latest vital signs that were taken together, by field, with where each was read.

    Raises:
        Problem: if a unit is missing, unknown or contradictory.
    """
    found = {field: item for field, item in _fields(observed).items() if _is_fresh(item[1], moment, VITALS_DAYS)}
    _add_oxygen(found)
    vitals = {field: item for field, item in found.items() if field in _VITALS}
    newest = max((_when(item) for _, item in vitals.values()), default=_NEVER)
    return {
        field: (value, item)
        for field, (value, item) in vitals.items()
        if item.time is None or newest - _when(item) <= TOGETHER
    }


def body_of(
    observed: tuple[Measured, ...], moment: dt.datetime | None, age: float | None
) -> dict[str, tuple[Any, Measured]]:
    """Return weight, height, eGFR and pregnancy as far as they are fresh, by field of `Patient`.

    Raises:
        Problem: if a unit is missing, unknown or contradictory.
    """
    is_child = age is not None and age < _ADULT_AGE
    days = {**_FRESH_DAYS, **_FRESH_DAYS_CHILD} if is_child else dict(_FRESH_DAYS)
    found = _fields(observed)
    return {field: found[field] for field in days if field in found and _is_fresh(found[field][1], moment, days[field])}


_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


def _when(measured: Measured) -> dt.datetime:
    return measured.time or _NEVER


def _is_fresh(measured: Measured, moment: dt.datetime | None, days: int) -> bool:
    return moment is None or measured.time is None or moment - measured.time <= dt.timedelta(days=days)


def _measurements(record: Record) -> Iterator[Measured]:
    for resource in record.all("Observation"):
        if resource.body.get("status") in _WITHOUT_RESULT:
            continue
        time = resource.time(
            "effectiveDateTime", "effectivePeriod.end", "effectivePeriod.start", "effectiveInstant", "issued"
        )
        whole = _measured(resource, resource.body, "", time)
        yield whole
        for number, component in enumerate(resource.body.get("component") or ()):
            yield _measured(resource, component, f"component.{number}.", time)


def _measured(resource: Resource, body: Mapping[str, Any], path: str, time: dt.datetime | None) -> Measured:
    code = code_in(body.get("code"), LOINC)
    loinc = code if code and _LOINC_CODE.fullmatch(code) else None
    return Measured(resource, body, path, loinc, name_of(body.get("code")), time)


def _fields(observed: tuple[Measured, ...]) -> dict[str, tuple[Any, Measured]]:
    """Return the latest value of every field that we know; `observed` is sorted by time."""
    found: dict[str, tuple[Any, Measured]] = {}
    for measured in observed:
        loinc = measured.loinc or ""
        if loinc in _QUANTITIES and at(measured.body, "valueQuantity.value") is not None:
            field, units = _QUANTITIES[loinc]
            found[field] = (_converted(measured, units), measured)
        elif loinc in _WORDS:
            field = _WORDS[loinc]
            value = _word(field, measured.body.get("valueCodeableConcept"), measured.body.get("valueString"))
            found |= {field: (value, measured)} if value is not None else {}
    return found


def _word(field: str, concept: Any, text: Any) -> Any:
    if field == "pregnant":
        return _PREGNANT.get(code_in(concept, LOINC, SNOMED) or "")
    return _CONSCIOUSNESS.get((name_of(concept) or text or "").strip().lower())


def _converted(measured: Measured, units: Mapping[str, Scale]) -> float:
    quantity = measured.body["valueQuantity"]
    written = [str(quantity[key]).strip().lower() for key in ("code", "unit") if quantity.get(key)]
    scales = {units[unit] for unit in written if unit in units}
    path = f"{measured.path}valueQuantity.unit"
    known = "Give the unit in UCUM."
    if not written:
        raise measured.resource.problem("missing_unit", "the value has no unit.", known, path=path)
    if not scales:
        message = f"the unit does not fit {measured.loinc}."
        raise measured.resource.problem("unknown_unit", message, f"Use one of: {', '.join(units)}.", path=path)
    if len(scales) > 1:
        message = "code and unit of the quantity contradict each other."
        raise measured.resource.problem("unit_conflict", message, known, path=path)
    factor, offset = scales.pop()
    value = float(quantity["value"])
    return value if (factor, offset) == (1.0, 0.0) else round(value * factor + offset, 2)


def _add_oxygen(found: dict[str, tuple[Any, Measured]]) -> None:
    """Read breathing supplemental oxygen from its flow or its concentration, the newer of the two."""
    signs = [found.pop(field) for field in ("oxygen_flow", "oxygen_percent") if field in found]
    if signs:
        value, measured = max(signs, key=lambda sign: _when(sign[1]))
        limit = _ROOM_AIR_PERCENT if measured.loinc == "3150-6" else 0
        found["oxygen"] = (value > limit, measured)


def _plain_value(body: Mapping[str, Any]) -> tuple[float | str | bool | None, str | None]:
    quantity = body.get("valueQuantity")
    if quantity and quantity.get("value") is not None:
        unit = quantity.get("unit") or quantity.get("code")
        comparator = quantity.get("comparator")
        return (f"{comparator}{quantity['value']}" if comparator else float(quantity["value"])), unit
    if body.get("valueCodeableConcept"):
        return name_of(body["valueCodeableConcept"]), None
    if body.get("valueBoolean") is not None:
        return bool(body["valueBoolean"]), None
    if body.get("valueInteger") is not None:
        return float(body["valueInteger"]), None
    return body.get("valueString") or None, None
