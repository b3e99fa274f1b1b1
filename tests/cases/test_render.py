"""The rendered sentence of a regimen, read back, is the regimen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.language import (
    canonical_dose,
    canonical_frequency,
    find_doses,
    find_durations,
    find_frequencies,
    find_routes,
)
from cases.vocabulary.lexicon import find_names
from cases.vocabulary.render import population, prescription, render
from cases.vocabulary.tables import RegimenRow, regimens


def _row(**changes: object) -> RegimenRow:
    blank = dict.fromkeys(RegimenRow.model_fields)
    row = {
        "id": "uti.cystitis_uncomplicated.nitrofurantoin", "syndrome": "uti.cystitis_uncomplicated", "line": "first",
        "name": "nitrofurantoin", "dose": "100 mg", "route": "oral", "frequency": "twice daily", "duration_days": 5,
        "age_min": 18, "sex": "female", "pregnancy": "term_avoid", "breastfeeding": "ok", "egfr_min": 45,
        "setting": "outpatient", "require_facts": "", "exclude_facts": "", "region": "any", "note": "with food",
        "grade": "drafted",
    }  # fmt: skip
    return RegimenRow.model_validate({**blank, **row, **changes})


def _assert_reads_back(row: RegimenRow) -> None:
    head, sentence = prescription(row), render(row)
    assert sentence.startswith(head)
    assert [dose.value for dose in find_doses(head)] == [dose.value for dose in find_doses(row.dose or "")]
    assert bool(find_doses(head)) == (row.dose is not None)
    assert find_routes(sentence)[0].value == row.route
    assert find_frequencies(sentence)[0].value == canonical_frequency(row.frequency) == row.frequency
    expected = [] if row.duration_days is None or row.frequency == "once" else [str(row.duration_days)]
    assert [duration.value for duration in find_durations(head)] == expected
    assert _names(head) == _names(row.name) != set()


def _names(text: str) -> set[str]:
    return {name for mention in find_names(text) for name in mention.names}


def test_render_writes_the_sentence() -> None:
    assert render(_row()) == (
        "Nitrofurantoin 100 mg by mouth twice daily for 5 days "
        "(aged 18 years or more; women; not at term of pregnancy; eGFR 45 or more); with food."
    )


def test_render_names_the_limit_and_the_child() -> None:
    changes = {"dose": "45 mg/kg", "max_dose": "1 g", "age_min": 0.25, "age_max": 12, "sex": None, "egfr_min": None}
    assert population(_row(**changes)) == (
        "at most 1 g at a time",
        "aged 3 months to under 12 years",
        "not at term of pregnancy",
    )


@pytest.mark.parametrize("regimen", sorted(regimens()))
def test_render_reads_back_every_regimen(regimen: str) -> None:
    _assert_reads_back(regimens()[regimen])


@given(
    dose=st.sampled_from(["100 mg", "875 mg + 125 mg", "45 mg/kg", "2 puffs of 100 mcg", "5% cream", "1,200 units"]),
    route=st.sampled_from(["oral", "topical", "inhaled", "intranasal", "rectal", "vaginal", "ophthalmic", "otic",
                           "intramuscular", "intravenous", "subcutaneous", "sublingual"]),
    frequency=st.sampled_from(["once", "once daily", "twice daily", "five times daily", "every 6 hours", "once weekly",
                               "at night", "as needed", "as needed, up to 4 times daily"]),
    days=st.none() | st.integers(1, 365),
    age_min=st.none() | st.sampled_from([0.0, 0.05, 0.25, 1.0, 2.0, 18.0]),
    age_max=st.none() | st.sampled_from([0.5, 12.0, 18.0, 65.0]),
    sex=st.sampled_from([None, "female", "male"]),
)  # fmt: skip
def test_render_reads_back_whatever_the_table_may_hold(
    dose: str,
    route: str,
    frequency: str,
    days: int | None,
    age_min: float | None,
    age_max: float | None,
    sex: str | None,
) -> None:
    row = _row(
        dose=dose, route=route, frequency=frequency, duration_days=days, age_min=age_min, age_max=age_max, sex=sex
    )  # fmt: skip
    _assert_reads_back(row)
    assert canonical_dose(dose)
