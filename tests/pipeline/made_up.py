"""Made-up cases and results of every shape, for tests and for looking at the report. No patient, no advice: the drugs
are named where DESIGN.md's own examples name them, and otherwise have invented names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cases.case import Case, CaseResult

RUN = {
    "version": "0.1.0",
    "config": "3f6c" * 16,
    "models": {"classifier": "a1b2" * 16},
    "index": "9e0d" * 16,
    "rules": "2026.11",
    "seed": 42,
}
_TIMES = {"classify": 4.1, "retrieve": 11.3, "screen": 2.2, "generate": 380.0, "route": 0.1}


def case(number: int, **changes: Any) -> Case:
    """A short case; any field can be changed."""
    return Case.model_validate_json(_json({"id": f"c-{number:03d}", "text": f"made-up complaint {number}", **changes}))


def result(case_id: str, **changes: Any) -> CaseResult:
    """A released result without a plan; any field can be changed."""
    plain = {
        "schema": 1, "case_id": case_id, "route": "auto", "priority": "routine", "reviewers": [], "reasons": [], "run": RUN,
        "timings_ms": _TIMES,
    }  # fmt: skip
    return CaseResult.model_validate_json(_json({**plain, **changes}))


def review(case_id: str, *codes: str, **changes: Any) -> CaseResult:
    """A result that goes to a physician for these reasons."""
    reasons = [reason(code) for code in codes or ("uncertain",)]
    return result(case_id, **{"route": "review", "reviewers": ["physician"], "reasons": reasons, **changes})


def reason(
    code: str, signal: str = "signal", value: Any = None, threshold: Any = None, source: str = "rules:2026.11"
) -> dict[str, Any]:
    """A reason as a dictionary."""
    return {"code": code, "signal": signal, "value": value, "threshold": threshold, "source": source}


def finding(rule: str, kind: str, severity: str, action: str, message: str, management: str, **more: Any) -> dict[str, Any]:
    """A finding as a dictionary."""
    plain = {"rule": rule, "kind": kind, "severity": severity, "action": action, "message": message}
    return {**plain, "management": management, "source": "made up", **more}


def evidence(number: int, text: str, **more: Any) -> dict[str, Any]:
    """A passage as a dictionary."""
    plain = {
        "id": f"lib:made-up#{number}", "title": f"Made-up passage {number}", "text": text, "grade": "verified",
        "source": "Made-up guideline, section 2", "year": 2024, "url": "https://example.org/guideline", "licence": "CC BY 4.0",
        "score": 0.81, "rank": number, "sha256": "0" * 64,
    }  # fmt: skip
    return {**plain, **more}


def statement(kind: str, text: str, passage: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A statement that cites the place in a passage where its text stands."""
    start = passage["text"].index(text)
    plain = {"kind": kind, "text": text, "citations": [passage["id"]], "span": [start, start + len(text)]}
    return {**plain, "supported": True, **more}


def _json(value: dict[str, Any]) -> str:
    import json

    return json.dumps(value)


def every_shape() -> Sequence[tuple[Case, CaseResult]]:
    """One pair of each shape that a report must be able to show."""
    return (
        _released(), _emergency(), _interaction(), _uncertain(), _unresolved(), _abstained(), _image(), _without_plan(),
        _emergency_child(), _no_drug(), _failed(),
    )  # fmt: skip


_UTI = evidence(
    1,
    "Lower urinary infection in women\nGo to hospital with fever, flank pain or vomiting.\n"
    "Nitrofurantoin 100 mg by mouth twice daily for 5 days; take with food.\n"
    "Drink as thirst demands; pain relief may help while it settles.\n"
    "Look again if symptoms last beyond 48 hours.\nSeek help at once if fever or back pain begins.",
    id="lib:uti#first-line",
    title="Lower urinary infection: first-line treatment",
    regimens=["uti.cystitis_uncomplicated.nitrofurantoin"],
)
_UTI_OLD = evidence(
    2, "An older section about urinary infection.\nIt is shown with its year.", grade="secondary", year=2016, id="om:uti-2016",
    title="Urinary infection, older section", score=0.42, url=None,
)  # fmt: skip
_NITROFURANTOIN = {
    "id": "uti.cystitis_uncomplicated.nitrofurantoin", "rxcui": "7454", "name": "nitrofurantoin", "dose": "100 mg",
    "route": "oral", "frequency": "twice daily", "duration_days": 5,
}  # fmt: skip


