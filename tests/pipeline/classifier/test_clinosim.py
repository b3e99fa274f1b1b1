"""clinosim's encounters as labelled cases, and the comparison of text, vitals and both. All rows here are made up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from cases.case import Case, Patient, Vitals
from pipeline.classifier.evaluation import clinosim
from pipeline.classifier.evaluation.clinosim import REST, compare, first_words, measured, read_encounters, split
from pipeline.classifier.examples import Example
from pipeline.classifier.train import Recipe, train
from pipeline.classifier.vitals import vitals_tensor

SAMPLE = Path(__file__).parents[4] / "shared" / "data" / "clinosim-sample" / "csv"
DAY = "2024-03-01T"
# encounter, patient, admission, discharge, complaint, disease
ENCOUNTERS: tuple[tuple[str, ...], ...] = (
    ("E1", "P1", "10:00:00", "10:30:00", "Nausea, cramps", "gastroenteritis"),
    ("E2", "P1", "15:00:00", "15:30:00.250000", "Fever, cough", "pneumonia|sepsis"),  # the same patient again
    ("E3", "P2", "10:00:00", "10:30:00", "Nausea, thirst", "gastroenteritis"),  # nobody took a reading
    ("E4", "P3", "10:00:00", "10:30:00", "Fever, cough", "pneumonia"),  # two stays that overlap
    ("E5", "P3", "10:20:00", "10:50:00", "Nausea, cramps", "gastroenteritis"),
    ("E6", "P4", "10:00:00", "", "Nausea, cramps", "gastroenteritis"),  # still there
    ("E7", "P4", "08:00:00", "08:00:00", "Vaccination visit", ""),  # without a diagnosis
)
# patient, time, temperature, heart rate
READINGS: tuple[tuple[str, ...], ...] = (
    ("P1", "10:12:00", "37.2", "90"),  # the second of E1, and the file is not in order
    ("P1", "10:05:00", "36.6", "80"),
    ("P1", "10:05:00", "36.6", "80"),  # twice
    ("P1", "15:04:00.125000", "39.1", "118"),
    ("P1", "13:00:00", "30.0", "40"),  # between the stays
    ("P2", "12:00:00", "36.0", "60"),  # after the stay
    ("P3", "10:25:00", "38.0", "99"),  # in both stays
    ("P3", "10:40:00", "36.7", "71"),
    ("P4", "11:00:00", "", "64"),
)


def write(folder: Path, name: str, rows: Sequence[dict[str, object]]) -> None:
    pd.DataFrame([*rows]).to_csv(folder / f"{name}.csv.gz", index=False)


def encounter_row(row: tuple[str, ...]) -> dict[str, object]:
    key, patient, begin, end, complaint, _ = row
    return {
        "encounter_id": key, "patient_id": patient, "encounter_type": "outpatient",
        "admission_datetime": DAY + begin, "discharge_datetime": DAY + end if end else None,
        "chief_complaint": complaint,
    }  # fmt: skip


def diagnosis_row(row: tuple[str, ...]) -> dict[str, object]:
    key, patient, *_, disease = row
    return {
        "patient_id": patient, "encounter_id": key, "discharge_diagnosis_name": "x", "ground_truth_diseases": disease
    }  # fmt: skip


def reading_row(row: tuple[str, ...]) -> dict[str, object]:
    patient, time, temperature, heart_rate = row
    return {
        "patient_id": patient, "timestamp": DAY + time, "temperature": temperature or None, "heart_rate": heart_rate,
        "systolic_bp": 120, "diastolic_bp": 70, "respiratory_rate": None, "spo2": 97.5, "consciousness_level": "A",
        "on_supplemental_oxygen": False,
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write clinosim's four files in small; a label of two encounters and two patients is frequent here."""
    monkeypatch.setattr(clinosim, "RARE", 2)
    monkeypatch.setattr(clinosim, "PARTS", 2)
    diagnosed = [row for row in ENCOUNTERS if row[5]]
    ages = {"P1": 63, "P2": 0, "P3": 40, "P4": 31}
    write(tmp_path, "encounters", [encounter_row(row) for row in (*ENCOUNTERS, ENCOUNTERS[0])])
    write(tmp_path, "diagnoses", [diagnosis_row(row) for row in diagnosed])
    write(tmp_path, "patients", [{"patient_id": r[1], "age": ages[r[1]], "sex": "F"} for r in diagnosed])  # as clinosim
    write(tmp_path, "vital_signs", [reading_row(row) for row in READINGS])
    return tmp_path


@pytest.fixture
def read(folder: Path) -> dict[str, Example]:
    return {example.case.id: example for example in read_encounters(folder)}


def test_every_encounter_with_a_diagnosis_is_read_once(read: dict[str, Example]) -> None:
    assert [*read] == ["E1", "E2", "E3", "E4", "E5", "E6"]


def test_each_of_a_patients_encounters_has_its_own_first_reading(read: dict[str, Example]) -> None:
    assert read["E1"].case.vitals == Vitals(
        temperature_c=36.6, heart_rate=80.0, systolic_bp=120.0, diastolic_bp=70.0, spo2=97.5, oxygen=False,
        consciousness="alert",
    )  # fmt: skip
    assert read["E2"].case.vitals.heart_rate == 118.0
    assert read["E1"].case.group == read["E2"].case.group == "P1"


def test_an_encounter_without_a_reading_has_no_vitals(read: dict[str, Example]) -> None:
    assert read["E3"].case.vitals == Vitals()


def test_a_reading_in_two_encounters_belongs_to_neither(read: dict[str, Example]) -> None:
    assert read["E4"].case.vitals == Vitals()
    assert read["E5"].case.vitals.heart_rate == 71.0


