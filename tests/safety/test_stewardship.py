"""Tiers by ICD-10 code, reasoned chapter by chapter; the map agrees with our syndromes; the traps of stewardship."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.facts import FactReader
from cases.vocabulary.conditions import syndromes
from cases.vocabulary.tables import drugs, sources
from safety.antibiotics import Antibiotics
from safety.icd10 import SUPPORT, CodeMap, CodeRow, code_map, plain
from safety.intake import Drug
from safety.rules import RulesError, indications
from safety.screen import Screen

ALWAYS = """A00.9 A01.00 A02.1 A03.9 A04.72 A06.0 A07.1 A15.0 A18.01 A20.9 A22.1 A23.9 A27.9 A30.9 A31.0 A32.9 A35 A36.0
A37.90 A38.9 A39.0 A40.3 A41.9 A42.0 A43.0 A44.9 A46 A48.1 A49.9 A51.0 A54.01 A56.01 A57 A59.01 A64 A66.9 A68.9
A69.20 A71.9 A77.0 A78 A79.9 B47.1 B59 B60.0 B95.62 B96.20 B96.81 D73.3 G00.1 G00.9 G04.2 G06.0 H05.011 H44.001
H60.11 H70.009 I00 I33.0 I38 J05.10 J13 J14 J15.7 J15.9 J18.0 J18.9 J34.0 J36 J39.0 J47.1 J85.1 J86.9
K12.2 K35.80 K57.20 K63.0 K65.0 K65.2 K75.0 K80.00 K81.0 K83.09 K90.81 K91.850 L00 L04.0
M00.9 M46.20 M60.009 M71.10 M72.6 M86.9 N10 N12 N15.1 N30.00 N30.90 N34.1 N39.0 N41.0 N45.1 N61.1 N70.01 N72
N73.0 O03.37 O08.0 O23.00 O23.40 O41.1010 O85 O86.00 O91.119 P23.6 P36.9 P38.9 P77.9 R65.20 R65.21 R78.81
S52.501B S82.201C T80.211A T81.40XA T82.7XXA T83.511A T84.50XA T79.3 Z22.7"""

SOMETIMES = """J02.0 J03.00 L01.00 L03.115 L03.213
A02.0 A04.4 A04.5 A09 B20 B58.9 D70.9 E11.621 E84.0 G03.9 H00.011 H01.009 H10.9 H10.029 H16.009 H60.339
H66.90
H66.001 J01.90 J02.9 J03.90 J32.9 J41.1 J44.0 J44.1 J47.9 J69.0 K04.7 K05.20 K11.20 K25.9 K27.9 K29.50 K57.32
K61.0 K81.1 L02.91 L05.01 L08.9 L30.3 L70.0 L71.9 L73.2 L89.152 L97.511 I83.009 I85.01 M02.30 M46.40 N11.9 N48.1
N75.1 N76.0 O42.011 O91.23 P00.2 R36.9 S01.81XA S51.851A S61.451A T20.20XA T15.01XA W54.0XXA Z20.2 Z22.330
Z90.81"""

NEVER = """S51.851D T23.201D
A04.3 A05.9 A08.11 A08.4 A60.00 A63.0 A80.9 A87.9 A90 A91 A92.8 B00.9 B01.9 B02.9 B05.9 B08.4 B15.9
B18.1 B26.9
B27.90 B34.9 B35.1 B37.0 B37.31 B49 B50.9 B54 B55.1 B65.9 B77.9 B86 B97.29 B90.9 C34.90 C91.00 D50.9 D64.9 E03.9
E10.9 E11.9 E66.9 E78.5 F32.9 F41.1 G40.909 G43.909 G51.0 H10.45 H25.9 H40.9 H61.20 H65.90 H69.90 H81.10 I10
I21.9 I48.91 I50.9 I63.9 I83.90 J00 J04.0 J05.0 J06.9 J10.1 J11.1 J12.9 J20.9 J20.5 J21.0 J21.9 J22 J30.9 J40
J44.9 J45.909 J45.901 J84.10 J90 K02.9 K04.01 K21.9 K50.90 K57.30 K58.9 K64.9 K70.30 K85.90 K92.2 L20.9 L40.0
L50.9 L98.0 M06.9 M10.9 M17.9 M54.50 M79.7 N13.30 N18.6 N20.0 N30.10 N40.0 N80.9 N91.2 O13.9 O80 P07.30 P59.9
Q21.0 Q90.9 R05.9 R07.9 R10.9 R19.7 R30.0 R50.9 R51.9 R59.0 R82.71 S00.83XA S06.0X0A S51.851S S52.501A S93.401A
T14.90XA T36.0X5A T78.2XXA T88.7XXA U07.1 V43.52XA W57.XXXA X58.XXXA Y92.9 Z00.00 Z20.822 Z21 Z23 Z87.891"""


def codes(written: str) -> list[str]:
    return written.split()


@pytest.mark.parametrize(("tier", "written"), [("always", ALWAYS), ("sometimes", SOMETIMES), ("never", NEVER)])
def test_the_tier_of_a_code_is_the_reasoned_one(tier: str, written: str) -> None:
    found = {code: row.tier for code in codes(written) if (row := code_map().find(code))}
    assert len(found) == len(codes(written))
    assert {code: said for code, said in found.items() if said != tier} == {}


def test_every_chapter_is_covered() -> None:
    chapters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    asked = {code[0] for code in codes(ALWAYS + " " + SOMETIMES + " " + NEVER)}
    assert asked == set(chapters)
    assert all(any(code_map().find(f"{chapter}{number:02d}") for number in range(100)) for chapter in chapters)


@pytest.mark.parametrize("written", ["j20.9", "J209", " J20.9 ", "J20.9-", "J20.-", "J20"])
def test_a_code_is_found_however_it_is_written(written: str) -> None:
    row = code_map().find(written)
    assert row is not None
    assert row.id == "bronchitis_acute"


@pytest.mark.parametrize("written", ["", "J", "J2", "J2.09", "J20-J22", "1A00", "bronchitis", "J20.12345", "A10"])
def test_what_is_no_code_has_no_row(written: str) -> None:
    assert code_map().find(written) is None


def test_the_longest_code_wins_and_less_detail_never_says_less_than_its_own_row() -> None:
    assert [code_map().find(code).id for code in ("J02", "J02.9", "J02.0")] == [  # type: ignore[union-attr]
        "pharyngitis",
        "pharyngitis",
        "strep_throat",
    ]


def test_age_decides_where_it_is_known() -> None:
    tiers = [code_map().find("H66.91", age).tier for age in (None, 0.3, 0.5, 4.0)]  # type: ignore[union-attr]
    assert tiers == ["sometimes", "always", "sometimes", "sometimes"]
    assert code_map().find("R50.9", 0.1).tier == "sometimes"  # type: ignore[union-attr]


@given(st.lists(st.sampled_from(codes(ALWAYS + " " + SOMETIMES + " " + NEVER)), min_size=1, max_size=4), st.data())
@settings(max_examples=60, deadline=None)
def test_another_diagnosis_never_takes_support_away(known: list[str], data: st.DataObject) -> None:
    more = data.draw(st.sampled_from(codes(ALWAYS + " " + SOMETIMES + " " + NEVER)))
    before, after = (code_map().rows_of(listed)[0].tier for listed in (known, [*known, more]))
    assert SUPPORT[after] >= SUPPORT[before]


def test_every_row_cites_known_sources_and_lists_known_antibiotics() -> None:
    known, antibiotics = drugs(), Antibiotics()
    for row in code_map().rows:
        assert set(row.sources) <= set(sources()), row.id
        assert set(row.syndromes) <= set(syndromes()), row.id
        for drug in (*row.first_line, *row.alternatives, *row.uses):
            for name in drug.split(" + "):
                assert name in known, (row.id, name)
                assert antibiotics.is_antibiotic(name), (row.id, name)


def test_no_row_lists_a_reserve_antibiotic_first() -> None:
    antibiotics = Antibiotics()
    for row in code_map().rows:
        assert not {drug for drug in row.first_line if antibiotics.aware(drug) == "Reserve"}, row.id


def test_two_rows_may_not_claim_one_code() -> None:
    row = {"codes": ("J20",), "tier": "never", "why": "x", "sources": ("s",)}
    with pytest.raises(RulesError, match="J20"):
        CodeMap([CodeRow.model_validate({"id": name, **row}) for name in ("a", "b")])


@pytest.mark.parametrize(("tier", "criteria"), [("sometimes", ()), ("never", ("x",)), ("always", ("x",))])
def test_criteria_go_with_sometimes(tier: str, criteria: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="criteria"):
        CodeRow.model_validate(
            {"id": "a", "codes": ("J20",), "tier": tier, "criteria": criteria, "why": "x", "sources": ("s",)}
        )


# ── agreement with the syndromes ─────────────────────────────────────────────────────────────────────────────────────


def test_the_map_and_the_syndromes_never_contradict_each_other() -> None:
    """A syndrome knows more than its code, but what is always right under one is never "never" under the other."""
    apart = {}
    for name, row in indications().items():
        found = code_map().rows_of(syndromes()[name].icd10)
        assert found, name
        if {row.tier, found[0].tier} == {"always", "never"}:
            apart[name] = (row.tier, found[0].tier)
    assert apart == {}


def test_a_tier_that_every_syndrome_of_a_code_shares_is_at_most_a_step_from_the_codes_own() -> None:
    by_code: dict[str, set[str]] = {}
    for name in indications():
        by_code.setdefault(plain(syndromes()[name].icd10[0]), set()).add(indications()[name].tier)
    for code, tiers in by_code.items():
        found = code_map().find(code)
        assert found is not None, code
        if len(tiers) == 1:
            (tier,) = tiers
            assert abs(SUPPORT[found.tier] - SUPPORT[tier]) <= 1, code  # type: ignore[index]


# ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────────────


def checked(screen: Screen, make_case: Any, drug: str, syndrome: str | None, *conditions: str) -> dict[str, str]:
    engine = screen._checks._stewardship
    assert engine is not None
    case = make_case(conditions=[{"code": code} for code in conditions])
    findings, _ = engine.check(case, FactReader(case), [Drug(drug, new=True)], syndrome)
    return {item.rule: item.action for item in findings}


@pytest.mark.parametrize(
    ("drug", "conditions", "expected"),
    [
        ("azithromycin", ["J20.9"], {"abx.never.bronchitis.acute": "block"}),
        ("ciprofloxacin", ["N10"], {}),
        ("ciprofloxacin", ["J20.9", "N10"], {}),
        ("isoniazid", ["A15.0"], {}),
        ("isoniazid", ["J20.9"], {"abx.never.bronchitis.acute": "block"}),
        ("amoxicillin", ["I10"], {"abx.never.heart_vessels": "interrupt"}),
        ("amoxicillin", ["J02.9"], {"abx.criterion.pharyngitis": "interrupt"}),
        ("amoxicillin", [], {"abx.no_entry": "interrupt"}),
        ("amoxicillin", ["J20.9", "not a code"], {"abx.no_entry": "interrupt"}),
        ("levofloxacin", ["N30.00"], {}),
        ("moxifloxacin", ["N30.00"], {"abx.not_first_line": "interrupt"}),
        ("linezolid", ["N39.0"], {"abx.reserve": "block"}),
        ("doxycycline", ["B50.9"], {}),
        ("rifaximin", ["K76.82"], {}),
        ("terbinafine", ["J20.9"], {}),
    ],
)
def test_conditions_answer_where_no_syndrome_is_known(
    screen: Screen, make_case: Any, drug: str, conditions: list[str], expected: dict[str, str]
) -> None:
    assert checked(screen, make_case, drug, None, *conditions) == expected


@pytest.mark.parametrize("code", ["L97.511", "M00.9", "K83.0", "L03.115", "T81.40XA", "E11.621", "B96.20"])
@pytest.mark.parametrize(
    "syndrome", ["varicose_veins.skin_changes", "gout.acute_flare", "jaundice.obstructive", "chickenpox.adult"]
)
def test_never_asks_every_condition_of_the_patient(screen: Screen, make_case: Any, syndrome: str, code: str) -> None:
    alone = checked(screen, make_case, "amoxicillin", syndrome)
    with_it = checked(screen, make_case, "amoxicillin", syndrome, code)
    assert alone[f"abx.never.{syndrome}"] == "block"
    assert with_it[f"abx.never.{syndrome}"] == "interrupt"


@pytest.mark.parametrize("code", ["I10", "J45.909", "B34.9", "Z00.00"])
def test_a_condition_that_needs_no_antibiotic_does_not_soften_never(screen: Screen, make_case: Any, code: str) -> None:
    found = checked(screen, make_case, "azithromycin", "common_cold.uncomplicated", code)
    assert found["abx.never.common_cold.uncomplicated"] == "block"


@pytest.mark.parametrize("drug", ["doxycycline", "clindamycin"])
def test_what_stands_beside_quinine_in_malaria_is_right(screen: Screen, make_case: Any, drug: str) -> None:
    found = checked(screen, make_case, drug, "malaria.confirmed_falciparum", "B50.9")
    assert set(found.values()) <= {"note"}
    other = checked(screen, make_case, "amoxicillin", "malaria.confirmed_falciparum", "B50.9")
    assert other["abx.never.malaria.confirmed_falciparum"] == "block"


def test_more_drugs_never_mean_fewer_findings(screen: Screen, make_case: Any) -> None:
    engine = screen._checks._stewardship
    assert engine is not None
    case = make_case(conditions=[{"code": "J20.9"}])
    names = ("azithromycin", "isoniazid", "linezolid", "ibuprofen")
    for one, other in combinations(names, 2):
        alone, _ = engine.check(case, FactReader(case), [Drug(one, new=True)], None)
        both, _ = engine.check(case, FactReader(case), [Drug(one, new=True), Drug(other, new=True)], None)
        assert set(alone) <= set(both)
