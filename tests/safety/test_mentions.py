"""Roles of drugs in text; the trap sentences are made up."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.vocabulary.lexicon import find_names
from safety.mentions import find_mentions


@pytest.mark.parametrize(
    ("text", "default", "roles"),
    [
        ("Avoid NSAIDs such as ibuprofen; take paracetamol 1 g.", "proposed", ["advised_against"] * 2 + ["proposed"]),
        ("Avoid alcohol while taking metronidazole 400 mg.", "proposed", ["proposed"]),
        ("Start amoxicillin instead of ciprofloxacin.", "proposed", ["proposed", "advised_against"]),
        ("Take nitrofurantoin, not ciprofloxacin.", "proposed", ["proposed", "advised_against"]),
        ("Do not stop warfarin.", "proposed", ["current"]),
        ("Do not delay ceftriaxone.", "proposed", ["proposed"]),
        ("Start amoxicillin without waiting for the culture.", "proposed", ["proposed"]),
        ("Not only amoxicillin but also clarithromycin.", "proposed", ["proposed", "proposed"]),
        ("No antibiotic is needed. Amoxicillin is not indicated.", "proposed", ["advised_against"]),
        ("Do not combine simvastatin with clarithromycin.", "proposed", ["advised_against"] * 2),
        ("Stop simvastatin for the course and give clarithromycin.", "proposed", ["advised_against", "proposed"]),
        ("Stop smoking, amoxicillin 500 mg three times daily.", "proposed", ["proposed"]),
        ("Take amoxicillin 500 mg as ibuprofen is contraindicated.", "proposed", ["proposed", "advised_against"]),
        ("Advise against anti-inflammatory painkillers.", "proposed", ["advised_against"]),
        ("Avoid trimethoprim 200 mg.", "proposed", ["advised_against"]),
        ("If you develop fever, take ibuprofen.", "proposed", ["proposed"]),
        ("Ask about aspirin and anticoagulants.", "proposed", ["mentioned", "mentioned"]),
        ("Ask about penicillin reactions; start amoxicillin 500 mg.", "proposed", ["mentioned", "proposed"]),
        ("The patient is on warfarin. Start co-trimoxazole.", "proposed", ["current", "proposed"]),
        ("I am allergic to penicillin and I take metformin daily.", "current", ["allergy", "current"]),
        ("Allergies: penicillin, aspirin", "current", ["allergy", "allergy"]),
        ("Penicillin allergy. Denies taking aspirin.", "current", ["allergy", "negated"]),
        ("No known allergy to penicillin.", "current", ["negated"]),
        ("He used to take lisinopril.", "current", ["historical"]),
    ],
)
def test_find_mentions_tells_the_role(text: str, default: str, roles: list[str]) -> None:
    assert [item.role for item in find_mentions(text, default=default)] == roles  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["Give amoxicilin 500 mg.", "Xyzolin 500 mg twice daily", "start ceftriaxzone now"])
def test_find_mentions_reports_what_looks_like_a_drug_but_is_unknown(text: str) -> None:
    found = find_mentions(text, default="proposed")
    assert [item.names for item in found] == [()]


@pytest.mark.parametrize(
    "text",
    [
        "My cholesterol and my iron are low, the water is cold and the potassium was 4.1 mmol/L.",
        "I have had a cough for three days and my head hurts; it started in April.",
        "The exam was hard, for a reason that no person could name.",
        "Glucose 126 mg/dL, sodium 140 mmol/L.",
    ],
)
def test_find_mentions_leaves_ordinary_and_laboratory_words_alone(text: str) -> None:
    assert find_mentions(text, default="current") == ()


def test_find_mentions_sees_orders_and_doses() -> None:
    ordered, plain = find_mentions("Give ibuprofen 400 mg. Naproxen suits others.", default="proposed")
    assert (ordered.ordered, ordered.dosed) == (True, True)
    assert (plain.ordered, plain.dosed) == (False, False)


# ── which words are drugs ────────────────────────────────────────────────────────────────────────────────────────────


def surfaces(text: str) -> list[str]:
    return [item.surface for item in find_mentions(text, default="current") if item.kind != "class"]


@pytest.mark.parametrize(
    "text",
    [
        "potassium 4.1, calcium level 2.3, iron studies, oxygen saturation 98%, glucose 110",
        "insulin resistance, fasting insulin, insulin-like growth factor, insulin-dependent diabetes",
        "Vitamin D level 20, B12 deficiency, testosterone levels, serum estradiol, cortisol 12",
        "Drinks alcohol and water; no tobacco. Balance and relief are complete today.",
        "beta-blockers, steroids, painkillers, hormonal contraception, antibiotics",
        "follicular thyroid carcinoma (FTC) and FTC again; lower third cancers (LTG)",
        "every time you blink. Tears keep your eyes moist",
        "adenosine deaminase and a tyrosine kinase inhibitor",
        "Ich habe heute Kopfschmerzen und nehme die Tabletten mit Wasser. Je prends de l'eau le matin.",
        "severe backpain, keratosis pilaris, heparan sulfate, cystatin C, glycated haemoglobin",
    ],
)
def test_ordinary_laboratory_and_foreign_words_are_no_drugs(text: str) -> None:
    assert surfaces(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Take iron tablets; started on potassium chloride", ["iron tablets", "potassium chloride"]),
        ("insulin 10 units and insulin glargine", ["insulin", "insulin glargine"]),
        ("phenytoin and dopamine were given", ["phenytoin", "dopamine"]),
        ("metoprolol succinate 50 mg, warfarin sodium", ["metoprolol succinate", "warfarin sodium"]),
        ("aspirins, Aspirin's, ASPIRIN, aspirin81", ["aspirins", "Aspirin", "ASPIRIN", "aspirin"]),
        ("5-FU, 6-MP, HCTZ, TMP/SMX, co-amoxiclav", ["5-FU", "6-MP", "HCTZ", "TMP/SMX", "co-amoxiclav"]),
        ("amoxicillin-clavulanic acid", ["amoxicillin-clavulanic acid"]),
        ("non-aspirin, warfarin-naive, penicillamine-induced", ["aspirin", "warfarin", "penicillamine"]),
        ("I take metaprolol and warfrin", ["metaprolol", "warfrin"]),
        ("tablet pantopx (pantoprazole)", ["pantopx", "pantoprazole"]),
        ("ramipril, zyxtrol and aspirin", ["ramipril", "zyxtrol", "aspirin"]),
        ("Versed 2 mg was used with Versed", ["Versed"]),
    ],
)
def test_drugs_are_found_as_they_are_written(text: str, found: list[str]) -> None:
    names = surfaces(text)
    assert [name for name in names if name in found][: len(found)] == found
    assert len(names) <= len(found) + 1


def test_a_misspelt_name_tells_what_is_near_and_stays_unread() -> None:
    (found,) = find_mentions("I take metaprolol.", default="current")
    assert (found.names, found.near, found.kind) == ((), ("metoprolol",), "unknown")


def test_minerals_and_vaccines_without_an_ingredient_are_found_where_they_are_asked_for() -> None:
    text = "Given a flu shot, zinc and vitamin c tablets. Calcium 9.2; calcium channel blockers."
    asked = find_mentions(text, default="current", substances=True)
    assert [item.surface for item in asked] == ["flu shot", "zinc", "vitamin c"]
    assert find_mentions("Given a flu shot.", default="current") == ()


# ── odd letters ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "written",
    [
        "\uff37arfarin",
        "war\u200bfarin",
        "w\u0430rf\u0430rin",
        "\U0001d430\U0001d41a\U0001d42b\U0001d41f\U0001d41a\U0001d42b\U0001d422\U0001d427",
        "warfa\u0301rin",
        "war\u00adfarin",
        "WARFAR\u0130N",
        "war-\nfarin",
        "warfarin\u2122",
        "warfarin\u00b9",
        "\u202ewarfarin\u202c",
    ],
)
@pytest.mark.parametrize("around", ["{}", "\U0001f600 take\u00a0{} now", "\ufb01ne e\u0301 {}, 5 mg", "take\u200b{}"])
def test_no_odd_letter_hides_a_drug_or_moves_its_place(written: str, around: str) -> None:
    text = around.format(written)
    (found,) = find_mentions(text, default="current")
    assert found.names == ("warfarin",)
    assert text[found.start : found.end] == found.surface
    assert found.surface.strip("\u202e\u202c\u200b\u2122\u00b9") in written


ALPHABET = "aw\u0430e\u0301\u00e9 \ufb01\U0001f600\u200b-\n.,(\uff37\u0130\u00df\u2122\u00b2\ud800\x00'5"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(st.text(ALPHABET, max_size=6), st.sampled_from(["warfarin", "aspirin", "stop "])), max_size=12)
)
def test_any_text_gives_ordered_places_without_overlaps(parts: list[str]) -> None:
    text = "".join(parts)
    found = find_mentions(text, default="current")
    assert all(text[item.start : item.end] == item.surface for item in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@settings(max_examples=100, deadline=None)
@given(st.text(ALPHABET, max_size=20), st.text(ALPHABET, max_size=20))
def test_a_drug_between_spaces_is_always_found(before: str, after: str) -> None:
    found = find_mentions(f"{before} ibuprofen {after}", default="current")
    assert any(item.names == ("ibuprofen",) for item in found)


# ── speed ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def seconds(text: str) -> float:
    start = time.perf_counter()
    find_mentions(text, default="current")
    return time.perf_counter() - start


SENTENCE = "The patient takes warfarin 5 mg daily and was told that ibuprofen is bad for her stomach.\n"


def test_a_sentence_of_drugs_is_read_in_well_under_a_millisecond() -> None:
    find_names(SENTENCE)
    start = time.perf_counter()
    find_names(SENTENCE * 2000)
    a_sentence = (time.perf_counter() - start) / 2000
    assert a_sentence < 0.001


@pytest.mark.parametrize(
    "unit",
    [SENTENCE, "warfarin ", "warfarin, ibuprofen, ", "a", "xyzzycillin ", "Plan:\naspirin\n", "\u00e9\U0001f600\u200b",
     "war-\n", "allergic to ", "aspirin until ", "insulin and iron, ", "1234 mg ", "(aspirin) ", "x'", "stop "],
)  # fmt: skip
def test_time_is_linear_in_the_length_of_the_text(unit: str) -> None:
    seconds(unit)
    text = (unit * 60_000)[:60_000]
    assert seconds(text) < 12  # 60,000 characters take about half a second; quadratic time would be minutes


def test_a_reaction_in_brackets_does_not_take_a_drug_out_of_a_plan() -> None:
    """A model was seen to propose "a combination of amoxicillin (anaphylaxis) and other medications"."""
    text = "The plan is a combination of amoxicillin (anaphylaxis) and rest."
    assert [item.role for item in find_mentions(text, default="proposed")] == ["proposed"]
    assert [item.role for item in find_mentions(text, default="current")] == ["allergy"]