def test_a_patient_who_is_still_there_has_readings(read: dict[str, Example]) -> None:
    assert read["E6"].case.vitals.heart_rate == 64.0
    assert read["E6"].case.vitals.temperature_c is None


def test_age_and_sex_are_the_patients_and_an_infant_is_no_newborn(read: dict[str, Example]) -> None:
    assert read["E1"].case.patient == Patient(age=63.0, sex="female")
    assert read["E3"].case.patient.age == clinosim.INFANT


def test_the_label_is_the_first_disease(read: dict[str, Example]) -> None:
    assert read["E2"].label == read["E4"].label == "pneumonia"


@pytest.mark.parametrize(("name", "least"), [("RARE", 3), ("PARTS", 3)])
def test_labels_of_few_encounters_or_patients_become_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, least: int
) -> None:
    monkeypatch.setattr(clinosim, name, least)
    assert {e.case.text: e.label for e in read_encounters(folder)} == {
        "Nausea, cramps": "gastroenteritis", "Nausea, thirst": "gastroenteritis", "Fever, cough": REST
    }  # fmt: skip


def test_an_encounter_that_is_there_twice_with_different_content_is_refused(folder: Path) -> None:
    other = encounter_row(("E1", "P1", "11:00:00", "11:30:00", "Cough", ""))
    write(folder, "encounters", [encounter_row(row) for row in ENCOUNTERS] + [other])
    with pytest.raises(ValueError, match="encounter_id E1 is there twice"):
        read_encounters(folder)


def test_an_impossible_reading_names_its_encounter(folder: Path) -> None:
    write(folder, "vital_signs", [reading_row(("P2", "10:05:00", "98.6", "70"))])
    with pytest.raises(ValueError, match="E3: temperature_c"):
        read_encounters(folder)


def test_the_thinned_text_ends_before_the_first_comma(read: dict[str, Example]) -> None:
    thinned = first_words([read["E1"], read["E3"]])
    assert [example.text for example in thinned] == ["Nausea", "Nausea"]
    assert thinned[0].case.vitals == read["E1"].case.vitals


def test_what_was_measured_says_which_but_not_how_much(read: dict[str, Example]) -> None:
    one, other = measured(read["E1"]), measured(read["E2"])
    values, mask = vitals_tensor([one.case, other.case])
    assert one.text == other.text
    assert values.abs().max() == 0
    assert mask.tolist() == [[1, 1, 0, 1, 1, 1, 0, 0]] * 2


def ambiguous(count: int) -> list[Example]:
    """Return encounters, two a patient, whose text tells one pair of diseases and whose fever tells which of it."""
    generator = np.random.default_rng(0)
    made = []
    for i in range(count):
        word, hot = ("cough", "rash")[i // 2 % 2], bool(generator.random() < 0.5)
        vitals = Vitals(temperature_c=39.5 if hot else 36.8, heart_rate=80.0)
        case = Case(id=f"{i}", text=word, group=f"P{i // 2}", vitals=vitals)
        made.append(Example(case, f"{word} {'with' if hot else 'without'} fever"))
    return made


def tiny_encoder(folder: Path) -> Path:
    """Save a tiny BERT with random weights and its tokenizer in hub layout."""
    from transformers import BertConfig, BertModel, BertTokenizer

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cough", "rash", "patient", "seen", "."]
    BertTokenizer(vocab={word: i for i, word in enumerate(words)}).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def test_no_patient_is_in_both_parts() -> None:
    learn, test = split(ambiguous(100), seed=1)
    assert len(learn) + len(test) == 100
    assert 15 <= len(test) <= 25
    assert not {e.case.group for e in learn} & {e.case.group for e in test}


def test_vitals_show_where_the_text_leaves_something_open(tmp_path: Path) -> None:
    recipe = Recipe(epochs=15, batch_size=32, head_learning_rate=3e-2, dropout=0.1, vitals_dropout=0.2, emergency=0.0)
    found = compare(ambiguous(120), encoder=tiny_encoder(tmp_path), recipe=recipe, seed=3)
    assert found["both"] > 0.95
    assert found["text"] <= found["ceiling"] < 0.8
    assert found["forest"] < 0.8  # vitals cannot tell a cough from a rash
    assert found["vitals"] < 0.8
    assert found["measured"] < 0.7
    assert found["gain"] == pytest.approx(found["both"] - found["text"])
    assert found["gain.low"] > 0
    assert abs(found["both_masked"] - found["text"]) <= 0.25
    assert all(found[f"{name}.low"] <= found[name] <= found[f"{name}.high"] for name in ("text", "tfidf", "majority"))


def test_a_label_that_was_never_learned_is_always_missed(tmp_path: Path) -> None:
    examples = ambiguous(40)
    recipe = Recipe(epochs=1, emergency=0.0)
    trained = train(examples, encoder=tiny_encoder(tmp_path), recipe=recipe)
    strange = [Example(examples[0].case, "gout")]
    assert not clinosim.answers_right(trained, strange, recipe.max_tokens).any()


@pytest.mark.data
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/clinosim-sample/csv")
def test_the_sample_is_read_whole() -> None:
    examples = read_encounters(SAMPLE)
    assert len(examples) == 966  # 967 diagnoses, one of them without a disease
    assert len({e.case.id for e in examples}) == 966
    assert sum(e.case.vitals == Vitals() for e in examples) == 8  # their only reading lies in two encounters
    assert all(e.case.patient.age is not None and e.case.patient.sex for e in examples)
    assert not math.isnan(sum(e.case.vitals.heart_rate or 0.0 for e in examples))
    assert {REST, "I10", "viral_gastroenteritis"} <= {e.label for e in examples}
