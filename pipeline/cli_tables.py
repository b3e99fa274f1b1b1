"""The commands that answer whole tables; `pipeline.cli` adds them to `wardround`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.terminal import console, usage

if TYPE_CHECKING:
    from pipeline.bulk import Answer

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
    from pipeline.resolvers import offline_resolver
    from safety.contraindication_table import ANSWERS, NEEDED, ContraindicationTable
    from safety.contraindications import Contraindications

    def answer() -> Answer:
        resolver = offline_resolver()
        return ContraindicationTable(resolver, Contraindications(resolver)).row

    _answer(table, out, NEEDED, ANSWERS, answer)


@tables_app.command()
def stewardship(
    table: Annotated[Path, typer.Option("--table", help="CSV with icd10, and drug, age, setting; a diagnosis a row")],
    out: OutOption,
) -> None:
    """Is an antibiotic indicated, and is this one of its own? A whole table of diagnoses and drugs, row by row."""
    from pipeline.resolvers import offline_resolver
    from safety.stewardship_table import ANSWERS, NEEDED, StewardshipTable

    _answer(table, out, NEEDED, ANSWERS, lambda: StewardshipTable(offline_resolver()).row)


@tables_app.command()
def allergies(
    table: Annotated[
        Path, typer.Option("--table", help="CSV with allergen, reaction, severity, drug; an allergy and drug a row")
    ],
    out: OutOption,
) -> None:
    """Does an allergy speak against a drug? A whole table of allergies and drugs, answered row by row."""
    from pipeline.resolvers import offline_resolver
    from safety.allergies import Allergies
    from safety.allergy_table import ANSWERS, NEEDED, AllergyRows

    def answer() -> Answer:
        resolver = offline_resolver()
        return AllergyRows(resolver, Allergies(resolver)).row

    _answer(table, out, NEEDED, ANSWERS, answer)


@tables_app.command()
def acuity(
    table: Annotated[Path, typer.Option("--table", help="CSV with vital signs, age, pregnant; a patient a row")],
    out: OutOption,
) -> None:
    """How urgent is a patient by the vital signs? A whole table of patients, answered row by row."""
    from pipeline.resolvers import check_tables
    from safety.acuity_table import ANSWERS, NEEDED, AcuityTable

    def answer() -> Answer:
        check_tables()
        return AcuityTable().row

    _answer(table, out, NEEDED, ANSWERS, answer)


def _answer(
    table: Path, out: Path, needed: Sequence[Sequence[str]], answers: Sequence[str], answer: Callable[[], Answer]
) -> None:
    """Make what answers a row, which reads the rules, answer every row, and say how many there were."""
    from pipeline.bulk import answer_table

    with usage():
        rows = answer_table(table, out, needed=needed, answers=answers, answer=answer())
    console.print(f"{rows} rows: {out}", highlight=False, markup=False)
