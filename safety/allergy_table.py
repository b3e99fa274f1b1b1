"""Allergies in bulk: one row an allergy and a drug, one answer a row."""

from __future__ import annotations

from collections.abc import Mapping

from cases.case import Allergy, Finding
from safety.allergies import Allergies
from safety.cells import Reader, Unreadable, gravest, read_cells
from safety.intake import Drug, Intake, report, take_allergy
from safety.resolver import Resolver, resolve_written

NEEDED = (("allergen",), ("drug",))
ANSWERS = ("action", "rule")
SEVERITIES = {
    **dict.fromkeys(("mild", "low"), "mild"),
    "moderate": "moderate",
    **dict.fromkeys(("severe", "high", "serious", "life-threatening", "fatal", "critical", "anaphylaxis"), "severe"),
}
STATUSES = {"confirmed": "confirmed", "unconfirmed": "unconfirmed", "refuted": "refuted", "active": "confirmed"}
READERS: dict[str, Reader] = {
    "allergen": str,
    "reaction": str,
    "severity": lambda written: SEVERITIES[written.lower()],
    "status": lambda written: STATUSES[written.lower()],
}


class AllergyRows:
    """Answer rows.

    Args:
        resolver: names and codes to ingredients.
        allergies: the rules.

    Example:
        >>> from safety.rxnorm import OfflineResolver
        >>> resolver = OfflineResolver()
        >>> table = AllergyRows(resolver, Allergies(resolver))
        >>> table.row({"allergen": "penicillin", "reaction": "anaphylaxis", "drug": "amoxicillin"})
        {'action': 'block', 'rule': 'allergy.penicillins'}
    """

    def __init__(self, resolver: Resolver, allergies: Allergies) -> None:
        self._resolver = resolver
        self._allergies = allergies

    def row(self, row: Mapping[str, str]) -> dict[str, str]:
        """Return the gravest action and the rules that call for it, joined by `;`; both empty where none speaks."""
        try:
            cells = read_cells(row, READERS)
        except Unreadable as error:
            return {"action": "block", "rule": error.rule}
        found = self._findings(cells, (row.get("drug") or "").strip())
        return gravest((item.action, item.rule) for item in found)

    def _findings(self, cells: dict[str, str | None], written: str) -> list[Finding]:
        read = resolve_written(written, self._resolver)
        intake = Intake()
        for allergen in (cells["allergen"] or "").split(";"):
            if allergen.strip():
                take_allergy(intake, _allergy(allergen.strip(), cells), self._resolver, self._allergies.table)
        drugs = [Drug(name, new=True) for name in read.names]
        return [*intake.findings, *report(read, self._resolver), *self._allergies.check(intake.allergies, drugs)]


def _allergy(allergen: str, cells: dict[str, str | None]) -> Allergy:
    """Build the allergy; one written as a code is read by it."""
    told = {name: cells[name] for name in ("reaction", "severity", "status")}
    return Allergy.model_validate({"name": allergen, "rxcui": allergen if allergen.isdecimal() else None, **told})
