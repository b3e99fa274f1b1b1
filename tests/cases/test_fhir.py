"""Reading FHIR: the patient as they are at their latest encounter, units checked, broken resources named."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Case
from cases.errors import CaseError
from cases.fhir import bundle_to_case
from cases.read import read_cases

SYNTHEA = Path(__file__).parents[3] / "shared" / "data" / "synthea-r4"
EXAMPLE = Path(__file__).parents[2] / "examples" / "patient-bundle.json"

Json = dict[str, Any]


def patient(**fields: Any) -> Json:
    return {"resourceType": "Patient", "id": "p-1", "birthDate": "1980-05-01", **fields}


def visit(start: str = "2026-11-23", **fields: Any) -> Json:
    reason = {"reasonCode": [{"text": "Sore throat"}]}
    defaults = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "period": {"start": start}}
    return defaults | reason | fields


def observation(loinc: str, value: Any, unit: str | None = None, **fields: Any) -> Json:
    quantity = {"value": value} | ({"unit": unit} if unit else {})
    code = {"coding": [{"system": "http://loinc.org", "code": loinc, "display": loinc}]}
    defaults = {"resourceType": "Observation", "status": "final", "code": code, "effectiveDateTime": "2026-11-23"}
    return defaults | ({"valueQuantity": quantity} if value is not None else {}) | fields


def order(name: str = "ibuprofen", status: str = "active", **fields: Any) -> Json:
    concept = {"medicationCodeableConcept": {"text": name}, "subject": {"reference": "Patient/p-1"}}
    return {"resourceType": "MedicationRequest", "status": status, "intent": "order", **concept, **fields}


def bundle(*resources: Json, kind: str = "collection") -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": resource} for resource in resources]}


def the_case(*resources: Json, kind: str = "collection") -> Case:
    case = bundle_to_case(bundle(patient(), visit(), *resources, kind=kind))
    assert isinstance(case, Case), case
    return case


def the_error(*resources: Json) -> CaseError:
    error = bundle_to_case(bundle(patient(), visit(), *resources))
    assert isinstance(error, CaseError)
    return error


def test_age_is_that_of_the_latest_encounter() -> None:
    case = the_case(visit("2020-05-01", reasonCode=[{"text": "Old"}]), visit("2030-01-01", status="cancelled"))
    assert case.patient.age == pytest.approx(46.56, abs=0.01)
    assert case.text == "Sore throat."


@pytest.mark.parametrize(
    ("loinc", "value", "unit", "field", "expected"),
    [
        ("8310-5", 98.6, "[degF]", "temperature_c", 37.0),
        ("8331-1", 37.2, "Cel", "temperature_c", 37.2),
        ("8867-4", 80, "beats/min", "heart_rate", 80),
        ("8480-6", 16, "kPa", "systolic_bp", 120.01),
        ("59408-5", 97, "%", "spo2", 97),
        ("29463-7", 154, "lb", "weight_kg", 69.85),
        ("8302-2", 64, "[in_i]", "height_cm", 162.56),
        ("8302-2", 1.7, "m", "height_cm", 170),
        ("98979-8", 55, "mL/min/{1.73_m2}", "egfr", 55),
    ],
)
def test_units_are_converted(loinc: str, value: float, unit: str, field: str, expected: float) -> None:
    case = the_case(observation(loinc, value, unit))
    found = getattr(case.patient, field, None) or getattr(case.vitals, field, None)
    assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("measured", "code"),
    [
        (observation("8310-5", 98.6), "missing_unit"),
        (observation("8310-5", 310, "K"), "unknown_unit"),
        (observation("29463-7", 11, "stone"), "unknown_unit"),
        (
            observation("8310-5", 98.6, "°F", valueQuantity={"value": 98.6, "unit": "°F", "code": "Cel"}),
            "unit_conflict",
        ),
        (observation("8310-5", 98.6, "Cel"), "out_of_range"),
    ],
)
def test_a_doubtful_unit_is_an_error_that_names_the_observation(measured: Json, code: str) -> None:
    error = the_error(measured)
    assert error.code == code
    assert "Observation (entry 2)" in error.message


def test_vital_signs_of_one_moment_are_taken_together() -> None:
    case = the_case(observation("8867-4", 80, "/min"), observation("8310-5", 40, "Cel", effectiveDateTime="2026-11-20"))
    assert case.vitals.heart_rate == 80
    assert case.vitals.temperature_c is None
    assert "8310-5" in {item.loinc for item in case.observations}


def test_old_vital_signs_are_history() -> None:
    case = the_case(observation("8867-4", 80, "/min", effectiveDateTime="2026-01-01"))
    assert case.vitals.heart_rate is None


def test_a_childs_old_weight_is_no_weight() -> None:
    weight = observation("29463-7", 12, "kg", effectiveDateTime="2026-03-01")
    case = bundle_to_case(bundle(patient(birthDate="2022-01-01"), visit(), weight))
    assert isinstance(case, Case)
    assert case.patient.weight_kg is None
    assert the_case(weight).patient.weight_kg == 12


def test_components_words_and_comparators_are_read() -> None:
    part = {
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "valueQuantity": {"value": 120, "unit": "mmHg"},
    }
    status = {"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]}
    case = the_case(
        observation("85354-9", None, component=[part]),
        observation("82810-3", None, valueCodeableConcept=status),
        observation("80288-4", None, valueCodeableConcept={"text": "Responds to voice"}),
        observation("3151-8", 2, "L/min"),
        observation("1988-5", None, valueQuantity={"value": 1, "comparator": "<", "unit": "mg/L"}),
        observation("8867-4", 60, "/min", status="entered-in-error"),
    )
    assert (case.vitals.systolic_bp, case.vitals.consciousness, case.vitals.oxygen) == (120, "voice", True)
    assert case.patient.pregnant is True
    assert next(item.value for item in case.observations if item.loinc == "1988-5") == "<1"
    assert case.vitals.heart_rate is None


def test_only_active_medicines_count() -> None:
    case = the_case(order(), order("naproxen", "stopped"), order("aspirin", intent="proposal"))
    assert [item.name for item in case.medications or ()] == ["ibuprofen"]
    assert the_case(order("naproxen", "stopped")).medications == ()


def test_no_prescription_is_none_only_in_a_whole_record() -> None:
    assert the_case().medications is None
    assert the_case(kind="transaction").medications == ()
    assert the_case(kind="transaction").allergies is None


def test_a_medicine_is_followed_through_its_reference() -> None:
    concept = {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "11289", "display": "warfarin"}]
    }
    request = order(contained=[{"resourceType": "Medication", "id": "m", "code": concept}])
    del request["medicationCodeableConcept"]
    request["medicationReference"] = {"reference": "#m"}
    dosage = {
        "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": 2.5, "unit": "mg"}}],
    }
    [medication] = the_case(request | {"dosageInstruction": [dosage], "authoredOn": "2026-01-02"}).medications or ()
    assert (medication.name, medication.rxcui, medication.dose) == ("warfarin", "11289", "2.5 mg")
    assert medication.frequency == "twice daily"
    assert str(medication.start) == "2026-01-02"


def test_allergies_say_none_only_by_a_resource() -> None:
    def allergy(**fields: Any) -> Json:
        return {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p-1"}, **fields}

    none_known = allergy(code={"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]})
    assert the_case(none_known).allergies == ()
    resolved = {"coding": [{"code": "resolved"}]}
    assert the_case(allergy(code={"text": "Latex"}, clinicalStatus=resolved)).allergies is None
    [known] = the_case(allergy(code={"text": "Penicillin allergy"}, criticality="high")).allergies or ()
    assert (known.name, known.severity) == ("Penicillin", "severe")


def test_notes_of_the_latest_encounter_are_text() -> None:
    def note(text: bytes, date: str) -> Json:
        attachment = {"contentType": "text/plain", "data": base64.b64encode(text).decode()}
        return {
            "resourceType": "DocumentReference",
            "status": "current",
            "date": date,
            "content": [{"attachment": attachment}],
        }

    case = the_case(note(b"Red tonsils.", "2026-11-23T10:00:00Z"), note(b"Old note.", "2020-01-01T10:00:00Z"))
    assert case.text == "Sore throat.\n\nRed tonsils."
    assert the_error(note(b"\xff", "2026-11-23T10:00:00Z")).code == "invalid_resource"


@pytest.mark.parametrize(
    ("resource", "field"),
    [
        (observation("8867-4", "fast", "/min"), "entry.2.resource.valueQuantity.value"),
        (observation("8867-4", 80, "/min") | {"foo": 1}, "entry.2.resource.foo"),
        ({"resourceType": "MedicationRequest", "status": "active", "intent": "order"}, "entry.2.resource.subject"),
        (order(subject={"reference": "Patient/other"}), "entry.2.resource.subject"),
        (visit("yesterday"), "entry.2.resource.period.start"),
    ],
)
def test_a_broken_resource_is_named(resource: Json, field: str) -> None:
    error = the_error(resource)
    assert error.field == field
    assert f"{resource['resourceType']} (entry 2" in error.message


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (bundle(), "no_patient"),
        (bundle(patient(), patient(id="p-2")), "several_patients"),
        ({"resourceType": "Patient"}, "not_a_bundle"),
        ({"resourceType": "Bundle", "entry": 5}, "invalid_bundle"),
        (bundle(patient()), "nothing_to_read"),
        (bundle(patient(birthDate="2030-01-01"), visit()), "out_of_range"),
    ],
)
def test_a_bundle_that_is_no_case_says_why(value: Json, code: str) -> None:
    error = bundle_to_case(value)
    assert isinstance(error, CaseError)
    assert error.code == code


_odd = st.sampled_from(
    [None, 1, "x", True, [], {}, [{}], [None], {"reference": "x"}, {"coding": [{}]}, "2026-11-23", "9999-12-31"]
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) of a JSON value."""
    found = []
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        found.append((value, key))
        found += places(inner) if isinstance(inner, dict | list) else []
    return found


