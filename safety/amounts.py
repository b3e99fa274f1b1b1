"""Amounts of a drug as numbers: "250-500 mg" is 250 to 500 mg, "1 g" 1000 mg, "2 puffs of 100 mcg" 200 mcg.

Masses are in milligrams, volumes in millilitres, everything else in its own unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MASS = {"mg": 1.0, "mcg": 0.001, "ng": 0.000_001, "g": 1000.0}
VOLUMES = {"ml": 1.0, "teaspoons": 5.0}  # millilitres
COUNTS = frozenset({
    "tablets", "capsules", "puffs", "sprays", "drops", "sachets", "suppositories", "pessaries", "teaspoons", "patches",
    "applications", "lozenges", "ampoules", "fingertip units",
})  # fmt: skip
_NUMBER = r"\d+(?:\.\d+)?"
_PLAIN = re.compile(
    rf"(?P<low>{_NUMBER})(?:-(?P<high>{_NUMBER}))?\s?(?P<unit>%|[a-z]+(?: units)?)"
    r"(?P<per>(?:/[a-z0-9]+)*)(?P<form>\s.+)?"
)
_CONCENTRATION = re.compile(r"(?P<mass>[^/]+?)/(?:(?P<volume>\d+(?:\.\d+)?)\s)?ml")
_SHARE = re.compile(rf"({_NUMBER})%")


@dataclass(frozen=True)
class Amount:
    """How much, from `low` to `high`; by kilogram of body weight, or a whole day's, where it says so."""

    low: float
    high: float
    unit: str
    per_kg: bool = False
    per_day: bool = False

    def times(self, low: float, high: float) -> Amount:
        """Return the amount `low` to `high` times over."""
        return Amount(self.low * low, self.high * high, self.unit, self.per_kg, self.per_day)


def in_unit(value: float, unit: str) -> tuple[float, str]:
    """Return a value in the unit that amounts are compared in."""
    return (value * MASS[unit], "mg") if unit in MASS else (value, unit)


def amounts_of(dose: str) -> tuple[Amount, ...]:
    """Return the amounts of a canonical dose, one for each ingredient of a combination; none if it cannot be read.

    Example:
        >>> amounts_of("875 mg + 125 mg")[1]
        Amount(low=125.0, high=125.0, unit='mg', per_kg=False, per_day=False)
        >>> amounts_of("2 puffs of 100 mcg")[0].high
        0.2
    """
    if " of " in dose:
        count, strength = dose.split(" of ", 1)
        return scaled(strength, count)
    if is_strength(dose) or is_count(dose):
        return ()
    found = [_plain(part) for part in dose.split(" + ")]
    return tuple(item for item in found if item is not None) if all(found) else ()


def is_count(dose: str) -> bool:
    """Whether a dose only counts units: "2 tablets"."""
    match = _PLAIN.fullmatch(dose)
    return match is not None and match["unit"] in COUNTS


def is_strength(dose: str) -> bool:
    """Whether a dose is a strength and not an amount: "250 mg/5 ml", "50 mcg/g ointment"."""
    match = _PLAIN.fullmatch(dose)
    by_mass = match is not None and any(part in ("g", "ml") for part in match["per"].split("/"))
    return by_mass or _CONCENTRATION.fullmatch(dose) is not None


def scaled(one: str, other: str) -> tuple[Amount, ...]:
    """Return a strength times a count, or a concentration times a volume, given in either order; none if unreadable.

    Example:
        >>> scaled("250 mg/5 ml", "10 ml")[0].high, scaled("2 tablets", "500 mg")[0].high
        (500.0, 1000.0)
    """
    for strength, count in ((one, other), (other, one)):
        many = _PLAIN.fullmatch(count)
        if many is None:
            continue
        low, high = float(many["low"]), float(many["high"] or many["low"])
        concentration, share = _CONCENTRATION.fullmatch(strength), _SHARE.match(strength)
        if share and many["unit"] in MASS:
            factor = MASS[many["unit"]] * float(share[1]) / 100
            return (Amount(low * factor, high * factor, "mg"),)
        if concentration and many["unit"] in VOLUMES:
            volume = float(concentration["volume"] or 1) / VOLUMES[many["unit"]]
            return tuple(item.times(low / volume, high / volume) for item in amounts_of(concentration["mass"].strip()))
        if not (share or concentration or is_count(strength)) and many["unit"] in (*COUNTS, _unit_of(strength)):
            return tuple(item.times(low, high) for item in amounts_of(strength))
    return ()


def _unit_of(strength: str) -> str:
    """The unit that a bare count borrows from the strength behind it: "2 x 500 mg" is read as "2 mg of 500 mg"."""
    match = _PLAIN.fullmatch(strength.split(" + ")[0])
    return match["unit"] if match is not None else ""


def _plain(part: str) -> Amount | None:
    match = _PLAIN.fullmatch(part.strip())
    if match is None:
        return None
    low, unit = in_unit(float(match["low"]), match["unit"])
    high, _ = in_unit(float(match["high"] or match["low"]), match["unit"])
    per = match["per"].split("/")
    return Amount(low, high, unit, per_kg="kg" in per, per_day="day" in per)