def _uti_plan() -> dict[str, Any]:
    lines = _UTI["text"].split("\n")
    kinds = ("danger_sign", "drug", "non_drug", "review_date", "safety_net")
    statements = [statement(kind, line, _UTI) for kind, line in zip(kinds, lines[1:], strict=True)]
    statements[1] |= {"regimen": _NITROFURANTOIN, "drugs": [{"rxcui": "7454", "name": "nitrofurantoin"}]}
    passed = {
        "regimen": "uti.cystitis_uncomplicated.tmp_smx", "excluded_by": ["ddi.warfarin_tmp_smx"],
        "would_be_allowed_if": "not taking warfarin",
    }  # fmt: skip
    return {"statements": statements, "alternatives": [passed], "abstained": False, "generator": "composed+seq2seq"}


def _ranked(*pairs: tuple[str, str, float]) -> list[dict[str, Any]]:
    return [{"label": label, "icd10": code, "probability": probability} for label, code, probability in pairs]


def _doubt(confidence: float, information: float, **more: float) -> dict[str, Any]:
    plain = {"confidence": confidence, "predictive_entropy": round(1.6 * (1 - confidence) + 0.2, 2)}
    return {**plain, "mutual_information": information, "ood_score": 0.1, "disagreement": 0.02, "samples": 50, **more}


_UTI_RANKED = _ranked(
    ("urinary tract infection", "N39.0", 0.94), ("diabetes", "E11.9", 0.03), ("peptic ulcer disease", "K27.9", 0.01)
)


def _released() -> tuple[Case, CaseResult]:
    came = case(
        1, text="burning when I pass urine for three days, no fever", setting="outpatient", region="US",
        patient={"age": 34, "sex": "female", "pregnant": False, "weight_kg": 62, "height_cm": 168, "egfr": 88},
        vitals={"temperature_c": 37.1, "heart_rate": 84, "respiratory_rate": 16, "systolic_bp": 118, "diastolic_bp": 74,
                "spo2": 98, "oxygen": False, "consciousness": "alert"},
        observations=[{"loinc": "2160-0", "display": "Creatinine in serum or plasma", "value": 0.9, "unit": "mg/dL"}],
        conditions=[{"code": "I10", "display": "Hypertension"}], medications=["warfarin"], allergies=[],
    )  # fmt: skip
    made = result(
        "c-001", differential=_UTI_RANKED, prediction_set=["urinary tract infection"], uncertainty=_doubt(0.91, 0.05),
        syndrome={"id": "uti.cystitis_uncomplicated", "decided_by": ["sex: female", "not pregnant", "no fever", "no flank pain"]},
        evidence=[_UTI, _UTI_OLD], plan=_uti_plan(), timings_ms=_TIMES,
    )  # fmt: skip
    return came, made


def _emergency() -> tuple[Case, CaseResult]:
    came = case(
        2, text="Crushing chest pain since this morning, going into the left arm. Sweating, feels faint.\nDaughter called.",
        setting="emergency", region="US", patient={"age": 71, "sex": "female", "egfr": 54},
        vitals={"temperature_c": 36.2, "heart_rate": 131, "respiratory_rate": 27, "systolic_bp": 84, "diastolic_bp": 50,
                "spo2": 89, "oxygen": True, "consciousness": "confusion"},
        medications=[{"name": "metformin", "dose": "500 mg", "route": "oral", "frequency": "twice daily", "status": "active"}],
        allergies=None,
    )  # fmt: skip
    findings = [
        finding("acuity.news2", "acuity", "contraindicated", "block", "NEWS2 is 15 (7 or more is an emergency).",
                "Emergency assessment by a critical-care team.", new=False),
        finding("red_flag.chest_pain", "red_flag", "contraindicated", "block",
                "Chest pain that radiates, with sweating and faintness.",
                "Call the emergency team now; do not send home.", new=False),
    ]  # fmt: skip
    made = review(
        "c-002", priority="immediate", findings=findings, plan=_uti_plan(), evidence=[_UTI],
        reasons=[reason("high_acuity", "news2", 15.0, 7.0), reason("red_flag", "finding", "red_flag.chest_pain")],
        differential=_ranked(("gastroesophageal reflux disease", "K21.9", 0.41), ("hypertension", "I10", 0.33),
                             ("bronchial asthma", "J45.909", 0.12)),
        prediction_set=["gastroesophageal reflux disease", "hypertension"], uncertainty=_doubt(0.38, 0.27),
    )  # fmt: skip
    return came, made


