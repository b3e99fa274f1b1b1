"""Antibiotic stewardship: is an antibiotic indicated in this syndrome at all, and is it one of the syndrome's own?

The tier of a syndrome is data. An antibiotic where none is ever indicated is blocked; where one is sometimes
indicated, a criterion must be known true. A drug that is a regimen of the syndrome needs no other reason, whatever its
AWaRe class. Where no syndrome is known, the patient's conditions answer by the map of ICD-10 codes, and where the
syndrome says never, every other condition is asked whether the antibiotic may be meant for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cases.case import Action, Case, Finding, Question, Severity
from cases.facts import FactReader
from cases.vocabulary.conditions import syndromes
from cases.vocabulary.tables import VOCABULARY, regimens_of
from safety.antibiotics import Antibiotics, listed
from safety.icd10 import CodeRow, code_map, plain
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
        self._codes = code_map(knowledge)
        self._antibiotics = Antibiotics(vocabulary=vocabulary, knowledge=knowledge)

    def check(
        self, case: Case, reader: FactReader, drugs_: Sequence[Drug], syndrome: str | None
    ) -> tuple[list[Finding], list[Question]]:
        """Return what speaks against each proposed antibiotic in this syndrome, and what should be asked."""
        proposed = [drug for drug in drugs_ if drug.new and self._antibiotics.is_antibiotic(drug.name)]
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
            yield from self._by_code(drug, self._rows(case))
        elif row.tier == "never" and self._is_use(drug, self._own_rows(syndrome)):
            why = "no antibiotic treats this by itself; this one has its place beside the other treatment."
            yield self._finding(f"abx.use.{row.syndrome}", drug, why, "minor", "note", "; ".join(row.sources))
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

    def _by_code(self, drug: Drug, rows: Sequence[CodeRow]) -> Iterator[Finding]:
        """Judge by the best-supported condition; what is no infection at all says little of the complaint of today."""
        if not rows:
            why = "no entry says that an antibiotic is indicated here."
            yield self._finding("abx.no_entry", drug, why, "major", "interrupt", TABLE_SOURCE)
            return
        best, source = rows[0], "; ".join(rows[0].sources)
        if best.tier == "never" and not self._is_use(drug, rows):
            action: tuple[Severity, Action] = ("major", "interrupt") if best.default else ("contraindicated", "block")
            yield self._finding(f"abx.never.{best.name}", drug, best.why, *action, source)
        elif best.tier == "sometimes" and not best.stated:
            change = f"one of these holds: {'; '.join(best.criteria)}"
            yield self._finding(f"abx.criterion.{best.name}", drug, best.why, "major", "interrupt", source, change)

    def _suitable(self, case: Case, drug: Drug, syndrome: str | None) -> Iterator[Finding]:
        own = self._own(case, syndrome)
        if drug.name in own or self._is_use(drug, self._own_rows(syndrome) or self._rows(case)):
            return
        aware = self._antibiotics.aware(drug.name)
        if aware == "Reserve" and (case.setting or "outpatient") == "outpatient":
            why = "a Reserve antibiotic, not for an outpatient."
            yield self._finding("abx.reserve", drug, why, "contraindicated", "block", AWARE_SOURCE)
        elif own:
            better = aware == "Watch" and any(self._antibiotics.aware(name) == "Access" for name in own)
            why = "not one of the syndrome's own regimens" + (", and an Access antibiotic is." if better else ".")
            yield self._finding("abx.not_first_line", drug, why, "major", "interrupt", AWARE_SOURCE)

    def _own(self, case: Case, syndrome: str | None) -> frozenset[str]:
        """The ingredients of the syndrome's regimens; without an entry for it, those listed for the conditions."""
        if syndrome in self._indications:
            return frozenset(name for row in regimens_of(syndrome, self._vocabulary) for name in row.ingredients)
        rows = [row for row in self._rows(case) if row.tier != "never"]
        best = [row for row in rows if row.tier == rows[0].tier]
        return frozenset(name for row in best for name in listed(row, vocabulary=self._vocabulary).ingredients)

    def _rows(self, case: Case) -> tuple[CodeRow, ...]:
        """The rows of the patient's conditions; none where a code is not known and `never` would be the last word."""
        codes = _icd10(case)
        rows = self._codes.rows_of(codes, case.patient.age)
        unknown = any(self._codes.find(code) is None for code in codes)
        return () if unknown and rows and rows[0].tier == "never" else rows

    def _own_rows(self, syndrome: str | None) -> tuple[CodeRow, ...]:
        entry = syndromes(self._vocabulary).get(syndrome or "")
        return self._codes.rows_of(entry.icd10) if entry else ()

    def _is_use(self, drug: Drug, rows: Sequence[CodeRow]) -> bool:
        return any(drug.name in row.uses for row in rows)

    def _other_indication(self, case: Case, syndrome: str | None) -> bool:
        """Whether another condition of the patient, not one of the syndrome's own codes, may need an antibiotic."""
        entry = syndromes(self._vocabulary).get(syndrome or "")
        own = tuple(plain(code) for code in entry.icd10) if entry else ()
        others = [code for code in _icd10(case) if not plain(code).startswith(own)] if own else _icd10(case)
        return any(row.tier != "never" for row in self._codes.rows_of(others, case.patient.age))

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


def _icd10(case: Case) -> list[str]:
    return [item.code for item in case.conditions or () if item.system == "icd10" and item.code]
