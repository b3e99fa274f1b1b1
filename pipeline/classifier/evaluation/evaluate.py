"""`wardround evaluate classifier`: every figure of the classifier, in one folder, each beside the trivial baselines.

Parts can be run one by one; what a part found is kept in `metrics.json` and `final.npz`, and the report is made of all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cases.files import replacing
from pipeline.classifier.base import train_base
from pipeline.classifier.classify import Classifier
from pipeline.classifier.data import Embed, Sets
from pipeline.classifier.evaluation import clinosim, outliers, promises, protocols, sampling, vignettes
from pipeline.classifier.evaluation.base import Base
from pipeline.classifier.evaluation.baselines import minilm, svm
from pipeline.classifier.evaluation.report import ScoredSet, Table, write_report
from pipeline.classifier.examples import TEXTS, Example, inside, read_examples
from pipeline.classifier.fit import Second, encoder_of, outcomes
from pipeline.classifier.metrics import calibration_error, is_right, share
from pipeline.classifier.recipe import TrainingConfig
from pipeline.classifier.sampler import Scope
from pipeline.thresholds import Calibration, Thresholds

METRICS = "metrics.json"
SHOWN = "final.npz"  # the final vignettes as they were scored, for the plots
SPEED_CASES = 64
Figures = dict[str, Any]  # a number, or its value with an interval


@dataclass
class Evaluation:
    """Everything the parts need.

    Args:
        config: the training recipe of the shipped classifier.
        weights: its folder.
        sets: the four sets of the recipe.
        calibration, thresholds: what may be released.
        second: the evidence's disagreement.
        embed: MiniLM sentence vectors.
        load: samples and scope to the shipped classifier.
        encounters: folder of clinosim's tables, or None.
        tell: says what is going on.
    """

    config: TrainingConfig
    weights: Path
    sets: Sets
    calibration: Calibration
    thresholds: Thresholds
    second: Second
    embed: Embed
    load: Callable[[int, Scope], Classifier]
    encounters: Path | None = None
    tell: Callable[[str], None] = lambda line: None
    scored: dict[str, vignettes.Scored] = field(default_factory=dict)

    @cached_property
    def final(self) -> list[Example]:
        """The set that is scored once."""
        return read_examples(TEXTS / "final.jsonl")

    @cached_property
    def classifier(self) -> Classifier:
        """The shipped classifier."""
        return self.load(50, "last")

    @cached_property
    def rows(self) -> list[Example]:
        """All labelled rows of the data."""
        return read_examples(Path(self.config.data))

    @cached_property
    def base(self) -> Base:
        """Network and words that have seen none of the rows."""
        if not self.config.rows_apart:
            raise ValueError("the clean and strict protocols need a recipe with rows_apart.")
        texts, recipe = self.sets.texts, self.config.recipe
        trained = train_base(
            texts, encoder=encoder_of(self.config), recipe=recipe, develop=self.sets.develop,
            folder=Path(self.config.base),
        )  # fmt: skip
        return Base.of(trained, texts, max_tokens=recipe.max_tokens)

    def score(self, name: str, examples: Sequence[Example]) -> vignettes.Scored:
        """Score a set with the shipped classifier, once."""
        if name not in self.scored:
            rows, _ = outcomes(self.classifier, examples, self.second)
            self.scored[name] = vignettes.score(self.classifier, self.calibration, self.thresholds, examples, rows)
        return self.scored[name]


def paper(e: Evaluation) -> Figures:
    """The published split: the shipped classifier on its 240 validation rows."""
    names = [label.name for label in e.classifier.labels]
    p = e.classifier.judge([row.case for row in e.sets.validation]).p.numpy()
    right = is_right(p, np.array([names.index(row.label) for row in e.sets.validation]))
    held = {row.text for row in e.sets.validation}
    seen = [row for row in e.rows if row.text not in held]
    lines = {baseline.name: share(baseline.right(e.sets.validation)) for baseline in (svm(seen), minilm(seen, e.embed))}
    return {
        "paper.accuracy": share(right),
        "paper.ece": calibration_error(p.max(axis=1), right),
        **{f"paper.{name}.accuracy": value for name, value in lines.items()},
    }


def _protocol(name: str) -> Callable[[Evaluation], Figures]:
    def part(e: Evaluation) -> Figures:
        return protocols.figures(name, protocols.evaluate(name, e.rows, e.base, embed=e.embed, tell=e.tell))

    return part


def final(e: Evaluation) -> Figures:
    """Our own final vignettes, with the baselines trained on the public rows alone and on all that we trained on."""
    scored = e.score("final", e.final)
    found: Figures = vignettes.figures("final", scored)
    known = inside(e.sets.train)
    limit = e.thresholds.promise.limit if e.thresholds.promise else 0.05
    for data, examples in (("public", e.rows), ("all", known)):
        for baseline in (svm(examples), minilm(examples, e.embed)):
            name = f"final.{baseline.name}.{data}"
            found |= vignettes.baseline_figures(name, baseline, e.sets.calibrate, e.final, limit=limit)
    return found


def promise(e: Evaluation) -> Figures:
    """Whether the promised risk is kept, on resamples of the calibration, development and final sets together."""
    pool = [
        e.score("calibrate", e.sets.calibrate), e.score("develop", e.sets.develop), e.score("final", e.final),
    ]  # fmt: skip
    doubt = np.concatenate([np.where(s.stopped, math.inf, s.doubt) for s in pool])
    right = np.concatenate([s.right & ~s.emergency for s in pool])
    asked = e.thresholds.promise
    limit, confidence = (asked.limit, asked.confidence) if asked else (0.05, 0.95)
    return promises.kept(
        doubt, right, calibration=len(e.sets.calibrate), limit=limit, confidence=confidence
    ) | {"promise.limit": limit}  # fmt: skip


def dropout(e: Evaluation) -> Figures:
    """Cost and quality of Monte Carlo Dropout, and the cold start."""
    cases = [example.case for example in e.final[:SPEED_CASES]]
    return {
        **sampling.cost(e.load, cases),
        **sampling.quality(e.load, e.sets.develop),
        **sampling.cold_start(e.weights, e.load, cases[0]),
    }


def held_out(e: Evaluation) -> Figures:
    """Four diseases held out of training, six times."""
    return dict(
        outliers.held_out_auroc(
            e.rows, e.sets.texts, e.sets.develop, recipe=e.config.recipe, encoder=encoder_of(e.config), tell=e.tell
        )
    )


def vitals(e: Evaluation) -> Figures:
    """What vital signs add, on clinosim's synthetic encounters."""
    if e.encounters is None or not e.encounters.exists():
        raise ValueError("no clinosim tables: give their folder with --encounters.")
    examples = clinosim.read_encounters(e.encounters)
    found = clinosim.compare(examples, encoder=encoder_of(e.config), recipe=clinosim.RECIPE, seed=e.config.recipe.seed)
    return {f"vitals.{name}": value for name, value in found.items()}


