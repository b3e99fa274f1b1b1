"""Write a result as FHIR R4: a Bundle of RiskAssessment, one DetectedIssue a finding, a Device and their Provenance.

The subject is named by the case's id alone; a system that stores the Bundle puts its own Patient reference in place.
The ids of the resources are made from the case, the configuration and the models, so the same run gives the same ids.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from cases.case import CaseResult, Finding, Plan

_ICD10 = "http://hl7.org/fhir/sid/icd-10"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_CASE = "urn:wardround:case"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, _CASE)

# kinds of findings that FHIR's DetectedIssue categories know; the others are named in words
_CATEGORIES = {"interaction": "DRG", "allergy": "ALGY", "duplicate": "DUPTHPY"}
_SEVERITY = {"contraindicated": "high", "major": "high", "moderate": "moderate", "minor": "low"}

Json = dict[str, Any]


def to_fhir(result: CaseResult, *, recorded: dt.datetime | None = None) -> Json:
    """Return a Bundle (collection) that `fhir.resources.R4B` validates.

    Args:
        result: the result.
        recorded: when it was made, for the Provenance; now if not given.
    """
    moment = recorded or dt.datetime.now(dt.UTC)
    subject = {"type": "Patient", "identifier": {"system": _CASE, "value": result.case_id}}
    issues = [_detected_issue(finding, result, subject) for finding in result.findings]
    resources = [_device(result), _risk_assessment(result, subject), *issues]
    urls = [_url(result, number) for number in range(len(resources) + 1)]
    resources.append(_provenance(result, urls, moment))
    entries = [{"fullUrl": url, "resource": resource} for url, resource in zip(urls, resources, strict=True)]
    timestamp = moment.isoformat(timespec="seconds")
    return {"resourceType": "Bundle", "type": "collection", "timestamp": timestamp, "entry": entries}


def _url(result: CaseResult, number: int) -> str:
    models = sorted(result.run.models.items())
    name = repr((result.case_id, result.run.config, result.run.index, result.run.rules, models, number))
    return uuid.uuid5(_NAMESPACE, name).urn


def _device(result: CaseResult) -> Json:
    name = {"name": "wardround", "type": "model-name"}
    version = [{"value": result.run.version}] if result.run.version else []
    return _without_empty({"resourceType": "Device", "deviceName": [name], "version": version})


def _risk_assessment(result: CaseResult, subject: Json) -> Json:
    notes = [f"Route: {result.route}. Priority: {result.priority}."]
    notes += [f"Reason for review: {reason.code} ({reason.signal})." for reason in result.reasons]
    notes += [f"Question: {question.ask}" for question in result.questions]
    predictions = [
        {
            "outcome": {"coding": [{"system": _ICD10, "code": item.icd10}], "text": item.label},
            "probabilityDecimal": item.probability,
        }
        for item in result.differential
    ]
    return _without_empty(
        {
            "resourceType": "RiskAssessment",
            "status": "final" if result.route == "auto" else "preliminary",
            "subject": subject,
            "prediction": predictions,
            "mitigation": _plan_text(result.plan),
            "note": [{"text": note} for note in notes],
        }
    )


def _plan_text(plan: Plan | None) -> str | None:
    if plan is None or plan.abstained or not plan.statements:
        return None
    return "\n".join(f"{item.text} [{', '.join(item.citations)}]" for item in plan.statements)


def _detected_issue(finding: Finding, result: CaseResult, subject: Json) -> Json:
    category = _CATEGORIES.get(finding.kind)
    return _without_empty(
        {
            "resourceType": "DetectedIssue",
            "identifier": [{"system": "urn:wardround:rule", "value": finding.rule}],
            "status": "final" if result.route == "auto" else "preliminary",
            "code": _without_empty(
                {"coding": [{"system": _ACT_CODE, "code": category}] if category else [], "text": finding.kind}
            ),
            "severity": _SEVERITY[finding.severity],
            "patient": subject,
            "implicated": [_drug(drug) for drug in finding.drugs],
            "detail": f"{finding.message} (severity: {finding.severity}; source: {finding.source})",
            "mitigation": [{"action": {"text": finding.management}}] if finding.management else [],
            "reference": finding.source if finding.source.startswith(("http://", "https://")) else None,
        }
    )


def _drug(drug: str) -> Json:
    """Return a reference to a drug by RxCUI, or by name where no code is known."""
    return (
        {"type": "Medication", "identifier": {"system": _RXNORM, "value": drug}}
        if drug.isdigit()
        else {"display": drug}
    )


def _provenance(result: CaseResult, urls: list[str], moment: dt.datetime) -> Json:
    """Say which device made everything before it, from which models, configuration, index and rules."""
    run = result.run
    parts = {"config": run.config, "index": run.index, "rules": run.rules, "seed": str(run.seed)}
    parts |= {f"model:{name}": digest for name, digest in run.models.items()}
    parts |= {f"evidence:{item.rank}": f"{item.id} sha256:{item.sha256}" for item in result.evidence}
    return {
        "resourceType": "Provenance",
        "target": [{"reference": url} for url in urls[1:-1]],
        "recorded": moment.isoformat(timespec="seconds"),
        "agent": [{"who": {"reference": urls[0]}}],
        "entity": [
            {"role": "source", "what": {"identifier": {"system": f"urn:wardround:{name}", "value": value}}}
            for name, value in parts.items()
            if value
        ],
    }


def _without_empty(resource: Json) -> Json:
    """Drop what FHIR must not hold: null and empty lists."""
    return {key: value for key, value in resource.items() if value not in (None, [], "")}
