"""The resolver: wrong is worse than refused."""

from __future__ import annotations

import csv
import gzip
import random

import pytest

from cases.vocabulary.lexicon import lexicon, normalise
from cases.vocabulary.tables import VOCABULARY, drugs
from safety.misspellings import measure, misspelt, names_of
from safety.resolver import labels
from safety.rxnorm import OfflineResolver, confused_pairs


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("amoxicillin", ("amoxicillin",)),
        ("  AMOXICILLIN ", ("amoxicillin",)),
        ("Augmentin", ("amoxicillin", "clavulanate")),
        ("co-amoxiclav", ("amoxicillin", "clavulanate")),
        ("metoprolol succinate", ("metoprolol",)),
        ("warfarin sodium", ("warfarin",)),
        ("paracetamol", ("acetaminophen",)),
        ("amLODIPine 5 MG Oral Tablet", ("amlodipine",)),
        ("simvastatin 20mg tab", ("simvastatin",)),
        ("metoprolol succinate ER 50 MG", ("metoprolol",)),
        ("12 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet", ("metformin",)),
        ("{28 (Norethindrone 0.35 MG Oral Tablet) } Pack [Errin 28 Day]", ("norethindrone",)),
        ("Amoxicillin 875 MG / Clavulanate 125 MG Oral Tablet", ("amoxicillin", "clavulanate")),
    ],
)
def test_resolve_reads_names_brands_salts_combinations_and_displays(
    resolver: OfflineResolver, written: str, names: tuple[str, ...]
) -> None:
    read = resolver.resolve(written)
    assert set(read.names) == set(names)
    assert read.how in ("exact", "display")


FREQUENT_BRANDS = """
    Abilify Advair Amaryl Ambien Aricept Ativan Augmentin Benicar Bentyl Boniva Bystolic Cardizem Celebrex Celexa Cialis
    Cipro Concerta Coreg Coumadin Cozaar Crestor Cymbalta Deltasone Depakote Desyrel Diflucan Dilantin Diovan Effexor
    Eliquis Entresto Farxiga Flagyl Flexeril Flomax Flonase Fosamax Glucophage Glucotrol Humalog Hyzaar Imitrex Januvia
    Jardiance Keflex Keppra Klonopin Lamictal Lanoxin Lantus Lasix Levaquin Lexapro Lipitor Lopressor Lyrica Macrobid
    Mobic Mounjaro Naprosyn Neurontin Nexium Norco Norvasc Novolog Ozempic Paxil Paxlovid Pepcid Percocet Plavix
    Pradaxa Prilosec Prinivil Protonix Proventil Prozac Remeron Requip Rinvoq Risperdal Seroquel Singulair Skyrizi
    Spiriva Suboxone Symbicort Synthroid Tamiflu Topamax Toprol-XL Trulicity Ultram Valium Valtrex Ventolin Viagra
    Vyvanse Wegovy Wellbutrin Xanax Xarelto Zestril Zithromax Zocor Zofran Zoloft Zyprexa Zyrtec
"""


@pytest.mark.parametrize("brand", FREQUENT_BRANDS.split())
def test_resolve_knows_frequent_brands(resolver: OfflineResolver, brand: str) -> None:
    read = resolver.resolve(brand)
    assert read.how in ("exact", "display")
    assert set(read.names) <= set(drugs())


def test_resolve_reports_a_misspelling_as_fuzzy(resolver: OfflineResolver) -> None:
    read = resolver.resolve("amoxicilin")
    assert (read.names, read.how, read.read_as) == (("amoxicillin",), "fuzzy", "amoxicillin")


@pytest.mark.parametrize("written", ["", "   ", "--", "Xyzq", "none", "multivitamin and more of the kind"])
def test_resolve_refuses_what_it_does_not_know(resolver: OfflineResolver, written: str) -> None:
    read = resolver.resolve(written)
    assert not read.resolved
    assert read.why


@pytest.mark.parametrize("written", ["hydroxizine", "hydralizine", "prednisolne", "buproprione x"])
def test_resolve_refuses_near_a_confused_pair(resolver: OfflineResolver, written: str) -> None:
    assert not resolver.resolve(written).resolved


def test_resolve_refuses_a_brand_of_several_products(resolver: OfflineResolver) -> None:
    several = next(term for term in resolver._lexicon.terms.values() if term.kind == "ambiguous")
    assert resolver.resolve(several.surface).why == "several products have this name"


def test_resolve_refuses_a_tie(resolver: OfflineResolver) -> None:
    read = resolver.resolve("prednisolne")  # one edit from prednisolone, two from prednisone
    assert not read.resolved or read.names == ("prednisolone",)
    tied = resolver.resolve("ciprofloxacen ofloxacin")
    assert not tied.resolved


