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
    from pipeline.resolvers import offline_resolver
    from safety.contraindication_table import ANSWERS, NEEDED, ContraindicationTable
    from safety.contraindications import Contraindications

    with usage():
        resolver = offline_resolver()
        answer = ContraindicationTable(resolver, Contraindications(resolver)).row
        rows = answer_table(table, out, needed=NEEDED, answers=ANSWERS, answer=answer)
    console.print(f"{rows} rows: {out}", highlight=False, markup=False)


@tables_app.command()
def stewardship(
    table: Annotated[Path, typer.Option("--table", help="CSV with icd10, and drug, age, setting; a diagnosis a row")],
    out: OutOption,
) -> None:
    """Is an antibiotic indicated, and is this one of its own? A whole table of diagnoses and drugs, row by row."""
    from pipeline.bulk import answer_table
    from pipeline.resolvers import offline_resolver
    from safety.stewardship_table import ANSWERS, NEEDED, StewardshipTable

    with usage():
        rows = answer_table(table, out, needed=NEEDED, answers=ANSWERS, answer=StewardshipTable(offline_resolver()).row)
    console.print(f"{rows} rows: {out}", highlight=False, markup=False)


@tables_app.command()
def allergies(
    table: Annotated[
        Path, typer.Option("--table", help="CSV with allergen, reaction, severity, drug; an allergy and drug a row")
    ],
    out: OutOption,
) -> None:
    """Does an allergy speak against a drug? A whole table of allergies and drugs, answered row by row."""
    from pipeline.bulk import answer_table
    from pipeline.resolvers import offline_resolver
    from safety.allergies import Allergies
    from safety.allergy_table import ANSWERS, NEEDED, AllergyRows

    with usage():
        resolver = offline_resolver()
        answer = AllergyRows(resolver, Allergies(resolver)).row
        rows = answer_table(table, out, needed=NEEDED, answers=ANSWERS, answer=answer)
    console.print(f"{rows} rows: {out}", highlight=False, markup=False)


@tables_app.command()
def acuity(
    table: Annotated[Path, typer.Option("--table", help="CSV with vital signs, age, pregnant; a patient a row")],
    out: OutOption,
) -> None:
    """How urgent is a patient by the vital signs? A whole table of patients, answered row by row."""
    from pipeline.bulk import answer_table
    from pipeline.resolvers import check_tables
    from safety.acuity_table import ANSWERS, NEEDED, AcuityTable

    with usage():
        check_tables()
        rows = answer_table(table, out, needed=NEEDED, answers=ANSWERS, answer=AcuityTable().row)
    console.print(f"{rows} rows: {out}", highlight=False, markup=False)
