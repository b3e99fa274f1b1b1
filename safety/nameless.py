"""Orders of a dose whose medicine cannot be read at all: "Take ?!?! 400 mg".

A sentence that tells to give an amount of a medicine and names none is such an order. Only "take 500 mg", with nothing
between, may go back to a medicine that stands earlier in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path

from cases.language import sentences
from safety.mentions import Mention
from safety.roles import cues
from safety.rules import KNOWLEDGE

AMOUNT = re.compile(r"(?<![\w.,])\d[\d.,]*\s*(?:mg|mcg|micrograms?|iu|units|meq)\b(?!\s*/)", re.IGNORECASE)
GOES_BACK = re.compile(r"[\s,:]*(?:(?:it|this|them|up to|only|a dose of|one dose of|another|about)\s*)*", re.IGNORECASE)
SHOWN = 40  # characters of the order that are quoted


def nameless_orders(text: str, mentions: Sequence[Mention], *, knowledge: Path = KNOWLEDGE) -> Iterator[str]:
    """Yield what is written between the verb and the amount of each order without a medicine, shortened.

    Args:
        text: what was written.
        mentions: its medicines, read or not.
        knowledge: folder of the cues.

    Example:
        >>> list(nameless_orders("Rest. Take ?!?! 400 mg daily.", []))
        ['?!?! 400 mg']
    """
    places = [item.start for item in mentions]
    spans = sentences(text)
    for index, (low, high) in enumerate(spans):
        amount = None if _holds(places, low, high) else AMOUNT.search(text, low, high)
        if amount is None:
            continue
        before = spans[index - 1] if index else (low, low)
        start = before[0] if not _holds(places, *before) and _breaks_off(text, *before, knowledge) else low
        begin = _verb_end(text, start, amount.start(), knowledge)
        if begin is None or (places and places[0] < low and GOES_BACK.fullmatch(text, begin, amount.start())):
            continue
        yield text[begin : amount.end()].strip()[-SHOWN:]


def _holds(places: Sequence[int], low: int, high: int) -> bool:
    """Whether a place lies in [low, high); `places` rise."""
    index = bisect_left(places, low)
    return index < len(places) and places[index] < high


def _breaks_off(text: str, low: int, high: int, knowledge: Path) -> bool:
    """Whether a sentence ends behind its verb without a word: "Take ?!?!" of "Take ?!?! 400 mg"."""
    end = _verb_end(text, low, high, knowledge)
    return end is not None and not any(letter.isalnum() for letter in text[end:high])


def _verb_end(text: str, low: int, high: int, knowledge: Path) -> int | None:
    verb = cues(knowledge).give.search(_lower(text[low:high]))
    return low + verb.end() if verb else None


def _lower(text: str) -> str:
    """Lower case, letter by letter, so that places stay; the cues are written in it."""
    return "".join(lower if len(lower := letter.lower()) == 1 else letter for letter in text)