def test_resolve_reads_one_edit_and_is_never_wrong(resolver: OfflineResolver) -> None:
    names = random.Random(7).sample(names_of(), 250)
    score = measure(resolver, names, 1, random.Random(7), lexicon())
    assert not score.mistakes
    assert score.right >= 0.97 * score.total  # 99% of all names: scripts/check_resolver.py


def test_resolve_reads_many_of_two_edits_and_is_hardly_ever_wrong(resolver: OfflineResolver) -> None:
    names = random.Random(8).sample(names_of(), 250)
    score = measure(resolver, names, 2, random.Random(8), lexicon())
    assert score.wrong <= 1
    assert score.right >= 0.45 * score.total


@pytest.mark.parametrize(
    "written",
    ["milk", "eggs", "nuts", "fish", "dust", "cats", "dogs", "bees", "nkda", "pain", "meds", "latex", "peanut"],
)
def test_resolve_does_not_read_ordinary_words_as_misspellings(resolver: OfflineResolver, written: str) -> None:
    assert resolver.resolve(written).how != "fuzzy"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("enalapril-HCTZ", {"enalapril", "hydrochlorothiazide"}),
        ("amlodipine and valsartan", {"amlodipine", "valsartan"}),
        ("Toprol XL", {"metoprolol"}),
        ("ibuprofen + codeine", {"ibuprofen", "codeine"}),
    ],
)
def test_resolve_reads_joined_names_and_release_forms(resolver: OfflineResolver, written: str, names: set[str]) -> None:
    read = resolver.resolve(written)
    assert (set(read.names), read.how) == (names, "display")


def test_misspelt_is_never_a_known_name() -> None:
    rng, known = random.Random(3), lexicon()
    written = [misspelt("prednisone", 1, rng, known) for _ in range(50)]
    assert not {normalise(item) for item in written if item} & set(known.terms)


def test_resolve_code_knows_ingredients_and_clinical_drugs(resolver: OfflineResolver) -> None:
    metformin = drugs()["metformin"].rxcui
    assert metformin is not None
    assert resolver.resolve_code(metformin).names == ("metformin",)
    assert resolver.resolve_code("314076").names == ("lisinopril",)
    assert not resolver.resolve_code("999999999").resolved


CODE_OF = {
    "metoprolol succinate": "221124",
    "sertraline hydrochloride": "155137",
    "levothyroxine sodium": "40144",
    "diclofenac sodium": "203214",
    "mycophenolate mofetil": "68149",
    "lipitor": "153165",
    "augmentin": "151392",
}  # as the export labels them


@pytest.mark.parametrize(
    ("label", "names"),
    [
        ("metoprolol succinate", ("metoprolol",)),
        ("sertraline hydrochloride", ("sertraline",)),
        ("levothyroxine sodium", ("levothyroxine",)),
        ("diclofenac sodium", ("diclofenac",)),
        ("mycophenolate mofetil", ("mycophenolate",)),
        ("lipitor", ("atorvastatin",)),
        ("augmentin", ("amoxicillin", "clavulanate")),
    ],
)
def test_resolve_code_leads_from_a_salt_or_a_brand_to_its_ingredients(
    resolver: OfflineResolver, label: str, names: tuple[str, ...]
) -> None:
    code = CODE_OF[label]
    assert resolver.resolve_code(code).names == names


def test_another_code_never_outweighs_an_ingredients_own() -> None:
    with gzip.open(VOCABULARY / "other_codes.csv.gz", "rt", encoding="utf-8", newline="") as file:
        others = [row["rxcui"] for row in csv.DictReader(file)]
    assert len(others) == len(set(others)) > 3000
    assert not set(others) & {drug.rxcui for drug in drugs().values()}


def test_labels_fall_back_to_the_name(resolver: OfflineResolver) -> None:
    assert labels(["metformin", "grapefruit"], resolver) == (drugs()["metformin"].rxcui, "grapefruit")


def test_confused_pairs_are_known_names_with_a_source() -> None:
    known = set(lexicon().terms)
    assert len(confused_pairs()) >= 100
    assert not {name for name in confused_pairs() if normalise(name) not in known}


def test_confused_pairs_go_both_ways() -> None:
    pairs = confused_pairs()
    assert all(name in pairs[other] for name, others in pairs.items() for other in others)


def test_a_code_is_read_to_the_name_that_rules_know(resolver: OfflineResolver) -> None:
    assert resolver.resolve_code("904419").names == ("alendronate",)  # RxNorm says alendronic acid
