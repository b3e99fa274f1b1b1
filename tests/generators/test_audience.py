"""Lines that are plainly meant for other patients are left out; in doubt a line stays."""

import pytest

from cases.case import Patient
from generators.audience import meant_for
from generators.compose import Brief, compose
from tests.generators.knee import brief, passage

MAN, WOMAN, BOY = Patient(age=50, sex="male"), Patient(age=30, sex="female"), Patient(age=6, sex="male")


@pytest.mark.parametrize(
    ("line", "others", "own"),
    [
        ("A child who cannot drink needs hospital now.", MAN, BOY),
        ("Tell parents to return at once if the child drinks less.", MAN, BOY),
        ("Children are treated with half of it.", MAN, BOY),
        ("Tell adults to return with chest pain.", BOY, MAN),
        ("Pregnant women need specialist advice.", MAN, WOMAN),
        ("In pregnancy avoid it.", Patient(pregnant=False), Patient(pregnant=True)),
    ],
)
def test_audience_leaves_out_what_is_for_others(line: str, others: Patient, own: Patient) -> None:
    assert meant_for(line, own)
    assert meant_for(line, Patient())
    assert not meant_for(line, others)


@pytest.mark.parametrize(
    "line",
    [
        "A child, a pregnant woman or a person with a catheter who has fever needs assessment.",
        "A baby under three months with fever, or any child who breathes fast, needs assessment.",
        "Childhood asthma in the history makes it likely.",
        "Bloody diarrhoea, above all in a child, needs a test.",
        "Women and men are treated alike.",
        "Pregnancy or plans for it change the choice.",
    ],
)
def test_audience_keeps_what_may_concern_the_patient(line: str) -> None:
    patients = [Patient(), WOMAN, MAN] if not line.startswith("A baby") else [Patient(), BOY]
    assert all(meant_for(line, patient) for patient in patients)


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["A child who cannot drink needs care.", "Fever needs care."], ["Fever needs care."]),
        (["Tell parents to return with fever."], ["Tell parents to return with fever."]),  # better than no line at all
    ],
)
def test_compose_leaves_out_lines_for_others(lines: list[str], shown: list[str]) -> None:
    given = brief(evidence=(passage("danger-signs", "\n".join(lines)),))
    adult = given.case.model_copy(update={"patient": MAN})
    plan = compose(Brief(adult, given.label, given.syndrome, given.evidence))
    assert [statement.text for statement in plan.statements] == shown
