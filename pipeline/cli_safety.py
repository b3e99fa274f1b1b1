"""The commands of the safety screen alone; `pipeline.cli` adds them to `wardround`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.terminal import console, fail, print_json, usage

if TYPE_CHECKING:
    from cases.case import Case

safety_app = typer.Typer()


@safety_app.command()
def screen(
    file: Annotated[Path, typer.Argument(help="a text file: a plan, a letter, a prescription")],
    patient: Annotated[Path, typer.Option("--patient", help="a case file: the patient with medicines and allergies")],
) -> None:
    """Safety alone: screen a text for one patient."""
    from pipeline.resolvers import offline_resolver
    from pipeline.verdicts import verdict_json
    from safety.screen import Screen

    case = one_case(patient)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise fail(f"{file} cannot be read as text: {type(error).__name__}.") from error
    if not text.strip():
        raise fail(f"{file} is empty: there is nothing to screen.")
    with usage():
        verdict = Screen(resolver=offline_resolver()).text(case, text)
    print_json(verdict_json(verdict))


def one_case(path: Path) -> Case:
    """The only case of a file: a plan screened for somebody else's allergies would be worse than none."""
    from cases.errors import CaseError
    from cases.read import read_cases

    found = list(islice(read_cases([path]), 2))
    if len(found) > 1:
        raise fail(f"{path} holds more than one case. Give a file with one patient.")
    case = found[0] if found else None
    if case is None or isinstance(case, CaseError):
        raise fail(str(case or f"{path} holds no case."))
    return case


@safety_app.command()
def interactions(
    names: Annotated[list[str] | None, typer.Argument(help="two or more medicines")] = None,
    pairs: Annotated[
        Path | None, typer.Option("--pairs", help="CSV with rxcui_a,rxcui_b (or name_a,name_b), a pair a row")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="with --pairs: the same rows with what is said of each")
    ] = None,
) -> None:
    """Interactions between medicines, by name; or of a whole table of pairs."""
    if pairs is not None:
        _interactions_of(pairs, names, out)
        return
    from pipeline.resolvers import offline_resolver
    from pipeline.verdicts import verdict_json
    from safety.screen import Screen

    if out is not None:
        raise fail("--out goes with --pairs.")
    if len([name for name in names or () if name.strip()]) < 2:
        raise fail("name at least two medicines, or give a table with --pairs.")
    with usage():
        verdict = Screen(resolver=offline_resolver()).interactions(names or [])
    print_json(verdict_json(verdict))


def _interactions_of(pairs: Path, names: list[str] | None, out: Path | None) -> None:
    from pipeline.bulk import answer_table
    from pipeline.resolvers import offline_resolver
    from safety.interactions import Interactions
    from safety.pairs import ANSWERS, KEYS, Pairs

    if names or out is None:
        raise fail("--pairs takes no names, and needs --out for the answers.")
    with usage():
        resolver = offline_resolver()
        rows = answer_table(
            pairs, out, needed=tuple(KEYS.values()), answers=ANSWERS, answer=Pairs(resolver, Interactions(resolver)).row
        )
    console.print(f"{rows} pairs: {out}", highlight=False, markup=False)
