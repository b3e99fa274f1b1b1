"""The resolver: wrong is worse than refused."""

from __future__ import annotations

import random
import string

import pytest

from cases.vocabulary.tables import drugs
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
    assert read.how == "exact"
    assert set(read.names) <= set(drugs())


def test_resolve_reports_a_misspelling_as_fuzzy(resolver: OfflineResolver) -> None:
    read = resolver.resolve("amoxicilin")
    assert (read.names, read.how, read.read_as) == (("amoxicillin",), "fuzzy", "amoxicillin")


@pytest.mark.parametrize("written", ["", "   ", "--", "Xyzq", "none", "multivitamin and more of the kind"])
def test_resolve_refuses_what_it_does_not_know(resolver: OfflineResolver, written: str) -> None:
    read = resolver.resolve(written)
    assert not read.resolved
    assert read.why


@pytest.mark.parametrize("written", ["hydroxizine", "hydralizine", "hydralazin e", "buproprione x"])
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


def test_resolve_is_never_wrong_for_one_edit_of_a_long_name(resolver: OfflineResolver) -> None:
    rng = random.Random(7)
    names = [name for name in drugs() if name.isalpha() and len(name) >= 7]
    wrong, right = [], 0
    for name in rng.sample(names, 250):
        written = _one_edit(name, rng)
        read = resolver.resolve(written)
        if read.how == "fuzzy" and read.names != (name,):
            wrong.append((name, written, read.names))
        right += read.names == (name,)
    assert not wrong
    assert right >= 200


def _one_edit(name: str, rng: random.Random) -> str:
    at, letter = rng.randrange(1, len(name)), rng.choice(string.ascii_lowercase)
    edited = rng.choice(
        [name[:at] + name[at + 1 :], name[:at] + letter + name[at + 1 :], name[:at] + letter + name[at:]]
    )
    return edited


def test_resolve_code_knows_ingredients_and_clinical_drugs(resolver: OfflineResolver) -> None:
    metformin = drugs()["metformin"].rxcui
    assert metformin is not None
    assert resolver.resolve_code(metformin).names == ("metformin",)
    assert resolver.resolve_code("314076").names == ("lisinopril",)
    assert not resolver.resolve_code("999999999").resolved


def test_labels_fall_back_to_the_name(resolver: OfflineResolver) -> None:
    assert labels(["metformin", "grapefruit"], resolver) == (drugs()["metformin"].rxcui, "grapefruit")


def test_confused_pairs_go_both_ways() -> None:
    pairs = confused_pairs()
    assert all(name in pairs[other] for name, others in pairs.items() for other in others)
