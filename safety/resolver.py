"""What every resolver of medicine names answers, and how it refuses.

    OfflineResolver (safety/rxnorm.py)          the committed tables, then the user's own RxNorm release
    ImportedIndex   (safety/rxnorm_index.py)    that release alone
    RxNavResolver   (safety/rxnav.py)           the online service of the U.S. National Library of Medicine
    OfflineFirst    (safety/offline_first.py)   the service, asked only where the tables do not know

A name that a resolver does not know is a `Resolution` without names. A resolver that cannot answer at all raises
`Unavailable`: that is never "no match", and never "safe".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

NOT_KNOWN = "the name is not known"
How = Literal["code", "exact", "display", "fuzzy", "unresolved"]


class Unavailable(OSError):
    """A resolver could not answer: whether the medicine is known was not found out."""


@dataclass(frozen=True)
class Resolution:
    """What a surface form was read as.

    Args:
        surface: what was written.
        names: the ingredients; empty if it was refused.
        how: the step that answered.
        read_as: the known form that a fuzzy match landed on.
        why: why it was refused.
        suggestions: what it may have meant.
        kind: the kind of term, e.g. `brand` or `class`.
        source: where the answer comes from, if not from the committed tables; an attribution that must be shown.
    """

    surface: str
    names: tuple[str, ...]
    how: How
    read_as: str = ""
    why: str = ""
    suggestions: tuple[str, ...] = ()
    kind: str = ""
    source: str = ""

    @property
    def resolved(self) -> bool:
        """Whether ingredients were found."""
        return bool(self.names)

    @property
    def clear(self) -> bool:
        """Whether they were found without a guess."""
        return self.resolved and self.how in ("exact", "display", "code")


class Resolver(Protocol):
    """Names and codes of medicines to ingredients; wrong is worse than refused."""

    def resolve(self, surface: str) -> Resolution:
        """Resolve a written name; a blank or unclear one is refused, never guessed.

        Raises:
            Unavailable: if the resolver could not answer.
        """

    def resolve_code(self, rxcui: str) -> Resolution:
        """Resolve a code: an ingredient's, or a clinical drug's or pack's.

        Raises:
            Unavailable: if the resolver could not answer.
        """

    def rxcui(self, name: str) -> str | None:
        """Return the ingredient's code; None where none is agreed."""


def refused(surface: str, why: str, *, suggestions: tuple[str, ...] = (), kind: str = "") -> Resolution:
    """Return the resolution of what was not read, and why."""
    return Resolution(surface, (), "unresolved", why=why, suggestions=suggestions, kind=kind)


def labels(names: Iterable[str], resolver: Resolver) -> tuple[str, ...]:
    """RxCUIs of ingredients, or their names where no code is agreed: what `Finding.drugs` holds."""
    return tuple(resolver.rxcui(name) or name for name in names)


def resolve_written(written: str, resolver: Resolver) -> Resolution:
    """Read what may be a name or an RxCUI: digits alone are a code."""
    return resolver.resolve_code(written) if written.isdecimal() else resolver.resolve(written)
