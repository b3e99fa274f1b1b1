"""Who tells the story: a relative who describes the patient must not be read as a family history.

"My mother has chest pain and has gone grey" is about the patient; "my mother died of a heart attack, I feel well" is
not. A text counts as told by a relative where it opens with a relative in the present and its teller reports no
complaint of their own. Where that is doubtful, the common reading (a family history) stands.
"""

from __future__ import annotations

import re
from functools import lru_cache

_KIN = (
    r"(?:mother|father|mum|mom|mam|dad|daddy|parent|sister|brother|sibling|grandmother|grandfather|grandma|grandpa"
    r"|granny|gran|grandad|granddad|nan|nana|nanny|aunt|auntie|uncle|cousin|niece|nephew|friend|flatmate|room-?mate"
    r"|colleague|co-?worker|neighbou?r|mother-in-law|father-in-law|wife|husband|partner|son|daughter|baby|toddler"
    r"|child)"
)
_NOW = (
    r"(?:is|are|'s|looks?|seems?|feels?|says|keeps|cannot|can't|won't|isn't|went|woke|collapsed|started|suddenly"
    r"|became|just|had a (?:fit|fall|seizure)|(?:was|were) (?:found|fine|ok|okay|well|talking|eating|sitting|walking)"
    r"|has (?:just|been|become|gone|got|had|this|suddenly|started|stopped|severe|sudden|bad|terrible|crushing|very"
    r"|chest|pain|a (?:severe|sudden|terrible|bad|high)))"
)
_OPENS = re.compile(
    r"\s*(?:(?:hello|hi|please help|help|doctor)[,.!]?\s+)?"
    rf"(?:(?:my|our)\s+(?:\d+\S*\s+|old\s+|elderly\s+|little\s+)?{_KIN}|mum|mom|dad|gran|granny|grandad|nan)"
    rf"\s*(?:\([^)]{{1,20}}\)|,[^,]{{1,40}},)?\s*(?:also\s+)?{_NOW}(?!\w)",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"family history|runs in (?:the|my|our) family|died|passed away|diagnosed with|years ago|at (?:the age of )?\d\d\b",
    re.IGNORECASE,
)
_SELF = re.compile(
    r"(?<!\w)(?:i have|i've (?:got|had|been (?:having|feeling|getting|coughing|vomiting))"
    r"|i(?:'m| am) (?!worried|scared|frightened|afraid|sure|not sure|calling|ringing|with (?:him|her|them)|concerned"
    r"|his|her|their|giving)|i (?:also )?(?:feel|felt|get|got|had|keep|need|want|ache|cough|vomit)"
    r"|my (?:own |symptoms|head|chest|throat|stomach|tummy|back|skin|neck|legs?|arms?|eyes?|periods?|temperature"
    r"|cholesterol))(?!\w)",
    re.IGNORECASE,
)
_OPENING = 200  # characters: what the first words of a story may take


@lru_cache(maxsize=64)
def told_by_relative(text: str) -> bool:
    """Whether a relative tells about the patient.

    Example:
        >>> told_by_relative("My mother has crushing chest pain.")
        True
        >>> told_by_relative("My mother has asthma. I feel sick.")
        False
    """
    straight = text.replace("\u2019", "'")
    if not _OPENS.match(straight):
        return False
    return not _PAST.search(straight, 0, _OPENING) and not _SELF.search(straight)
