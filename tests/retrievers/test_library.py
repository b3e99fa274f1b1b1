"""The evidence library: complete, cited, and in step with the regimens."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from cases.vocabulary.conditions import conditions
from cases.vocabulary.render import render
from cases.vocabulary.tables import regimens
from retrievers.library import LibraryError, read_library
from retrievers.open_medicine import read_open_medicine
from retrievers.passage import Passage

UNSCOPED = {"recognition", "danger_signs", "confirm", "non_drug", "refer", "review", "safety_net", "antibiotics"}


@cache
def library() -> list[Passage]:
    return read_library()


@pytest.mark.parametrize("label", sorted(conditions()))
def test_every_condition_has_every_section(label: str) -> None:
    sections = {passage.section for passage in library() if passage.label == label and passage.syndrome is None}
    assert sections >= UNSCOPED


def test_every_passage_is_about_a_known_condition_and_syndrome() -> None:
    for passage in library():
        assert passage.label in conditions()
        known = {syndrome.id for syndrome in conditions()[passage.label].syndromes}
        assert passage.syndrome is None or passage.syndrome in known, passage.id


def test_every_passage_has_a_source() -> None:
    for passage in library():
        assert passage.source, passage.id
        assert passage.grade != "drafted", passage.id


def test_every_verified_regimen_stands_in_its_syndromes_passage() -> None:
    carried = {name: passage for passage in library() for name in passage.regimens}
    missing = [row.id for row in regimens().values() if row.grade == "verified" and row.id not in carried]
    assert missing == []
    for name, passage in carried.items():
        assert passage.syndrome == regimens()[name].syndrome
        assert render(regimens()[name]) in passage.text.split("\n")


def test_prose_holds_no_dose() -> None:
    for passage in library():
        if not passage.regimens:
            assert not re.search(r"\d\s?(mg|mcg|microgram|g|ml|units?)\b(?!/)", passage.text, re.IGNORECASE), passage.id


def test_a_wrong_section_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("---\nlabel: Acne\ntitle: Acne\n---\n## recogniton\nA line.\n", encoding="utf-8")
    with pytest.raises(LibraryError, match=r"x\.md.*recogniton"):
        read_library(tmp_path)


def test_an_unknown_source_is_named(tmp_path: Path) -> None:
    text = "---\nlabel: Acne\ntitle: Acne\n---\n## recognition\nsources: nobody_2020\nA line.\n"
    (tmp_path / "x.md").write_text(text, encoding="utf-8")
    with pytest.raises(LibraryError, match="nobody_2020"):
        read_library(tmp_path)


def test_guideline_digests_are_secondary_and_dated() -> None:
    passages = read_open_medicine()
    assert len(passages) > 145
    assert {passage.grade for passage in passages} == {"secondary"}
    assert all(passage.year and passage.url and passage.url.startswith("https://doi.org/") for passage in passages)
    assert not any(passage.regimens for passage in passages)
