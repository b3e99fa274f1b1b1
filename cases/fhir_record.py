"""A FHIR R4 Bundle as a record that can be asked: resources by kind, references, codes and times.

Only the resources that are used are validated, each on its own by `fhir.resources.R4B`, so that a record with an odd
Claim is still a case, and a broken Observation is named by its entry. Reading goes over the plain validated JSON.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from cases.problems import Problem, dotted

USED = (
    "Patient", "Encounter", "Condition", "Observation", "MedicationRequest", "MedicationStatement", "Medication",
    "AllergyIntolerance", "DocumentReference", "ImagingStudy",
)  # fmt: skip

_SEMANTIC_TAG = re.compile(r" \((disorder|finding|procedure|situation|event|observable entity|person|morphologic.*)\)$")
_IDENTIFIER = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # the id type of FHIR
_DAY_MISSING = {4: "-07-01", 7: "-15"}  # a year or a month alone stands for its middle


@dataclass(frozen=True)
class Resource:
    """One validated resource and where it stands in the Bundle."""

    kind: str
    entry: int
    body: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Dotted path of the resource in the Bundle."""
        return f"entry.{self.entry}.resource"

    @property
    def name(self) -> str:
        """The resource as an error names it."""
        own = str(self.body.get("id", ""))
        return f"{self.kind} (entry {self.entry}{f', id {own}' if _IDENTIFIER.fullmatch(own) else ''})"

    def problem(self, code: str, message: str, remedy: str, *, path: str = "") -> Problem:
        """Return a problem that names this resource."""
        return Problem(code, f"{self.name}: {message}", remedy, field=f"{self.place}.{path}" if path else self.place)

    def time(self, *paths: str) -> dt.datetime | None:
        """Return the first time found at these dotted paths.

        Raises:
            Problem: if what stands there is no time.
        """
        for path in paths:
            text = at(self.body, path)
            if text:
                return self._moment(str(text), path)
        return None

    def _moment(self, text: str, path: str) -> dt.datetime:
        try:
            moment = dt.datetime.fromisoformat(text + _DAY_MISSING.get(len(text), ""))
        except ValueError:
            raise self.problem("invalid_resource", f"{path} is no time.", "Write ISO 8601.", path=path) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


class Record:
    """The resources of one patient.

    Args:
        bundle: a FHIR R4 Bundle as plain JSON, checked by `cases.document.checked`.

    Raises:
        Problem: if it is no Bundle, holds not exactly one patient, or a resource that is used is broken.
    """

    def __init__(self, bundle: Mapping[str, Any]) -> None:
        self.bundle = bundle
        self._resources = tuple(_resources(bundle))
        self.patient = self._only_patient()
        for resource in self._resources:
            self._belongs(resource)

    def all(self, *kinds: str) -> tuple[Resource, ...]:
        """Return the resources of these kinds in the order of the Bundle."""
        return tuple(resource for resource in self._resources if resource.kind in kinds)

    def find(self, reference: Any) -> Resource | None:
        """Return the resource that a Reference points to, if the Bundle holds it."""
        target = str(at(reference, "reference") or "")
        return self._index.get(target) or self._index.get("/".join(target.split("/_history/")[0].split("/")[-2:]))

    @property
    def is_whole(self) -> bool:
        """True for the export of a whole record: there, no prescription means no medicine, not an unanswered question.

        A search result, a document or a collection may be an extract, so there the absence of a kind says nothing.
        """
        return self.bundle.get("type") in ("transaction", "batch") and bool(self.all("Encounter"))

    @cached_property
    def _index(self) -> dict[str, Resource]:
        index = {}
        for resource in self._resources:
            index[f"{resource.kind}/{resource.body.get('id')}"] = resource
            full = self.bundle["entry"][resource.entry].get("fullUrl")
            if isinstance(full, str):
                index[full] = resource
        return index

    def _only_patient(self) -> Resource:
        patients = self.all("Patient")
        if not patients:
            message = "The Bundle holds no Patient, so there is nobody to make a case of."
            raise Problem("no_patient", message, "Give a Bundle of one patient's record.", field="entry")
        if len(patients) > 1:
            message = f"The Bundle holds {len(patients)} patients."
            raise Problem("several_patients", message, "Give one Bundle for each patient.", field="entry")
        return patients[0]

    def _belongs(self, resource: Resource) -> None:
        reference = at(resource.body, "subject.reference") or at(resource.body, "patient.reference")
        if not reference or "?" in reference or reference.startswith("#"):
            return
        if self.find({"reference": reference}) is not self.patient:
            remedy = "Give one Bundle for each patient."
            raise resource.problem("other_patient", "it belongs to somebody else.", remedy, path="subject")


def _resources(bundle: Mapping[str, Any]) -> Iterator[Resource]:
    if bundle.get("resourceType") != "Bundle":
        message = "The FHIR resource is no Bundle."
        raise Problem("not_a_bundle", message, "Put the patient's resources into one Bundle.", field="resourceType")
    entries = bundle.get("entry") or ()
    if not isinstance(entries, tuple) or not all(isinstance(entry, dict) for entry in entries):
        raise Problem(
            "invalid_bundle", "The entries of the Bundle are no list of objects.", "Correct it.", field="entry"
        )
    for number, entry in enumerate(entries):
        body = entry.get("resource")
        if isinstance(body, dict) and body.get("resourceType") in USED:
            resource = Resource(body["resourceType"], number, _without_null(body))
            _validate(resource)
            yield resource


def _without_null(value: Any) -> Any:
    """Drop null, which FHIR allows only as the place holder of an extended primitive in a list."""
    if isinstance(value, dict):
        return {key: _without_null(item) for key, item in value.items() if item is not None}
    return tuple(_without_null(item) for item in value if item is not None) if isinstance(value, tuple) else value


def _validate(resource: Resource) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    try:
        get_fhir_model_class(resource.kind).model_validate(resource.body)
    except ValidationError as error:
        path = ""
        for part in error.errors(include_url=False)[0]["loc"]:
            path = dotted(path, part)
        remedy = "Correct the resource, or take it out of the Bundle."
        raise resource.problem(
            "invalid_resource", f"not valid FHIR R4 at {path or 'its top'}.", remedy, path=path
        ) from None


def at(value: Any, path: str) -> Any:
    """Follow a dotted path through objects, into the first item of lists; None where it ends."""
    for part in path.split("."):
        if isinstance(value, list | tuple):
            value = value[0] if value else None
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def code_in(concept: Any, *systems: str) -> str | None:
    """Return the code of a CodeableConcept in the first of these code systems (prefixes of their URLs) that it has."""
    for system in systems:
        for coding in codings(concept):
            if str(coding.get("system", "")).startswith(system) and coding.get("code"):
                return str(coding["code"])
    return None


def codings(concept: Any) -> Iterable[Mapping[str, Any]]:
    """Return the codings of a CodeableConcept."""
    return (concept.get("coding") or ()) if isinstance(concept, Mapping) else ()


def name_of(concept: Any) -> str | None:
    """Return the words of a CodeableConcept, or of the first of several, without the semantic tag of SNOMED CT."""
    if isinstance(concept, list | tuple):
        concept = concept[0] if concept else None
    words = [concept.get("text")] if isinstance(concept, Mapping) else []
    words += [coding.get("display") for coding in codings(concept)]
    return next((_SEMANTIC_TAG.sub("", word.strip()) for word in words if isinstance(word, str) and word.strip()), None)
