"""Orders that are neither a name nor an RxNorm display."""

from __future__ import annotations

import pytest

from cases.vocabulary.orders import names_in_order


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("steroid: Prednisone 40mg PO daily x5 days", ("prednisone",)),
        ("antipyretic: Acetaminophen 500mg PO q6h PRN temp >= 38.5", ("acetaminophen",)),
        ("NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector", ("epinephrine",)),
        ("NuvaRing 0.12/0.015 MG per 24HR 21 Day Vaginal Ring", ("ethinyl estradiol", "etonogestrel")),
        ("Sliding scale insulin", ("insulin regular",)),
        ("IV normal saline 1000mL", ("sodium chloride",)),
        ("ICS/LABA inhaler", ()),
        ("no amoxicillin", ()),
        ("stop: amoxicillin", ()),
        ("amoxicillin allergy", ()),
        ("aspirin or warfarin", ()),
    ],
)
def test_an_order_names_its_medicine_or_none(order: str, names: tuple[str, ...]) -> None:
    assert names_in_order(order) == names