@given(st.randoms(use_true_random=False), st.lists(_odd, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_any_change_to_a_bundle_gives_a_case_or_an_error(draw: random.Random, values: list[Any]) -> None:
    changed = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    for value in values:
        container, key = draw.choice(places(changed))
        container[key] = copy.deepcopy(value)
    assert isinstance(bundle_to_case(changed), Case | CaseError)


@pytest.mark.data
@pytest.mark.skipif(not SYNTHEA.is_dir(), reason="needs ../shared/data/synthea-r4")
def test_every_synthea_patient_is_a_case() -> None:
    paths = sorted(SYNTHEA.glob("*.json.gz"))
    outcomes = {path: next(iter(read_cases([path]))) for path in paths}
    others = [item for path, item in outcomes.items() if path.name.startswith("practitioner")]
    assert [item.code for item in others if isinstance(item, CaseError)] == ["no_patient"]
    cases = [item for path, item in outcomes.items() if not path.name.startswith("practitioner")]
    assert len(cases) == len(paths) - 1
    for case in cases:
        assert isinstance(case, Case)
        assert case.text
        assert case.vitals.model_dump(exclude_none=True)
        assert case.medications is not None
        assert case.conditions is not None


@pytest.mark.data
@pytest.mark.skipif(not SYNTHEA.is_dir(), reason="needs ../shared/data/synthea-r4")
def test_active_medicines_of_synthea_are_those_of_the_files() -> None:
    for path in SYNTHEA.glob("*.json.gz"):
        entries = json.loads(gzip.decompress(path.read_bytes()))["entry"]
        orders = [entry["resource"] for entry in entries if entry["resource"]["resourceType"] == "MedicationRequest"]
        active = {
            item["medicationCodeableConcept"]["coding"][0]["code"] for item in orders if item["status"] == "active"
        }
        case = next(iter(read_cases([path])))
        if isinstance(case, Case):
            assert {item.rxcui for item in case.medications or ()} == active
