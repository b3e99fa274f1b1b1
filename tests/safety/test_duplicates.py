"""Two medicines of one class: which of them stop a plan, which only warn, and which belong together."""

from __future__ import annotations

import pytest

from safety.screen import Screen
from tests.safety.conftest import CaseMaker

STOPPED = [
    ("lisinopril", "ramipril"), ("ibuprofen", "naproxen"), ("omeprazole", "lansoprazole"),
    ("sertraline", "venlafaxine"),
    ("morphine", "oxycodone"), ("simvastatin", "atorvastatin"), ("lorazepam", "diazepam"), ("warfarin", "apixaban"),
    ("sumatriptan", "rizatriptan"), ("losartan", "valsartan"), ("amlodipine", "nifedipine"),
    ("metoprolol", "bisoprolol"),
    ("spironolactone", "eplerenone"), ("clopidogrel", "prasugrel"), ("alendronate", "risedronate"),
    ("oxybutynin", "solifenacin"), ("pioglitazone", "rosiglitazone"), ("nateglinide", "repaglinide"),
    ("cephalexin", "cefuroxime"), ("acyclovir", "valacyclovir"), ("montelukast", "zafirlukast"),
    ("adalimumab", "etanercept"), ("finasteride", "dutasteride"),
]  # fmt: skip
WARNED = [
    ("salmeterol", "formoterol"), ("cetirizine", "loratadine"), ("tiotropium", "umeclidinium"),
    ("prednisone", "dexamethasone"), ("ondansetron", "granisetron"), ("metoclopramide", "domperidone"),
    ("olanzapine", "quetiapine"), ("cyclobenzaprine", "methocarbamol"),
]  # fmt: skip
TOGETHER = [
    ("insulin glargine", "insulin lispro"), ("metformin", "sitagliptin"), ("ceftazidime", "avibactam"),
    ("nitroglycerin", "isosorbide mononitrate"), ("aspirin", "clopidogrel"), ("amoxicillin", "clavulanate"),
    ("levothyroxine", "liothyronine"), ("furosemide", "metolazone"), ("fluticasone", "salmeterol"),
]  # fmt: skip


def actions(screen: Screen, make_case: CaseMaker, taken: str, proposed: str) -> set[str]:
    """The actions of what speaks against adding one medicine to another of its class."""
    case = make_case(medications=[taken], patient={"age": 50, "sex": "male"})
    found = screen.text(case, f"Start {proposed}.").findings
    return {item.action for item in found if item.kind in ("duplicate", "interaction") and item.new}


@pytest.mark.parametrize(("taken", "proposed"), STOPPED)
def test_duplicates_that_add_harm_stop_the_plan(
    taken: str, proposed: str, screen: Screen, make_case: CaseMaker
) -> None:
    assert actions(screen, make_case, taken, proposed) & {"interrupt", "block"}


@pytest.mark.parametrize(("taken", "proposed"), WARNED)
def test_duplicates_that_add_little_warn(taken: str, proposed: str, screen: Screen, make_case: CaseMaker) -> None:
    assert actions(screen, make_case, taken, proposed) & {"warn", "interrupt"}


@pytest.mark.parametrize(("taken", "proposed"), TOGETHER)
def test_duplicates_are_not_found_where_two_belong_together(
    taken: str, proposed: str, screen: Screen, make_case: CaseMaker
) -> None:
    case = make_case(medications=[taken], patient={"age": 50, "sex": "male"})
    found = screen.text(case, f"Start {proposed}.").findings
    assert not [item for item in found if item.kind == "duplicate"]
