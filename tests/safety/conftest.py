"""One screen and one resolver for every test of the room: their tables are read once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cases.case import Case
from safety.rxnorm import OfflineResolver
from safety.screen import Screen

CaseMaker = Callable[..., Case]


@pytest.fixture(scope="session")
def screen() -> Screen:
    return Screen()


@pytest.fixture(scope="session")
def resolver() -> OfflineResolver:
    return OfflineResolver()


@pytest.fixture(scope="session")
def make_case() -> CaseMaker:
    """Return a maker of outpatient cases in the US with no medicines and no allergies, unless told otherwise."""

    def make(**fields: Any) -> Case:
        known = {"medications": [], "allergies": [], "conditions": []}
        base = {"id": "c", "text": "x", "region": "US", "setting": "outpatient"}
        return Case.model_validate({**base, **known, **fields}, strict=False)

    return make
