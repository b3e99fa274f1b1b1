"""Phrases with holes: one line of data for the many ways in which people say the same thing.

    (chest|breastbone) .. (pain|tight*|crush*)     "my chest has gone very tight", "chest: crushing pain"
    glasgow (coma)? score (of)? {3-14}             "Glasgow score of 9"

`(a|b c)` is one of several and may hold others, `(x)?` may be missing, `word*` has any ending, `{3-14}` is a number in
that range with or without decimals, and `..` stands for up to five words, none of which denies anything; before a
number none of them names another reading either, so that "HR 98 RR 20" holds no heart rate of 20. A phrase begins with
a word and lies in one sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, cached_property

_WORDS_BETWEEN = 5
ALIKE = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"})  # as re.IGNORECASE takes them
_TOKEN = re.compile(r"\s*(?:(\.\.)|\{(\d+)-(\d+)\}|([()|])|(\?)(?=[\s()|]|$)|([^\s(){}|]+))")
_NEXT = r"(?:,?\s+|[-/])"
_SPACE = r"(?:[ \t\n()\"/:=-]|\*(?!\w))+"
_DENIES = (
    r"(?:no|not|nor|nil|without|never|cannot|den(?:y|ies|ied|ying)|negative|but|if|unless|until|clear|normal\w*|fine"
    r"|free|settled?|resolved|intact|better|than)(?!\w)|\w+n't(?!\w)"
)
_READING = (
    r"(?:hr|rr|bp|pulse|p|resps?|sats?|spo2|sao2|o2|t|temps?|temperature|gcs|avpu|bm|cbg|crt|news2?|lactate|k|na|hb|wcc"
    r"|wbc|crp|plt|ecg|pain|age|aged)(?!\w)"
)


def _between(denied: str) -> str:
    return rf"{_SPACE}(?:(?!{denied})[\w']+(?:\.\d+)?{_SPACE}){{0,{_WORDS_BETWEEN}}}?"


_BETWEEN = _between(_DENIES)
_BEFORE_NUMBER = rf"{_between(f'(?:{_DENIES}|{_READING})')}(?<!\d/)"  # what follows a stroke is the lower pressure


class PhraseError(ValueError):
    """A phrase is not well formed."""


@dataclass(frozen=True)
class Words:
    """The lower-case words of a text."""

    words: frozenset[str]

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """Everything that a word of the text begins with."""
        return frozenset(word[:end] for word in self.words for end in range(1, len(word) + 1))


@dataclass(frozen=True)
class Openings:
    """The words, and beginnings of words, that phrases begin with: a text without any of them holds no phrase.

    `anywhere` says that one of the phrases begins with something that is not looked up this way.
    """

    words: frozenset[str] = frozenset()
    beginnings: frozenset[str] = frozenset()
    anywhere: bool = False

    def may_be_in(self, text: Words) -> bool:
        """Whether a text of these words can hold one of the phrases."""
        if self.anywhere or not self.words.isdisjoint(text.words):
            return True
        return bool(self.beginnings) and not self.beginnings.isdisjoint(text.prefixes)


@dataclass(frozen=True)
class Phrase:
    """A phrase that was read, its regular expression, and what it begins with."""

    body: str
    openings: Openings

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled phrase, made for the first text that may hold it."""
        return re.compile(rf"(?<!\w){self.body}(?!\w)", re.IGNORECASE)

    def may_be_in(self, text: Words) -> bool:
        """Whether a text of these words can hold the phrase."""
        return self.openings.may_be_in(text)


@cache
def phrase(source: str) -> Phrase:
    """Read a phrase.

    Raises:
        PhraseError: if it does not begin with a word, or brackets or anything else in it cannot be read.
    """
    parser = _Parser(source, _tokens(source))
    body, firsts = parser.sequence()
    if parser.place != len(parser.tokens):
        raise PhraseError(f"a bracket too many: {source}")
    words = frozenset(_leading(word, source) for word in firsts if not word.endswith("*"))
    beginnings = frozenset(_leading(word, source) for word in firsts if word.endswith("*"))
    return Phrase(body, Openings(words, beginnings, anywhere=not all(word.isascii() for word in words | beginnings)))


def words_of(text: str) -> Words:
    """Return the words of a text, its letters those that they equal where case is ignored."""
    return Words(frozenset(re.findall(r"\w+", text.translate(ALIKE).lower())))


def _tokens(source: str) -> list[re.Match[str]]:
    found, at = [], 0
    while source[at:].strip():
        token = _TOKEN.match(source, at)
        if token is None:
            raise PhraseError(f"cannot be read: {source}")
        found.append(token)
        at = token.end()
    return found


def _leading(word: str, source: str) -> str:
    found = re.match(r"\w+", word)
    if found is None:
        raise PhraseError(f"does not begin with a word: {source}")
    return found[0].lower()


@dataclass
class _Parser:
    """Reads a sequence of items; each gives a regular expression and the words it may begin with."""

    source: str
    tokens: list[re.Match[str]]
    place: int = field(default=0)

    def sequence(self) -> tuple[str, tuple[str, ...]]:
        """Read up to the end, `|` or `)`."""
        body, hole = "", False
        firsts: tuple[str, ...] = ()
        while self.place < len(self.tokens) and self.tokens[self.place][4] not in ("|", ")"):
            if self.tokens[self.place][1]:
                self.place, hole = self.place + 1, True
                continue
            between = _BEFORE_NUMBER if self.tokens[self.place][2] else _BETWEEN
            item, begins, optional = self._item()
            if not body and (optional or hole):
                raise PhraseError(f"begins with what may be missing: {self.source}")
            joined = (between if hole else _NEXT) + item if body else item
            body, firsts = body + (f"(?:{joined})?" if optional else joined), firsts or begins
            hole = hole and optional
        if not body or hole:
            raise PhraseError(f"nothing between brackets, or a hole at the end: {self.source}")
        return body, firsts

    def _item(self) -> tuple[str, tuple[str, ...], bool]:
        token = self.tokens[self.place]
        self.place += 1
        if token[2]:
            numbers = [str(number) for number in range(int(token[3]), int(token[2]) - 1, -1)]
            return rf"(?:{'|'.join(numbers)})(?:[.,]\d+)?", tuple(numbers), False
        if token[6]:
            return re.escape(token[6]).replace(r"\*", r"\w*"), (token[6],), False
        if token[4] != "(":
            raise PhraseError(f"a bracket or sign out of place: {self.source}")
        options = [self.sequence()]
        while self._takes("|"):
            options.append(self.sequence())
        if not self._takes(")"):
            raise PhraseError(f"a bracket is not closed: {self.source}")
        body = "|".join(option for option, _ in sorted(options, key=lambda option: len(option[0]), reverse=True))
        return f"(?:{body})", tuple(word for _, begins in options for word in begins), self._takes("?")

    def _takes(self, sign: str) -> bool:
        here = self.place < len(self.tokens) and sign in (self.tokens[self.place][4], self.tokens[self.place][5])
        self.place += here
        return here
