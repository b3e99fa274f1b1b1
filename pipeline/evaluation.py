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


def evaluate_safety(
    out: Path, parts: Sequence[str], config: Config, *, shared: Path, cases: int, plans: int
) -> dict[str, float]:
    """Measure the safety screen of a configuration and return all figures under flat names.

    Args:
        out: folder of `metrics.json`, `report.html` and the sheet.
        parts: names in `pipeline.safety_benchmark.evaluate.PARTS`.
        config: whose screen and seed are meant.
        shared: folder of the reference lists and patients.
        cases: plans with an error, and as many without.
        plans: plans that the language model writes.

    Raises:
        ConfigError: if a part is unknown.
    """
    from generators.causal import Causal
    from generators.weights import smollm2_folder
    from pipeline.build import cache_folder
    from pipeline.resolvers import offline_resolver
    from pipeline.safety_benchmark.evaluate import PARTS as SAFETY_PARTS
    from pipeline.safety_benchmark.evaluate import Evaluation as SafetyEvaluation
    from pipeline.safety_benchmark.evaluate import evaluate as evaluate_screen
    from pipeline.safety_benchmark.judges import ScreenJudge
    from safety.screen import Screen

    unknown = [part for part in parts if part not in SAFETY_PARTS]
    if unknown:
        raise ConfigError(f"unknown part {unknown[0]}; parts are {', '.join(SAFETY_PARTS)}.")
    resolver = offline_resolver()
    screen = Screen(resolver=resolver)
    made = SafetyEvaluation(
        screen=ScreenJudge(screen, resolver),
        resolver=resolver,
        generator=lambda: Causal(smollm2_folder(cache_folder())),
        shared=shared,
        number=cases,
        plans=plans,
        seed=config.runtime.seed,
        out=out,
    )
    provenance = {
        "command": f"wardround evaluate safety --out {out} --parts {','.join(parts)}",
        "rules": screen.rules_version,
        "seed": str(config.runtime.seed),
    }
    return evaluate_screen(made, parts, provenance=provenance)
