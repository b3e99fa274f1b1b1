"""The clinical traps: each sentence or patient here is one that a careless screen gets wrong."""

from __future__ import annotations

from typing import Any

import pytest

from cases.case import Case
from safety.screen import Screen

WOMAN = {"age": 28.0, "sex": "female"}


def _rules(screen: Screen, case: Case, text: str) -> dict[str, str]:
    return {item.rule: item.action for item in screen.text(case, text).findings if item.kind != "stewardship"}


@pytest.mark.parametrize(
    ("fields", "text", "rule"),
    [
        ({"text": "suspected dengue, fever"}, "Give ibuprofen 400 mg.", "ci.nsaid_dengue"),
        ({"text": "suspected dengue, fever"}, "Give aspirin 300 mg.", "ci.nsaid_dengue"),
        ({"text": "chickenpox", "patient": {"age": 9.0}}, "Give aspirin 300 mg.", "ci.aspirin_child_viral"),
        (
            {"patient": {**WOMAN, "pregnant": True, "gestation_weeks": 8.0}},
            "Give trimethoprim 200 mg.",
            "ci.trimethoprim_first_trimester",
        ),
        ({"patient": {"age": 10.0}}, "Give codeine 15 mg.", "ci.codeine_tramadol_under_12"),
        ({"patient": {"age": 10.0}}, "Give tramadol 50 mg.", "ci.codeine_tramadol_under_12"),
        (
            {"text": "pain after tonsillectomy", "patient": {"age": 15.0}},
            "Give tramadol 50 mg.",
            "ci.codeine_tramadol_tonsillectomy",
        ),
        ({"text": "I have myasthenia gravis"}, "Give ciprofloxacin 500 mg.", "ci.fluoroquinolone_myasthenia"),
        ({"text": "known abdominal aortic aneurysm"}, "Give levofloxacin 500 mg.", "ci.fluoroquinolone_aorta"),
        ({"medications": ["glyburide"]}, "Give ciprofloxacin 500 mg.", "ddi.quinolone_sulfonylurea"),
        ({"text": "g6pd deficiency"}, "Give nitrofurantoin 100 mg.", "ci.nitrofurantoin_g6pd"),
        ({"conditions": [{"code": "J45.9"}]}, "Give propranolol 40 mg.", "ci.beta_blocker_asthma"),
        ({"conditions": [{"code": "I25.1"}]}, "Give sumatriptan 50 mg.", "ci.triptan_coronary"),
        ({"patient": {"age": 30.0, "sex": "male"}}, "Give primaquine 30 mg.", "ci.primaquine_g6pd"),
        ({"patient": {**WOMAN}}, "Give isotretinoin 40 mg.", "ci.retinoid_pregnancy"),
        (
            {"patient": {**WOMAN, "pregnant": True, "gestation_weeks": 24.0}},
            "Give naproxen 250 mg.",
            "ci.nsaid_pregnancy_20_weeks",
        ),
        ({"patient": {"age": 70.0, "egfr": 24.0}}, "Give metformin 500 mg.", "ci.metformin_egfr_30"),
        ({"text": "vomiting, ketoacidosis"}, "Give metformin 500 mg.", "ci.metformin_acidosis"),
        ({"patient": {"age": 1.5}}, "Give promethazine 5 mg.", "ci.promethazine_under_2"),
        ({"patient": {"age": 0.05}}, "Give ceftriaxone 50 mg.", "ci.ceftriaxone_neonate"),
        ({"text": "known long qt"}, "Give clarithromycin 500 mg.", "ci.macrolide_long_qt"),
        ({"patient": {"age": 6.0}}, "Give doxycycline 100 mg.", "ci.tetracycline_under_8"),
    ],
)
def test_the_trap_stops_the_plan(screen: Screen, make_case: Any, fields: dict[str, Any], text: str, rule: str) -> None:
    assert _rules(screen, make_case(**fields), text).get(rule) in ("block", "interrupt")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"patient": {"age": 30.0, "sex": "male"}}, "Give isotretinoin 40 mg."),
        ({"patient": {**WOMAN, "pregnant": False}}, "Give doxycycline 100 mg."),
        ({"patient": {"age": 40.0, "egfr": 90.0}}, "Give metformin 500 mg."),
        ({"patient": {"age": 13.0, "sex": "male"}}, "Give doxycycline 100 mg."),
        ({"text": "no asthma"}, "Give propranolol 40 mg."),
        ({"patient": {"age": 40.0, "sex": "male"}}, "Avoid ibuprofen; take paracetamol 1 g."),
    ],
)
def test_the_ordinary_patient_passes(screen: Screen, make_case: Any, fields: dict[str, Any], text: str) -> None:
    assert not {
        rule for rule, action in _rules(screen, make_case(**fields), text).items() if action in ("block", "interrupt")
    }


