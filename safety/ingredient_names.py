"""What we call an ingredient that somebody else names: by its code first, so that our rules apply to it."""

from __future__ import annotations

from pathlib import Path

from cases.vocabulary.lexicon import lexicon, normalise
from cases.vocabulary.tables import VOCABULARY
from safety.rxnorm import codes

OF_AN_INGREDIENT = frozenset({"ingredient", "salt", "name", "inn", "usan"})


def our_name(rxcui: str, label: str, *, folder: Path = VOCABULARY) -> str:
    """Return our name of an ingredient; RxNorm's, in lower case, where we have none: known, no rules.

    Args:
        rxcui: the ingredient's code.
        label: what RxNorm calls it.
        folder: the vocabulary.

    Example:
        >>> our_name("0", "Cyanocobalamin")
        'cyanocobalamin'
    """
    by_code = codes(folder).get(rxcui, ())
    if len(by_code) == 1:
        return by_code[0]
    term = lexicon(folder).terms.get(normalise(label))
    if term and len(term.names) == 1 and term.kind in OF_AN_INGREDIENT:
        return term.names[0]
    return label.lower()
