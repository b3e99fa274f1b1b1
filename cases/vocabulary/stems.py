"""Tell a medicine's generic name by its stem, among the many substances that RxNorm lists.

RxNorm's export also names solvents, dyes, plant extracts and allergens. A single word with a stem of an international
nonproprietary name (WHO, "The use of stems in the selection of INN") is a medicine that somebody may take.

    >>> bears_stem("azidocillin"), bears_stem("glyceryl abietate"), bears_stem("squalane")
    (True, False, False)
"""

from __future__ import annotations

import re

MIN_LENGTH = 7
_ENDINGS = """
    actide adol alol anserin arabine arone arubicin astine atadine azepam azocine azolam azole azolidinone azoline
    azosin bactam bamate barbital bendan bufen buterol buzone caine carbef cavir cillin citabine clidine clone cort
    coxib curium curonium cycline dipine dopa dralazine drine dronate dronic eridine estrant ethidine exine fenac
    fenamate fenazone fentanil fibrate flurane formin fosfamide fungin fylline gatran gepant gestrel gliflozin
    gliptin glitazone grel ilide ipramine isomide kacin kalim kalant kef leukin lukast lutamide mantadine mestane
    metacin micin milast moxin mustine mycin nabant nidazole nixin olol olone opril oxacin oxanide oxepin oxetine
    oxicam oxyquine parin penem peridol peridone perazine perone phylline piperone plase platin pramine prazole
    pressin pride profen prost quinil quine racetam relin renone ribine ridone rinone rubicin salazine sartan semide
    setron sidomine sone spirone stigmine sulfan sulfone teplase terol terone thiazide thixene thiouracil tiazem
    tidine tizide toin trexate trexone triptan triptyline troban tropium uracil vaptan vastatin verine vircept
    vudine xaban yzine zolamide zolast zolid zone
"""
_BEGINNINGS = "ceph cef sulfa"
_STEM = re.compile(rf"[a-z]+(?:{'|'.join(_ENDINGS.split())})|(?:{'|'.join(_BEGINNINGS.split())})[a-z]{{4,}}")


def bears_stem(name: str) -> bool:
    """Whether a name is one word with the stem of an international nonproprietary name."""
    return len(name) >= MIN_LENGTH and _STEM.fullmatch(name) is not None
