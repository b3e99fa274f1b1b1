"""Which drugs a text names, and in which role: proposed, current, allergy, advised against, historical or negated.

A role that lets a drug off (everything but proposed and current) needs a cue in the same sentence whose reach ends at
"but", ";", "while taking" or the next verb of giving; without one, the drug counts with the text's default role.
Words that look like drug names but are not in the vocabulary are reported too: a name that cannot be read is a finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cases.language import assertion_at, sentences
from cases.vocabulary.lexicon import find_names, lexicon, normalise
from cases.vocabulary.tables import VOCABULARY

Role = Literal["proposed", "current", "allergy", "advised_against", "historical", "negated"]
TAKEN: frozenset[Role] = frozenset({"proposed", "current"})

_GIVE = (
    r"\b(?:take|takes|use|uses|give|gives|start|starts|begin|prescribe|prescribed|offer|offers|consider|continue|continues|"
    r"switch to|change to|try|add|apply|administer|prefer|choose|treat with|treated with|substitute with|replace with)\b"
)
_STOP = re.compile(
    rf"[;:]|\b(?:but|however|although|except|unless|otherwise|then|so|while|whilst|when|during|because of|due to|"
    rf"if taking|if on|with a dose|patients on|people on|taken with)\b|{_GIVE}",
    re.IGNORECASE,
)
_AVOID = re.compile(
    r"\b(?:avoid(?:s|ed|ing|ance of)?|do not (?:give|take|use|start|prescribe|offer|combine|restart|add)|don't (?:give|take|use|start)|"
    r"must not (?:be given|take|use|have)|should not (?:be given|take|use|receive|have)|cannot (?:take|have)|"
    r"never (?:give|use|take|prescribe)|no (?:need|role|place|indication) for|not indicated for|instead of|rather than|in place of|"
    r"stop(?:ping)?|discontinue|withhold|hold|refrain from|contraindicat(?:ed|ion)(?: is| are)?|not recommended(?: are| is)?|"
    r"switch from|change from|unsafe to (?:give|use)|(?<=, )not|(?<=\()not|and not)\s",
    re.IGNORECASE,
)
_AVOID_AFTER = re.compile(
    r"^[^.;]{0,40}?\b(?:(?:is|are|was|were|should be|must be|to be)\s+(?:\w+\s+)?(?:avoided|contraindicated|not recommended|"
    r"not advised|not indicated|not needed|stopped|withheld|discontinued|unsafe|inappropriate|ineffective)|"
    r"(?:should|must) not be (?:given|used|taken|prescribed|combined|started)|(?:is|are) not (?:needed|recommended|indicated|advised|used|given|appropriate)|"
    r"has no role|have no role|do(?:es)? not (?:help|work))",
    re.IGNORECASE,
)
_KEEP = re.compile(
    r"\b(?:do not|don't|never|must not|should not|without|not|no need to)\s+(?:\w+\s+)?"
    r"(?:stop(?:ping)?|discontinu(?:e|ing)|withhold(?:ing)?|hold(?:ing)?|avoid(?:ing)?|omit(?:ting)?|skip(?:ping)?)\s",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:used to take|used to be on|previously (?:on|took|taking|tried|treated with)|formerly|in the past|"
    r"stopped (?:taking )?|came off|was on|had been on|completed (?:a )?(?:course of )?|finished (?:a )?(?:course of )?|"
    r"tried|history of (?:taking|using)|no longer (?:takes|taking|on|uses|using))\s",
    re.IGNORECASE,
)
_PAST_AFTER = re.compile(
    r"^[^.;,]{0,30}?\b(?:was stopped|has been stopped|years ago|months ago|in the past|previously|last year|discontinued)", re.IGNORECASE
)
_ALLERGY = re.compile(
    r"\b(?:allerg(?:y|ies|ic)(?:\s+(?:reactions?|history))?\s*(?:to|:|include[sd]?|includ\w+|are|is|-|=)|hypersensitiv(?:e|ity) to|"
    r"anaphyla(?:xis|ctic)(?: \w+){0,2} (?:to|after|from|with)|intoleran(?:t|ce) (?:to|of)|"
    r"(?:reaction|reacted|reacts|rash|hives|urticaria|swelling|angioedema|angio-oedema|stevens[- ]johnson\w*) (?:\w+ )?(?:to|from|with|after(?: taking)?))\s*",
    re.IGNORECASE,
)
_ALLERGY_AFTER = re.compile(r"^[\s-]*(?:allergy|allergies|allergic|hypersensitivity|intolerance|anaphylaxis)\b", re.IGNORECASE)
_CURRENT = re.compile(
    r"\b(?:i take|i am taking|i'm taking|i am on|i'm on|takes|taking|currently (?:on|taking|using)|is on|are on|been on|stable on|maintained on|"
    r"established on|medications?(?: include| are|:)|medicines?(?: include| are|:)|already (?:on|takes|taking)|"
    r"while on|patients? on|people on)\s",
    re.IGNORECASE,
)
_LOOKS_LIKE_DRUG = re.compile(
    r"\b[a-z]{2,}(?:cillins?|mycins?|micin|cyclines?|floxacin|oxacin|azoles?|prazole|tidine|sartan|statin|olol|dipine|prils?|triptan|"
    r"gliptin|gliflozin|glitazone|parin|xaban|gatran|vir|cef|profen|coxib|setron|lukast|terol|sonide|solone|sone|pam|lam|zepam|"
    r"barbital|codone|morphone|oxetine|pramine|triptyline|afil|thiazide|semide|mab|nib|cort|quine|fenac|metacin)\b|"
    r"\b(?:cef|artem|predniso|azithro|clarithro|erythro|cipro|levoflo|metron|doxy|amoxi|ampi)[a-z]{3,}\b",
    re.IGNORECASE,
)
_BEFORE_DOSE = re.compile(
    r"\b([A-Za-z][A-Za-z-]{3,})\s+(?:tablets?\s+|capsules?\s+|cream\s+)?\d+(?:[.,]\d+)?\s*(?:mg|mcg|micrograms?|iu|units|meq)\b(?!\s*/)", re.IGNORECASE
)
_NOT_NAMES = frozenset(
    "dose doses dosage take taking give given with least most about than over under maximum minimum total daily oral tablet tablets capsule capsules "
    "cream strength weighing weight only then each every from plus once twice initial loading reduce increase single start started starting "
    "using dose: approximately around between usually usual exceed exceeding and the for contains containing per prescribed release retard recommend recommended forte plus".split()
)
LOOK_ALIKES = frozenset(  # ordinary words with the ending of a drug name
    "april spam exam scam slam clam islam jam lam pam reservoir souvenir savoir voir cortisone hormone person reason season lesson poison "
    "prison comparison liaison unison mason bison crimson parson someone azole nib crib escort resort comfort effort short sort "
    "cholesterol methicillin erythrocyte erythroderma erythrodermic erythropoietin islamic moab mab parin amphitheatre".split()
)


@dataclass(frozen=True)
class Mention:
    """A drug named in a text. `names` is empty where the name could not be read."""

    surface: str
    names: tuple[str, ...]
    start: int
    end: int
    kind: str
    role: Role
    sentence: str


def find_mentions(text: str, *, default: Role, folder: Path = VOCABULARY) -> tuple[Mention, ...]:
    """Find the drugs of a text and their roles, in order of place.

    Args:
        text: what was written.
        default: the role of a drug without any cue: `proposed` in a plan, `current` in a patient's own story.
        folder: the vocabulary.

    Returns:
        Known names, and words that look like drug names but are not known, with no `names`.
    """
    known = [(item.start, item.end, item.surface, item.names, item.kind) for item in find_names(text, folder=folder)]
    strange = [(start, end, text[start:end], (), "unknown") for start, end in _strange(text, known, folder)]
    spans = sentences(text)
    return tuple(
        Mention(surface, names, start, end, kind, role_at(text, start, end, default=default), _sentence(text, spans, start))
        for start, end, surface, names, kind in sorted([*known, *strange], key=lambda item: item[0])
    )


def role_at(text: str, start: int, end: int, *, default: Role) -> Role:
    """Return the role of the drug at [start, end) from the cues of its own sentence."""
    low, high = _around(text, start)
    before, after = text[low:start], text[end:high]
    if _reaches(_ALLERGY, before, stops=True) or _ALLERGY_AFTER.match(after):
        return "negated" if _is_denied(text, start, end) else "allergy"
    if _reaches(_KEEP, before, stops=False):
        return default
    if _AVOID_AFTER.match(after) or _reaches(_AVOID, before, stops=True):
        return "advised_against"
    if _reaches(_PAST, before, stops=True) or _PAST_AFTER.match(after):
        return "historical"
    if _is_denied(text, start, end):
        return "negated"
    return "current" if _reaches(_CURRENT, before, stops=True) else default


def _around(text: str, start: int) -> tuple[int, int]:
    for low, high in sentences(text):
        if low <= start < high:
            return low, high
    return 0, len(text)


def _sentence(text: str, spans: tuple[tuple[int, int], ...], start: int) -> str:
    return next((text[low:high] for low, high in spans if low <= start < high), text)


def _reaches(cue: re.Pattern[str], before: str, *, stops: bool) -> bool:
    """Whether the last cue before the drug still governs it: no stop word stands between."""
    last = None
    for last in cue.finditer(before):
        pass
    return last is not None and not (stops and _STOP.search(before, last.end()))


def _is_denied(text: str, start: int, end: int) -> bool:
    return assertion_at(text, start, end) in ("negated", "family")


def _strange(text: str, known: list[tuple[int, int, str, tuple[str, ...], str]], folder: Path) -> list[tuple[int, int]]:
    """Words outside the known mentions that look like drug names, or stand before a dose as one would."""
    taken = [(start, end) for start, end, *_ in known]
    spans = [match.span() for match in _LOOKS_LIKE_DRUG.finditer(text) if match[0].lower() not in LOOK_ALIKES and len(match[0]) > 4]
    spans += [match.span(1) for match in _BEFORE_DOSE.finditer(text) if match[1].lower() not in _NOT_NAMES]
    terms = lexicon(folder).terms
    return sorted(
        {
            (start, end)
            for start, end in spans
            if not any(low < end and start < high for low, high in taken) and normalise(text[start:end]) not in terms
        }
    )
