"""Codes that lead to an ingredient without being its own: of salts, brands and combinations, where two tables say so.

    salt          the export labels the code with a salt of the ingredient; FDA registers the code as a substance
    brand         the export labels the code with the brand; the export's and the prescribable clinical drugs of that
                  brand hold the same ingredients
    combination   the export labels the code with the ingredients; a prescribable clinical drug holds just these
    ingredient    two witnesses name the code for the ingredient, though another table names another code

A code that two labels lead to different ingredients is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping

Named = tuple[str, str, str, str, str]  # a row of `names.csv.gz`


def labelled(
    named: Iterable[Named],
    codes: Mapping[str, set[str]],
    units: Container[str],
    brands: Mapping[str, str],
    combinations: Container[str],
) -> Iterator[tuple[str, str, str]]:
    """Give the codes that the export labels and a second table confirms.

    Args:
        named: the rows of `names.csv.gz`.
        codes: codes of the export by label.
        units: codes that FDA registers as substances.
        brands: what the prescribable graph says a brand holds, joined by `;`.
        combinations: ingredients, joined by `;`, of some prescribable clinical drug.

    Returns:
        Code, kind and ingredients.
    """
    for term, kind, names, _, _ in named:
        for code in codes.get(term, ()) if len(codes.get(term, ())) == 1 else ():
            confirmed = {
                "salt": code in units,
                "brand": brands.get(term) == names,
                "combination": names in combinations,
            }
            if names and confirmed.get(kind):
                yield code, kind, names


def disputed(witnesses: Mapping[str, Mapping[str, Collection[str]]], needed: int) -> Iterator[tuple[str, str, str]]:
    """Give the codes that enough tables name for an ingredient, although others name another one.

    Args:
        witnesses: by ingredient, the tables that name each code.
        needed: how many tables are enough.
    """
    for name, found in witnesses.items():
        if len(found) > 1:
            yield from ((code, "ingredient", name) for code, tables in found.items() if len(tables) >= needed)


def settled(rows: Iterable[tuple[str, str, str]], used: Container[str]) -> list[tuple[str, str, str]]:
    """Keep the codes that lead to one thing only and are no ingredient's own, in order."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for code, kind, names in rows:
        if code not in used:
            found[code].add((kind, names))
    kept = [(code, *min(meanings)) for code, meanings in found.items() if len({names for _, names in meanings}) == 1]
    return sorted(kept, key=lambda row: int(row[0]))
