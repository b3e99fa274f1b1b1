"""Does a rewritten sentence still say what its citation says?

A sentence stands only if the drugs it names come with the same dose, route, frequency, duration, population and
polarity as in the cited span, if every number, negation and turn of meaning is there in the same order, and if no
content word was added and hardly any lost. Anything less and the composed sentence stands in its place: a false "no"
costs a little style, a false "yes" costs a patient.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from cases.case import Evidence, Regimen, Statement
from cases.language import canonical_frequency, find_doses
from generators.reading import CORE, Token, first_clause, read, tokens_of

ONCE = "once"
MIN_RECALL = 0.9  # of the cited line's content words; all of them for a drug and for the kinds in `WHOLE`
WHOLE = ("danger_sign", "no_drug", "safety_net")
MAX_GROWTH = 1.5  # a rewritten sentence may be this much longer
# Notations that are easily misread tenfold: "00.5", "5.0", ".5".
_MISREAD = re.compile(r"(?<![\d.,])0\d|\d\.\d*0(?!\d)|(?<!\d)\.\d")
_ABOUT_WHOM = ("negation", "group", "number", "turn")


@dataclass(frozen=True)
class DrugTuple:
    """One prescription as a sentence states it; `population` holds who it is for, in order, with the negations."""

    names: tuple[str, ...]
    doses: tuple[str, ...]
    routes: tuple[str, ...]
    frequencies: tuple[str, ...]
    durations: tuple[str, ...]
    population: tuple[str, ...]
    advised: bool


def parse_tuples(text: str) -> tuple[DrugTuple, ...]:
    """Return a tuple for every drug, or combination, that the sentence names.

    A drug owns the quantities of its clause; where a clause names several, those up to the next name.

    Example:
        >>> parse_tuples("Do not use ibuprofen 400 mg by mouth.")[0].advised
        False
    """
    tokens, _ = tokens_of(text)
    head_end = first_clause(text)
    head = [token for token in tokens if token.start < head_end]
    tail = [token for token in tokens if token.start >= head_end]
    about = tuple(f"{token.kind}:{token.value}" for token in tail if token.kind in _ABOUT_WHOM)
    parts = _by_drug(head)
    return tuple(_tuple(part, about if number == 0 else ()) for number, part in enumerate(parts + _by_drug(tail)))


def _by_drug(tokens: list[Token]) -> list[list[Token]]:
    """Split at the drugs' names; what stands before the first name belongs to it."""
    starts = [index for index, token in enumerate(tokens) if token.kind == "drug"]
    bounds = [0, *starts[1:], len(tokens)]
    return [tokens[low:high] for low, high in pairwise(bounds)] if starts else []


def _tuple(tokens: list[Token], about: tuple[str, ...]) -> DrugTuple:
    values = {kind: tuple(token.value for token in tokens if token.kind == kind) for kind in CORE}
    return DrugTuple(
        names=values["drug"],
        doses=values["dose"],
        routes=values["route"],
        frequencies=values["frequency"],
        durations=values["duration"],
        population=tuple(f"{t.kind}:{t.value}" for t in tokens if t.kind == "group") + about,
        advised=not any(token.kind == "negation" for token in tokens),
    )


def is_supported(sentence: str, statement: Statement, evidence: Mapping[str, Evidence]) -> bool:
    """Whether `sentence` may stand for `statement`: it says exactly what the statement's cited span says.

    Args:
        sentence: what a model wrote.
        statement: the composed statement, with its citation and span.
        evidence: passages by id.
    """
    cited = _cited(statement, evidence)
    if cited is None or not sentence.strip() or len(sentence) > MAX_GROWTH * len(cited):
        return False
    if statement.regimen is not None and not _states(cited, statement.regimen):
        return False
    return says_the_same(sentence, cited, whole=statement.regimen is not None or statement.kind in WHOLE)


def says_the_same(sentence: str, cited: str, *, whole: bool = False) -> bool:
    """Whether a sentence repeats a cited line in other words.

    Args:
        sentence: the rewritten line.
        cited: the line it rewrites.
        whole: whether every content word of the line must be kept.
    """
    written, source = read(sentence.strip()), read(cited)
    if written.sentences != source.sentences or written.skeleton != source.skeleton:
        return False
    if _MISREAD.search(sentence) and not _MISREAD.search(cited):
        return False
    if parse_tuples(sentence) != parse_tuples(cited):
        return False
    if not set(written.words) <= set(source.words) or len(written.words) > len(source.words):
        return False
    wanted = set(source.words)
    if len(wanted & set(written.words)) < (1.0 if whole else MIN_RECALL) * len(wanted):
        return False
    return not source.skeleton or _in_order(written.words, source.words)


def _cited(statement: Statement, evidence: Mapping[str, Evidence]) -> str | None:
    source = evidence.get(statement.citations[0])
    if source is None:
        return None
    start, end = statement.span
    cited = source.text[start:end] if 0 <= start < end <= len(source.text) else ""
    return cited if cited and statement.text in cited else None


def _states(text: str, regimen: Regimen) -> bool:
    """Whether `text` gives the regimen: its drug, dose, route, frequency and duration, un-negated."""
    given = parse_tuples(text)
    if not given or not given[0].advised:
        return False
    first = given[0]
    return (
        first.names == tuple(token.value for token in tokens_of(regimen.name)[0] if token.kind == "drug")
        and first.doses == tuple(dose.value for dose in find_doses(regimen.dose or ""))
        and first.routes[:1] == (regimen.route,)
        and first.frequencies[:1] == (canonical_frequency(regimen.frequency),)
        and first.durations == _duration(regimen)
    )


def _duration(regimen: Regimen) -> tuple[str, ...]:
    if regimen.duration_days is None or regimen.frequency == ONCE:
        return ()
    return (str(regimen.duration_days),)


def _in_order(words: tuple[str, ...], source: tuple[str, ...]) -> bool:
    """Whether `words` stand in `source` in this order, so that nothing changed its place around a number or a "not"."""
    remaining = iter(source)
    return all(word in remaining for word in words)
