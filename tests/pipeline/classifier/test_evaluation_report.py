"""The evaluation report: every figure and plot in it, the same bytes each time, and no set that breaks it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.classifier.evaluation import plots
from pipeline.classifier.evaluation.report import ScoredSet, Table, write_report

LABELS = ("Malaria", "sepsis", "made_up_label")
PLOTS = ("Reliability", "Risk and coverage", "In label or out of label", "Released or reviewed", "Confusions")
STYLES = ("plain", "terse") * 30
TABLES = (
    Table(
        "Accuracy & calibration",
        ("Set", "Cases", "Accuracy", "ECE", "Brier"),
        (("final", 60, {"value": 0.91234, "low": 0.881, "high": 0.939}, 0.0456, None),),
        "Over cases in label.",
    ),
    Table("Ablations", ("Variant", "AURC"), (("full", 0.0127), ("none", float("nan"))), ""),
)


def made(cases: int, **changes: Any) -> ScoredSet:
    """A set in which about two of three cases are right and every fifth is out of label."""
    generator = np.random.default_rng(7)
    truth = np.where(np.arange(cases) % 5 == 4, -1, np.arange(cases) % len(LABELS))
    scores = generator.normal(size=(cases, len(LABELS))) + 2 * (truth[:, None] == np.arange(len(LABELS)))
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    doubt = 1 - p.max(axis=1)
    fields: dict[str, Any] = {
        "name": "final vignettes", "labels": LABELS, "p": p, "truth": truth, "doubt": doubt, "released": doubt < 0.3,
        "limit": 0.3, "ood": generator.normal(size=cases) + 3 * (truth < 0), "emergency": np.arange(cases) % 11 == 3,
        "styles": ("",) * cases,
    }  # fmt: skip
    return ScoredSet(**{**fields, **changes})


def page(out: Path, *sets: ScoredSet) -> str:
    write_report(
        out,
        title="Evaluation <of> the classifier",
        tables=TABLES,
        sets=sets,
        notes=("The cases are made up & few.",),
        provenance={"Weights": "c0ffee"},
    )
    return (out / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page(tmp_path_factory.mktemp("report"), made(60, styles=STYLES))


def test_every_figure_is_told(html: str) -> None:
    shown = ("Accuracy &amp; calibration", "0.912 (0.88 to 0.94)", "0.046", ">60<", "Ablations", "0.013", "By style")
    assert [text for text in (*shown, "made up &amp; few", "Evaluation &lt;of&gt;", "c0ffee") if text not in html] == []
    assert html.count(">–<") == 2  # nothing and not a number


def test_every_plot_is_named_explained_and_drawn_once(html: str) -> None:
    names = re.findall(r'<svg role="img" aria-label="([^"]*)"', html)
    assert sorted(names) == sorted(f"{plot}: final vignettes" for plot in PLOTS)
    assert html.count("<svg") == html.count("</svg>") == len(PLOTS)
    captions = re.findall(r"</(?:svg|div)><figcaption>(.*?)</figcaption>", html)
    assert len(captions) == len(PLOTS)
    assert all(re.fullmatch(r".*[^.]\.", caption) and ". " not in caption for caption in captions)


def test_labels_are_shown_by_their_display_names(html: str) -> None:
    assert "Suspected sepsis (" in html
    assert "made_up_label (" in html


def test_nothing_runs_reaches_out_or_clashes(html: str) -> None:
    addresses = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert all(address.startswith("#") for address in addresses)
    assert "<script" not in html
    assert html.count("<style") == 2  # a style inside a plot would hold for the whole page
    identities = re.findall(r' id="([^"]*)"', html)
    assert len(identities) == len(set(identities))


def test_plots_take_only_the_colours_of_the_page(html: str) -> None:
    drawn = "".join(re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL))
    assert not re.findall(r"(?:fill|stroke): #\w+", drawn)
    assert "font-family" not in drawn


def test_same_cases_give_the_same_bytes(html: str, tmp_path: Path) -> None:
    assert page(tmp_path / "again", made(60, styles=STYLES)) == html
    assert [path.name for path in (tmp_path / "again").iterdir()] == ["report.html"]


def test_a_set_without_out_of_label_cases_is_drawn(tmp_path: Path) -> None:
    html = page(tmp_path, made(12, truth=np.arange(12) % 3, released=np.zeros(12, dtype=bool), limit=-np.inf))
    assert html.count("<svg") == len(PLOTS)
    assert "nothing can be compared" in html
    assert "AUROC" not in html


def test_a_set_of_which_nothing_is_released_says_so() -> None:
    none = np.zeros(12, dtype=bool)
    curve = plots.coverage(made(12).doubt, ~none, none, limit=-np.inf, of="a set")
    assert curve.caption.endswith("; here, none of 12 cases was released.")
    assert ">released<" not in curve.svg
    shares = plots.releases(~none, none, none, none, of="a set")
    assert "0 released · 12 to review" in shares.svg


def test_a_single_case_is_drawn(tmp_path: Path) -> None:
    assert page(tmp_path, made(1)).count("<svg") == len(PLOTS)


def test_a_set_only_out_of_label_has_no_reliability(tmp_path: Path) -> None:
    html = page(tmp_path, made(6, truth=np.full(6, -1), ood=np.full(6, np.inf)))
    assert "Reliability: " not in html
    assert html.count("<svg") == len(PLOTS) - 2


def test_an_empty_set_is_only_named(tmp_path: Path) -> None:
    assert page(tmp_path, made(0)).count("<svg") == 0


def test_fields_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 doubt for 12 cases"):
        made(12, doubt=np.zeros(2))
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        Table("T", ("a", "b"), (("x",),), "")


def test_a_scored_set_survives_its_file(tmp_path: Path) -> None:
    scored = made(60, styles=STYLES, limit=float("-inf"))
    scored.save(tmp_path / "set.npz")
    read = ScoredSet.load(tmp_path / "set.npz")
    for name in ScoredSet.__dataclass_fields__:
        assert np.array_equal(getattr(read, name), getattr(scored, name)), name
