"""From a label to the entity that is treated: which syndrome of `conditions.yaml` a case is, and what decided it."""

from __future__ import annotations

from dataclasses import dataclass

from cases.case import Case, Question, SyndromeDecision
from cases.facts import FactReader
from cases.vocabulary.conditions import Syndrome, conditions


@dataclass(frozen=True)
class Decision:
    """What is known of a case's syndrome.

    Args:
        syndrome: the one that fits best; None if the label is not in the vocabulary.
        noun: what goes into the result.
        undecided: facts that must be known and are not; empty once the syndrome is decided.
        untested: names of tests that are required before treatment and not known to be positive.
        questions: what to ask.
    """

    syndrome: Syndrome | None
    noun: SyndromeDecision | None
    undecided: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()


def decide(case: Case, label: str) -> Decision:
    """Return the first syndrome of the label that fits the case, with everything that is still open.

    The vocabulary lists syndromes most dangerous first; what must be known before the everyday one may be chosen is
    its own `must_know`, and as long as such a fact is unknown the decision is undecided.
    """
    entry = conditions().get(label)
    if entry is None:
        return Decision(None, None)
    known = FactReader(case)
    syndrome = next((s for s in entry.syndromes if _fits(s, known)), entry.syndromes[-1])
    undecided = known.unknown(syndrome.must_know)
    untested = tuple(test.name for test in syndrome.tests if known[test.fact].value is not True)
    return Decision(
        syndrome,
        SyndromeDecision(id=syndrome.id, decided_by=_decided_by(syndrome, known)),
        undecided,
        untested,
        _questions(syndrome, known, undecided),
    )


def _fits(syndrome: Syndrome, known: FactReader) -> bool:
    wanted = not syndrome.requires_any or bool(known.true(syndrome.requires_any))
    return (
        wanted and len(known.true(syndrome.requires)) == len(syndrome.requires) and not known.true(syndrome.rules_out)
    )


def _decided_by(syndrome: Syndrome, known: FactReader) -> tuple[str, ...]:
    """Say in words which facts carried the decision: `sex: female`, `not pregnant`, `no fever`."""
    present = known.true(dict.fromkeys(syndrome.requires + syndrome.requires_any + syndrome.must_know))
    absent = known.false(dict.fromkeys(syndrome.rules_out + syndrome.must_know))
    words = {"female": "sex: female", "male": "sex: male", "pregnant": "pregnant"}
    negated = {"pregnant": "not pregnant", "male": "not male", "female": "not female"}
    return (
        *(words.get(name, name.replace("_", " ")) for name in present),
        *(negated.get(name, f"no {name.replace('_', ' ')}") for name in absent),
    )


def _questions(syndrome: Syndrome, known: FactReader, undecided: tuple[str, ...]) -> tuple[Question, ...]:
    tests = [
        Question(ask=f"Has this been done: {test.name}?", because="needed before treatment", kind="test")
        for test in syndrome.tests
        if known[test.fact].value is None
    ]
    asked = dict.fromkeys(undecided + known.unknown(syndrome.questions))
    because = f"decides whether this is {syndrome.display.lower()}"
    return (*(Question(ask=known.ask(name), because=because, kind="syndrome") for name in asked), *tests)
