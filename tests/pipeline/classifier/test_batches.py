"""The shipped weights on the shipped examples: how cases are batched must not show in any digit of a result."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from cases.case import Case
from cases.packages import minilm_folder
from cases.read import read_cases
from pipeline.build import SHIPPED_WEIGHTS
from pipeline.classifier.classify import Classifier

EXAMPLES = Path(__file__).parent.parent.parent.parent / "examples"


def test_the_differential_does_not_depend_on_the_batch() -> None:
    cases = [item for item in read_cases([EXAMPLES / "cases.jsonl"]) if isinstance(item, Case)]
    texts = [case.text or "" for case in cases]
    cases += [Case(id=f"joined-{n}", text=f"{one} {other}") for n, (one, other) in enumerate(pairwise(texts))]
    by_size = [
        Classifier(SHIPPED_WEIGHTS, encoder=minilm_folder(), samples=20, batch_size=size).classify(cases)
        for size in (1, 5, 32)
    ]
    assert by_size[0] == by_size[1] == by_size[2]
