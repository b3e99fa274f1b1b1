"""The command that finds drugs in texts; `pipeline.cli` adds it to `wardround`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.terminal import SOME_FAILED, console, fail, usage

mentions_app = typer.Typer()


@mentions_app.command()
def mentions(
    file: Annotated[Path, typer.Argument(help='JSON lines {"id", "text"}, plain or .gz; other keys are ignored')],
    out: Annotated[Path, typer.Option("--out", help='JSON lines {"id", "spans"}, in the same order')],
    default_role: Annotated[
        Literal["current", "proposed"],
        typer.Option(
            "--default-role", help="of a drug without cue or heading: `proposed` suits plans and prescriptions"
        ),
    ] = "current",
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress bar, no summary")] = False,
) -> None:
    """Drugs in texts: where each is named, its RxCUI, and the role: taken, proposed, allergy, ..."""
    from cases.problems import Problem
    from pipeline.mention_lines import answer_lines
    from pipeline.progress import progress
    from pipeline.resolvers import offline_resolver
    from safety.spans import find_spans

    if out.exists() and file.exists() and out.samefile(file):
        raise fail("--out is the file that is read. Name another.")
    with usage():
        find = partial(find_spans, default=default_role, code=offline_resolver().rxcui)
    try:
        with usage(), progress(console, "lines", disable=quiet) as advance:
            tally = answer_lines(file, out, find=find, tell=_tell, advance=advance)
    except Problem as problem:
        raise fail(f"{file}: {problem} {problem.remedy}") from problem
    if not quiet:
        failed = f", {tally.failed} lines failed" if tally.failed else ""
        console.print(f"{tally.answered} texts, {tally.spans} mentions{failed}: {out}", highlight=False, markup=False)
    if tally.failed:
        raise typer.Exit(SOME_FAILED)


def _tell(number: int, problem: Exception) -> None:
    field = getattr(problem, "field", "")
    where = f"line {number}, field {field}" if field else f"line {number}"
    typer.echo(f"{where}: {problem} {getattr(problem, 'remedy', '')}".rstrip(), err=True)
