"""Made-up cases and results: single ones to change at will, and one of every shape (`every_shape.yaml`)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

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
    return Case.model_validate_json(
        json.dumps({"id": f"c-{number:03d}", "text": f"made-up complaint {number}", **changes})
    )


def result(case_id: str, **changes: Any) -> CaseResult:
    """A released result without a plan; any field can be changed."""
    plain = {
        "schema": 1,
        "case_id": case_id,
        "route": "auto",
        "priority": "routine",
        "reviewers": [],
        "reasons": [],
        "run": RUN,
        "timings_ms": _TIMES,
    }
    return CaseResult.model_validate_json(json.dumps({**plain, **changes}))


def review(case_id: str, *codes: str, **changes: Any) -> CaseResult:
    """A result that goes to a physician for these reasons."""
    reasons = [reason(code) for code in codes or ("uncertain",)]
    return result(case_id, **{"route": "review", "reviewers": ["physician"], "reasons": reasons, **changes})


def reason(
    code: str, signal: str = "signal", value: Any = None, threshold: Any = None, source: str = "rules:2026.11"
) -> dict[str, Any]:
    """A reason as a dictionary."""
    return {"code": code, "signal": signal, "value": value, "threshold": threshold, "source": source}


@cache
def every_shape() -> tuple[tuple[Case, CaseResult], ...]:
    """One pair of each shape that a report must be able to show."""
    items = yaml.safe_load((Path(__file__).parent / "every_shape.yaml").read_text(encoding="utf-8"))
    return tuple(
        (Case.model_validate_json(json.dumps(item["case"])), result(**{"timings_ms": {}, **item["result"]}))
        for item in items
    )
