"""Three-valued facts about a case: true, false or unknown, read from its fields, its codes and its text.

Either witness of presence, field or text, is enough; a field outweighs a denial in the text; a fact that neither
mentions is unknown, which is never "no". The table is `cases/vocabulary/facts.yaml`; syndromes, red flags and
contraindications all ask here, so a fact means one thing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from cases.case import Case
from cases.language import Assertion, find_phrases, find_terms, openings_of, words_in
from cases.phrases import Openings, PhraseError, phrase
from cases.teller import told_by_relative
from cases.vocabulary.tables import VOCABULARY, VocabularyError, reading
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
    with reading(path):
        table = {name: Fact.model_validate({"name": name, **entry}) for name, entry in read_yaml(path).items()}
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


_TERMS = ""  # stands for all terms of a fact beside the sources of its phrases
Signs = Mapping[str, Collection[str]]


class _Index:
    """Which facts a text or a code can speak of, so that only those are looked for closely.

    `quiet` are the facts of which nothing else speaks: without a text or code they are unknown.
    """

    def __init__(self, table: dict[str, Fact]) -> None:
        self._words: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._beginnings: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._codes: dict[str, list[str]] = defaultdict(list)
        self._anywhere: list[tuple[str, str]] = []
        for name, fact in table.items():
            self._add(name, _TERMS, openings_of(fact.terms))
            for source in fact.phrases:
                self._add(name, source, phrase(source).openings)
            for prefix in fact.icd10:
                self._codes[_plain_code(prefix)].append(name)
        self.quiet = {
            name: Known(None)
            for name, fact in table.items()
            if not (fact.fields or fact.implied_true_by or fact.implied_false_by)
        }

    def _add(self, name: str, source: str, openings: Openings) -> None:
        self._anywhere += [(name, source)] if openings.anywhere else []
        for keys, found in ((openings.words, self._words), (openings.beginnings, self._beginnings)):
            for key in keys:
                found[key].append((name, source))

    def in_text(self, text: str) -> Signs:
        """Facts of which a text holds the first word of a phrase or term, with the sources of those."""
        if not text:
            return {}
        words = words_in(text)
        hits = [self._words[word] for word in words.words & self._words.keys()]
        hits += [self._beginnings[start] for start in words.prefixes & self._beginnings.keys()]
        found: dict[str, set[str]] = defaultdict(set)
        for name, source in chain(self._anywhere, *hits):
            found[name].add(source)
        return found

    def of_codes(self, codes: Iterable[str]) -> frozenset[str]:
        """Facts that a plain ICD-10 code, or what it begins with, stands for."""
        starts = {code[:end] for code in codes for end in range(len(code) + 1)}
        return frozenset(chain.from_iterable(self._codes[start] for start in starts & self._codes.keys()))


@cache
def _index(folder: Path) -> _Index:
    return _Index(facts(folder))


class FactReader:
    """Answer questions about one case; every fact is read once.

    Args:
        case: the case.
        folder: the vocabulary's folder.

    Attributes:
        silent: facts that are unknown because nothing in the case speaks of them.
    """

    def __init__(self, case: Case, *, folder: Path = VOCABULARY) -> None:
        self._case = case
        self._facts = facts(folder)
        index, conditions = _index(folder), case.conditions or ()
        self._coded = index.of_codes(_plain_code(item.code or "") for item in conditions if item.system == "icd10")
        texts = [case.question or "", case.text or "", *(item.display or "" for item in conditions)]
        self._asked, self._told, *shown = (index.in_text(text) for text in texts)
        self._shown = list(zip(texts[2:], shown, strict=True))
        spoken_of = self._coded.union(self._asked, self._told, *shown)
        self._known = {name: known for name, known in index.quiet.items() if name not in spoken_of}
        self.silent = frozenset(self._known)
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
        structured = self._from_fields(fact) if fact.fields else None
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
        asked = self._from_words(self._case.question or "", fact, self._asked.get(fact.name, ()))
        return True if asked else self._from_words(self._case.text or "", fact, self._told.get(fact.name, ()))

    def _from_words(self, text: str, fact: Fact, sources: Collection[str]) -> bool | None:
        if not sources:
            return None
        mentions = find_phrases(text, [source for source in sources if source != _TERMS], ignore=self._ignore)
        if _TERMS in sources:
            mentions += find_terms(text, fact.terms, ignore=self._ignore)
        affirmed = ["present"] + ["historical"] * fact.lasting + ["possible"] * fact.suspected
        if any(mention.assertion in affirmed for mention in mentions):
            return True
        return False if any(mention.assertion == "negated" for mention in mentions) else None

    def _listed(self, fact: Fact) -> bool:
        """Whether a listed condition says so, by its code or, whatever its code system, by its words."""
        if fact.name in self._coded:
            return True
        affirmed = ("present", "historical") if fact.lasting else ("present",)
        displays = [display for display, signs in self._shown if fact.name in signs]
        words = [mention for display in displays for mention in find_terms(display, fact.terms)]
        return any(mention.assertion in affirmed for mention in words)

    def _implied(self, fact: Fact) -> Known:
        """A bound outweighs a hint: at 78 a woman is not of childbearing age."""
        if fact.implied_false_by and self.true(fact.implied_false_by):
            return Known(False, "implied")
        if fact.implied_true_by and self.true(fact.implied_true_by):
            return Known(True, "implied")
        return Known(None)


def _plain_code(code: str) -> str:
    """Write an ICD-10 code as its table does, however it was sent: `n184`, `N18.4`."""
    return code.strip().upper().replace(".", "")
