"""Drug names in text, for every room: the longest match over the vocabulary, no model.

Three tables, the earlier one outweighing the later: `drugs.csv` (ingredients that rules know), `synonyms.csv` (brands,
international names, abbreviations, classes) and `names.csv.gz` (every other name that RxNorm had in 2015). Words that
are also plain English (`not_in_text.txt`) count only with an amount behind them; minerals, hormones and foods where
the text gives them (`name_contexts.yaml`). Texts are folded first, so that no odd letter hides a name.

    >>> [(m.surface, m.names) for m in find_names("Start co-amoxiclav; his iron is low.")]
    [('co-amoxiclav', ('amoxicillin', 'clavulanate'))]
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cases.folding import Folded, fold, has_look_alikes, readings
from cases.vocabulary.hits import Hit, counting, is_doubtful
from cases.vocabulary.name_contexts import Policy, contexts
from cases.vocabulary.tables import TABLE_FAULTS, VOCABULARY, VocabularyError, drugs, synonyms

MIN_LENGTH = 3
SUBSTANCE = "substance"
BLOCK = 50_000  # characters of a long text that are read at a time
MIN_STEM = 5  # letters of a name that is also read with a plural s or with a number stuck to it
_TOKEN = re.compile(r"[a-z0-9]+")
# What may stand between two words of one name; a full stop before a space only behind a title, "St. John's wort".
_NEXT = re.compile(
    r"(?:[ \t]{0,4}\n?[ \t]{1,4}|[ \t]{0,4}\n|[ \t]?[-/'+&][ \t]?|(?<=\b[a-z]{2})\.[ \t]?|\.(?=[a-z0-9]))([a-z0-9]+)"
)
_GLUED = re.compile(r"([a-z]{5,})\d+[a-z]*")
# Salts that follow an ingredient and belong to its name.
_SALT = re.compile(
    r"(?: (?:acetate|axetil|besylate|besilate|bisulfate|bitartrate|bromide|butyrate|calcium|carbonate|chloride|"
    r"cilexetil|citrate|cypionate|decanoate|dihydrate|dihydrochloride|dipropionate|disodium|enanthate|ethylsuccinate|fumarate|"
    r"furoate|gluconate|hcl|hydrobromide|hydrochloride|hydroxide|hyclate|lactate|magnesium|maleate|malate|medoxomil|"
    r"mesylate|mesilate|mofetil|mononitrate|dinitrate|monohydrate|nitrate|oxalate|palmitate|pamoate|phosphate|potassium|"
    r"proxetil|propionate|sodium|stearate|succinate|sulfate|sulphate|tartrate|tosylate|trihydrate|tromethamine|"
    r"trometamol|valerate|xinafoate|erbumine|meglumine|etexilate|lysine|zinc)(?![\w-])){1,2}"
)
_SALTED = frozenset({"ingredient", "inn", "salt", "name"})


@dataclass(frozen=True)
class Term:
    """A surface form; `names` are its ingredients, none if the form stands for more than one product.

    `in_text` says that it is no common word; `policy` when it counts in a text.
    """

    surface: str
    names: tuple[str, ...]
    kind: str
    in_text: bool = True
    policy: Policy = "always"


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
    """Every surface form, by its normalised key, and how the longer keys begin: "insulin", "insulin aspart", ..."""

    terms: dict[str, Term]
    beginnings: frozenset[str]


def normalise(term: str) -> str:
    """Return the key of a surface form: its words and numbers in plain lower-case letters.

    Letters of another script stay what they are: a name typed with them is not read as the one that it looks like.

    Example:
        >>> normalise("Co-Amoxiclav"), normalise("parac\u00e9tamol")
        ('co amoxiclav', 'paracetamol')
    """
    plain = term.lower() if has_look_alikes(term) else fold(term).text
    return " ".join(_TOKEN.findall(plain))


@cache
def lexicon(folder: Path = VOCABULARY) -> Lexicon:
    """Read the three tables.

    Raises:
        VocabularyError: if a table is missing or unreadable.
    """
    rules = contexts(folder)
    try:
        ordinary = {normalise(line) for line in _lines(folder / "not_in_text.txt")}
        terms: dict[str, Term] = {}
        for surface, names, kind in (*_curated(folder), *_derived(folder)):
            key = normalise(surface)
            if len(key) >= MIN_LENGTH and not key.isdigit():
                terms.setdefault(
                    key, Term(surface, names, kind, key not in ordinary, rules.policy(key, key in ordinary))
                )
    except VocabularyError:
        raise
    except TABLE_FAULTS as error:
        raise VocabularyError(f"the drug names in {folder.name} cannot be read: {error}") from error
    return Lexicon(terms, frozenset(_beginnings(terms)))


def _beginnings(keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        words = key.split(" ")
        yield from (" ".join(words[:count]) for count in range(1, len(words)))


def _lines(path: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _curated(folder: Path) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for name in drugs(folder):
        yield name, (name,), "ingredient"
    for row in synonyms(folder):
        yield row.term, row.names, row.kind


def _derived(folder: Path) -> Iterator[tuple[str, tuple[str, ...], str]]:
    with gzip.open(folder / "names.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["term"], tuple(name for name in row["names"].split(";") if name), row["kind"]


@cache
def _with_substances(folder: Path) -> Lexicon:
    """The forms, and those that no table has an ingredient for."""
    known, rules = lexicon(folder), contexts(folder)
    words = {normalise(word): word for word in rules.substances | rules.others | rules.measured_or_given}
    uncoded = {key: Term(word, (), SUBSTANCE, True, rules.policy(key, False)) for key, word in words.items()}
    terms = uncoded | known.terms
    return Lexicon(terms, frozenset(_beginnings(terms)))


def find_names(text: str, *, folder: Path = VOCABULARY, substances: bool = False) -> tuple[NameMention, ...]:
    """Find drug names: whole words, in any case, the longest first, without overlaps, in order of place.

    A plural, a number stuck to a name ("aspirin81") and a salt behind it belong to the name.

    Args:
        text: what was written.
        folder: the vocabulary.
        substances: whether minerals, vaccines and the like that no table has an ingredient for are found too.
    """
    known = _with_substances(folder) if substances else lexicon(folder)
    return tuple(item for low, high in _blocks(text) for item in _names_in(text[low:high], low, known))


def _names_in(block: str, base: int, known: Lexicon) -> list[NameMention]:
    found: list[NameMention] = []
    for folded in readings(block):
        new = [_mention(folded, hit, base) for hit in counting(folded, list(_forms(folded, known)))]
        found = _merged(found, new) if found else new
    return found


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Cut a long text at ends of lines or sentences: an odd letter makes only its own block be read twice."""
    low = 0
    while len(text) - low > BLOCK:
        ends = (text.rfind(end, low + BLOCK // 2, low + BLOCK) + len(end) for end in ("\n\n", "\n", ". ", " "))
        high = next((end for end in ends if end > low + BLOCK // 2), low + BLOCK)
        yield low, high
        low = high
    yield low, len(text)


def _mention(folded: Folded, hit: Hit, base: int) -> NameMention:
    start, end = folded.span(hit.start, hit.end)
    return NameMention(folded.original[start:end], hit.term.names, base + start, base + end, hit.term.kind)


def _merged(first: list[NameMention], second: list[NameMention]) -> list[NameMention]:
    """Add what only the second reading finds."""
    taken: set[int] = {place for item in first for place in range(item.start, item.end)}
    new = [item for item in second if not any(place in taken for place in range(item.start, item.end))]
    return sorted([*first, *new], key=lambda item: item.start)


def _forms(folded: Folded, known: Lexicon) -> Iterator[Hit]:
    text, rules, done = folded.text, contexts(), 0
    terms, beginnings = known.terms, known.beginnings
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word not in terms and word not in beginnings:
            found = _inflected(text, match, known) if len(word) > MIN_STEM else None
        else:
            found = _longest_at(text, match, known) if match.start() >= done else None
        if found is None or match.start() < done:
            continue
        (end, term), start = found, match.start()
        if term.kind in _SALTED and (salt := _SALT.match(text, end)):
            end = salt.end()
        counts = rules.counts(term.policy, text, start, end) and not is_doubtful(folded, start, end, term)
        if counts or term.policy == "if_given":
            done = end
            yield Hit(start, end, term, counts)


def _longest_at(text: str, match: re.Match[str], known: Lexicon) -> tuple[int, Term] | None:
    """The longest form that begins with this word, and where it ends."""
    key, end = match[0], match.end()
    term = known.terms.get(key)
    best = (end, term) if term else None
    while key in known.beginnings:
        following = _NEXT.match(text, end)
        if following is None:
            break
        key, end = f"{key} {following[1]}", following.end()
        term = known.terms.get(key)
        best = (end, term) if term else best
    return best


def _inflected(text: str, match: re.Match[str], known: Lexicon) -> tuple[int, Term] | None:
    """A name in the plural, or with a number stuck to it; the number is no part of the place."""
    word = match[0]
    if len(word) > MIN_STEM and word.endswith("s"):
        term = known.terms.get(word[:-1])
        if term and term.policy == "always":
            return match.end(), term
    glued = _GLUED.fullmatch(word) if len(word) > MIN_STEM and not word.isalpha() else None
    term = known.terms.get(glued[1]) if glued else None
    return (match.start() + len(glued[1]), term) if glued and term else None
