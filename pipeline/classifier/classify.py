"""`Classifier.classify(cases) -> differentials`: load what training saved, draw T predictions, say how sure it is.

draws × words × rows ──► mean ──► temperature ──► probabilities of the labels ──► ranked diagnoses, prediction set
  │               └──► "other" ──┐
  │          features ──► distance ──┴──► ood_score: the probability that no label applies
  └──► emergency: the probability that the patient needs care now

The words are a linear model's opinion (`pipeline.classifier.lexicon`); the rows an expert's on texts like the labelled
data, where the recipe reads them apart (`pipeline.classifier.local`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from cases.case import Case, Diagnosis, Differential, Uncertainty
from pipeline.classifier.calibrate import prediction_set
from pipeline.classifier.lexicon import Lexicon
from pipeline.classifier.local import LocalExpert, advised
from pipeline.classifier.model import Head, load_encoder
from pipeline.classifier.ood import FeatureDensity
from pipeline.classifier.sampler import Draws, Sampler, Scope, in_order
from pipeline.classifier.uncertainty import sharpen, spread
from pipeline.classifier.vitals import vitals_tensor
from pipeline.monotone import MonotoneLogistic, log_odds

DIGITS = 6  # what is printed; in double precision, arithmetic differs between batch sizes far below it
CARD = "classifier.json"
Conformal = Literal["marginal", "class"]
WITNESSES = ("mahalanobis", "neighbour", "other")  # of being out of label; `other` only with background


@dataclass(frozen=True)
class Label:
    """A class, its ICD-10 code."""

    name: str
    icd10: str


class Opinion(NamedTuple):
    """What the classifier thinks of a batch, as tensors; the noun for one case is `Differential`."""

    p: Tensor  # (batch, labels), calibrated, sums to one over the labels
    predictive_entropy: Tensor  # (batch,)
    mutual_information: Tensor  # (batch,)
    variation_ratio: Tensor  # (batch,)
    ood: Tensor  # (batch,)
    emergency: Tensor  # (batch,)


class Classifier:
    """Rank the labels of a batch of cases, with uncertainty.

    Args:
        folder: what `wardround train classifier` wrote: adapter, head, words, `classifier.json`.
        encoder: hub name or folder of the encoder the adapter belongs to.
        samples: Monte Carlo draws.
        batch_size: cases that travel through the encoder together; it does not change the result.
        seed: of the dropout masks.
        scope: which dropouts are drawn; see `pipeline.classifier.sampler`.
        conformal: whether prediction sets cover the average case, or each label.
    """

    def __init__(
        self,
        folder: Path,
        *,
        encoder: str | Path,
        samples: int = 50,
        batch_size: int = 32,
        seed: int = 42,
        scope: Scope = "last",
        conformal: Conformal = "marginal",
    ) -> None:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        self.labels = tuple(Label(item["label"], item["icd10"]) for item in card["labels"])
        self.has_other = bool(card["other"])
        self.samples = samples
        self.max_tokens = int(card["max_tokens"])
        self._temperature = float(card["temperature"])
        count = len(self.labels)
        self._set_limits = np.array(
            card["class_thresholds"] if conformal == "class" else [card["conformal_threshold"]] * count
        )
        self._out_of_label = MonotoneLogistic.from_json(card["out_of_label"])
        self._emergency = MonotoneLogistic.from_json(card["emergency"]) if card["emergency"] else None
        self._batch_size = batch_size
        model, self._tokenizer = _merged_encoder(folder, encoder)
        weights = load_file(folder / "head.safetensors")
        image = weights["image.weight"].shape[1] if "image.weight" in weights else 0
        head = Head(
            model.config.hidden_size, count + self.has_other, dropout=float(card["dropout"]), image=image
        )  # fmt: skip
        head.load_state_dict(weights)
        self._sampler = Sampler(
            model.double(), head.double().eval(), samples=samples, max_tokens=self.max_tokens, seed=seed, scope=scope
        )
        self._words = Lexicon.load(folder)
        self._rows = LocalExpert.load(folder)
        self._density = FeatureDensity.load(folder / "density.safetensors")

    def classify(self, cases: Sequence[Case], images: Mapping[str, Tensor] | None = None) -> list[Differential]:
        """Return one differential a case, in order; the text is truncated to the encoder's length.

        Args:
            cases: what to classify.
            images: the image tower's vector of a case, by its id; a case without one is judged by its text alone.
        """
        opinion = self.judge(cases, images)
        return [self._differential(Opinion(*(part[i] for part in opinion))) for i in range(len(cases))]

    def judge(self, cases: Sequence[Case], images: Mapping[str, Tensor] | None = None) -> Opinion:
        """Return the calibrated opinion on a batch of any size, in order."""
        return self.calibrated(self.draw_all(cases, images))

    def draw_all(self, cases: Sequence[Case], images: Mapping[str, Tensor] | None = None) -> Draws:
        """Return the raw draws of any number of cases, in order; texts of like length travel together."""
        order = sorted(range(len(cases)), key=lambda i: len(cases[i].text or ""))
        parts = [
            self.draw([cases[i] for i in order[start : start + self._batch_size]], images)
            for start in range(0, max(1, len(order)), self._batch_size)
        ]
        return in_order(parts, order)

    def draw(self, cases: Sequence[Case], images: Mapping[str, Tensor] | None = None) -> Draws:
        """Return the raw draws of one forward pass."""
        if not cases:
            return self._nothing()
        given = _image_tensor(cases, images) if images else None
        return self._advised(self._sampler(*self._tensors(cases), given), cases)

    def forward(self, cases: Sequence[Case]) -> Draws:
        """Return one plain pass without dropout, against which drawing is timed."""
        return self._advised(self._sampler.plain(*self._tensors(cases)), cases)

    def _advised(self, draws: Draws, cases: Sequence[Case]) -> Draws:
        """Return the network's draws, pooled with what the words say, and the rows where there are any."""
        return advised(draws, [case.text or "" for case in cases], self._words, self._rows, has_other=self.has_other)

    def _tensors(self, cases: Sequence[Case]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        texts = [case.text or "" for case in cases]
        tokens = self._tokenizer(texts, truncation=True, max_length=self.max_tokens, padding=True, return_tensors="pt")
        values, mask = vitals_tensor(cases)
        return tokens["input_ids"], tokens["attention_mask"], values.double(), mask.double()

    def calibrated(self, draws: Draws) -> Opinion:
        """Return what raw draws mean, by what was fitted on the calibration set."""
        raw, count = spread(draws.labels), len(self.labels)
        p = sharpen(raw.mean[:, :count], self._temperature)
        p = p / p.sum(dim=-1, keepdim=True)
        emergency = draws.emergency.mean(dim=0).numpy()
        if self._emergency is not None:
            emergency = self._emergency(log_odds(emergency)[:, None])
        else:
            emergency = np.zeros(len(emergency))
        return Opinion(
            p,
            spread(p.unsqueeze(0)).predictive_entropy,
            raw.mutual_information,
            raw.variation_ratio,
            torch.from_numpy(self._out_of_label(self.witnesses(draws))),
            torch.from_numpy(emergency),
        )

    def witnesses(self, draws: Draws) -> np.ndarray:
        """Return the signs of being out of label, (cases, witnesses)."""
        columns = [self._density.score(draws.features).numpy(), self._density.nearness(draws.features).numpy()]
        if self.has_other:
            columns.append(log_odds(draws.labels.mean(dim=0)[:, -1].numpy()))
        return np.stack(columns, axis=1)

    def prediction_sets(self, p: Tensor) -> list[tuple[str, ...]]:
        """Return the labels that cannot be ruled out, most probable first, from probabilities (batch, labels)."""
        rounded = np.round(p.numpy(), DIGITS)
        return [tuple(self.labels[i].name for i in prediction_set(row, self._set_limits)) for row in rounded]

    def _nothing(self) -> Draws:
        width = self._density.centre.shape[0]
        outputs, empty = len(self.labels) + self.has_other, torch.zeros(0, width, dtype=torch.float64)
        return Draws(torch.zeros(1, 0, outputs), torch.zeros(1, 0), empty, empty)

    def _differential(self, opinion: Opinion) -> Differential:
        p = opinion.p
        ranked = torch.argsort(p, descending=True, stable=True).tolist()
        diagnoses = tuple(
            Diagnosis(label=self.labels[i].name, icd10=self.labels[i].icd10, probability=round(float(p[i]), DIGITS))
            for i in ranked
        )
        within = self.prediction_sets(p.unsqueeze(0))[0]
        ood = round(float(opinion.ood), DIGITS)
        uncertainty = Uncertainty(
            confidence=round(diagnoses[0].probability * (1 - ood), DIGITS),
            predictive_entropy=round(float(opinion.predictive_entropy), DIGITS),
            mutual_information=round(float(opinion.mutual_information), DIGITS),
            ood_score=ood,
            emergency=round(float(opinion.emergency), DIGITS),
            samples=max(1, self.samples),
        )
        return Differential(diagnoses=diagnoses, prediction_set=within, uncertainty=uncertainty)


def _image_tensor(cases: Sequence[Case], images: Mapping[str, Tensor]) -> Tensor:
    width = next(iter(images.values())).shape[-1]
    return torch.stack([images.get(case.id, torch.zeros(width)).double() for case in cases])


def _merged_encoder(folder: Path, encoder: str | Path) -> tuple[Any, Any]:
    """Load the encoder and fold the adapter into its weights."""
    from peft import PeftModel

    plain, tokenizer = load_encoder(encoder)
    return PeftModel.from_pretrained(plain, str(folder)).merge_and_unload().eval(), tokenizer
