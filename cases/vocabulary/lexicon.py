"""Drug names in text, for every room: the longest match over the vocabulary, no model.

Three tables, the earlier one outweighing the later: `drugs.csv` (ingredients that rules know), `synonyms.csv` (brands,
international names, abbreviations, classes) and `names.csv.gz` (every other name that RxNorm had in 2015). Words that
are also foods, organs, laboratory terms or plain English (`not_in_text.txt`) count only with an amount behind them.

    >>> [(m.surface, m.names) for m in find_names("Start co-amoxiclav; his iron is low.")]
    [('co-amoxiclav', ('amoxicillin', 'clavulanate'))]
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from cases.vocabulary.tables import VOCABULARY, VocabularyError, drugs, synonyms

MIN_LENGTH = 3
_TOKEN = re.compile(r"[a-z0-9]+")
_GAP = re.compile(r"[ \t]*\n?[ \t]*|[ \t]?[-/'’+&.][ \t]?")
_AMOUNT = re.compile(r"\s*\d+(?:[.,]\d+)?\s*(?:mg|mcg|micrograms?|g|iu|units?|meq|mmol)\b(?!\s*/)", re.IGNORECASE)


@dataclass(frozen=True)
class Term:
    """A surface form; `names` are its ingredients, none if the form stands for more than one product."""

    surface: str
    names: tuple[str, ...]
    kind: str
    in_text: bool


@dataclass(frozen=True)
class NameMention:
    """A drug name found in a text; `names` are its ingredients, several for a combination or a class."""

    surface: str
    names: tuple[str, ...]
    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Lexicon:
    """Every surface form, by its normalised key, and the longest key in words under each first word."""

    terms: dict[str, Term]
    longest: dict[str, int]


def normalise(term: str) -> str:
    """Return the key of a surface form: its words and numbers in lower case.

    Example:
        >>> normalise("Co-Amoxiclav")
        'co amoxiclav'
    """
    return " ".join(_TOKEN.findall(term.lower()))


@cache
def lexicon(folder: Path = VOCABULARY) -> Lexicon:
    """Read the three tables.

    Raises:
        VocabularyError: if a table is missing or unreadable.
    """
    try:
        ordinary = {normalise(line) for line in _lines(folder / "not_in_text.txt")}
        terms: dict[str, Term] = {}
        for term in (*_curated(folder), *_derived(folder)):
            key = normalise(term.surface)
            if len(key) >= MIN_LENGTH and not key.isdigit():
                in_text = term.in_text and key not in ordinary
                terms.setdefault(key, Term(term.surface, term.names, term.kind, in_text))
    except (OSError, KeyError, csv.Error, EOFError) as error:
        raise VocabularyError(f"the drug names in {folder.name} cannot be read: {error}") from error
    return Lexicon(terms, _longest(terms))


def _longest(terms: dict[str, Term]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for key in terms:
        first, words = key.split(" ", 1)[0], key.count(" ") + 1
        longest[first] = max(longest.get(first, 0), words)
    return longest


def _lines(path: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _curated(folder: Path) -> Iterator[Term]:
    for name in drugs(folder):
        yield Term(name, (name,), "ingredient", True)
    for row in synonyms(folder):
        yield Term(row.term, row.names, row.kind, True)


def _derived(folder: Path) -> Iterator[Term]:
    with gzip.open(folder / "names.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            names = tuple(name for name in row["names"].split(";") if name)
            yield Term(row["term"], names, row["kind"], row["in_text"] == "1")


def find_names(text: str, *, folder: Path = VOCABULARY) -> tuple[NameMention, ...]:
    """Find drug names: whole words, in any case, the longest first, without overlaps, in order of place."""
    known = lexicon(folder)
    tokens = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text.lower())]
    found, index = [], 0
    while index < len(tokens):
        words, term = _longest_at(text, tokens, index, known)
        if term is None:
            index += 1
            continue
        start, end = tokens[index][1], tokens[index + words - 1][2]
        found.append(NameMention(text[start:end], term.names, start, end, term.kind))
        index += words
    return tuple(found)


def _longest_at(text: str, tokens: list[tuple[str, int, int]], index: int, known: Lexicon) -> tuple[int, Term | None]:
    room = min(known.longest.get(tokens[index][0], 0), len(tokens) - index)
    for words in range(room, 0, -1):
        run = tokens[index : index + words]
        term = known.terms.get(" ".join(token[0] for token in run))
        if term and _joined(text, run) and (term.in_text or _AMOUNT.match(text, run[-1][2])):
            return words, term
    return 0, None


def _joined(text: str, run: list[tuple[str, int, int]]) -> bool:
    return all(_GAP.fullmatch(text[before[2] : after[1]]) for before, after in pairwise(run))
