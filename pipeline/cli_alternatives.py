"""The command that screens every regimen of a syndrome for one patient; `pipeline.cli` adds it to `wardround`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli_safety import one_case
from pipeline.terminal import print_json, usage

alternatives_app = typer.Typer()


@alternatives_app.command()
def alternatives(
    syndrome: Annotated[str, typer.Argument(help="a syndrome, e.g. uti.cystitis_uncomplicated, or an ICD-10 code")],
    patient: Annotated[Path, typer.Option("--patient", help="a case file: the patient with medicines and allergies")],
) -> None:
    """Every regimen of a syndrome for one patient: what is allowed, what is not, and what would allow it."""
    from pipeline.alternatives import alternatives_json
    from pipeline.config import Defaults
    from pipeline.resolvers import offline_resolver
    from safety.screen import Screen

    case, defaults = one_case(patient), Defaults()
    silent = {"region": case.region or defaults.region, "setting": case.setting or defaults.setting}
    with usage():
        answer = alternatives_json(Screen(resolver=offline_resolver()), case.model_copy(update=silent), syndrome)
    print_json(answer)
