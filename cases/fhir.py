"""Turn the FHIR R4 record of one patient into a case: the patient as they are at their latest encounter.

`text` is the reason of the latest encounter, the active conditions, the imaging and the plain-text documents of that
encounter; `age` is the age on that day; observations are the latest of each LOINC code; medicines, conditions and
allergies are those still active. No prescription in a whole record (an export with encounters) means no medicine; in
an extract it means that nobody said. An absent allergy list is always unknown: resources for "none known" say "none".
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from cases.case import Case
from cases.document import checked
from cases.errors import CaseError
from cases.fhir_observations import SNOMED, body_of, latest_observations, vitals_of
from cases.fhir_record import Record, Resource, at, code_in, codings, name_of
from cases.fhir_text import images_of, text_of
from cases.jsonl import case_from_values
from cases.problems import Problem

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
MAX_DEPTH = 64
_DAYS_PER_YEAR = 365.25

_SETTINGS = {
    "AMB": "outpatient", "VR": "outpatient", "HH": "outpatient", "EMER": "emergency",
    "IMP": "inpatient", "ACUTE": "inpatient", "NONAC": "inpatient", "OBSENC": "inpatient",
}  # fmt: skip
_NOT_MET = ("planned", "cancelled", "entered-in-error")
_ACTIVE = ("active", "recurrence", "relapse", None)
_WRONG = ("refuted", "entered-in-error")
_NOT_ORDERED = ("proposal", "option")
_PREGNANT = ("77386006", "72892002", "47200007")  # SNOMED CT: pregnant, normal pregnancy, high-risk pregnancy
_NO_ALLERGY = ("716186003", "409137002", "no-known-allergies", "no-known-medication-allergies")
_NO_MEDICATION = ("787481004", "no-known-medications")
_ALLERGY_WORDS = re.compile(r"^allergy to (the )?|[ -]allergy$|^intolerance to |[ -]intolerance$", re.IGNORECASE)
_ALLERGY_STATUS = {
    "confirmed": "confirmed", "unconfirmed": "unconfirmed", "presumed": "unconfirmed", "refuted": "refuted",
}  # fmt: skip
_SEVERITIES = ("severe", "moderate", "mild")
_TIMES_DAILY = {1: "once daily", 2: "twice daily", 3: "three times daily", 4: "four times daily"}
_UNITS_OF_TIME = {
    "s": "seconds",
    "min": "minutes",
    "h": "hours",
    "d": "days",
    "wk": "weeks",
    "mo": "months",
    "a": "years",
}


def bundle_to_case(bundle: Any) -> Case | CaseError:
    """Read one patient's Bundle; the error names the entry that is broken.

    Example:
        >>> patient = {"resourceType": "Patient", "id": "p1", "gender": "female"}
        >>> visit = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
        ...          "period": {"start": "2026-11-23"}, "reasonCode": [{"text": "Sore throat"}]}
        >>> entries = [{"resource": patient}, {"resource": visit}]
        >>> bundle_to_case({"resourceType": "Bundle", "type": "collection", "entry": entries}).text
        'Sore throat.'
    """
    case_id = None
    try:
        values = checked(bundle, max_depth=MAX_DEPTH)
        record = Record(values)
        case_id = _case_id(record)
        return _case(record, case_id)
    except Problem as problem:
        return problem.at(0, case_id or _id_of(bundle))


def _case(record: Record, case_id: str) -> Case:
    encounter = _latest_encounter(record)
    moment = encounter.time("period.start") if encounter else _latest_time(record)
    age = _age(record.patient, moment)
    observed = latest_observations(record)
    vitals, body = vitals_of(observed, moment), body_of(observed, moment, age)
    conditions = _active_conditions(record)
    values = {
        "id": case_id,
        "text": text_of(record, encounter, conditions),
        "setting": _SETTINGS.get(at(encounter.body, "class.code")) if encounter else None,
        "region": _region(record.patient),
        "patient": _patient(record.patient, age, {field: value for field, (value, _) in body.items()}, conditions),
        "vitals": {field: value for field, (value, _) in vitals.items()},
        "observations": [observation for item in observed if (observation := item.to_case())],
        "conditions": _conditions(record, conditions),
        "medications": _medications(record),
        "allergies": _allergies(record),
        "images": images_of(record),
        "group": str(record.patient.body.get("id") or case_id),
    }
    try:
        return case_from_values(values)
    except Problem as problem:
        source = (vitals | body).get(problem.field.split(".")[-1])
        if source:
            problem.message += f" It was read from {source[1].resource.name}."
        raise


def _case_id(record: Record) -> str:
    return str(_id_of(record.bundle) or record.patient.body.get("id") or "patient")


def _id_of(bundle: Any) -> str | None:
    own = bundle.get("id") if isinstance(bundle, Mapping) else None
    return own if isinstance(own, str) and re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", own) else None


def _latest_encounter(record: Record) -> Resource | None:
    met = [item for item in record.all("Encounter") if item.body.get("status") not in _NOT_MET]
    dated = [(time, item) for item in met if (time := item.time("period.start"))]
    return max(dated, key=lambda pair: pair[0])[1] if dated else (met[-1] if met else None)


def _latest_time(record: Record) -> dt.datetime | None:
    paths = ("effectiveDateTime", "effectivePeriod.start", "date", "recordedDate", "authoredOn")
    times = [item.time(*paths) for item in record.all("Observation", "Condition", "DocumentReference")]
    return max((time for time in times if time), default=None)


def _age(patient: Resource, moment: dt.datetime | None) -> float | None:
    born = patient.time("birthDate")
    if born is None or moment is None:
        return None
    if born.date() > moment.date():
        message = "the birth date is later than the latest encounter."
        raise patient.problem("out_of_range", message, "Correct one of the two.", path="birthDate")
    return round(max((moment - born).days, 0) / _DAYS_PER_YEAR, 2)


def _patient(patient: Resource, age: float | None, body: dict[str, Any], conditions: list[Resource]) -> dict[str, Any]:
    gender = patient.body.get("gender")
    if gender not in ("female", "male", "other", "unknown", None):
        raise patient.problem("unknown_value", "gender is none of its choices.", "Use the FHIR codes.", path="gender")
    if any(code_in(item.body.get("code"), SNOMED) in _PREGNANT for item in conditions):
        body = body | {"pregnant": True}
    if body.get("pregnant") is False:
        body.pop("gestation_weeks", None)
    return {"age": age, "sex": gender, **body}


def _region(patient: Resource) -> str | None:
    country = at(patient.body, "address.country")
    return country if isinstance(country, str) and re.fullmatch("[A-Z]{2}", country) else None


def _active_conditions(record: Record) -> list[Resource]:
    return [
        item
        for item in record.all("Condition")
        if code_in(item.body.get("clinicalStatus"), "") in _ACTIVE
        and code_in(item.body.get("verificationStatus"), "") not in _WRONG
        and not any(key.startswith("abatement") for key in item.body)
    ]


def _conditions(record: Record, active: list[Resource]) -> list[dict[str, Any]] | None:
    if not record.all("Condition") and not record.is_whole:
        return None
    found = {}
    for item in active:
        concept = item.body.get("code")
        for system, url in (("icd10", ICD10), ("snomed", SNOMED), ("other", "")):
            code = code_in(concept, url)
            if code or (system == "other" and name_of(concept)):
                found[(system, code or name_of(concept))] = {
                    "system": system,
                    "code": code,
                    "display": name_of(concept),
                }
                break
    return list(found.values())


def _medications(record: Record) -> list[dict[str, Any]] | None:
    known = record.all("MedicationRequest", "MedicationStatement")
    if not known and not record.is_whole:
        return None
    medications: dict[tuple[str | None, str | None], dict[str, Any]] = {}
    for item in known:
        body = item.body
        if body.get("status") == "active" and body.get("intent") not in _NOT_ORDERED and not body.get("doNotPerform"):
            medication = _medication(record, item)
            if medication:
                medications[(medication["rxcui"], medication["name"])] = medication
    return list(medications.values())


def _medication(record: Record, item: Resource) -> dict[str, Any] | None:
    concept = _medication_code(record, item)
    if _has_code(concept, _NO_MEDICATION):
        return None
    rxcui, name = code_in(concept, RXNORM), name_of(concept)
    if not rxcui and not name:
        message = "the medicine has neither a name nor an RxNorm code."
        raise item.problem("missing_key", message, "Give medicationCodeableConcept or include the Medication.")
    dosage = at(item.body, "dosageInstruction") or at(item.body, "dosage") or ()
    start = item.time("authoredOn", "effectivePeriod.start", "effectiveDateTime")
    return {
        "name": name,
        "rxcui": rxcui,
        "dose": _quantity(at(dosage, "doseAndRate.doseQuantity")),
        "route": name_of(at(dosage, "route")),
        "frequency": _frequency(at(dosage, "timing")) or at(dosage, "text") or _as_needed(dosage),
        "status": "active",
        "start": start.date().isoformat() if start else None,
    }


def _medication_code(record: Record, item: Resource) -> Any:
    if item.body.get("medicationCodeableConcept"):
        return item.body["medicationCodeableConcept"]
    reference = item.body.get("medicationReference") or {}
    contained = {f"#{inner.get('id')}": inner for inner in item.body.get("contained") or ()}
    inner = contained.get(reference.get("reference", ""))
    found = record.find(reference)
    code = (inner or (found.body if found else {})).get("code")
    return code or {"text": reference.get("display")}


def _quantity(quantity: Any) -> str | None:
    value, unit = at(quantity, "value"), at(quantity, "unit")
    return f"{value:g} {unit}" if isinstance(value, int | float) and unit else None


def _as_needed(dosage: Any) -> str | None:
    return "as needed" if at(dosage, "asNeededBoolean") is True else None


def _frequency(timing: Any) -> str | None:
    words = name_of(at(timing, "code"))
    repeat = at(timing, "repeat") or {}
    times, period, unit = repeat.get("frequency", 1), repeat.get("period"), repeat.get("periodUnit")
    if words or not period or unit not in _UNITS_OF_TIME:
        return words
    if unit == "d" and period == 1 and times in _TIMES_DAILY:
        return _TIMES_DAILY[times]
    return f"{'' if times == 1 else f'{times} times '}every {period:g} {_UNITS_OF_TIME[unit]}"


def _allergies(record: Record) -> list[dict[str, Any]] | None:
    """Return the active allergies; none only if a resource says so, since withdrawn entries answer no question."""
    known = record.all("AllergyIntolerance")
    allergies = [allergy for item in known if (allergy := _allergy(item))]
    says_none = any(_has_code(item.body.get("code"), _NO_ALLERGY) for item in known)
    return allergies if allergies or says_none else None


def _allergy(item: Resource) -> dict[str, Any] | None:
    concept = item.body.get("code")
    verification = code_in(item.body.get("verificationStatus"), "")
    is_active = code_in(item.body.get("clinicalStatus"), "") in ("active", None)
    if not is_active or verification == "entered-in-error":
        return None
    if _has_code(concept, _NO_ALLERGY):
        return None
    name = name_of(concept) or name_of(at(item.body, "reaction.substance"))
    if not name:
        raise item.problem("missing_key", "the substance has no name.", "Give code with a text or display.")
    return {
        "name": _ALLERGY_WORDS.sub("", name) or name,
        "rxcui": code_in(concept, RXNORM),
        "reaction": name_of(at(item.body, "reaction.manifestation")),
        "severity": _severity(item.body),
        "status": _ALLERGY_STATUS.get(verification or ""),
    }


def _has_code(concept: Any, codes: tuple[str, ...]) -> bool:
    return any(coding.get("code") in codes for coding in codings(concept))


def _severity(allergy: Mapping[str, Any]) -> str | None:
    seen = {reaction.get("severity") for reaction in allergy.get("reaction") or ()}
    worst = next((severity for severity in _SEVERITIES if severity in seen), None)
    return worst or ("severe" if allergy.get("criticality") == "high" else None)
