"""The skeleton of a plan: verbatim, cited, in order, and never a drug that did not pass the screen."""

from collections import Counter
from itertools import chain, combinations

import pytest

from cases.case import Plan
from cases.vocabulary.conditions import conditions
from cases.vocabulary.render import render
from cases.vocabulary.tables import RegimenRow, regimens, regimens_of
from generators.compose import Brief, compose
from tests.generators.knee import ACETAMINOPHEN, IBUPROFEN, NAPROXEN, ROWS, brief, excluded, library, regimen_row

ORDER = ["danger_sign", "confirm", "non_drug", "drug", "no_drug", "alternative", "review_date", "safety_net"]


def _kinds(plan: Plan) -> Counter[str]:
    return Counter(statement.kind for statement in plan.statements)


def _regimens(plan: Plan, kind: str) -> list[str]:
    return [s.regimen.id for s in plan.statements if s.regimen is not None and s.kind == kind]


@pytest.mark.parametrize("plan", ["drug", "no_drug", "test_first", "refer"])
def test_compose_every_statement_is_a_cited_line(plan: str) -> None:
    given = brief(plan)
    texts = {item.id: item.text for item in given.evidence}
    for statement in compose(given).statements:
        source = texts[statement.citations[0]]
        assert source[slice(*statement.span)] == statement.text
        assert statement.text in source.split("\n")


@pytest.mark.parametrize("plan", ["drug", "no_drug", "test_first", "refer"])
def test_compose_keeps_the_order(plan: str) -> None:
    kinds = [statement.kind for statement in compose(brief(plan)).statements]
    assert kinds == sorted(kinds, key=ORDER.index)


def test_compose_drug_plan(knee: Brief) -> None:
    plan = compose(knee)
    assert _kinds(plan) == {
        "danger_sign": 2, "confirm": 3, "non_drug": 2, "drug": 1, "alternative": 2, "review_date": 1, "safety_net": 2,
    }  # fmt: skip
    (drug,) = [statement for statement in plan.statements if statement.kind == "drug"]
    assert drug.text == render(IBUPROFEN)
    assert drug.regimen is not None
    assert (drug.regimen.id, drug.drugs[0].name) == (IBUPROFEN.id, "ibuprofen")
    assert plan.generator == "composed"


def test_compose_takes_scoped_lines_first_and_no_other_syndromes(knee: Brief) -> None:
    texts = [statement.text for statement in compose(knee).statements if statement.kind == "confirm"]
    assert texts[0] == "Confirm that the knee can bear weight."
    assert "Take joint fluid before any treatment." not in texts


def test_compose_uses_no_other_condition(knee: Brief) -> None:
    assert all(statement.citations[0].startswith("lib:knee#") for statement in compose(knee).statements)


def test_compose_leaves_out_prose_that_proposes_a_drug(knee: Brief) -> None:
    texts = [statement.text for statement in compose(knee).statements]
    assert not any("amoxicillin" in text for text in texts)
    assert "Avoid ibuprofen in kidney disease." in texts


@pytest.mark.parametrize("plan", ["no_drug", "test_first", "refer"])
def test_compose_without_drug_proposes_none(plan: str) -> None:
    composed = compose(brief(plan))
    assert not [statement for statement in composed.statements if statement.regimen]
    assert _kinds(composed)["no_drug"] == (0 if plan == "refer" else 1)


def test_compose_refer_says_so() -> None:
    texts = [statement.text for statement in compose(brief("refer")).statements]
    assert "Refer a locked knee to orthopaedics." in texts


def test_compose_undecided_has_no_treatment() -> None:
    label = next(iter(conditions()))
    evidence = tuple(
        item.model_copy(update={"id": item.id.replace("lib:knee", f"lib:{conditions()[label].slug}")})
        for item in library()
    )
    plan = compose(brief(syndrome=None, label=label, evidence=evidence))
    assert {"danger_sign", "confirm", "safety_net"} <= set(_kinds(plan))
    assert not {"drug", "alternative", "no_drug"} & set(_kinds(plan))


def test_compose_proposes_the_next_line_when_the_first_is_excluded() -> None:
    plan = compose(brief(allowed=ROWS[1:], excluded=excluded(IBUPROFEN)))
    assert _regimens(plan, "drug") == [NAPROXEN.id]
    assert [item.regimen for item in plan.alternatives] == [IBUPROFEN.id]


def test_compose_all_excluded_has_no_drug_but_says_why() -> None:
    plan = compose(brief(allowed=(), excluded=excluded(*ROWS)))
    assert not plan.abstained
    assert not [statement for statement in plan.statements if statement.regimen]
    assert len(plan.alternatives) == len(ROWS)


def test_compose_needs_the_regimens_line_in_the_evidence() -> None:
    plan = compose(brief(evidence=library((NAPROXEN,))))
    assert _regimens(plan, "drug") == [NAPROXEN.id]
    changed = regimen_row("ibuprofen", dose="800 mg")
    assert not _regimens(compose(brief(allowed=(changed,))), "drug")


def test_compose_gives_a_whole_course() -> None:
    course = tuple(row.model_copy(update={"course": "pair", "line": "first"}) for row in (IBUPROFEN, ACETAMINOPHEN))
    plan = compose(brief(allowed=(*course, NAPROXEN), evidence=library((*course, NAPROXEN))))
    assert _regimens(plan, "drug") == [row.id for row in course]
    assert _regimens(plan, "alternative") == [NAPROXEN.id]


def _courses() -> dict[tuple[str, str], list[RegimenRow]]:
    found: dict[tuple[str, str], list[RegimenRow]] = {}
    for row in regimens().values():
        if row.course:
            found.setdefault((row.syndrome, row.course), []).append(row)
    return found


@pytest.mark.parametrize("course", sorted(_courses()))
def test_compose_never_gives_part_of_a_course(course: tuple[str, str]) -> None:
    rows = _courses()[course]
    for part in chain.from_iterable(combinations(rows, size) for size in range(1, len(rows))):
        evidence = library(tuple(rows))
        treatment = evidence[-1].model_copy(update={"id": f"lib:{course[0].split('.')[0]}#treatment"})
        given = brief(allowed=part, evidence=(treatment,))
        syndrome = given.syndrome.model_copy(update={"id": course[0]}) if given.syndrome else None
        whole = compose(Brief(given.case, given.label, syndrome, given.evidence, tuple(rows)))
        assert _regimens(whole, "drug") == [row.id for row in rows]
        broken = Brief(given.case, given.label, syndrome, given.evidence, part)
        assert compose(broken).abstained


def test_compose_without_evidence_abstains() -> None:
    plan = compose(brief(evidence=(), excluded=excluded(IBUPROFEN)))
    assert plan.abstained
    assert plan.statements == ()
    assert len(plan.alternatives) == 1


@pytest.mark.parametrize("syndrome", sorted({row.syndrome for row in regimens().values()}))
def test_compose_proposes_only_what_is_allowed(syndrome: str) -> None:
    rows = regimens_of(syndrome)
    slug = syndrome.split(".")[0]
    evidence = (library(rows)[-1].model_copy(update={"id": f"lib:{slug}#treatment@{syndrome}"}),)
    for left_out in rows:
        given = brief(allowed=tuple(row for row in rows if row is not left_out), evidence=evidence)
        entity = given.syndrome.model_copy(update={"id": syndrome}) if given.syndrome else None
        plan = compose(Brief(given.case, given.label, entity, evidence, given.allowed, excluded(left_out)))
        assert left_out.id not in _regimens(plan, "drug") + _regimens(plan, "alternative")
