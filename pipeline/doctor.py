"""`wardround doctor`: is everything there that a run needs?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cases.packages import minilm_folder, package_version
from cases.vocabulary.check import problems, summary
from cases.vocabulary.tables import VOCABULARY
from pipeline.build import SHIPPED_WEIGHTS, build_index, cache_folder
from pipeline.config import Config
from pipeline.resolvers import describe


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


def diagnose() -> list[Check]:
    """Look at every part; a part that raises is a failed check, never a crash."""
    return [_check(name, look) for name, look in LOOKS.items()]


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except Exception as error:  # noqa: BLE001 - whatever is wrong is what the doctor is for
        return Check(name, False, f"{type(error).__name__}: {error}")


def _vocabulary() -> str:
    mistakes = problems(VOCABULARY)
    if mistakes:
        raise ValueError(mistakes[0])
    return summary(VOCABULARY)


def _weights() -> str:
    missing = [
        n
        for n in ("adapter_model.safetensors", "head.safetensors", "calibration.json")
        if not (SHIPPED_WEIGHTS / n).exists()
    ]
    if missing:
        raise FileNotFoundError(f"{missing[0]} in {SHIPPED_WEIGHTS}")
    return str(SHIPPED_WEIGHTS)


def _index() -> str:
    opened = build_index(Config())
    return f"{len(opened.retriever.passages)} passages, {opened.sha256[:16]}"


LOOKS: dict[str, Callable[[], str]] = {
    "wardround": lambda: package_version("wardround"),
    "text encoder": lambda: str(minilm_folder()),
    "classifier weights": _weights,
    "vocabulary": _vocabulary,
    "names of medicines": describe,
    "cache": lambda: str(cache_folder()),
    "index": _index,
}
