"""Which drugs a text names, and in which role: proposed, current, allergy, advised against, historical, negated.

Words that look like drug names but are not in the vocabulary are reported too: a name that cannot be read is a finding.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cases.folding import fold
from cases.vocabulary.lexicon import NameMention, find_names
from cases.vocabulary.tables import VOCABULARY
from safety.beside import vouched_names
from safety.roles import Reader, Role
from safety.rules import KNOWLEDGE
from safety.strange import strange_words

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Mention:
    """A drug named in a text.

    `names` is empty where the name could not be read; `ordered` says that a verb of giving or a dose goes with it,
    `dosed` that a dose does; `near` holds the ingredients of the only name within one edit of a name that could not
    be read.
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
    near: tuple[str, ...] = ()


def find_mentions(
    text: str, *, default: Role, vocabulary: Path = VOCABULARY, knowledge: Path = KNOWLEDGE, substances: bool = False
) -> tuple[Mention, ...]:
    """Find the drugs of a text and their roles, in order of place.

    Args:
        text: what was written.
        default: the role of a drug without any cue: `proposed` in a plan, `current` in a patient's own story.
        vocabulary: folder of the drug names.
        knowledge: folder of the cues.
        substances: whether minerals, vaccines and the like that no table has an ingredient for are found too.

    Returns:
        Known names, and words that look like drug names but are not known, with no `names`.

    Example:
        >>> [(m.surface, m.role) for m in find_mentions("Avoid ibuprofen; take paracetamol.", default="proposed")]
        [('ibuprofen', 'advised_against'), ('paracetamol', 'proposed')]
    """
    named = find_names(text, folder=vocabulary, substances=substances)
    vouched = vouched_names(text, named, vocabulary=vocabulary, knowledge=knowledge)
    known = sorted([*named, *vouched], key=lambda item: item.start)
    unknown = list(_unknown(text, known, vocabulary, knowledge))
    if not known and not unknown:
        return ()
    near = {item.start: read for item, read in unknown}
    reader = Reader(text, default=default, folder=knowledge)
    found = sorted([*known, *(item for item, _ in unknown)], key=lambda item: item.start)
    return tuple(_in_context(reader, item, near.get(item.start, ())) for item in found)


def _in_context(reader: Reader, item: NameMention, near: tuple[str, ...]) -> Mention:
    place = reader.place(item.start, item.end)
    return Mention(
        surface=item.surface,
        names=item.names,
        start=item.start,
        end=item.end,
        kind=item.kind,
        role=reader.role(place),
        sentence=place.sentence,
        ordered=place.is_ordered,
        dosed=place.is_dosed,
        near=near,
    )


def _unknown(
    text: str, known: Sequence[NameMention], vocabulary: Path, knowledge: Path
) -> Iterator[tuple[NameMention, tuple[str, ...]]]:
    """Words outside the known mentions that look like drug names, each with what it may have meant."""
    folded, ends = fold(text), [item.end for item in known]
    for word in strange_words(folded, vocabulary=vocabulary, knowledge=knowledge):
        start, end = folded.span(word.start, word.end)
        index = bisect_left(ends, start + 1)
        if index == len(known) or end <= known[index].start:
            yield NameMention(text[start:end], (), start, end, UNKNOWN), word.near
