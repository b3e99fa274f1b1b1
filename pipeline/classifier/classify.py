"""`Classifier.classify(cases) -> differentials`: load what training saved, draw T predictions, say how sure it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from cases.case import Case, Diagnosis, Differential, Uncertainty
from pipeline.classifier.model import Head, load_encoder
from pipeline.classifier.ood import FeatureDensity
from pipeline.classifier.sampler import Sampler
from pipeline.classifier.uncertainty import sharpen, spread
from pipeline.classifier.vitals import vitals_tensor

DIGITS = 6  # what is printed; in double precision, arithmetic differs between batch sizes far below it
CARD = "classifier.json"


@dataclass(frozen=True)
class Label:
    """A class, its ICD-10 code."""

    name: str
    icd10: str


class Classifier:
    """Rank the labels of a batch of cases, with uncertainty.

    Args:
        folder: what `wardround train classifier` wrote: adapter, head, `classifier.json`.
        encoder: hub name or folder of the encoder the adapter belongs to.
        samples: Monte Carlo draws.
        batch_size: cases that travel through the encoder together; it does not change the result.
        seed: of the dropout masks.
    """

    def __init__(
        self, folder: Path, *, encoder: str | Path, samples: int = 50, batch_size: int = 32, seed: int = 42
    ) -> None:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        self.labels = tuple(Label(item["label"], item["icd10"]) for item in card["labels"])
        self.samples = samples
        self.max_tokens = int(card["max_tokens"])
        self._temperature = float(card["temperature"])
        self._set_threshold = float(card["conformal_threshold"])
        self._batch_size = batch_size
        model, self._tokenizer = _merged_encoder(folder, encoder)
        head = Head(model.config.hidden_size, len(self.labels), dropout=float(card["dropout"]))
        head.load_state_dict(load_file(folder / "head.safetensors"))
        self._sampler = Sampler(
            model.double(), head.double().eval(), samples=samples, max_tokens=self.max_tokens, seed=seed
        )
        self._density = FeatureDensity.load(folder / "density.safetensors")

    def classify(self, cases: Sequence[Case]) -> list[Differential]:
        """Return one differential a case, in order; the text is truncated to the encoder's length."""
        order = sorted(range(len(cases)), key=lambda i: len(cases[i].text or ""))
        found: dict[int, Differential] = {}
        for start in range(0, len(order), self._batch_size):
            rows = order[start : start + self._batch_size]
            draws, features = self.draw([cases[i] for i in rows])
            found.update(zip(rows, self._differentials(draws, self._density.score(features)), strict=True))
        return [found[i] for i in range(len(cases))]

    def draw(self, cases: Sequence[Case]) -> tuple[Tensor, Tensor]:
        """Return raw probabilities (draws, batch, labels) and deterministic features (batch, hidden)."""
        texts = [case.text or "" for case in cases]
        tokens = self._tokenizer(texts, truncation=True, max_length=self.max_tokens, padding=True, return_tensors="pt")
        values, mask = vitals_tensor(cases)
        return self._sampler(tokens["input_ids"], tokens["attention_mask"], values.double(), mask.double())

    def _differentials(self, draws: Tensor, ood: Tensor) -> list[Differential]:
        raw = spread(draws)
        calibrated = sharpen(raw.mean, self._temperature)
        sure = spread(calibrated.unsqueeze(0))
        return [
            self._differential(calibrated[i], sure.predictive_entropy[i], raw.mutual_information[i], ood[i])
            for i in range(calibrated.shape[0])
        ]

    def _differential(self, p: Tensor, total: Tensor, information: Tensor, ood: Tensor) -> Differential:
        ranked = torch.argsort(p, descending=True, stable=True).tolist()
        diagnoses = tuple(
            Diagnosis(label=self.labels[i].name, icd10=self.labels[i].icd10, probability=round(float(p[i]), DIGITS))
            for i in ranked
        )
        within = tuple(d.label for d in diagnoses if 1 - d.probability <= self._set_threshold)
        uncertainty = Uncertainty(
            confidence=round(diagnoses[0].probability, DIGITS),
            predictive_entropy=round(float(total), DIGITS),
            mutual_information=round(float(information), DIGITS),
            ood_score=round(float(ood), DIGITS),
            samples=self.samples,
        )
        return Differential(diagnoses=diagnoses, prediction_set=within, uncertainty=uncertainty)


def _merged_encoder(folder: Path, encoder: str | Path) -> tuple[Any, Any]:
    """Load the encoder and fold the adapter into its weights."""
    from peft import PeftModel

    plain, tokenizer = load_encoder(encoder)
    return PeftModel.from_pretrained(plain, str(folder)).merge_and_unload().eval(), tokenizer
