"""What the vitals branch is worth, measured on the synthetic encounters of clinosim 0.6.5 (MIT).

The text is the chief complaint, the vitals are the encounter's first reading, and the label is the disease the
simulator drew the encounter from, the first where it names several: the others set in during the stay. The discharge
diagnosis would do worse: it gives children's visits and adults' check-ups one name. Labels with fewer than `RARE`
encounters or `PARTS` patients become one, `REST`, so that the emergencies among them stay in.

What keeps the sample from being a study, and why `compare` has the arms it has:

- A chief complaint is a constant of the simulated disease. `ceiling` says what a perfect reader of the text reaches;
  where that is 1, nothing is left for vitals to show. Hence also the text before its first comma.
- Which vitals are taken follows from the kind of visit. `measured` knows only that, so the numbers are worth what
  `vitals` has above it and above `age_sex`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from cases.case import Case, Consciousness, Patient, Sex, Vitals
from pipeline.classifier.examples import Example
from pipeline.classifier.metrics import Bools, bootstrap, share
from pipeline.classifier.train import READ_BATCH, Recipe, Trained, train
from pipeline.classifier.vitals import NAMES, reference, vitals_tensor

RARE = 8  # a label with fewer encounters has about one in the test fifth
REST = "something else"
UNSAID = "Patient seen."  # stands for every text where the text is withheld
PARTS = 5  # one of which is the test; a label of fewer patients may be missing from the others
INFANT = 0.5  # clinosim counts whole years: a 0 is an infant, on average half a year old, and no newborn
READ = {
    "temperature": "temperature_c",
    "heart_rate": "heart_rate",
    "respiratory_rate": "respiratory_rate",
    "systolic_bp": "systolic_bp",
    "diastolic_bp": "diastolic_bp",
    "spo2": "spo2",
}
ACVPU: dict[str, Consciousness] = {"A": "alert", "C": "confusion", "V": "voice", "P": "pain", "U": "unresponsive"}
SEXES: dict[str, Sex] = {"F": "female", "M": "male"}
RECIPE = Recipe(epochs=8, frozen_layers=4, emergency=0.0, vitals_dropout=0.3, token_dropout=0.0, max_tokens=48)


def read_encounters(folder: Path) -> list[Example]:
    """Read clinosim's CSV files as labelled cases, one an encounter.

    Left out are encounters without a diagnosis (bare vaccinations), a disease or a chief complaint. A reading that
    falls into two encounters of one patient belongs to neither, for the file does not say to which.

    Args:
        folder: with `encounters`, `diagnoses`, `patients` and `vital_signs`, each `.csv.gz`.

    Raises:
        ValueError: if an encounter or a patient is there twice with different content, or a value is impossible.
    """
    encounters = _unique(_table(folder, "encounters"), "encounter_id")
    readings = first_readings(encounters, _table(folder, "vital_signs"))
    frame = _diagnosed(encounters, _table(folder, "diagnoses")).merge(readings, on="encounter_id", how="left")
    frame = frame.merge(_unique(_table(folder, "patients"), "patient_id"), on="patient_id", how="left")
    labels = _labels_of(frame["ground_truth_diseases"].str.split("|").str[0], frame["patient_id"])
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [_example({str(k): v for k, v in row.items()}, label) for row, label in zip(rows, labels, strict=True)]


def _labels_of(diseases: pd.Series[str], patients: pd.Series[str]) -> pd.Series[str]:
    frequent = diseases.groupby(diseases).transform("size") >= RARE
    spread = patients.groupby(diseases).transform("nunique") >= PARTS
    return diseases.where(frequent & spread, REST)


def _table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv.gz", low_memory=False).drop_duplicates()


def _unique(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    twice = frame.loc[frame[key].duplicated(), key]
    if len(twice):
        raise ValueError(f"{key} {twice.iloc[0]} is there twice with different content; keep one row.")
    return frame


def _diagnosed(encounters: pd.DataFrame, diagnoses: pd.DataFrame) -> pd.DataFrame:
    joined = encounters.merge(_unique(diagnoses, "encounter_id").drop(columns="patient_id"), on="encounter_id")
    known = joined.dropna(subset=["chief_complaint", "ground_truth_diseases"])
    return known.sort_values(["patient_id", "admission_datetime", "encounter_id"], ignore_index=True)


def first_readings(encounters: pd.DataFrame, readings: pd.DataFrame) -> pd.DataFrame:
    """Return each encounter's first reading, by `encounter_id`; encounters without one are absent.

    Readings carry no encounter: they are joined by patient, and by time from admission to discharge (open where the
    patient is still there).
    """
    stays = encounters[["encounter_id", "patient_id"]].assign(
        begin=_time(encounters["admission_datetime"]),
        end=_time(encounters["discharge_datetime"]).fillna(pd.Timestamp.max.floor("us")),
    )
    timed = readings.assign(time=_time(readings["timestamp"]), reading=range(len(readings)))
    pairs = stays.merge(timed, on="patient_id")
    pairs = pairs[pairs["time"].between(pairs["begin"], pairs["end"])]
    pairs = pairs[~pairs["reading"].duplicated(keep=False)]
    return pairs.sort_values(["time", "reading"]).drop_duplicates("encounter_id").drop(columns="patient_id")


def _time(column: pd.Series[Any]) -> pd.Series[pd.Timestamp]:
    return pd.to_datetime(column, format="ISO8601")


def _example(row: dict[str, Any], label: str) -> Example:
    vitals = {name: float(row[column]) for column, name in READ.items() if row[column] is not None}
    oxygen = row["on_supplemental_oxygen"]
    try:
        case = Case(
            id=row["encounter_id"],
            text=row["chief_complaint"],
            setting=row["encounter_type"],
            patient=Patient(age=_years(row["age"]), sex=SEXES.get(row["sex"])),
            vitals=Vitals(
                **vitals,
                oxygen=None if oxygen is None else bool(oxygen),
                consciousness=ACVPU.get(row["consciousness_level"]),
            ),
            group=row["patient_id"],
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{row['encounter_id']}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return Example(case, label, condition=row["discharge_diagnosis_name"] or "")


def _years(age: float | None) -> float | None:
    return INFANT if age == 0 else None if age is None else float(age)


def acute(examples: Sequence[Example]) -> list[Example]:
    """Return the encounters of emergency room and ward: elsewhere the complaint names the visit's purpose."""
    return [example for example in examples if example.case.setting != "outpatient"]


