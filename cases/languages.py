"""Notice a text that is not in the language its case claims, by the function words it uses.

It is a doubt, not an identification: three different function words of another language, and more of them than of
English, are enough. Shorthand without any function word raises nothing.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

from cases.vocabulary.tables import VOCABULARY

ENOUGH = 3  # different function words
_WORD = re.compile(r"[^\W\d_]+")


@cache
def function_words(folder: Path = VOCABULARY) -> dict[str, frozenset[str]]:
    """The function words of each language, by its code."""
    table = yaml.safe_load((folder / "function_words.yaml").read_text(encoding="utf-8"))
    return {str(code): frozenset(str(word) for word in words) for code, words in table.items()}


def likely_other_language(text: str) -> str | None:
    """Return the code of a language that the text looks more like than English; None if there is none.

    >>> likely_other_language("Ich habe seit drei Tagen starke Schmerzen und kein Fieber")
    'de'
    """
    said = {word.lower() for word in _WORD.findall(text)}
    counts = {code: len(said & words) for code, words in function_words().items()}
    code = max(sorted(counts), key=counts.__getitem__)
    return code if code != "en" and counts[code] >= ENOUGH and counts[code] > counts["en"] else None
