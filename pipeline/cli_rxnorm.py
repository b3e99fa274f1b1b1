"""The commands for a user's own RxNorm release; `pipeline.cli` adds them to `wardround`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.terminal import console, usage

if TYPE_CHECKING:
    from safety.rrf_build import Imported

rxnorm_app = typer.Typer(no_args_is_help=True, help="Use an RxNorm release of your own.")
MEGABYTE = 1_000_000


@rxnorm_app.command("import")
def import_(
    conso: Annotated[Path, typer.Argument(help="RXNCONSO.RRF of the release: its names")],
    rel: Annotated[Path, typer.Argument(help="RXNREL.RRF of the same release: its relations")],
    out: Annotated[
        Path | None, typer.Option("--out", help="folder of rxnorm.sqlite; without it `rxnorm` in the cache folder")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress bar")] = False,
) -> None:
    """Make an index of an RxNorm release: its names and codes are then known, beside those that ship."""
    from pipeline.build import cache_folder

    with usage():
        made = _import(conso, rel, out or cache_folder() / "rxnorm", quiet=quiet)
    counts = ", ".join(f"{count} {name}" for name, count in made.counts.items())
    console.print(f"RxNorm {made.release}: {counts}", highlight=False, markup=False)
    console.print(f"  {made.path}", soft_wrap=True, highlight=False, markup=False)
    console.print(
        f"to use it: --set safety.rxnorm={made.path}, or WARDROUND_RXNORM={made.path} in the environment",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


def _import(conso: Path, rel: Path, folder: Path, *, quiet: bool) -> Imported:
    from pipeline.progress import progress
    from safety.rrf_build import import_release

    total = sum(path.stat().st_size for path in (conso, rel))
    done = 0
    with progress(console, "MB", disable=quiet) as advance:

        def tell(read: int) -> None:
            nonlocal done
            done += read
            advance(done // MEGABYTE, total // MEGABYTE)

        return import_release(conso, rel, folder, tell=tell)
