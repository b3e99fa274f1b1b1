"""Drug names in text and the tables behind them."""

from __future__ import annotations

import csv
import os
import re
import shutil
from pathlib import Path

import pytest

from cases.vocabulary.build import Witnesses, agreed_code, base_of, build
from cases.vocabulary.displays import ingredients_of
from cases.vocabulary.lexicon import find_names, lexicon, normalise
from cases.vocabulary.stems import bears_stem
from cases.vocabulary.tables import VOCABULARY, VocabularyError, drugs, regimens, sources, synonyms

ROOT = VOCABULARY.parent.parent
INPUTS = ("atc.csv", "synonyms.csv", "rxnorm_labels.csv", "rxcui_evidence.csv", "not_in_text.txt")
NOT_IN_ATC = {
    "benzphetamine", "bismuth subsalicylate", "butalbital", "calamine", "coal tar", "crotamiton", "grapefruit",
    "hesperidin", "iron", "levalbuterol", "levorphanol", "menthol", "mestranol", "metaxalone", "netupitant",
    "oral rehydration salts", "petrolatum", "phendimetrazine", "spinosad", "taletrectinib", "tipiracil",
    "witch hazel", "zileuton", "zinc oxide",
}  # fmt: skip
EVIDENCE = Path(os.environ.get("WARDROUND_DATA", ROOT.parent / "shared"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Start co-amoxiclav today.", [("amoxicillin", "clavulanate")]),
        ("tylenol and Advil", [("acetaminophen",), ("ibuprofen",)]),
        ("amLODIPine 5 mg, metoprolol succinate", [("amlodipine",), ("metoprolol",)]),
        ("St John's wort", [("st johns wort",)]),
        ("TMP-SMX", [("sulfamethoxazole", "trimethoprim")]),
        ("iron 325 mg daily", [("iron",)]),
        ("his iron is low", []),
        ("serum potassium, blood glucose, cholesterol, water, oxygen, alcohol", []),
        ("the liver and the thyroid gland", []),
        ("ibuprofenlike amoxicillins", [("amoxicillin",)]),
        ("", []),
    ],
)
def test_find_names_takes_the_longest_known_form(text: str, names: list[tuple[str, ...]]) -> None:
    assert [item.names for item in find_names(text)] == names


def test_find_names_gives_the_place() -> None:
    text = "Take Co-Trimoxazole now"
    (found,) = find_names(text)
    assert text[found.start : found.end] == found.surface == "Co-Trimoxazole"


def test_lexicon_reports_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError):
        lexicon(tmp_path)


@pytest.mark.parametrize(
    ("display", "names"),
    [
        ("Chlorthalidone 15 MG Oral Tablet [Thalitone]", ("chlorthalidone",)),
        (
            "Hydrochlorothiazide 25 MG / Triamterene 37.5 MG Oral Tablet [Maxzide]",
            ("hydrochlorothiazide", "triamterene"),
        ),
        (
            "{7 (Inert Ingredients 1 MG Oral Tablet) / 21 (Levonorgestrel 0.15 MG Oral Tablet) } Pack",
            ("levonorgestrel",),
        ),
        ("ibuprofen", ("ibuprofen",)),
    ],
)
def test_ingredients_of_reads_a_display(display: str, names: tuple[str, ...]) -> None:
    assert ingredients_of(display) == names


def test_base_of_rolls_salts_up() -> None:
    known = {"metoprolol": "metoprolol", "sodium chloride": "sodium chloride"}
    assert base_of("metoprolol succinate", known) == "metoprolol"
    assert base_of("sodium chloride", known) == "sodium chloride"
    assert base_of("metoprololol succinate", known) is None


def test_agreed_code_needs_two_witnesses_and_no_dissent() -> None:
    assert agreed_code({"1": {"a", "b"}})[0] == "1"
    assert agreed_code({"1": {"a"}})[0] is None
    assert agreed_code({"1": {"a", "b"}, "2": {"c"}})[0] is None


def test_every_code_has_two_witnesses_and_one_name() -> None:
    coded = [drug for drug in drugs().values() if drug.rxcui]
    assert len(coded) > 1000
    assert all(len(drug.evidence) >= 2 for drug in coded)
    assert len({drug.rxcui for drug in coded}) == len(coded)


