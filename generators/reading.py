"""Read a sentence into what must not change when it is rewritten: drugs and quantities, turns of meaning, content.

The skeleton holds, in order, everything that carries a clinical decision: drug names, doses, routes, frequencies,
durations, other numbers with their units, negations, words that bound or direct ("under", "before", "if", "or"), the
groups a sentence is about, and every unusual symbol. Two sentences say the same only if their skeletons are equal, and
equality is of canonical values in their places, never of a bag of words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cases.language import Quantity, find_doses, find_durations, find_frequencies, find_routes, sentences
from cases.numbers import numbers_in
from cases.vocabulary.lexicon import NameMention, find_names
from cases.vocabulary.tables import VOCABULARY
from cases.yaml_file import read_yaml

CORE = ("drug", "dose", "route", "frequency", "duration")  # a prescription, in the order it is compared in

_FINDERS: tuple[tuple[str, Callable[[str], tuple[Quantity, ...]]], ...] = (
    ("dose", find_doses),
    ("frequency", find_frequencies),
    ("duration", find_durations),
    ("route", find_routes),
)
_WORD = re.compile(r"(?:(?<=\w)n't|(?:°\s?)?[^\W\d_]+?(?=n't)|(?:°\s?)?[^\W\d_]+)")
_POSSESSIVE = re.compile(r"(?<=\w)'s(?!\w)")
_NUMBER = re.compile(r"(?:(?<![\w.])[-−])?\d+(?:[.,·]\d+)*")
_PLAIN = re.compile(r"[\s\w,.;:()'\"’“”°-]")
_HEAD_ENDS = re.compile(r"[(;]")
_SUFFIX = re.compile(r"(?:ations?|ing|ed|es|s|ly)$")
_MIN_STEM = 4


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    negations: frozenset[str]
    turns: frozenset[str]
    groups: dict[str, frozenset[str]]
    units: frozenset[str]
    number_words: dict[str, int]
    neutral: frozenset[str]


@dataclass(frozen=True)
class Token:
    """A piece of meaning at [start, end) of a sentence."""

    kind: str
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Reading:
    """A sentence as read.

    Args:
        skeleton: (kind, value) of every piece of meaning; the first prescription's parts in a fixed order.
        words: stems of the content words, in order.
        drugs: the ingredients that are named.
        sentences: how many sentences there are.
    """

    skeleton: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    drugs: frozenset[str]
    sentences: int


@cache
def _table(folder: Path = VOCABULARY) -> _Words:
    return _Words.model_validate(read_yaml(folder / "meaning_words.yaml"))


@cache
def _group_of() -> dict[str, str]:
    return {word: group for group, words in _table().groups.items() for word in words}


@lru_cache(maxsize=8192)
def read(text: str) -> Reading:
    """Read one sentence."""
    tokens, words = tokens_of(text)
    head_end = first_clause(text)
    head = [token for token in tokens if token.start < head_end and token.kind in CORE]
    if sum(token.kind == "drug" for token in head) == 1:
        in_order = [token for token in tokens if token not in head]
        in_order += sorted(head, key=lambda token: CORE.index(token.kind))
    else:
        in_order = list(tokens)
    return Reading(
        skeleton=tuple((token.kind, token.value) for token in in_order),
        words=words,
        drugs=frozenset(name for token in tokens if token.kind == "drug" for name in token.value.split(" + ")),
        sentences=len(sentences(text)),
    )


def first_clause(text: str) -> int:
    """Return where the first clause ends: at a bracket, a semicolon or the end of the first sentence."""
    end, spans = _HEAD_ENDS.search(text), sentences(text)
    return min(end.start() if end else len(text), spans[0][1] if spans else len(text))


@lru_cache(maxsize=8192)
def tokens_of(text: str) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """Return the tokens of the skeleton, in order of place, and the stems of the content words."""
    found = list(_drugs(text))
    for kind, find in _FINDERS:
        for quantity in find(text):
            if not any(token.start < quantity.end and quantity.start < token.end for token in found):
                found.append(Token(kind, quantity.value, quantity.start, quantity.end))
    rest = _blanked(text, found)
    numbers = [Token("number", *_number(rest, match)) for match in _NUMBER.finditer(rest)]
    rest = _blanked(rest, numbers)
    others, words = _words(rest)
    symbols = [Token("symbol", char, at, at + 1) for at, char in enumerate(rest) if not _PLAIN.match(char)]
    return tuple(sorted((*found, *numbers, *others, *symbols), key=lambda token: token.start)), words


def _drugs(text: str) -> Iterator[Token]:
    """Yield drug names; those joined by nothing but a plus sign, a slash or a hyphen are one combination."""
    mentions: list[NameMention] = []
    for mention in find_names(text):
        if mentions and not re.fullmatch(r"\s?[+/-]\s?", text[mentions[-1].end : mention.start]):
            yield _combined(mentions)
            mentions = []
        mentions.append(mention)
    if mentions:
        yield _combined(mentions)


def _combined(mentions: list[NameMention]) -> Token:
    names = sorted({name for mention in mentions for name in mention.names or (mention.surface.lower(),)})
    return Token("drug", " + ".join(names), mentions[0].start, mentions[-1].end)


def _number(text: str, match: re.Match[str]) -> tuple[str, int, int]:
    unit = re.compile(r"\s?(%|°\s?[cf]\b|[^\W\d_]+)", re.IGNORECASE).match(text, match.end())
    name = re.sub(r"\s", "", unit[1].lower()) if unit else ""
    value = "".join(numbers_in(match[0])) or match[0]
    sign = "-" if match[0][0] in "-−" else ""
    if unit is None or name not in _table().units:
        return f"{sign}{value}", match.start(), match.end()
    return f"{sign}{value} {name.rstrip('s')}", match.start(), unit.end()


def _words(text: str) -> tuple[list[Token], tuple[str, ...]]:
    table, tokens, content = _table(), [], []
    for match in _WORD.finditer(_POSSESSIVE.sub("  ", text.replace("’", "'"))):
        word = match[0].lower()
        kind_value = _kind_of(word)
        if kind_value:
            tokens.append(Token(*kind_value, match.start(), match.end()))
        elif word not in table.neutral:
            content.append(_stem(word))
    return tokens, tuple(content)


def _kind_of(word: str) -> tuple[str, str] | None:
    table = _table()
    if word in table.negations:
        return "negation", "not" if word == "n't" else word
    if word in table.turns:
        return "turn", word
    if word in _group_of():
        return "group", _group_of()[word]
    if word in table.number_words:
        return "number", str(table.number_words[word])
    if len(word) == 1 and word not in table.neutral:
        return "symbol", word  # the "B" of hepatitis B
    return None


def _stem(word: str) -> str:
    shorter = _SUFFIX.sub("", word)
    return shorter if len(shorter) >= _MIN_STEM else word


def _blanked(text: str, tokens: list[Token]) -> str:
    for token in tokens:
        text = text[: token.start] + " " * (token.end - token.start) + text[token.end :]
    return text
