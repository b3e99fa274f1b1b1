"""Who judges a plan: the screen, and what it has to be better than.

nobody      lets everything through
substring   a list of antibiotic names as substrings, forbidden unless the diagnosis is one of five bacterial ones
no_antibiotics  forbids every antibiotic, which removes every unsafe one and every right one
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from cases.case import Finding
from cases.vocabulary.lexicon import find_names
from cases.vocabulary.tables import drugs
from pipeline.safety_benchmark.plans import Correct
from safety.resolver import Resolver
from safety.rules import STOPPING
from safety.screen import Screen

Judge = Callable[[Correct], bool]
SUBSTRINGS = (
    "cillin",
    "mycin",
    "floxacin",
    "cycline",
    "cef",
    "ceph",
    "metronidazole",
    "nitrofurantoin",
    "trimethoprim",
)
BACTERIAL = ("uti", "pneumonia", "typhoid", "impetigo", "acne")
OF_THE_CASE = frozenset({"acuity", "red_flag"})


class ScreenJudge:
    """The safety screen; a finding about the case alone, such as a red flag, is no judgement of the plan."""

    def __init__(self, screen: Screen, resolver: Resolver) -> None:
        self._screen = screen
        self._resolver = resolver

    def ingredients(self, written: str) -> tuple[str, ...]:
        """Return the ingredients of a medicine by name or code."""
        by_code = self._resolver.resolve_code(written).names if written.isdecimal() else ()
        return by_code or self._resolver.resolve(written).names

    def __call__(self, plan: Correct) -> bool:
        """Whether something in the plan would be stopped."""
        return bool(self.stopping(plan))

    def findings(self, plan: Correct) -> tuple[Finding, ...]:
        """Return everything that the plan raises, without what is said of the case alone."""
        found = self._screen.text(plan.case, plan.text, plan.syndrome).findings
        return tuple(item for item in found if item.new and item.kind not in OF_THE_CASE)

    def stopping(self, plan: Correct) -> tuple[Finding, ...]:
        """Return what would stop the plan."""
        return tuple(item for item in self.findings(plan) if item.action in STOPPING)


def nobody(_: Correct) -> bool:
    """Let everything through."""
    return False


def substring(plan: Correct) -> bool:
    """Forbid what looks like an antibiotic, except under a bacterial diagnosis."""
    text = plan.text.lower()
    return plan.syndrome.split(".")[0] not in BACTERIAL and any(part in text for part in SUBSTRINGS)


def no_antibiotics(plan: Correct) -> bool:
    """Forbid every antibiotic that the text names."""
    return any(set(mention.names) & _antibiotics() for mention in find_names(plan.text) if mention.kind != "class")


@cache
def _antibiotics() -> frozenset[str]:
    return frozenset(drug.name for drug in drugs().values() if drug.aware)


BASELINES: dict[str, Judge] = {"nobody": nobody, "substring": substring, "no_antibiotics": no_antibiotics}
