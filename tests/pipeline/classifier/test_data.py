"""The four sets share nothing that would make a score look better than it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cases.case import Case
from pipeline.classifier.data import VALIDATION_SHARE, cut, near_duplicate_groups, nearest, sha256, split
from pipeline.classifier.examples import OTHER, Example

WORDS = ["rash", "itch", "cough", "fever", "burning", "headache", "nausea", "chills", "wheeze", "dizzy", "thirst"]


def example(text: str, label: str = "a") -> Example:
    return Example(Case(id="x", text=text), label)


def made_up(rows: int = 120) -> list[Example]:
    """Texts of random words under three labels; every sixth repeats the one before it with a word added."""
    generator = np.random.default_rng(0)
    texts: list[str] = []
    for number in range(rows):
        fresh = " ".join(f"{word}{generator.integers(40)}" for word in generator.choice(WORDS, 6))
        texts.append(f"{texts[-1]} indeed" if number % 6 == 5 else fresh)
    return [example(text, "abc"[number % 3]) for number, text in enumerate(texts)]


def embed(texts: list[str]) -> np.ndarray:
    """Unit vectors of word counts."""
    counts = np.array([[text.split().count(word) for word in WORDS] for text in texts], dtype=float)
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def test_a_split_has_every_row_once() -> None:
    rows = made_up()
    parts = split(rows)
    every = np.concatenate([parts.train, parts.calibrate, parts.validation, parts.excluded])
    assert sorted(every.tolist()) == list(range(len(rows)))
    assert len(parts.validation) == VALIDATION_SHARE * len(rows)


def test_validation_is_the_same_whatever_else_is_cut() -> None:
    """It is the published split: another seed, or no calibration set, leaves it alone."""
    rows = made_up()
    plain = split(rows).validation.tolist()
    assert split(rows, seed=7).validation.tolist() == plain
    assert split(rows, calibrate_folds=0).validation.tolist() == plain
    assert split(rows, seed=7).calibrate.tolist() != split(rows).calibrate.tolist()


def test_without_calibration_folds_nothing_is_cut_off() -> None:
    parts = split(made_up(), calibrate_folds=0)
    assert len(parts.calibrate) == 0
    assert len(parts.train) + len(parts.excluded) == 96


def test_train_and_calibration_share_no_near_duplicate_group() -> None:
    rows = made_up()
    parts = split(rows)
    kept = np.sort(np.concatenate([parts.train, parts.calibrate]))
    group = dict(zip(kept.tolist(), near_duplicate_groups([rows[i].text for i in kept]), strict=True))
    assert not {group[i] for i in parts.train.tolist()} & {group[i] for i in parts.calibrate.tolist()}


def test_what_repeats_a_validation_text_is_excluded() -> None:
    rows = made_up(60) + made_up(60)
    parts = split(rows)
    held_out = {rows[i].text for i in parts.validation}
    assert len(parts.excluded) > 0
    assert all(rows[i].text in held_out for i in parts.excluded)
    assert not held_out & {rows[i].text for i in (*parts.train, *parts.calibrate)}


def test_near_duplicates_are_one_group_also_over_a_chain() -> None:
    first = "one two three four five six seven eight"
    texts = [first, f"{first} nine", f"{first} nine ten", "entirely different words here"]
    groups = near_duplicate_groups(texts).tolist()
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_the_nearest_by_hand() -> None:
    found = nearest(np.array([[1.0, 0.0], [0.6, 0.8]]), np.array([[0.0, 1.0], [0.6, 0.8]]))
    assert found == pytest.approx([0.6, 1.0])


def test_sets_of_ones_own_replace_the_cut_ones() -> None:
    rows, develop, own = made_up(), [example("judge")], [example("calibrate")]
    sets = cut(rows, develop=develop, calibrate=own)
    assert (sets.develop, sets.calibrate) == (develop, own)
    assert len(sets.train) + len(sets.validation) + sets.excluded == len(rows)
    cut_off = cut(rows)
    assert len(cut_off.train) + len(cut_off.calibrate) + len(cut_off.validation) + cut_off.excluded == len(rows)
    assert cut_off.validation == sets.validation


def test_a_text_too_like_a_labelled_row_is_left_out_of_training() -> None:
    plain = [example(" ".join(WORDS[i % 9 : i % 9 + 3]), "ab"[i % 2]) for i in range(40)]
    like = plain[0].text
    texts = [example(like), example("dizzy thirst"), example(like, OTHER)]
    sets = cut(plain, texts=texts, calibrate=[example("x")], embed=embed, cosine=0.99)
    assert sets.texts == texts[1:2]  # a row's very words teach nothing as background either
    assert sets.similar == 2


def test_texts_of_ones_own_are_added_to_training() -> None:
    texts = [example("dizzy thirst"), example("nothing", OTHER)]
    sets = cut(made_up(), texts=texts)
    assert sets.train[-2:] == texts
    assert sets.similar == 0


@pytest.mark.parametrize("cosine", [1.0, 0.9])
def test_a_text_of_ones_own_never_repeats_a_validation_row(cosine: float) -> None:
    rows = made_up()
    repeated = cut(rows).validation[0]
    try:
        sets = cut(rows, texts=[example(repeated.text, repeated.label)], cosine=cosine)
    except ValueError:
        return
    assert repeated.text not in {e.text for e in sets.train}


def test_a_hash_depends_on_every_byte_and_not_on_where_the_files_lie(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text("a", encoding="utf-8")
        (tmp_path / folder / "b.txt").write_text("b", encoding="utf-8")
    plain = sha256(tmp_path / "one")
    assert plain == sha256(tmp_path / "two") == sha256(tmp_path / "one" / "a.txt", tmp_path / "one" / "b.txt")
    (tmp_path / "two" / "b.txt").write_text("c", encoding="utf-8")
    assert sha256(tmp_path / "two") != plain
