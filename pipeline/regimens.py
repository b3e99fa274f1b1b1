"""What may be released: a regimen that two sources agree on is preferred to one that only one states."""

from __future__ import annotations

from cases.case import Alternative
from cases.vocabulary.tables import RegimenRow
from safety.screen import RegimenScreen

VERIFIED = "verified"


def prefer_verified(screened: RegimenScreen) -> RegimenScreen:
    """Set aside what is not verified where the patient may have something that is.

    Where nothing allowed is verified, the rest stays: the plan then goes to a person with `evidence_unverified`.
    """
    verified = tuple(row for row in screened.allowed if row.grade == VERIFIED)
    if not verified or len(verified) == len(screened.allowed):
        return screened
    aside = tuple(_set_aside(row) for row in screened.allowed if row.grade != VERIFIED)
    return RegimenScreen(verified, screened.excluded + aside, screened.questions)


def _set_aside(row: RegimenRow) -> Alternative:
    return Alternative(
        regimen=row.id, excluded_by=(f"grade.{row.grade}",), would_be_allowed_if="a second source confirms it"
    )