def _emergency_child() -> tuple[Case, CaseResult]:
    came = case(9, text="fever, will not feed, floppy since last night", setting="emergency", region="GB",
                patient={"age": 0.05, "sex": "male", "weight_kg": 3.9}, vitals={"temperature_c": 38.9, "heart_rate": 190},
                medications=[], allergies=[])  # fmt: skip
    urgent = finding("red_flag.young_infant_fever", "red_flag", "contraindicated", "block", "Fever in the first month of life.",
                     "Send to paediatric emergency care now.", new=False)  # fmt: skip
    made = review("c-009", priority="immediate", findings=[urgent], reasons=[
        reason("red_flag", "finding", "red_flag.young_infant_fever")], timings_ms={"classify": 3.0})  # fmt: skip
    return came, made


def _interaction() -> tuple[Case, CaseResult]:
    came = case(3, text="Burning urine again. Pharmacist last time gave me the one with sulfa.", region="US", setting="outpatient",
                patient={"age": 58, "sex": "female", "pregnant": False, "egfr": 71},
                medications=["warfarin", {"name": "simvastatin", "dose": "20 mg", "status": "stopped"}],
                allergies=[{"name": "penicillin", "reaction": "rash", "severity": "mild", "status": "unconfirmed"}],
                vitals={"temperature_c": 37.4}, conditions=[])  # fmt: skip
    findings = [
        finding("ddi.warfarin_tmp_smx", "interaction", "major", "interrupt",
                "Warfarin with sulfamethoxazole + trimethoprim raises the risk of bleeding.",
                "Choose another antibiotic, or check the INR early and often.", drugs=["11289", "10829"],
                would_change_if="not taking warfarin"),
        finding("dup.example", "duplicate", "minor", "note", "Two entries name the same medicine.", "Tidy the list.", new=False),
        finding("allergy.penicillin_unconfirmed", "allergy", "moderate", "warn",
                "A penicillin allergy is recorded but unconfirmed.", "Ask what happened and when.", drugs=["7984"]),
    ]  # fmt: skip
    made = review(
        "c-003", priority="urgent", reviewers=["physician", "pharmacist"], findings=findings, plan=_uti_plan(), evidence=[_UTI],
        reasons=[reason("uncertain", "mutual_information", 0.31, 0.22, "fit:2026-11-20:a1b2"),
                 reason("safety_block", "finding", "ddi.warfarin_tmp_smx")],
        differential=_UTI_RANKED, prediction_set=["urinary tract infection"], uncertainty=_doubt(0.88, 0.31),
        questions=[{"ask": "Any fever, chills or flank pain?", "because": "separates cystitis from pyelonephritis",
                    "kind": "red_flag"}],
    )  # fmt: skip
    return came, made


def _uncertain() -> tuple[Case, CaseResult]:
    came = case(4, text="itchy rash on both arms, comes and goes, worse after gardening", patient={"age": 26.5, "sex": "male"})
    ranked = _ranked(("allergy", "T78.40XA", 0.36), ("fungal infection", "B35.9", 0.28), ("psoriasis", "L40.9", 0.2),
                     ("drug reaction", "T88.7XXA", 0.1), ("chicken pox", "B01.9", 0.04), ("acne", "L70.0", 0.01),
                     ("impetigo", "L01.00", 0.01))  # fmt: skip
    made = review(
        "c-004", reasons=[reason("uncertain", "mutual_information", 0.41, 0.22, "fit:2026-11-20:a1b2"),
                          reason("ambiguous_set", "prediction_set_size", 4.0, 2.0, "fit:2026-11-20:a1b2"),
                          reason("undecided_syndrome", "syndrome", "allergy", None, "conditions.yaml")],
        differential=ranked, prediction_set=["allergy", "fungal infection", "psoriasis", "drug reaction"],
        uncertainty=_doubt(0.34, 0.41), plan={"statements": [], "alternatives": [], "abstained": True, "generator": "composed"},
        questions=[{"ask": "Did it begin after a new medicine?", "because": "separates drug reaction from allergy",
                    "kind": "syndrome"},
                   {"ask": "Any swelling of lips or trouble breathing?", "because": "would make it an emergency",
                    "kind": "red_flag"}],
    )  # fmt: skip
    return came, made


def _unresolved() -> tuple[Case, CaseResult]:
    came = case(5, text="stomach burns at night", patient={"age": 49, "sex": "male"}, medications=["Examplol forte", "warfarine"],
                allergies=["the yellow tablets"])  # fmt: skip
    close = finding("name.fuzzy", "fuzzy_match", "moderate", "warn", "“warfarine” was read as warfarin.",
                    "Confirm the name with the patient.", drugs=["11289"])  # fmt: skip
    made = review(
        "c-005", priority="urgent", reviewers=["pharmacist"], findings=[close],
        reasons=[reason("unresolved_drug", "name", "medications[0]")],
        unchecked=["Examplol forte: no ingredient is known by this name", "the yellow tablets: not a known allergy"],
        differential=_ranked(("peptic ulcer disease", "K27.9", 0.77), ("gastroesophageal reflux disease", "K21.9", 0.2)),
        prediction_set=["peptic ulcer disease", "gastroesophageal reflux disease"], uncertainty=_doubt(0.77, 0.11),
        plan={"statements": [], "alternatives": [], "abstained": True, "generator": "composed"},
    )  # fmt: skip
    return came, made


