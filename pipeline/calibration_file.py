"""What a calibration file must look like: strict, for a wrong value here would release cases.

{"doubt": {"names", "centre", "scale", "weights", "bias"}, "source", "split",
 "columns": [signals, "right", "emergency_known"], "cases": [[0.1, ..., true, null], ...]}
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

OUTCOMES = ("right", "emergency_known")  # the last two columns of a case
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Scale = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]
Weight = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Said = Annotated[bool, Field(strict=True)]


class StoredDoubt(BaseModel):
    """The doubt score, a `MonotoneLogistic`."""

    model_config = ConfigDict(extra="forbid")

    names: tuple[str, ...]
    centre: tuple[Number, ...]
    scale: tuple[Scale, ...]
    weights: tuple[Weight, ...]
    bias: Number


class Stored(BaseModel):
    """A calibration file."""

    model_config = ConfigDict(extra="forbid")

    doubt: StoredDoubt
    source: str
    split: str
    columns: tuple[str, ...]
    cases: Annotated[tuple[tuple[Number | Said | None, ...], ...], Field(min_length=1)]

    @property
    def signals(self) -> list[list[float]]:
        """One row a case."""
        return [[float(value or 0.0) for value in row[: -len(OUTCOMES)]] for row in self.cases]

    @property
    def right(self) -> list[bool]:
        """Whether releasing each case would have been right."""
        return [row[-2] is True for row in self.cases]

    @property
    def emergency(self) -> list[bool | None]:
        """Whether each case is an emergency; None where nobody said."""
        return [None if row[-1] is None else row[-1] is True for row in self.cases]

    @model_validator(mode="after")
    def _every_row_is_whole(self) -> Stored:
        signals = len(self.columns) - len(OUTCOMES)
        parts = (self.doubt.names, self.doubt.centre, self.doubt.scale, self.doubt.weights)
        if any(len(part) != signals for part in parts):
            raise ValueError("the doubt score has other signals than the columns")
        for number, row in enumerate(self.cases):
            *values, right, emergency = (None, None, *row)[-max(2, len(row)) :]
            if len(values) != signals or any(isinstance(v, bool) or v is None for v in values):
                raise ValueError(f"case {number} does not hold one number a signal")
            if not isinstance(right, bool) or not isinstance(emergency, bool | None):
                raise ValueError(f"case {number} does not say whether it was right, or an emergency")
        return self


def read(path: Path, signals: tuple[str, ...]) -> Stored:
    """Read a calibration file of these signals.

    Raises:
        ValueError: naming the file and what is wrong with it.
    """
    try:
        stored = Stored.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        first: Any = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise _refused(path, f"{where}: {first['msg']}") from error
    if stored.columns != (*signals, *OUTCOMES) or stored.doubt.names != signals:
        raise _refused(path, f"its signals are not {', '.join(signals)}")
    return stored


def _refused(path: Path, why: str) -> ValueError:
    return ValueError(f"{path} is no calibration file ({why}): fit one with wardround fit routing.")
