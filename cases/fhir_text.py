"""What a FHIR record says in words: why the patient came, what they live with, the notes and studies of that visit."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from cases.fhir_record import Record, Resource, at, name_of


def text_of(record: Record, encounter: Resource | None, conditions: list[Resource]) -> str | None:
    """Return the reason of the encounter, the active conditions, its imaging and its plain-text documents."""
    names = list(dict.fromkeys(name for item in conditions if (name := name_of(item.body.get("code")))))
    studies = list(dict.fromkeys(_study(item) for item in record.all("ImagingStudy") if _is_of(item, encounter)))
    parts = [f"{reason}." for reason in _reasons(record, encounter)]
    parts += [f"Active conditions: {'; '.join(names)}."] if names else []
    parts += [f"Imaging: {'; '.join(studies)}."] if studies else []
    notes = [note for item in record.all("DocumentReference") if _is_of(item, encounter) for note in _notes(item)]
    return "\n\n".join([" ".join(parts), *notes]).strip() or None


def _reasons(record: Record, encounter: Resource | None) -> list[str]:
    if encounter is None:
        return []
    concepts = [*(encounter.body.get("reasonCode") or ())]
    targets = [record.find(reference) for reference in encounter.body.get("reasonReference") or ()]
    concepts += [target.body.get("code") for target in targets if target]
    concepts = concepts or [*(encounter.body.get("type") or ())]
    return list(dict.fromkeys(name.rstrip(".") for concept in concepts if (name := name_of(concept))))


def _is_of(item: Resource, encounter: Resource | None) -> bool:
    """Tell whether a document or study belongs to the latest encounter, by reference or by its time."""
    if encounter is None:
        return True
    reference = at(item.body, "encounter.reference") or at(item.body, "context.encounter.reference")
    own = encounter.body.get("id")
    if reference and own:
        return str(reference).rstrip("/").endswith(str(own))
    time, start = item.time("date", "started"), encounter.time("period.start")
    return time is None or start is None or time.date() >= start.date()


def _study(study: Resource) -> str:
    modality = at(study.body, "modality.code") or at(study.body, "series.modality.code") or "study"
    return str(study.body.get("description") or name_of(at(study.body, "procedureCode")) or f"{modality} study")


def _notes(document: Resource) -> list[str]:
    if document.body.get("status") != "current":
        return []
    attachments = [content.get("attachment") or {} for content in document.body.get("content") or ()]
    return [_decoded(document, item) for item in attachments if _is_plain_text(item) and item.get("data")]


def _is_plain_text(attachment: Mapping[str, Any]) -> bool:
    return str(attachment.get("contentType", "")).split(";")[0].strip().lower() == "text/plain"


def _decoded(document: Resource, attachment: Mapping[str, Any]) -> str:
    try:
        return base64.b64decode(attachment["data"], validate=True).decode("utf-8").strip()
    except (binascii.Error, UnicodeDecodeError):
        message = "the attached text is no base64 of UTF-8."
        path = "content.0.attachment.data"
        raise document.problem("invalid_resource", message, "Attach the note as UTF-8.", path=path) from None


def images_of(record: Record) -> list[dict[str, Any]]:
    """Return attached images that lie beside the Bundle (a relative url); nothing is fetched from anywhere."""
    images = []
    for document in record.all("DocumentReference"):
        for content in document.body.get("content") or ():
            attachment = content.get("attachment") or {}
            kind, url = str(attachment.get("contentType", "")), attachment.get("url")
            if url and ":" not in url and (kind.startswith("image/") or kind == "application/dicom"):
                images.append({"path": url})
    return images
