"""Antibiotic stewardship: is an antibiotic indicated in this syndrome at all, and is it one of the syndrome's own?

The tier of a syndrome is data. An antibiotic where none is ever indicated is blocked; where one is sometimes
indicated, a criterion must be known true. A drug that is a regimen of the syndrome needs no other reason, whatever its
AWaRe class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cases.case import Action, Case, Finding, Question, Severity
from cases.facts import FactReader
from cases.vocabulary.conditions import syndromes
from cases.vocabulary.tables import VOCABULARY, drugs, regimens_of
from safety.intake import Drug, finding
from safety.resolver import Resolver, labels
from safety.rules import KNOWLEDGE, Indication, indications

AWARE_SOURCE = "who_aware_2023"
TABLE_SOURCE = "safety/knowledge/antibiotic_indications.yaml"


class Stewardship:
    """The indications, with the AWaRe class of every antibiotic.

    Args:
        resolver: for the codes of the findings.
        vocabulary: folder of drugs, conditions and regimens.
        knowledge: folder of the rules.

    Raises:
        RulesError: if the table is missing or wrong.
        VocabularyError: if a table of the vocabulary is.
    """

    def __init__(self, resolver: Resolver, *, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE) -> None:
        self._resolver = resolver
        self._vocabulary = vocabulary
        self._indications = indications(knowledge)
        self._aware = {drug.name: drug.aware for drug in drugs(vocabulary).values() if drug.aware}

    def is_antibiotic(self, name: str) -> bool:
        """Whether the ingredient has an AWaRe class."""
        return name in self._aware

    def check(
        self, case: Case, reader: FactReader, drugs_: Sequence[Drug], syndrome: str | None
    ) -> tuple[list[Finding], list[Question]]:
        """Return what speaks against each proposed antibiotic in this syndrome, and what should be asked."""
        proposed = [drug for drug in drugs_ if drug.new and self.is_antibiotic(drug.name)]
        findings: list[Finding] = []
        questions: list[Question] = []
        for drug in proposed:
            findings += self._indicated(case, reader, drug, syndrome, questions)
            findings += self._suitable(case, drug, syndrome)
        return findings, questions

    def _indicated(
        self, case: Case, reader: FactReader, drug: Drug, syndrome: str | None, questions: list[Question]
    ) -> Iterator[Finding]:
        row = self._indications.get(syndrome or "")
        if row is None:
            why = "no entry says that an antibiotic is indicated here."
            yield self._finding("abx.no_entry", drug, why, "major", "interrupt", TABLE_SOURCE)
        elif row.tier == "never":
            elsewhere = self._other_indication(case, syndrome)
            action: tuple[Severity, Action] = ("major", "interrupt") if elsewhere else ("contraindicated", "block")
            why = row.why + (" It may be meant for another condition of the patient." if elsewhere else "")
            yield self._finding(f"abx.never.{row.syndrome}", drug, why, *action, "; ".join(row.sources))
        elif row.tier == "sometimes" and not reader.true(row.criteria):
            yield from self._without_criterion(row, reader, drug, questions)

    def _without_criterion(
        self, row: Indication, reader: FactReader, drug: Drug, questions: list[Question]
    ) -> Iterator[Finding]:
        unknown = reader.unknown(row.criteria)
        questions += [Question(ask=reader.ask(name), because=row.why, kind="missing_fact") for name in unknown]
        wanted = " or ".join(name.replace("_", " ") for name in row.criteria) or "a reason for it is given"
        severity: tuple[Severity, Action] = ("major", "interrupt") if unknown else ("contraindicated", "block")
        yield self._finding(
            f"abx.criterion.{row.syndrome}", drug, row.why, *severity, "; ".join(row.sources), f"this holds: {wanted}"
        )

    def _suitable(self, case: Case, drug: Drug, syndrome: str | None) -> Iterator[Finding]:
        rows = regimens_of(syndrome, self._vocabulary) if syndrome else ()
        own = {name for row in rows for name in row.ingredients}
        if drug.name in own:
            return
        aware = self._aware[drug.name]
        if aware == "Reserve" and (case.setting or "outpatient") == "outpatient":
            why = "a Reserve antibiotic, not for an outpatient."
            yield self._finding("abx.reserve", drug, why, "contraindicated", "block", AWARE_SOURCE)
        elif rows:
            better = aware == "Watch" and any(self._aware.get(name) == "Access" for name in own)
            why = "not one of the syndrome's own regimens" + (", and an Access antibiotic is." if better else ".")
            yield self._finding("abx.not_first_line", drug, why, "major", "interrupt", AWARE_SOURCE)

    def _other_indication(self, case: Case, syndrome: str | None) -> bool:
        """Whether another listed condition of the patient is one in which an antibiotic can be indicated."""
        codes = [item.code or "" for item in case.conditions or () if item.system == "icd10"]
        return any(
            self._may_be_indicated(other.id) and any(code.startswith(other.icd10) for code in codes)
            for other in syndromes(self._vocabulary).values()
            if other.id != syndrome
        )

    def _may_be_indicated(self, syndrome: str) -> bool:
        row = self._indications.get(syndrome)
        return row is not None and row.tier != "never"

    def _finding(
        self,
        rule: str,
        drug: Drug,
        why: str,
        severity: Severity,
        action: Action,
        source: str,
        change: str = "an indication for it is documented",
    ) -> Finding:
        return finding(
            rule=rule,
            kind="stewardship",
            severity=severity,
            action=action,
            drugs=labels((drug.name,), self._resolver),
            message=f"{drug.name.capitalize()}: {why}",
            management="Leave the antibiotic out, or state the indication.",
            would_change_if=change,
            source=source,
        )
