"""Drug mentions as spans for other programs: place, surface, code and role.

A class ("statins", "NSAIDs") is no span. The code of a combination is the codes of its ingredients in the order of
their names, joined by ";"; an ingredient without an agreed code is left out of it, and where no code is left, or the
name could not be read, the code is null. A misspelt name has the code of the one medicine that is a letter away.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cases.vocabulary.lexicon import normalise
from cases.vocabulary.name_contexts import contexts
from cases.vocabulary.tables import VOCABULARY, reading
from safety.mentions import Mention, find_mentions
from safety.roles import Role

CLASS = "class"
Code = Callable[[str], str | None]


@dataclass(frozen=True)
class Span:
    """A drug at [start, end) of a text; `rxcui` is None where no code is agreed or the name could not be read."""

    start: int
    end: int
    text: str
    rxcui: str | None
    role: Role


def find_spans(text: str, *, default: Role, code: Code) -> tuple[Span, ...]:
    """Find the drugs of a text, in order of place.

    Args:
        text: what was written.
        default: the role of a drug without any cue or heading.
        code: gives the code of an ingredient, None if there is none.
    """
    return tuple(_spans(find_mentions(text, default=default, substances=True), code))


def _spans(mentions: tuple[Mention, ...], code: Code) -> Iterator[Span]:
    named = contexts().class_names
    for item in mentions:
        is_class = item.kind == CLASS
        if is_class and normalise(item.surface) not in named:
            continue
        names = () if is_class else item.names or item.near
        yield Span(item.start, item.end, item.surface, joined_code(names, code), item.role)


def joined_code(names: tuple[str, ...], code: Code) -> str | None:
    """Return the codes of ingredients, joined; None if none of them has one."""
    known = [found for name in names if (found := code(name) or table_codes().get(name))]
    return ";".join(dict.fromkeys(known)) or None


@cache
def table_codes(folder: Path = VOCABULARY) -> dict[str, str]:
    """Codes of the ingredients that no rule knows, by name: those that the export and the UNII map agree on.

    Raises:
        VocabularyError: if the table is missing or wrong.
    """
    path = folder / "names.csv.gz"
    with reading(path), gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return {row["names"]: row["rxcui"] for row in csv.DictReader(file) if row["rxcui"]}
