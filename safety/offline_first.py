"""Ask the tables first, and a service only for what they do not clearly know."""

from __future__ import annotations

from safety.resolver import NOT_KNOWN, Resolution, Resolver, refused


class OfflineFirst:
    """Two resolvers as one; a guess of the first never outweighs a clear answer of the second.

    Args:
        offline: asked always.
        online: asked for names and codes that `offline` refuses or guesses.
    """

    def __init__(self, offline: Resolver, online: Resolver) -> None:
        self._offline = offline
        self._online = online

    def resolve(self, surface: str) -> Resolution:
        """Resolve a written name; two guesses that differ are refused.

        Raises:
            Unavailable: if the service is needed and could not answer.
        """
        first = self._offline.resolve(surface)
        if first.how != "fuzzy" and (first.resolved or first.kind):  # known, if only as the name of several products
            return first
        second = self._online.resolve(surface)
        if second.resolved and second.how != "fuzzy":
            return second
        return _guessed(surface, first, second)

    def resolve_code(self, rxcui: str) -> Resolution:
        """Resolve a code.

        Raises:
            Unavailable: if the service is needed and could not answer.
        """
        first = self._offline.resolve_code(rxcui)
        return first if first.resolved else self._online.resolve_code(rxcui)

    def rxcui(self, name: str) -> str | None:
        """Return the ingredient's code, of the tables before that of the service."""
        return self._offline.rxcui(name) or self._online.rxcui(name)


def _guessed(surface: str, first: Resolution, second: Resolution) -> Resolution:
    """A guess counts where both make it, or where one knows no name near it and the other does."""
    if first.resolved and second.resolved:
        if set(first.names) == set(second.names):
            return second
        return refused(surface, "two medicines have names this near", suggestions=(first.read_as, second.read_as))
    guess, other = (first, second) if first.resolved else (second, first)
    if not guess.resolved:
        return first
    return guess if other.why == NOT_KNOWN else other