def _abstained() -> tuple[Case, CaseResult]:
    came = case(6, text="fever and shivering every other day since I came back from travelling", setting="outpatient",
                patient={"age": 30, "sex": "female", "pregnant": True, "gestation_weeks": 22}, medications=[], allergies=[],
                vitals={"temperature_c": 39.6, "heart_rate": 112})  # fmt: skip
    passage = evidence(1, "Malaria is treated after a test.\nTest the blood the same day.\nGo to hospital if drowsy or vomiting.",
                       title="Malaria: test before treatment")  # fmt: skip
    statements = [statement("danger_sign", "Go to hospital if drowsy or vomiting.", passage),
                  statement("confirm", "Test the blood the same day.", passage, supported=False),
                  statement("no_drug", "Malaria is treated after a test.", passage, citations=[passage["id"], "lib:gone#1"])]  # fmt: skip
    made = review(
        "c-006", priority="urgent", reasons=[reason("test_required", "test", "malaria test")], evidence=[passage],
        differential=_ranked(("malaria", "B54", 0.9), ("dengue", "A90", 0.06), ("typhoid", "A01.00", 0.03)),
        prediction_set=["malaria"], uncertainty=_doubt(0.86, 0.09),
        plan={"statements": statements, "alternatives": [], "abstained": False, "generator": "composed"},
        questions=[{"ask": "Result of the malaria test?", "because": "treatment starts after it", "kind": "test"}],
    )  # fmt: skip
    return came, made


def _image() -> tuple[Case, CaseResult]:
    came = case(7, text=None, images=[{"path": "chest/front view.png", "modality": "CR"}], patient={"age": 66, "sex": "male"},
                question="Is there a consolidation?")  # fmt: skip
    made = review("c-007", reviewers=["radiologist"], reasons=[
        reason("image_provenance", "forensics", 0.83, 0.5, "fit:2026-11-20:f00d"), reason("unreadable_input", "text", None)],
        timings_ms={"read image": 92.0})  # fmt: skip
    return came, made


def _without_plan() -> tuple[Case, CaseResult]:
    came = case(8, text="Me duele la cabeza desde hace dos días", language="es", patient={"age": 41, "sex": "female"})
    made = review("c-008", reasons=[reason("language", "language", "es", "en", "config")], uncertainty=_doubt(0.52, 0.18),
                  differential=_ranked(("migraine", "G43.909", 0.52), ("hypertension", "I10", 0.3)),
                  prediction_set=["migraine", "hypertension"])  # fmt: skip
    return came, made


def _no_drug() -> tuple[Case, CaseResult]:
    came = case(10, text="runny nose and sore throat for two days, otherwise well", setting="outpatient",
                patient={"age": 22, "sex": "male"}, medications=[], allergies=[], conditions=[],
                vitals={"temperature_c": 37.0, "heart_rate": 70, "spo2": 99})  # fmt: skip
    passage = evidence(1, "A cold needs no antibiotic: it settles by itself.\nRest, fluids.\nCome back if breathing gets hard.",
                       title="The common cold")  # fmt: skip
    lines = passage["text"].split("\n")
    statements = [statement(kind, line, passage) for kind, line in zip(("no_drug", "non_drug", "safety_net"), lines, strict=True)]
    made = result("c-010", differential=_ranked(("common cold", "J00", 0.97), ("allergy", "T78.40XA", 0.02)), evidence=[passage],
                  prediction_set=["common cold"], uncertainty=_doubt(0.96, 0.02),
                  syndrome={"id": "cold.uncomplicated", "decided_by": ["no fever"]},
                  plan={"statements": statements, "alternatives": [], "abstained": False, "generator": "composed"})  # fmt: skip
    return came, made


def _failed() -> tuple[Case, CaseResult]:
    came = case(11, text="??? ... !!")
    made = review("c-011", "unreadable_input", "stage_failed", "out_of_distribution", uncertainty=_doubt(0.11, 0.6, ood_score=4.2),
                  differential=_ranked(("allergy", "T78.40XA", 0.11), ("acne", "L70.0", 0.1)), prediction_set=[])  # fmt: skip
    return came, made
