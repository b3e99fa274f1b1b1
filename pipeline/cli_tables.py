"""The commands that answer whole tables; `pipeline.cli` adds them to `wardround`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.terminal import console, usage

tables_app = typer.Typer()
OutOption = Annotated[Path, typer.Option("--out", help="the same rows with what is said of each")]


@tables_app.command()
def contraindications(
    table: Annotated[
        Path, typer.Option("--table", help="CSV with drug, and what is known of the patient; a drug and patient a row")
    ],
    out: OutOption,
) -> None:
    """Does the state of a patient speak against a drug? A whole table of drugs and patients, answered row by row."""
    from pipeline.bulk import answer_table
    from safety.contraindication_table import ANSWERS, NEEDED, ContraindicationTable
    from safety.contraindications import Contraindications
    from safety.rxnorm import OfflineResolver

    resolver = OfflineResolver()
    answer = ContraindicationTable(resolver, Contraindications(resolver)).row
    with usage():
        rows = answer_table(table, out, needed=NEEDED, answers=ANSWERS, answer=answer)
    console.print(f"{rows} rows: {out}", highlight=False, markup=False)