def first_words(examples: Sequence[Example]) -> list[Example]:
    """Return the examples with their text cut at its first comma."""
    return [_with(example, text=example.text.split(",")[0]) for example in examples]


def _with(example: Example, **parts: Any) -> Example:
    return replace(example, case=example.case.model_copy(update=parts))


def text_only(example: Example) -> Example:
    """Return the example without vitals, age and sex."""
    return _with(example, vitals=Vitals(), patient=Patient())


def vitals_only(example: Example) -> Example:
    """Return the example with a text that says nothing."""
    return _with(example, text=UNSAID)


def age_and_sex(example: Example) -> Example:
    """Return the example with age and sex only."""
    return _with(example, text=UNSAID, vitals=Vitals())


def measured(example: Example) -> Example:
    """Return the example with which vitals were taken only: each reads as the middle of its range."""
    middle = {name: centre for name, (centre, _) in reference(None).items()}
    taken = {name: middle[name] for name in NAMES if getattr(example.case.vitals, name) is not None}
    return _with(example, text=UNSAID, vitals=Vitals.model_validate(taken), patient=Patient())


ARMS: dict[str, Callable[[Example], Example]] = {
    "text": text_only,
    "vitals": vitals_only,
    "both": lambda example: example,
    "age_sex": age_and_sex,
    "measured": measured,
}