def test_every_atc_code_is_of_level_five_and_of_an_ingredient() -> None:
    with (VOCABULARY / "atc.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == sorted({row["name"] for row in rows} & set(drugs()))
    assert {row["source"] for row in rows} == {"who_atc_2026"} <= set(sources())
    for row in rows:
        assert all(re.fullmatch(r"[A-DGHJL-NPRSV]\d\d[A-Z]{2}\d\d", code) for code in row["atc"].split(";")), row
        assert drugs()[row["name"]].atc == tuple(sorted(set(row["atc"].split(";")))), row


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("acetaminophen", "N02BE01"),
        ("albuterol", "R03AC02"),
        ("amoxicillin", "J01CA04"),
        ("clavulanate", "J01CR02"),
        ("fluconazole", "D01AC15"),
        ("glyburide", "A10BB01"),
        ("levothyroxine", "H03AA01"),
        ("lopinavir", "J05AR10"),
        ("simvastatin", "C10AA01"),
        ("warfarin", "B01AA03"),
    ],
)
def test_an_ingredient_has_its_atc_code(name: str, code: str) -> None:
    assert code in drugs()[name].atc


def test_every_ingredient_has_an_atc_code_but_those_that_the_index_lacks() -> None:
    assert not {name for name, drug in drugs().items() if not drug.atc} - NOT_IN_ATC


def test_witnesses_look_under_another_word_only_where_no_table_knows_the_name() -> None:
    proposed = {
        "ethanol": {"1": frozenset({"bioportal2015", "other"})},
        "clavulanic acid": {"2": frozenset({"bioportal2015"})},
        "clavulanate": {"3": frozenset({"bioportal2015"})},
    }
    known = Witnesses(proposed, {"alcohol": ("ethanol",), "clavulanate": ("clavulanic acid",)}, frozenset({"1"}))
    assert known.of("alcohol") == {"1": {"bioportal2015", "other", "rxcui_unii"}}
    assert known.of("clavulanate") == {"3": {"bioportal2015"}}


def test_recorded_evidence_names_ingredients_and_counts_one_repository_once() -> None:
    with (VOCABULARY / "rxcui_evidence.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert not {row["name"] for row in rows} - set(drugs())
    assert all(row["rxcui"].isdigit() and row["repository_or_url"] and row["looked_up"] for row in rows)
    pairs = [(row["name"], row["witness"]) for row in rows]
    assert len(pairs) == len(set(pairs))


def test_no_witness_of_a_code_that_is_used_names_another_code() -> None:
    with (VOCABULARY / "rxcui_evidence.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert drugs()[row["name"]].rxcui in (None, row["rxcui"]), row["name"]


@pytest.mark.parametrize(
    ("name", "is_medicine"),
    [("azidocillin", True), ("cefodizime", True), ("tertatolol", True), ("squalane", False), ("acetone", False)],
)
def test_bears_stem_tells_medicines_from_other_substances(name: str, is_medicine: bool) -> None:
    assert bears_stem(name) == is_medicine


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("heparin sodium, porcine", ("heparin",)),
        ("diclofenac epolamine", ("diclofenac",)),
        ("cefazolin sodium", ("cefazolin",)),
        ("farxiga", ("dapagliflozin",)),
        ("Biktarvy", ("bictegravir", "emtricitabine", "tenofovir alafenamide")),
        ("Priadel", ("lithium",)),
        ("ecosprin", ("aspirin",)),
        ("co-fluampicil", ("ampicillin", "flucloxacillin")),
        ("lisinopril/HCTZ", ("hydrochlorothiazide", "lisinopril")),
    ],
)
def test_lexicon_knows_salts_and_brands_of_several_countries(written: str, names: tuple[str, ...]) -> None:
    assert tuple(sorted(lexicon().terms[normalise(written)].names)) == names


def test_every_synonym_names_ingredients_of_the_table() -> None:
    assert not {name for row in synonyms() for name in row.names} - set(drugs())
    assert len({row.term for row in synonyms()}) == len(synonyms())


def test_every_regimen_uses_ingredients_of_the_table() -> None:
    assert not {name for row in regimens().values() for name in row.ingredients} - set(drugs())


def test_no_code_is_typed_into_the_source() -> None:
    codes = {drug.rxcui for drug in drugs().values() if drug.rxcui and len(drug.rxcui) >= 4}
    rooms = [ROOT / room for room in ("cases/vocabulary", "retrievers", "generators", "safety", "pipeline")]
    typed = {
        (path.name, literal)
        for room in rooms
        for path in room.rglob("*.py")
        for literal in re.findall(r"[\"'](\d{4,7})[\"']", path.read_text(encoding="utf-8"))
        if literal in codes
    }
    assert not typed


@pytest.mark.data
def test_the_tables_are_what_the_witnesses_give(tmp_path: Path) -> None:
    if not (EVIDENCE / "data/rxnorm/RXNORM.csv.gz").exists():
        pytest.skip("the witness tables are not here")
    for name in (*INPUTS, "drugs.csv"):
        shutil.copy(VOCABULARY / name, tmp_path / name)
    build(EVIDENCE, tmp_path)
    for name in ("drugs.csv", "names.csv.gz", "clinical_drugs.csv.gz", "other_codes.csv.gz"):
        assert (tmp_path / name).read_bytes() == (VOCABULARY / name).read_bytes(), name
