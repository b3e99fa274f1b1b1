"""Vital signs, age and sex as a vector with a mask: what is missing is marked, never imputed.

Each value is a z-score within its age band: centred on the middle of what is normal at that age and scaled by half the
width, so that 140 beats a minute is unremarkable in an infant and far out in an adult. A missing value is 0 with
mask 0, so that absence is distinguishable from normality.

Sources: adults, the score-0 bands of NEWS2 (Royal College of Physicians, 2017); children, the awake ranges of the
Pediatric Advanced Life Support guidelines 2015, as tabulated by PedsCases (Vital Signs Reference Chart, looked up
2026-11-25). An unknown age is read as an adult's, with the age masked.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from cases.case import Case

ADULT = 16.0  # NEWS2 is for 16 years and over
NAMES = ("temperature_c", "heart_rate", "respiratory_rate", "systolic_bp", "diastolic_bp", "spo2")
# below this age in years -> (low, high) of heart rate, respiratory rate, systolic and diastolic pressure
CHILDREN: tuple[tuple[float, tuple[tuple[float, float], ...]], ...] = (
    (28 / 365, ((100, 205), (30, 53), (67, 84), (35, 53))),
    (1.0, ((100, 190), (30, 53), (72, 104), (37, 56))),
    (3.0, ((98, 140), (22, 37), (86, 106), (42, 63))),
    (6.0, ((80, 120), (20, 28), (89, 112), (46, 72))),
    (10.0, ((75, 118), (18, 25), (97, 115), (57, 76))),
    (12.0, ((75, 118), (18, 25), (102, 120), (61, 80))),
    (ADULT, ((60, 100), (12, 20), (110, 131), (64, 83))),
)
# NEWS2 scores a systolic pressure of 111 to 219 as 0; 165 as its middle is far above a resting adult's, so the
# upper end is the limit of hypertension grade 2 there, 160 (ACC/AHA 2017), and 90 for the diastolic.
ADULTS = ((51.0, 90.0), (12.0, 20.0), (111.0, 160.0), (60.0, 90.0))
TEMPERATURE, SATURATION = (36.1, 38.0), (96.0, 100.0)  # NEWS2, score 0; saturation does not depend on age
AGE = (45.0, 20.0)  # centre and scale, years
SIZE = len(NAMES) + 2  # vital signs, age, sex
CLAMP = 5.0  # z-scores beyond this carry no further information
_SEX = {"female": 1.0, "male": -1.0}


def reference(age: float | None) -> dict[str, tuple[float, float]]:
    """Return the centre and the scale of each vital sign at an age in years."""
    years = ADULT if age is None else age
    bands = next((ranges for below, ranges in CHILDREN if years < below), ADULTS)
    ranges = dict(zip(NAMES, (TEMPERATURE, *bands, SATURATION), strict=True))
    return {name: ((low + high) / 2, (high - low) / 2) for name, (low, high) in ranges.items()}


def _scaled(value: float | None, centre: float, scale: float) -> tuple[float, float]:
    if value is None:
        return 0.0, 0.0
    return max(-CLAMP, min(CLAMP, (value - centre) / scale)), 1.0


def _vector(case: Case) -> tuple[list[float], list[float]]:
    bands = reference(case.patient.age)
    pairs = [_scaled(getattr(case.vitals, name), *bands[name]) for name in NAMES]
    pairs.append(_scaled(case.patient.age, *AGE))
    sex = _SEX.get(case.patient.sex or "")
    pairs.append((sex or 0.0, 0.0 if sex is None else 1.0))
    values, mask = zip(*pairs, strict=True)
    return list(values), list(mask)


def vitals_tensor(cases: Sequence[Case]) -> tuple[Tensor, Tensor]:
    """Return values and mask, both (batch, SIZE) float32; the mask is 1 where the value is known."""
    if not cases:
        return torch.zeros(0, SIZE), torch.zeros(0, SIZE)
    values, mask = zip(*(_vector(case) for case in cases), strict=True)
    return torch.tensor(values), torch.tensor(mask)
