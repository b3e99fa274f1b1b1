"""Which resolver reads the names of medicines: the committed tables, the user's own RxNorm release, RxNav.

The release is named by `safety.rxnorm`, or else by the environment's `WARDROUND_RXNORM`: the commands that take no
configuration use it too.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import Config, SafetyConfig

if TYPE_CHECKING:
    from safety.resolver import Resolver
    from safety.rxnorm import OfflineResolver

ENVIRONMENT = "WARDROUND_RXNORM"

_log = logging.getLogger(__name__)


def index_file(config: SafetyConfig) -> Path | None:
    """Return the index of the user's RxNorm release; a folder stands for the file that the import writes into it."""
    from safety.rrf_build import FILE_NAME

    named = config.rxnorm or os.environ.get(ENVIRONMENT)
    if not named:
        return None
    path = Path(named).expanduser()
    return path / FILE_NAME if path.is_dir() else path


def check_tables() -> None:
    """Compare the shipped tables with their listings: for commands that ask a rule engine without the screen.

    Raises:
        Incomplete: naming what is missing or too short.
    """
    from cases.vocabulary.tables import VOCABULARY
    from cases.whole import check_whole
    from safety.rules import KNOWLEDGE

    check_whole(VOCABULARY)
    check_whole(KNOWLEDGE)


def offline_resolver(config: SafetyConfig | None = None) -> OfflineResolver:
    """Return the committed tables, with the user's release behind them if one is named, for one command.

    Raises:
        IndexUnusable: if it is named but cannot be used.
        Incomplete: if a table is missing or too short.
    """
    check_tables()
    return _offline(config or SafetyConfig())


def _offline(config: SafetyConfig) -> OfflineResolver:
    from safety.rxnorm import OfflineResolver
    from safety.rxnorm_index import ImportedIndex

    path = index_file(config)
    return OfflineResolver(imported=ImportedIndex(path) if path else None)


def build_resolver(config: SafetyConfig, *, cache: Path) -> Resolver:
    """Return the resolver of a configuration; of incomplete tables the screen tells, case by case.

    Args:
        config: its section `safety`.
        cache: folder of what can be made again; RxNav's answers are kept there.

    Raises:
        IndexUnusable: if a release is named but cannot be used.
    """
    offline = _offline(config)
    if not config.rxnav:
        return offline
    from safety.offline_first import OfflineFirst
    from safety.rxnav import RxNavResolver
    from safety.rxnav_client import RxNavClient

    _log.warning("names of medicines that are not known here are sent to %s", config.rxnav_url)
    client = RxNavClient(config.rxnav_url, cache=cache / "rxnav.sqlite")
    return OfflineFirst(offline, RxNavResolver(client))


def resolver_mark(config: Config) -> str:
    """Return what to add to the version of the rules where more than the committed tables is read."""
    from safety.rxnorm_index import ImportedIndex

    path = index_file(config.safety)
    release = f"+rxnorm:{ImportedIndex(path).sha256[:8]}" if path else ""
    return release + ("+rxnav" if config.safety.rxnav else "")


def describe(config: SafetyConfig | None = None) -> str:
    """Say in one line which names are known offline."""
    from safety.rxnorm_index import ImportedIndex

    path = index_file(config or SafetyConfig())
    if path is None:
        return f"the committed tables alone ({ENVIRONMENT} is not set)"
    index = ImportedIndex(path)
    counts = index.meta["counts"]
    return (
        f"the committed tables, then RxNorm {index.release}: {counts['names']} names, {counts['codes']} codes, {path}"
    )