def compare(examples: Sequence[Example], *, encoder: str | Path, recipe: Recipe, seed: int) -> dict[str, float]:
    """Train once an arm on four fifths of the patients; return the accuracy of each on the others.

    Each figure `x` comes with `x.low` and `x.high`, a 95% Wilson interval. It takes encounters as independent, which
    those of one patient are not, so the interval is too narrow. `gain` is `both` above `text`, on the same encounters,
    with a bootstrap over patients.

    Args:
        examples: encounters; `case.group` is the patient, and no patient is in both parts.
        encoder: hub name or folder.
        recipe: hyperparameters; its seed is replaced.
        seed: of the split and of training.
    """
    learn, test = split(examples, seed)
    right = {"majority": _majority(learn, test), "tfidf": _tfidf(learn, test), "forest": _forest(learn, test, seed)}
    for name, arm in ARMS.items():
        trained = train([arm(e) for e in learn], encoder=encoder, recipe=replace(recipe, seed=seed))
        right[name] = answers_right(trained, [arm(e) for e in test], recipe.max_tokens)
        if name == "both":
            right["both_masked"] = answers_right(trained, [text_only(e) for e in test], recipe.max_tokens)
    found = {"learn": float(len(learn)), "test": float(len(test)), "ceiling": _ceiling(test)}
    for name, answers in right.items():
        found |= _figure(name, share(answers))
    return found | _figure("gain", _gain(right["both"], right["text"], test))


def split(examples: Sequence[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """Return four fifths to learn from and a fifth to test on, by patient, with like shares of the labels."""
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(PARTS, shuffle=True, random_state=seed)
    learn, test = next(folds.split(np.zeros(len(examples)), _labels(examples), [e.case.group for e in examples]))
    return [examples[i] for i in learn], [examples[i] for i in test]


@torch.no_grad()
def answers_right(trained: Trained, examples: Sequence[Example], max_tokens: int) -> Bools:
    """Return whether each example's leading label is its own; a label that was never learned is always missed."""
    said: list[str] = []
    for start in range(0, len(examples), READ_BATCH):
        part = examples[start : start + READ_BATCH]
        tokens = trained.tokenizer(
            [e.text for e in part], truncation=True, max_length=max_tokens, padding=True, return_tensors="pt"
        )
        vitals = vitals_tensor([e.case for e in part])
        logits = trained.network(tokens["input_ids"], tokens["attention_mask"], *vitals).labels
        said += [trained.outputs[i] for i in logits.argmax(dim=-1).tolist()]
    return np.asarray(np.asarray(said) == _labels(examples))


def _labels(examples: Sequence[Example]) -> NDArray[np.str_]:
    return np.asarray([e.label for e in examples])


def _majority(learn: Sequence[Example], test: Sequence[Example]) -> Bools:
    names, counts = np.unique(_labels(learn), return_counts=True)
    return np.asarray(_labels(test) == names[counts.argmax()])


def _tfidf(learn: Sequence[Example], test: Sequence[Example]) -> Bools:
    """Logistic regression on the words, as plain as it gets."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model: Any = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    model.fit([e.text for e in learn], _labels(learn))
    return np.asarray(model.predict([e.text for e in test]) == _labels(test))


def _forest(learn: Sequence[Example], test: Sequence[Example], seed: int) -> Bools:
    """A random forest on what the vitals branch sees: whether the branch leaves anything lying."""
    from sklearn.ensemble import RandomForestClassifier

    seen = [torch.cat(vitals_tensor([e.case for e in part]), dim=1).numpy() for part in (learn, test)]
    model: Any = RandomForestClassifier(300, min_samples_leaf=2, random_state=seed).fit(seen[0], _labels(learn))
    return np.asarray(model.predict(seen[1]) == _labels(test))


def _ceiling(examples: Sequence[Example]) -> float:
    """Return the accuracy of knowing the most frequent label of each text."""
    table = pd.crosstab([e.text for e in examples], [e.label for e in examples])
    return float(table.max(axis=1).sum() / len(examples))


def _gain(more: Bools, less: Bools, test: Sequence[Example]) -> dict[str, float]:
    patients = pd.factorize(np.asarray([e.case.group for e in test]))[0]
    rows = [np.flatnonzero(patients == patient) for patient in range(patients.max() + 1)]
    difference = more.astype(float) - less

    def figure(drawn: NDArray[np.int_]) -> float:
        return float(difference[np.concatenate([rows[i] for i in drawn])].mean())

    return bootstrap(figure, len(rows))


def _figure(name: str, found: dict[str, float]) -> dict[str, float]:
    return {name: found["value"], f"{name}.low": found["low"], f"{name}.high": found["high"]}
