"""A rewritten sentence stands only if it says exactly the same: every mutation falls, honest rewording may stand."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from cases.case import Statement
from cases.vocabulary.render import render
from cases.vocabulary.tables import regimens
from generators.compose import Brief, compose
from generators.grounding import is_supported, parse_tuples, says_the_same
from tests.generators.knee import IBUPROFEN

LIBRARY = Path(__file__).parents[2] / "retrievers" / "library"
REGIMENS = tuple(render(row) for row in regimens().values())
PROSE = tuple(
    line
    for path in sorted(LIBRARY.glob("*.md"))
    for line in path.read_text(encoding="utf-8").splitlines()
    if line.endswith(".") and not line.startswith(("#", "{", "sources"))
)
SWAPS = {
    "frequency": """twice daily > four times daily | once daily > twice daily | every 6 hours > every 8 hours |
        three times daily > once daily | at night > in the morning | twice daily > every 12 hours""",
    "unit": """ mg> mcg| mg> g| mcg> mg|mg/kg>mg| days > weeks | hours > days |°C>°F| years > months |% > mg """,
    "route": "by mouth > intravenously | on the skin > by mouth | by mouth > rectally",
    "drug": """moxicillin>mpicillin|buprofen>ndometacin|prednisolone>prednisone|Metformin>Metronidazole|
        hydroxyzine>hydralazine|aspirin>warfarin|oxycycline>icloxacillin|lisinopril>losartan""",
    "population": """women>men|girls>boys|child>adult|adult>child|pregnancy>childhood|not in pregnancy>in pregnancy|
        in pregnancy>not in pregnancy|or more>or less|under>over|years or more>months or more|eGFR>weight|
        breastfeeding>pregnant""",
    "polarity": """ not > |Do not>Do|Never>Always|without>with| with > without |Avoid>Use| no > a | before > after |
        after > before | or > and | unless > if | if > unless | more > less |worse>better|at most>at least|
        increase>reduce|today>tomorrow| is > is not | are > are not | can > cannot |Ask >Never ask |must>may""",
}


def _pairs(kind: str) -> list[tuple[str, str]]:
    """Return the swaps of one kind; a swap written with spaces around its words keeps them."""
    pairs = []
    for swap in re.sub(r"\n\s+", "", SWAPS[kind]).split("|"):
        old, _, new = swap.partition(">")
        pairs.append((old, new))
    return pairs


def _numbers_changed(text: str) -> Iterator[str]:
    for match in re.finditer(r"\d+", text):
        longer = "" if text[: match.start()].endswith(".") else f"{match[0]}0"  # 0.10 is 0.1
        for new in filter(None, (f"1{match[0]}", longer, str(int(match[0]) + 1), match[0][:-1])):
            yield text[: match.start()] + new + text[match.end() :]


def _numbers_swapped(text: str) -> Iterator[str]:
    found = list(re.finditer(r"\d+", text))
    for one, two in pairwise(found):
        if one[0] != two[0]:
            yield text[: one.start()] + two[0] + text[one.end() : two.start()] + one[0] + text[two.end() :]


def _swapped(kind: str) -> Callable[[str], Iterator[str]]:
    def mutate(text: str) -> Iterator[str]:
        for old, new in _pairs(kind):
            if old in text:
                yield text.replace(old, new, 1)

    return mutate


def _negated(text: str) -> Iterator[str]:
    yield "Do not use " + text[:1].lower() + text[1:]
    yield "Avoid " + text[:1].lower() + text[1:]
    yield text.removesuffix(".") + " is not recommended."
    yield "There is no need to follow this: " + text


def _shortened(text: str) -> Iterator[str]:
    clauses = re.split(r"(?<=[;(])", text)
    for index in range(len(clauses)):
        yield "".join(clauses[:index] + clauses[index + 1 :])


MUTATIONS: dict[str, Callable[[str], Iterator[str]]] = {
    "number": _numbers_changed, "swapped numbers": _numbers_swapped, "negation": _negated,
    **{kind: _swapped(kind) for kind in SWAPS},
}  # fmt: skip


@pytest.mark.parametrize("mutation", sorted(MUTATIONS))
def test_grounding_no_mutation_of_a_regimen_passes(mutation: str) -> None:
    tried = passed = 0
    for text in REGIMENS:
        for mutant in MUTATIONS[mutation](text):
            tried += mutant != text
            passed += mutant != text and says_the_same(mutant, text, whole=True)
    assert tried >= 20
    assert passed == 0


@pytest.mark.parametrize("mutation", sorted(set(MUTATIONS) - {"route", "frequency"}))
def test_grounding_no_mutation_of_prose_passes(mutation: str) -> None:
    tried = 0
    passed = []
    for text in PROSE:
        for mutant in MUTATIONS[mutation](text):
            tried += mutant != text
            if mutant != text and says_the_same(mutant, text):
                passed.append((text, mutant))
    assert tried >= 5
    assert passed == []


def test_grounding_a_dropped_clause_of_a_regimen_does_not_pass() -> None:
    for text in REGIMENS:
        for mutant in _shortened(text):
            assert mutant == text or not says_the_same(mutant, text, whole=True), mutant


def test_grounding_every_line_supports_itself() -> None:
    assert [text for text in REGIMENS if not says_the_same(text, text, whole=True)] == []
    assert [text for text in PROSE if not says_the_same(text, text, whole=True)] == []


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        (
            "Take ibuprofen 400 mg orally three times a day for 5 days.",
            "Ibuprofen 400 mg by mouth three times daily for 5 days.",
        ),
        ("Give 400 mg of ibuprofen PO TID for five days.", "Ibuprofen 400 mg by mouth three times daily for 5 days."),
        ("Amoxicillin 1,000 mg by mouth twice daily.", "Amoxicillin 1 g by mouth b.i.d."),
        ("Please advise the patient to avoid ibuprofen.", "Avoid ibuprofen."),
        ("The patient should return with fever of 38 °C or more.", "Return with fever of 38 °C or more."),
        ("Patients must not drive.", "Do not drive."),
    ],
)
def test_grounding_honest_rewording_passes(sentence: str, source: str) -> None:
    assert says_the_same(sentence, source, whole=True)


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("Ibuprofen 50 mg by mouth.", "Ibuprofen 150 mg by mouth."),
        ("Do not use ibuprofen 400 mg by mouth.", "Use ibuprofen 400 mg by mouth."),
        ("Ibuprofen 400 mg by mouth for children.", "Ibuprofen 400 mg by mouth for adults."),
        ("Ibuprofen 400 mg by mouth or naproxen.", "Ibuprofen 400 mg by mouth."),
        ("Ibuprofen 250 mg and naproxen 400 mg by mouth.", "Ibuprofen 400 mg and naproxen 250 mg by mouth."),
        ("Ibuprofen 400.0 mg by mouth.", "Ibuprofen 400 mg by mouth."),
        ("Check for hepatitis C.", "Check for hepatitis B."),
        ("Return with a rash that blanches.", "Return with a non-blanching rash."),
        ("Return with fever. Take antibiotics.", "Return with fever."),
        ("Return with fever?", "Return with swelling."),
        ("", "Return with fever."),
        ("Return with fever \u2192 or call.", "Return with fever or call."),
        ("Temperature below 38 °C needs assessment.", "Temperature above 38 °C needs assessment."),
        ("Fever needs assessment, loss of sensation does not.", "Loss of sensation needs assessment, fever does not."),
    ],
)
def test_grounding_a_different_meaning_does_not_pass(sentence: str, source: str) -> None:
    assert not says_the_same(sentence, source)


def test_parse_tuples_reads_the_prescription() -> None:
    (drug,) = parse_tuples("Take 875/125 mg of amoxicillin + clavulanate PO b.d. for 1 week (aged 18 years or more).")
    assert drug.names == ("amoxicillin + clavulanate",)
    assert (drug.doses, drug.routes) == (("875 mg + 125 mg",), ("oral",))
    assert (drug.frequencies, drug.durations) == (("twice daily",), ("7",))
    assert drug.population == ("number:18 year", "turn:or", "turn:more")
    assert drug.advised


def test_is_supported_looks_at_the_cited_span_alone(knee: Brief) -> None:
    evidence = {item.id: item for item in knee.evidence}
    (drug,) = [item for item in compose(knee).statements if item.kind == "drug"]
    assert is_supported(drug.text, drug, evidence)
    assert is_supported(drug.text.replace("three times daily", "TID"), drug, evidence)
    naproxen = render(IBUPROFEN).replace("Ibuprofen 400 mg", "Naproxen 250 mg").replace("three times", "twice")
    assert not is_supported(naproxen, drug, evidence)
    assert not is_supported(drug.text, drug, {})
    assert not is_supported(drug.text, _with(drug, span=(0, 5)), evidence)
    assert not is_supported(drug.text, _with(drug, span=(0, 10_000)), evidence)


@pytest.mark.parametrize(
    "change",
    [{"dose": "800 mg"}, {"route": "rectal"}, {"frequency": "once daily"}, {"duration_days": 7}, {"name": "naproxen"}],
)
def test_is_supported_needs_the_regimen_in_the_span(knee: Brief, change: dict[str, object]) -> None:
    evidence = {item.id: item for item in knee.evidence}
    (drug,) = [item for item in compose(knee).statements if item.kind == "drug"]
    assert drug.regimen is not None
    wrong = _with(drug, regimen=drug.regimen.model_copy(update=change))
    assert not is_supported(drug.text, wrong, evidence)


def _with(statement: Statement, **changes: object) -> Statement:
    return statement.model_copy(update=changes)
