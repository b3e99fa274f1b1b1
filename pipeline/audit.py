"""Blinded audit: a random share of the released cases is looked at by a person who does not see what was released.

Refitting on reviewed cases alone would learn from what was doubtful and nothing from what was not. The draw depends
on the seed and the case's id alone, so it is the same whenever and wherever the case is run, and its probability is
logged: a refit weighs a case by one over the probability that it was seen.
"""

from __future__ import annotations

import hashlib

from cases.case import Audit

_DIGITS = 13  # hexadecimal digits that a float holds exactly


def draw(case_id: str, share: float, seed: int) -> Audit:
    """Return whether a released case is audited.

    >>> draw("c-001", 1.0, 42).drawn
    True
    """
    digest = hashlib.sha256(f"audit:{seed}:{case_id}".encode()).hexdigest()
    return Audit(drawn=int(digest[:_DIGITS], 16) / 16**_DIGITS < share, probability=share)
