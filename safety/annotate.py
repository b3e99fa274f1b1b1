"""Write the findings of a text beside the drugs they are about; the text itself is never changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from cases.case import Finding
from safety.cells import GRAVEST_FIRST
from safety.mentions import Mention
from safety.resolver import Resolver, labels

ASIDE = ("advised_against", "negated", "allergy", "historical", "mentioned")


def annotate(text: str, mentions: Iterable[Mention], findings: Sequence[Finding], resolver: Resolver) -> str:
    """Return the text with a mark behind every drug that a finding is about: its action, and the rules by gravity.

    A drug that the text advises against, or only mentions, gets no mark.

    Args:
        text: what was written.
        mentions: its drugs.
        findings: what the screen found.
        resolver: for the codes that findings name drugs by.

    Example:
        >>> from safety.mentions import find_mentions
        >>> from safety.rxnorm import OfflineResolver
        >>> annotate("Take aspirin.", find_mentions("Take aspirin.", default="proposed"), [], OfflineResolver())
        'Take aspirin.'
    """
    parts, end = [], 0
    by_drug: dict[str, list[Finding]] = defaultdict(list)
    for item in findings:
        for drug in dict.fromkeys(item.drugs):
            by_drug[drug].append(item)
    for mention in mentions:
        about = [] if mention.role in ASIDE else _about(mention, by_drug, resolver)
        if about:
            parts += [text[end : mention.end], f" [{_mark(about)}]"]
            end = mention.end
    return "".join([*parts, text[end:]])


def _about(mention: Mention, by_drug: Mapping[str, list[Finding]], resolver: Resolver) -> list[Finding]:
    known_as = dict.fromkeys((mention.surface, *labels(mention.names, resolver)))
    return [item for name in known_as for item in by_drug.get(name, ())]


def _mark(findings: Sequence[Finding]) -> str:
    ranked = sorted(findings, key=lambda item: (GRAVEST_FIRST.index(item.action), item.rule))
    rules = dict.fromkeys(item.rule for item in ranked)
    return f"{ranked[0].action.upper()}: {', '.join(rules)}"
