"""Contraindications in bulk: one row a drug and a patient, one answer a row.

A cell that is empty, absent or `unknown` is not known, which is never "no". But a row that leaves out the age asks
about an adult, and one that leaves out age and sex asks about nobody who could be pregnant, unless a cell says
`unknown`: a table asks many times about a drug and a disease, and the limits for children would stop them all. The
screen, which sees a patient, does not assume so. A cell that cannot be read is no answer: the row is blocked, and the
rule names the column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cases.case import Case, Condition, Finding, Patient
from cases.facts import FactReader
from cases.vocabulary.tables import VOCABULARY
from safety.cells import Reader, Unreadable, gravest, read_cells, yes_no
from safety.contraindications import Contraindications
from safety.intake import Drug, report
from safety.resolver import Resolver, resolve_written

NEEDED = (("drug",),)
ANSWERS = ("action", "rule")
WHO = ("age", "sex", "pregnant", "gestation_weeks")
SEXES = {"female": "female", "f": "female", "male": "male", "m": "male", "other": "other"}
REGIONS = {"UK": "GB", "USA": "US"}
ICD10 = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
TEXT = "One row of a table."  # a case has words; these say nothing of anybody


class ContraindicationTable:
    """Answer rows.

    Args:
        resolver: names and codes to ingredients.
        contraindications: the rules.
        vocabulary: folder of the facts.

    Example:
        >>> from safety.rxnorm import OfflineResolver
        >>> resolver = OfflineResolver()
        >>> table = ContraindicationTable(resolver, Contraindications(resolver))
        >>> table.row({"drug": "codeine", "age": "9"})
        {'action': 'block', 'rule': 'ci.codeine_tramadol_under_12'}
    """

    def __init__(
        self, resolver: Resolver, contraindications: Contraindications, *, vocabulary: Path = VOCABULARY
    ) -> None:
        self._resolver = resolver
        self._contraindications = contraindications
        self._vocabulary = vocabulary

    def row(self, row: Mapping[str, str]) -> dict[str, str]:
        """Return the gravest action and the rules that call for it, joined by `;`; both empty where none speaks."""
        try:
            case = case_of(row)
        except Unreadable as error:
            return {"action": "block", "rule": error.rule}
        found = self.findings(row.get("drug") or "", case, adult=not _doubts(row))
        return gravest((item.action, item.rule) for item in found)

    def findings(self, drug: str, case: Case, *, adult: bool = False) -> list[Finding]:
        """Return what speaks against one drug, a name or an RxCUI, for one patient.

        Args:
            drug: its name or RxCUI.
            case: the patient.
            adult: whether to assume an adult where no age is told, see `Contraindications.check`.
        """
        written = drug.strip()
        read = resolve_written(written, self._resolver)
        reader = FactReader(case, folder=self._vocabulary)
        drugs = [Drug(name, new=True) for name in read.names]
        return [*report(read, self._resolver), *self._contraindications.check(case, reader, drugs, adult=adult)[0]]


def _doubts(row: Mapping[str, str]) -> bool:
    """Whether the row says in words that who the patient is is not known."""
    return any((row.get(column) or "").strip().lower() == "unknown" for column in WHO)


def case_of(row: Mapping[str, str]) -> Case:
    """Read the patient of a row.

    Raises:
        Unreadable: if cells cannot be read, or contradict one another.
    """
    cells = read_cells(row, READERS)
    codes, region = cells.pop("condition_icd10"), cells.pop("region")
    conditions = None if codes is None else tuple(Condition(code=code) for code in codes)
    return Case(id="row", text=TEXT, region=region, patient=_patient(cells), conditions=conditions)


def _patient(cells: dict[str, Any]) -> Patient:
    """Build the patient; weeks of a pregnancy mean that there is one, and none of them says nothing."""
    if cells["gestation_weeks"] == 0 and cells["pregnant"] is not True:
        cells["gestation_weeks"] = None
    if cells["gestation_weeks"] is not None and cells["pregnant"] is None:
        cells["pregnant"] = True
    try:
        return Patient(**cells)
    except ValidationError as error:
        named = (str(item["loc"][0]) if item["loc"] else "gestation_weeks" for item in error.errors())
        raise Unreadable(tuple(dict.fromkeys(named))) from error


def _codes(written: str) -> list[str]:
    codes = [code for code in re.split(r"[;,\s]+", written.upper()) if code]
    if not all(ICD10.fullmatch(code) for code in codes):
        raise ValueError("not an ICD-10 code")
    return codes


def _region(written: str) -> str:
    region = REGIONS.get(written.upper(), written.upper())
    if not re.fullmatch(r"[A-Z]{2}", region):
        raise ValueError("not a country code")
    return region


def _of(table: Mapping[str, Any], written: str) -> Any:
    return table[written.lower()]


READERS: dict[str, Reader] = {
    "age": float,
    "sex": partial(_of, SEXES),
    "pregnant": yes_no,
    "gestation_weeks": float,
    "breastfeeding": yes_no,
    "weight_kg": float,
    "egfr": float,
    "condition_icd10": _codes,
    "region": _region,
}
