"""Is a line of the library meant for this patient? Only what is plainly meant for others is left out.

A line is meant for others when its first words address a group that the patient is known not to belong to: children
for an adult, adults for a child, pregnant women for a man. An unknown age or sex leaves every line in.
"""

from __future__ import annotations

import re

from cases.case import Patient

ADULT_FROM = 18  # years


def _addressed(*groups: str) -> re.Pattern[str]:
    """A line whose first words name one of these groups, and not as one among several."""
    leading = r"(?:for |in |during |tell |ask |advise |give |offer |review )?(?:an? |any |the |every )?"
    return re.compile(rf"{leading}(?:{'|'.join(groups)})(?! ?,| or | and )(?!\w)", re.IGNORECASE)


_CHILDREN = _addressed("child", "children", "baby", "babies", "infants?", "newborns?", "parents")
_ADULTS = _addressed("adults?", "men", "women", "older (?:adults|people|patients)")
_PREGNANT = _addressed("pregnancy", "pregnant (?:woman|women|patients?)")
_WOMEN = _addressed("woman", "women", "girls")
_MEN = _addressed("man", "men", "boys")


def meant_for(line: str, patient: Patient) -> bool:
    """Whether a line may be shown for this patient.

    Example:
        >>> meant_for("Tell parents to return if the child drinks less.", Patient(age=50.0))
        False
        >>> meant_for("A child, a pregnant woman or a frail adult with fever needs assessment.", Patient(age=50.0))
        True
    """
    age, sex = patient.age, patient.sex
    others = {
        _CHILDREN: age is not None and age >= ADULT_FROM,
        _ADULTS: age is not None and age < ADULT_FROM,
        _PREGNANT: sex == "male" or patient.pregnant is False,
        _WOMEN: sex == "male",
        _MEN: sex == "female",
    }
    return not any(excluded and group.match(line) for group, excluded in others.items())