PARTS: dict[str, Callable[[Evaluation], Figures]] = {
    "paper": paper,
    "final": final,
    "promise": promise,
    "dropout": dropout,
    "clean": _protocol("clean"),
    "strict": _protocol("strict"),
    "vitals": vitals,
    "held_out": held_out,
}
PAGE = {  # part to the title and the sentence of its table
    "paper": ("Published split", "240 rows that repeat or resemble training rows: comparable, and worth little."),
    "clean": ("Clean protocol", "Five folds of the unique texts, near-duplicates (cosine above .90) out of training."),
    "strict": ("Strict protocol", "The same with every training row above .80 to a test row left out."),
    "final": ("Final vignettes", "Written by others before the model, in five styles, used for nothing but this."),
    "promise": ("The promise", "Thresholds fitted on 200 resamples; how often the stated risk was kept."),
    "dropout": ("Monte Carlo Dropout", "Time over one plain pass, and how well each sampler finds errors."),
    "vitals": ("Vital signs", "Synthetic encounters of clinosim; Symptom2Disease has no vital signs at all."),
    "held_out": ("Unseen diseases", "Four diseases held out of training at a time, six draws."),
}


def evaluate(e: Evaluation, out: Path, parts: Sequence[str], *, provenance: dict[str, str]) -> dict[str, float]:
    """Run parts, add what they found to `metrics.json`, write the report, return all figures flat.

    Args:
        e: everything the parts need.
        out: the folder.
        parts: names in PARTS, in the order they are run.
        provenance: shown at the foot of the report.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / METRICS
    known: dict[str, float] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for part in parts:
        e.tell(f"part {part}")
        own = f"{SHORT.get(part, part)}."
        known = {name: v for name, v in known.items() if not name.startswith(own)} | flat(PARTS[part](e))
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(dict(sorted(known.items())), indent=1), encoding="utf-8")
    shown = out / SHOWN
    if "final" in e.scored:
        _shown("final", e, e.scored["final"]).save(shown)
    sets = [ScoredSet.load(shown)] if shown.exists() else []
    write_report(
        out, title="Classifier", tables=tables(known), sets=sets, notes=NOTES, provenance=provenance
    )  # fmt: skip
    return known


NOTES = (
    "None of these figures is a clinician's judgement, and no patient's data was used.",
    "The vignettes were written by language models working apart, so they share habits that real patients do not have.",
    "Measure on cases of your own, and fit routing to them, before you believe a release.",
)


def flat(figures: Figures) -> dict[str, float]:
    """Return figures under flat names: `name`, and `name.low` and `name.high` where there is an interval."""
    found: dict[str, float] = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            found |= {name if key == "value" else f"{name}.{key}": float(number) for key, number in value.items()}
        else:
            found[name] = float(value)
    return found


def tables(known: dict[str, float]) -> list[Table]:
    """Return one table a part that has figures."""
    ends = (".low", ".high")
    found = []
    for part, (title, caption) in PAGE.items():
        own = [name for name in known if name.startswith(f"{SHORT.get(part, part)}.")]
        rows = tuple((name, _cell(known, name)) for name in sorted(own) if not name.endswith(ends))
        if rows:
            found.append(Table(title, ("figure", "value"), rows, caption))
    return found


SHORT = {"dropout": "mc"}


def _cell(known: dict[str, float], name: str) -> Any:
    if f"{name}.low" not in known:
        return known[name]
    return {"value": known[name], "low": known[f"{name}.low"], "high": known[f"{name}.high"]}


def _shown(name: str, e: Evaluation, s: vignettes.Scored) -> ScoredSet:
    return ScoredSet(
        f"{name} vignettes", s.labels, s.p, s.truth, s.doubt, s.released, e.thresholds.limit, s.ood, s.emergency,
        tuple(example.style for example in s.examples),
    )  # fmt: skip
