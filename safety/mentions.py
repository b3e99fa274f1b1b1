"""Which drugs a text names, and in which role: proposed, current, allergy, advised against, historical, negated.

Words that look like drug names but are not in the vocabulary are reported too: a name that cannot be read is a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cases.vocabulary.lexicon import NameMention, find_names, lexicon, normalise
from cases.vocabulary.tables import VOCABULARY
from safety.roles import Role, cues, is_dosed, is_ordered, place_of, role_of
from safety.rules import KNOWLEDGE

UNKNOWN = "unknown"
MIN_STRANGE = 5


@dataclass(frozen=True)
class Mention:
    """A drug named in a text.

    `names` is empty where the name could not be read; `ordered` says that a verb of giving or a dose goes with it,
    `dosed` that a dose does.
    """

    surface: str
    names: tuple[str, ...]
    start: int
    end: int
    kind: str
    role: Role
    sentence: str
    ordered: bool
    dosed: bool


def find_mentions(
    text: str, *, default: Role, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE
) -> tuple[Mention, ...]:
    """Find the drugs of a text and their roles, in order of place.

    Args:
        text: what was written.
        default: the role of a drug without any cue: `proposed` in a plan, `current` in a patient's own story.
        vocabulary: folder of the drug names.
        knowledge: folder of the cues.

    Returns:
        Known names, and words that look like drug names but are not known, with no `names`.

    Example:
        >>> [(m.surface, m.role) for m in find_mentions("Avoid ibuprofen; take paracetamol.", default="proposed")]
        [('ibuprofen', 'advised_against'), ('paracetamol', 'proposed')]
    """
    known = find_names(text, folder=vocabulary)
    found = sorted([*known, *_strange(text, known, vocabulary, knowledge)], key=lambda item: item.start)
    return tuple(_in_context(text, item, default, knowledge) for item in found)


def _in_context(text: str, item: NameMention, default: Role, knowledge: Path) -> Mention:
    place = place_of(text, item.start, item.end)
    return Mention(
        surface=item.surface,
        names=item.names,
        start=item.start,
        end=item.end,
        kind=item.kind,
        role=role_of(place, default=default, folder=knowledge),
        sentence=place.sentence,
        ordered=is_ordered(place, folder=knowledge),
        dosed=is_dosed(place, folder=knowledge),
    )


def _strange(text: str, known: Iterable[NameMention], vocabulary: Path, knowledge: Path) -> Iterator[NameMention]:
    """Words outside the known mentions that look like drug names, or stand before a dose as one would."""
    table, terms = cues(knowledge), lexicon(vocabulary).terms
    taken = [(item.start, item.end) for item in known]
    spans = {match.span() for match in table.stem.finditer(text) if len(match[0]) >= MIN_STRANGE}
    spans |= {match.span(1) for match in table.before_dose.finditer(text) if match[1].lower() not in table.not_names}
    for start, end in spans:
        surface = text[start:end]
        free = not any(low < end and start < high for low, high in taken)
        if free and surface.lower() not in table.look_alikes and normalise(surface) not in terms:
            yield NameMention(surface, (), start, end, UNKNOWN)