def test_unknown_pregnancy_is_a_missing_fact_for_a_teratogen(screen: Screen, make_case: Any) -> None:
    verdict = screen.text(make_case(patient=WOMAN), "Give isotretinoin 40 mg.")
    assert any(item.kind == "missing_fact" for item in verdict.findings)
    assert any(item.kind == "missing_fact" for item in verdict.questions)


def test_the_renal_limit_of_nitrofurantoin(screen: Screen, make_case: Any) -> None:
    text = "Give nitrofurantoin 100 mg twice daily."
    low, fine = (make_case(patient={"age": 70.0, "egfr": egfr}) for egfr in (40.0, 80.0))
    unknown = make_case(patient={"age": 70.0})
    assert _rules(screen, low, text)["ci.nitrofurantoin_egfr"] == "block"
    assert "ci.nitrofurantoin_egfr" not in _rules(screen, fine, text)
    assert _rules(screen, unknown, text)["ci.nitrofurantoin_egfr"] == "interrupt"
    young = make_case(patient={"age": 30.0})
    assert "ci.nitrofurantoin_egfr" not in _rules(screen, young, text)


@pytest.mark.parametrize(
    ("syndrome", "text", "rule"),
    [
        ("uti.asymptomatic_bacteriuria", "amoxicillin", "abx.never.uti.asymptomatic_bacteriuria"),
        ("common_cold.uncomplicated", "azithromycin", "abx.never.common_cold.uncomplicated"),
        ("uti.cystitis_uncomplicated", "linezolid", "abx.reserve"),
        ("uti.cystitis_uncomplicated", "azithromycin", "abx.not_first_line"),
    ],
)
def test_an_antibiotic_without_its_indication_is_stopped(
    screen: Screen, make_case: Any, syndrome: str, text: str, rule: str
) -> None:
    found = screen._checks._stewardship
    assert found is not None
    from cases.facts import FactReader
    from safety.intake import Drug

    case = make_case()
    findings, _ = found.check(case, FactReader(case), [Drug(text, new=True)], syndrome)
    assert rule in {item.rule for item in findings if item.action in ("block", "interrupt")}


def test_the_syndromes_own_first_line_is_right_whatever_its_aware_class(screen: Screen, make_case: Any) -> None:
    case = make_case(patient={"age": 30.0, "sex": "male", "egfr": 90.0}, setting="inpatient")
    allowed = {row.name for row in screen.regimens(case, "typhoid.confirmed").allowed}
    assert {"ceftriaxone", "azithromycin", "ciprofloxacin"} & allowed


def test_another_listed_infection_softens_never(screen: Screen, make_case: Any) -> None:
    from cases.facts import FactReader
    from safety.intake import Drug

    engine = screen._checks._stewardship
    assert engine is not None
    case = make_case(conditions=[{"code": "N10"}])
    findings, _ = engine.check(case, FactReader(case), [Drug("ciprofloxacin", new=True)], "common_cold.uncomplicated")
    (never,) = [item for item in findings if item.rule.startswith("abx.never")]
    assert never.action == "interrupt"


@pytest.mark.parametrize("syndrome", ["acne.moderate_severe", "fungal_infection.vulvovaginal"])
def test_knowing_less_never_allows_more(screen: Screen, make_case: Any, syndrome: str) -> None:
    """Whoever is unknown may be pregnant or a child: nothing is allowed that a known woman might not have."""
    woman = {"age": 30.0, "sex": "female"}
    for known in ({}, {"age": 30.0}, {"sex": "female"}):
        allowed = {row.id for row in screen.regimens(make_case(patient=known), syndrome).allowed}
        assert allowed <= {row.id for row in screen.regimens(make_case(patient=woman), syndrome).allowed}, known
