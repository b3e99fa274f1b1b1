"""The JSON Schemas of a case and of a result, as `wardround schema` prints them."""

from __future__ import annotations

from typing import Any

from cases.case import SCHEMA_VERSION, Case, CaseResult

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAMES_ARE_ENOUGH = ("medications", "allergies")
_NULL_IS_UNKNOWN = ("patient", "vitals", "observations", "images")


def case_schema() -> dict[str, Any]:
    """Return the schema of one line of a case file.

    Every case that is read fits it. The reader refuses a little more, which JSON Schema cannot say: a systolic below
    the diastolic pressure, a path that leaves the folder, an id used twice.
    """
    schema = Case.model_json_schema()
    properties = schema["properties"]
    for key in _NAMES_ARE_ENOUGH:
        items = properties[key]["anyOf"][0]["items"]
        properties[key]["anyOf"][0]["items"] = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 500}, items]}
    for key in _NULL_IS_UNKNOWN:
        default = properties[key].pop("default", None)
        properties[key] = {"anyOf": [properties[key], {"type": "null"}], "default": default}
    text = {"required": ["text"], "properties": {"text": {"type": "string", "pattern": r"\S"}}}
    images = {"required": ["images"], "properties": {"images": {"type": "array", "minItems": 1}}}
    return _headed(schema, "case", "A case of wardround") | {"anyOf": [text, images]}


def result_schema() -> dict[str, Any]:
    """Return the schema of one line of `results.jsonl`."""
    schema = CaseResult.model_json_schema(by_alias=True, mode="serialization")
    return _headed(schema, "result", "A result of wardround")


def _headed(schema: dict[str, Any], name: str, title: str) -> dict[str, Any]:
    return {"$schema": _DIALECT, "$id": f"urn:wardround:schema:{name}:{SCHEMA_VERSION}"} | schema | {"title": title}
