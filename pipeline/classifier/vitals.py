"""Vital signs, age and sex as a vector with a mask: what is missing is marked, never imputed.

Each value is centred and scaled by a resting adult's reference (Royal College of Physicians, NEWS2, 2017: the
score-0 bands); a missing one is 0 with mask 0, so that absence is distinguishable from normality.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from cases.case import Case

# name -> (centre, scale): the middle and half-width of NEWS2's score-0 band; age in decades around mid-life.
REFERENCE: dict[str, tuple[float, float]] = {
    "temperature_c": (37.05, 1.0),
    "heart_rate": (70.5, 19.5),
    "respiratory_rate": (16.0, 4.0),
    "systolic_bp": (165.0, 54.0),
    "diastolic_bp": (80.0, 20.0),
    "spo2": (98.0, 2.0),
}
AGE = (45.0, 20.0)
SIZE = len(REFERENCE) + 2  # vital signs, age, sex
CLAMP = 5.0  # scaled values beyond this carry no further information


def _scaled(value: float | None, centre: float, scale: float) -> tuple[float, float]:
    if value is None:
        return 0.0, 0.0
    return max(-CLAMP, min(CLAMP, (value - centre) / scale)), 1.0


def _vector(case: Case) -> tuple[list[float], list[float]]:
    pairs = [_scaled(getattr(case.vitals, name), *reference) for name, reference in REFERENCE.items()]
    pairs.append(_scaled(case.patient.age, *AGE))
    sex = {"female": 1.0, "male": -1.0}.get(case.patient.sex or "")
    pairs.append((sex or 0.0, 0.0 if sex is None else 1.0))
    values, mask = zip(*pairs, strict=True)
    return list(values), list(mask)


def vitals_tensor(cases: Sequence[Case]) -> tuple[Tensor, Tensor]:
    """Return values and mask, both (batch, SIZE) float32; the mask is 1 where the value is known."""
    if not cases:
        return torch.zeros(0, SIZE), torch.zeros(0, SIZE)
    values, mask = zip(*(_vector(case) for case in cases), strict=True)
    return torch.tensor(values), torch.tensor(mask)
