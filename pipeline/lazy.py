"""A pipeline that loads its models when the first case needs them: a finished run, started again, loads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from cases.case import Case, CaseResult, Run
from pipeline.config import Config, ConfigError
from pipeline.shift import Standing
from pipeline.wardround import Wardround


@contextmanager
def buildable() -> Iterator[None]:
    """Turn a model, folder or table that cannot be opened into an error of the configuration, which no case has seen.

    Raises:
        ConfigError: naming what was wrong.
    """
    try:
        yield
    except ConfigError:
        raise
    except (OSError, ValueError, KeyError) as error:
        what = str(error).strip().splitlines() or [""]
        raise ConfigError(
            f"What the configuration names cannot be opened ({type(error).__name__}: {what[0]}). "
            "Check classifier.*, routing.calibration, retrieval.*, generator.* and `wardround doctor`."
        ) from error


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

        with buildable():
            return build(self._config)

    def made_by(self) -> Run | None:
        """Return what results would be made by today, without loading a model; None if that cannot be told."""
        from pipeline.build import provenance_today

        with buildable():
            return provenance_today(self._config)

    def promised(self, results: Iterable[CaseResult]) -> Standing:
        """Return whether what the configuration asks for can be promised for results."""
        from pipeline.build import calibration_file, thresholds_of
        from pipeline.shift import standing
        from pipeline.thresholds import Calibration

        with buildable():
            calibration = Calibration.load(calibration_file(self._config))
            return standing(calibration, thresholds_of(calibration, self._config), results)

    def batch(self, cases: Sequence[Case], /) -> list[CaseResult]:
        """Return one result a case, in order."""
        return self._pipeline.batch(list(cases))
