"""Notice a text that is not in the language its case claims: by its script, its letter patterns and function words.

It is a doubt, not an identification. Three looks, the surest first:

- the script: a text mostly in letters that are not Latin is another language, however short;
- py3langid, which knows 140 languages, counts for enough words of which few languages take nearly all the share.
  Shorthand, drug names and places fool it too, but then it spreads the probability over a dozen languages;
- the function words: three different ones of another language, and more of them than of English. They also know what
  py3langid has not seen, such as Hindi in Latin letters or Vietnamese without accents.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cases.vocabulary.tables import VOCABULARY, reading
from cases.yaml_file import read_yaml

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

ENOUGH = 3  # different function words
ENOUGH_WORDS = 6  # fewer tell py3langid too little
# Croatian, Serbian and Bosnian, or Indonesian and Malay, share what one language would get.
KIN = 3
# Of 7,750 English texts the surest shorthand reaches 0.59; texts in another language's usual spelling exceed 0.83.
SURE = 0.8
# English, Nigerian Pidgin, the Latin of anatomy and prescriptions, and what py3langid calls no language.
NOT_ANOTHER = frozenset({"en", "pcm", "la", "zxx"})
UNKNOWN = "und"  # BCP 47: undetermined

_WORD = re.compile(r"[^\W\d_]+")


@cache
def function_words(folder: Path = VOCABULARY) -> dict[str, frozenset[str]]:
    """The function words of each language, by its code."""
    path = folder / "function_words.yaml"
    with reading(path):
        return {str(code): frozenset(str(word) for word in words) for code, words in read_yaml(path).items()}


def likely_other_language(text: str) -> str | None:
    """Return the code of a language that the text looks more like than English; None if there is none.

    The code is a guess, `und` where the script is foreign and no language likely; that it is not English is the point.

    >>> likely_other_language("Ich habe seit drei Tagen starke Schmerzen und kein Fieber")
    'de'
    """
    if _mostly_not_latin(text):
        return _by_letters(text) or UNKNOWN
    enough = len(_WORD.findall(text)) >= ENOUGH_WORDS
    return (_by_letters(text) if enough else None) or _by_function_words(text)


def _mostly_not_latin(text: str) -> bool:
    """Whether more than half of the letters are of another script; 'ª', 'µ' and mathematical letters are folded."""
    letters = [letter for letter in unicodedata.normalize("NFKC", text) if letter.isalpha()]
    latin = sum(letter.isascii() or "LATIN" in unicodedata.name(letter, "") for letter in letters)
    return 2 * latin < len(letters)


def _by_letters(text: str) -> str | None:
    """Return the likeliest other language if it and its kin take nearly all the probability."""
    others = [(code, share) for code, share in _identifier().rank(text) if code not in NOT_ANOTHER]
    return others[0][0] if sum(share for _, share in others[:KIN]) >= SURE else None


def _by_function_words(text: str) -> str | None:
    said = {word.lower() for word in _WORD.findall(text)}
    counts = {code: len(said & words) for code, words in function_words().items()}
    code = max(sorted(counts), key=counts.__getitem__)
    return code if code != "en" and counts[code] >= ENOUGH and counts[code] > counts["en"] else None


@cache
def _identifier() -> LanguageIdentifier:
    """Load py3langid's model; it takes two seconds."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
