"""`wardround evaluate ...`: bring the pipeline's parts to what is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.build import build_classifier, calibration_file, classifier_weights, folder_hash, thresholds_of
from pipeline.classifier.classify import Classifier
from pipeline.classifier.evaluation.evaluate import PARTS, Evaluation, evaluate
from pipeline.classifier.recipe import load_training_config
from pipeline.classifier.sampler import Scope
from pipeline.config import Config, ConfigError
from pipeline.thresholds import Calibration
from pipeline.training import embed, evidence_disagreement, read_sets


def evaluate_classifier(
    recipe: Path,
    out: Path,
    parts: Sequence[str],
    config: Config,
    *,
    encounters: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, float]:
    """Measure the classifier of a configuration and return all figures under flat names.

    Args:
        recipe: how the classifier was trained.
        out: folder of `metrics.json` and `report.html`.
        parts: names in `pipeline.classifier.evaluation.evaluate.PARTS`.
        config: whose classifier and thresholds are meant.
        encounters: clinosim's tables.
        tell: says what is going on.

    Raises:
        ConfigError: if a part is unknown or a recipe is wrong.
        ValueError: if data is missing.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise ConfigError(f"unknown part {unknown[0]}; parts are {', '.join(PARTS)}.")
    training = load_training_config(recipe)
    weights = classifier_weights(config)

    def load(samples: int, scope: Scope) -> Classifier:
        drawn = config.classifier.model_copy(update={"samples": samples, "scope": scope})
        return build_classifier(config.model_copy(update={"classifier": drawn}))

    calibration = Calibration.load(calibration_file(config))
    made = Evaluation(
        config=training,
        weights=weights,
        sets=read_sets(training),
        calibration=calibration,
        thresholds=thresholds_of(calibration, config),
        second=evidence_disagreement(),
        embed=embed,
        load=load,
        encounters=encounters,
        tell=tell,
    )
    provenance = {
        "command": f"wardround evaluate classifier --out {out} --parts {','.join(parts)}",
        "weights": folder_hash(weights),
        "seed": str(config.runtime.seed),
    }
    return evaluate(made, out, parts, provenance=provenance)
