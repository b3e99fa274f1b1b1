"""Fixtures of the generators' tests."""

import pytest

from generators.compose import Brief
from tests.generators.knee import brief


@pytest.fixture
def knee() -> Brief:
    """A brief whose plan is a drug."""
    return brief()
