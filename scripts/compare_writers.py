"""How many model sentences survive grounding, and how fast each writer is, over composed plans.

    python -m scripts.compare_writers --plans 20 --out build/writers

Writes `metrics.json` and `sentences.jsonl` (line, answer, stands) for reading.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from cases.case import Case
from cases.vocabulary.conditions import conditions
from cases.vocabulary.tables import regimens_of
from generators.backend import TextGenerator
from generators.compose import Brief, compose
from generators.grounding import is_supported
from generators.prompts import first_sentence, prompt
from generators.write import MAX_NEW_TOKENS
from pipeline.build import build_writer, use_threads
from pipeline.config import GeneratorConfig
from retrievers.library import read_library


def briefs(count: int) -> list[Brief]:
    """Return briefs on the everyday syndrome of `count` conditions, with every regimen allowed."""
    evidence = tuple(passage.as_evidence(score=1.0, rank=1) for passage in read_library())
    entries = sorted(conditions().values(), key=lambda entry: entry.label)[:count]
    case = Case(id="comparison", text="comparison")
    return [
        Brief(case, entry.label, entry.syndromes[-1], evidence, regimens_of(entry.syndromes[-1].id))
        for entry in entries
    ]


def compare(writer: TextGenerator, given: list[Brief]) -> tuple[dict[str, float], list[dict[str, object]]]:
    """Return the writer's figures and its sentences."""
    pairs = {
        prompt(statement): (brief, statement) for brief in given for statement in compose(brief).statements
    }  # a shared line once
    started = time.perf_counter()
    answers = writer.generate(list(pairs), max_new_tokens=MAX_NEW_TOKENS)
    seconds = time.perf_counter() - started
    sentences: list[dict[str, object]] = []
    for (brief, statement), answer in zip(pairs.values(), answers, strict=True):
        text = first_sentence(answer)
        stands = is_supported(text, statement, {item.id: item for item in brief.evidence})
        row = {"kind": statement.kind, "line": statement.text, "answer": text, "stands": stands}
        sentences.append(row | {"same": text == statement.text})
    total = len(sentences)
    figures = {
        "lines": total,
        "survive": sum(bool(row["stands"]) for row in sentences) / total,
        "survive_and_differ": sum(bool(row["stands"]) and not row["same"] for row in sentences) / total,
        "seconds_a_line": seconds / total,
        "words_a_second": sum(len(str(row["answer"]).split()) for row in sentences) / seconds,
    }
    return figures, sentences


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", type=int, default=20)
    parser.add_argument("--backends", nargs="+", default=["seq2seq", "causal"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    given, metrics = briefs(arguments.plans), {}
    with (arguments.out / "sentences.jsonl").open("w", encoding="utf-8") as file:
        for backend in arguments.backends:
            writer = build_writer(GeneratorConfig.model_validate({"backend": backend}))
            if writer is None:
                continue
            metrics[backend], sentences = compare(writer, given)
            file.writelines(json.dumps({"backend": backend, **row}) + "\n" for row in sentences)
            print(backend, json.dumps(metrics[backend]))
    (arguments.out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
