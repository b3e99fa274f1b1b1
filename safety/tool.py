"""The screen as a tool for agents: `screen_drugs` checks the drugs of a text for the patient it is told of.

    agent = create_agent(model, tools=[screen_drugs])

It answers in compact JSON and never raises: what cannot be read of its arguments comes back as an error that says that
nothing was checked. What an agent leaves out is unknown, which is not "no".
"""

from __future__ import annotations

import json
import re
from typing import Any

from langchain_core.tools import tool
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cases.case import Case, Finding
from cases.errors import CaseError
from safety.runnable import as_case, default_screen, may_be_released

TEXT_OF_PATIENT = "As told in the arguments."  # a case needs a text; what is to be screened is none of the patient's
_CODE = re.compile(r"[A-TV-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?")  # an ICD-10 code
BESIDE_PATIENT = ("medications", "allergies", "conditions", "region")  # keys of a case that are none of its patient


class ScreenDrugs(BaseModel):
    """Arguments of the tool. They are read by the same strict rules as a case file."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="what is to be screened, word for word: a plan, a prescription, an answer")
    medications: list[str] | None = Field(None, description="medicines taken now; [] for none, leave out if unknown")
    allergies: list[str] | None = Field(None, description="allergies; [] for none, leave out if unknown")
    conditions: list[str] | None = Field(None, description="diagnoses in words or ICD-10; leave out if unknown")
    age: float | None = Field(None, description="years; a fraction for a baby (0.5 is six months)")
    sex: str | None = Field(None, description="female, male, other or unknown")
    pregnant: bool | None = Field(None, description="leave out if unknown")
    gestation_weeks: float | None = Field(None, description="weeks of pregnancy")
    breastfeeding: bool | None = Field(None, description="leave out if unknown")
    weight_kg: float | None = Field(None, description="body weight in kg")
    egfr: float | None = Field(None, description="kidney function, mL/min/1.73 m2")
    region: str | None = Field(None, description="country of the patient, two capital letters, e.g. US, GB")


@tool("screen_drugs", args_schema=ScreenDrugs)
def screen_drugs(text: str, **told: Any) -> str:
    """Check the medicines in a text for one patient.

    It looks for interactions, allergies, contraindications, doses, duplicates and unnecessary antibiotics, and for
    names that cannot be identified. Pass what is known of the patient. The answer is JSON: `released` is true only if
    nothing speaks against the text; `findings` say what does, `unchecked` what could not be checked. With `checked`
    false, nothing was checked.
    """
    try:
        return _answer(text, told)
    except CaseError as error:
        return nothing_checked(f"{error.message} {error.remedy}")
    except Exception as error:  # noqa: BLE001 - an agent must be told that nothing was checked, whatever went wrong
        return nothing_checked(f"the screen failed ({type(error).__name__})")


def _answer(text: str, told: dict[str, Any]) -> str:
    if not text.strip():
        return nothing_checked("text: it is empty")
    verdict = default_screen().text(_case(told), text)
    return _compact(
        {
            "checked": True,
            "released": may_be_released(verdict),
            "priority": verdict.priority,
            "findings": [_finding(item) for item in verdict.findings],
            "unchecked": verdict.unchecked,
            "questions": [question.ask for question in verdict.questions],
        }
    )


def _case(told: dict[str, Any]) -> Case:
    patient = {key: value for key, value in told.items() if value is not None}
    beside = {key: patient.pop(key) for key in BESIDE_PATIENT if key in patient}
    if "conditions" in beside:
        beside["conditions"] = [_condition(name) for name in beside["conditions"]]
    return as_case({"id": "tool", "text": TEXT_OF_PATIENT, "patient": patient, **beside})


def _condition(name: str) -> dict[str, str]:
    return {"code": name.strip()} if _CODE.fullmatch(name.strip()) else {"display": name}


def _finding(item: Finding) -> dict[str, Any]:
    return item.model_dump(include={"action", "rule", "severity", "drugs", "message", "management"})


def nothing_checked(why: str) -> str:
    """Return the answer to arguments that cannot be screened."""
    return _compact({"checked": False, "released": False, "error": f"{why.strip().rstrip('.')}. Nothing was checked."})


def _refused(error: ValidationError | Any) -> str:
    """Name the arguments that are wrong, and never what was in them."""
    wrong = [(".".join(str(part) for part in item["loc"]), item["msg"]) for item in error.errors()]
    return nothing_checked("; ".join(f"{name or 'arguments'}: {message}" for name, message in wrong))


def _compact(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


screen_drugs.handle_validation_error = _refused
