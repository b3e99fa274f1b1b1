"""Three-valued facts about a case: true, false or unknown, read from its fields, its codes and its text.

Either witness of presence, field or text, is enough; a field outweighs a denial in the text; a fact that neither
mentions is unknown, which is never "no". The table is `cases/vocabulary/facts.yaml`; syndromes, red flags and
contraindications all ask here, so a fact means one thing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cases.case import Case
from cases.language import Assertion, find_phrases, find_terms
from cases.phrases import PhraseError, phrase
from cases.teller import told_by_relative
from cases.vocabulary.tables import VOCABULARY, VocabularyError
from cases.yaml_file import read_yaml


class FieldTest(BaseModel):
    """A comparison on one field of the case, e.g. `vitals.temperature_c at_least 38`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    path: str
    at_least: float | None = None
    at_most: float | None = None
    below: float | None = None
    equals: str | bool | None = None

    def evaluate(self, case: Case) -> bool | None:
        """Return None where the field is unknown."""
        value: Any = case
        for part in self.path.split("."):
            value = getattr(value, part)
        if value is None or value == "unknown":
            return None
        if self.equals is not None:
            return bool(value == self.equals)
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most) and (self.below is None or value < self.below)


class Fact(BaseModel):
    """How one fact is recognised, and the question to ask while it is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    ask: str
    terms: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()  # terms with holes, see cases/phrases.py
    fields: tuple[FieldTest, ...] = ()
    icd10: tuple[str, ...] = ()
    lasting: bool = False  # once true it stays so: "past medical history of heart failure" counts
    suspected: bool = False  # a suspicion counts: "?meningitis"
    implied_true_by: tuple[str, ...] = ()
    implied_false_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What is known of a fact: `value` None means unknown; `source` is `field`, `code`, `text` or `implied`."""

    value: bool | None
    source: str = ""


@cache
def facts(folder: Path = VOCABULARY) -> dict[str, Fact]:
    """Every fact, by name.

    Raises:
        VocabularyError: if an entry has an unknown key or refers to a fact that does not exist.
    """
    path = folder / "facts.yaml"
    try:
        table = {name: Fact.model_validate({"name": name, **entry}) for name, entry in read_yaml(path).items()}
    except ValidationError as error:
        raise VocabularyError(f"{path.name}: {error}") from error
    for fact in table.values():
        _check(fact, table, path)
    return table


def _check(fact: Fact, table: dict[str, Fact], path: Path) -> None:
    for other in fact.implied_true_by + fact.implied_false_by:
        if other not in table:
            raise VocabularyError(f"{path.name}: {fact.name} refers to {other}, which is no fact")
    try:
        for source in fact.phrases:
            phrase(source)
    except PhraseError as error:
        raise VocabularyError(f"{path.name}: {fact.name}: {error}") from error


class FactReader:
    """Answer questions about one case; every fact is read once.

    Args:
        case: the case.
        folder: the vocabulary's folder.
    """

    def __init__(self, case: Case, *, folder: Path = VOCABULARY) -> None:
        self._case = case
        self._facts = facts(folder)
        self._known: dict[str, Known] = {}
        relative = told_by_relative(case.text or "")
        self._ignore: frozenset[Assertion] = frozenset({"family"}) if relative else frozenset()

    def __getitem__(self, name: str) -> Known:
        """Return what is known.

        Raises:
            KeyError: if no such fact exists.
        """
        if name not in self._known:
            self._known[name] = Known(None)  # a cycle of implications ends as unknown
            self._known[name] = self._read(self._facts[name])
        return self._known[name]

    def true(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` that are known true."""
        return tuple(name for name in names if self[name].value is True)

    def false(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` that are known false."""
        return tuple(name for name in names if self[name].value is False)

    def unknown(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` that nothing tells about."""
        return tuple(name for name in names if self[name].value is None)

    def ask(self, name: str) -> str:
        """The question to put while the fact is unknown."""
        return self._facts[name].ask

    def _read(self, fact: Fact) -> Known:
        structured = self._from_fields(fact)
        text = self._from_text(fact)
        if text is True or structured is True:  # either witness of a danger is enough
            return Known(True, "field" if structured else "text")
        if self._listed(fact):
            return Known(True, "code")
        if structured is False:
            return Known(False, "field")
        if text is False:
            return Known(False, "text")
        return self._implied(fact)

    def _from_fields(self, fact: Fact) -> bool | None:
        values = [test.evaluate(self._case) for test in fact.fields]
        if True in values:
            return True
        return False if values and None not in values else None

    def _from_text(self, fact: Fact) -> bool | None:
        """Read the text, and the question beside it: what is asked may affirm a fact, never deny one."""
        asked = self._from_words(self._case.question or "", fact)
        return True if asked else self._from_words(self._case.text or "", fact)

    def _from_words(self, text: str, fact: Fact) -> bool | None:
        ignore = self._ignore
        mentions = find_terms(text, fact.terms, ignore=ignore) + find_phrases(text, fact.phrases, ignore=ignore)
        affirmed = ["present"] + ["historical"] * fact.lasting + ["possible"] * fact.suspected
        if any(mention.assertion in affirmed for mention in mentions):
            return True
        return False if any(mention.assertion == "negated" for mention in mentions) else None

    def _listed(self, fact: Fact) -> bool:
        """Whether a listed condition says so, by its code or, whatever its code system, by its words."""
        known = self._case.conditions or ()
        codes = [_plain_code(item.code or "") for item in known if item.system == "icd10"]
        if any(code.startswith(_plain_code(prefix)) for code in codes for prefix in fact.icd10):
            return True
        affirmed = ("present", "historical") if fact.lasting else ("present",)
        words = [mention for item in known for mention in find_terms(item.display or "", fact.terms)]
        return any(mention.assertion in affirmed for mention in words)

    def _implied(self, fact: Fact) -> Known:
        """A bound outweighs a hint: at 78 a woman is not of childbearing age."""
        if self.true(fact.implied_false_by):
            return Known(False, "implied")
        if self.true(fact.implied_true_by):
            return Known(True, "implied")
        return Known(None)


def _plain_code(code: str) -> str:
    """Write an ICD-10 code as its table does, however it was sent: `n184`, `N18.4`."""
    return code.strip().upper().replace(".", "")
