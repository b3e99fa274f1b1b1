"""Run a stage over a batch so that one bad case never takes the others with it, and time it.

A stage that raises is tried again case by case; the case that fails gets the stage's empty answer and its name in
`failed`, which routing turns into the reason `stage_failed`. Nothing fails open.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")


class Stages:
    """The record of one batch: failures and milliseconds of each case.

    Args:
        case_ids: ids in batch order, for the log.
    """

    def __init__(self, case_ids: Sequence[str]) -> None:
        self._case_ids = case_ids
        self.failed: list[tuple[str, ...]] = [() for _ in case_ids]
        self.timings_ms: list[dict[str, float]] = [{} for _ in case_ids]

    def run(self, name: str, stage: Callable[[list[T]], Sequence[R]], items: list[T], *, otherwise: R) -> list[R]:
        """Return the stage's answer for every item; `otherwise` where it failed."""
        started = time.perf_counter()
        try:
            answers = list(stage(items))
            if len(answers) != len(items):
                raise RuntimeError(f"stage {name} answered {len(answers)} of {len(items)} cases")
        except Exception as error:  # noqa: BLE001 - any failure of a stage is a reason for review, never a crash
            log.warning(
                "stage %s failed on a batch of %d (%s); going case by case", name, len(items), type(error).__name__
            )
            answers = [self._alone(name, stage, item, number, otherwise) for number, item in enumerate(items)]
        share = (time.perf_counter() - started) * 1000 / max(1, len(items))
        for timings in self.timings_ms:
            timings[name] = round(share, 3)
        return answers

    def _alone(self, name: str, stage: Callable[[list[T]], Sequence[R]], item: T, number: int, otherwise: R) -> R:
        try:
            (answer,) = stage([item])
        except Exception as error:  # noqa: BLE001 - see above
            log.error("stage %s failed for case %s: %s", name, self._case_ids[number], type(error).__name__)
            self.failed[number] = (*self.failed[number], name)
            return otherwise
        return answer
