"""What is looked up for a case: passages its own words find, the leading condition's library, and a second opinion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from cases.case import Case, Evidence, Plan
from retrievers.hybrid import HybridRetriever
from retrievers.passage import Query

CONDITION_K = 60  # more than any condition has passages


@dataclass(frozen=True)
class Found:
    """Evidence of one case.

    Args:
        by_text: what the case's own words find, best first.
        by_condition: the library's passages on the leading diagnosis.
        disagreement: 1 - 1/rank of the leading diagnosis among the library's descriptions of conditions, ranked by the
            case's words: 0 where evidence and classifier agree, towards 1 where the evidence points elsewhere.
    """

    by_text: tuple[Evidence, ...] = ()
    by_condition: tuple[Evidence, ...] = ()
    disagreement: float = 0.0

    @property
    def all(self) -> tuple[Evidence, ...]:
        """Everything found, each passage once."""
        return tuple({item.id: item for item in self.by_condition + self.by_text}.values())

    def shown(self, plan: Plan | None) -> tuple[Evidence, ...]:
        """What goes into the result: what the plan cites, then what the case's words found, ranked anew."""
        cited = {name for statement in plan.statements for name in statement.citations} if plan else set()
        kept = [item for item in self.by_condition if item.id in cited]
        kept += [item for item in self.by_text if item.id not in {k.id for k in kept}]
        return tuple(item.model_copy(update={"rank": rank}) for rank, item in enumerate(kept, start=1))


def look_up(retriever: HybridRetriever, items: Sequence[tuple[Case, str | None]], *, k: int) -> list[Found]:
    """Search for a batch of (case, leading label); a case without text finds nothing.

    Args:
        retriever: over the evidence index.
        items: cases with the label of their leading diagnosis, if there is one.
        k: passages found by the case's own words.
    """
    texts = [" ".join(filter(None, (case.text, case.question))) for case, _ in items]
    asked = [i for i, text in enumerate(texts) if text.strip()]
    named = [(i, label) for i in asked if (label := items[i][1]) is not None]
    queries = [Query(texts[i]) for i in asked]
    queries += [Query(texts[i], {"label": label}) for i, label in named]
    queries += [Query(texts[i], {"section": "recognition"}) for i, _ in named]
    everything = iter(retriever.search(queries, max(k, CONDITION_K)))  # one call: each text is embedded once
    by_text, by_condition, opinions = (list(islice(everything, len(part))) for part in (asked, named, named))
    found = {i: Found(by_text=tuple(passages[:k])) for i, passages in zip(asked, by_text, strict=True)}
    labels = {passage.id: passage.label for passage in retriever.passages}
    for (i, label), passages, opinion in zip(named, by_condition, opinions, strict=True):
        ranked = [labels[item.id] for item in opinion]
        found[i] = Found(found[i].by_text, tuple(passages), disagreement(label, ranked))
    return [found.get(i, Found()) for i in range(len(items))]


def disagreement(label: str, ranked: Sequence[str | None]) -> float:
    """Return 1 - 1/rank of `label` in a ranking; 1 where it does not occur."""
    return 1 - 1 / (ranked.index(label) + 1) if label in ranked else 1.0
