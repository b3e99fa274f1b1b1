"""A pipeline that loads its models when the first case needs them: a finished run, started again, loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from cases.case import Case, CaseResult
from pipeline.config import Config
from pipeline.wardround import Wardround


class LazyPipeline:
    """Build `Wardround` on first use.

    Args:
        config: the resolved configuration.
    """

    def __init__(self, config: Config) -> None:
        self._config = config

    @cached_property
    def _pipeline(self) -> Wardround:
        from pipeline.build import build

        return build(self._config)

    def batch(self, cases: Sequence[Case], /) -> list[CaseResult]:
        """Return one result a case, in order."""
        return self._pipeline.batch(list(cases))
