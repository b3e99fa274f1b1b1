"""Let a model write the plans' sentences: all statements of all plans in one go, each grounded or replaced.

A sentence that does not say exactly what its citation says never appears; the composed one stands in its place. So a
plan is as safe with a model as without, and whether it reads better is a question of taste that can be measured.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from cases.case import Plan, Statement
from generators.backend import TextGenerator
from generators.compose import Brief
from generators.grounding import is_supported
from generators.prompts import first_sentence, prompt

logger = logging.getLogger(__name__)

MAX_NEW_TOKENS = 160  # the longest regimen line takes about 130


def write(
    briefs: Sequence[Brief],
    plans: Sequence[Plan],
    generator: TextGenerator,
    *,
    max_new_tokens: int = MAX_NEW_TOKENS,
) -> list[Plan]:
    """Return the plans with every sentence rewritten that survives grounding.

    A line that several plans share is asked for once. `Plan.generator` names the writer where a sentence of its stands.

    Args:
        briefs: what the plans were composed from, in the same order.
        plans: the composed plans.
        generator: the model.
        max_new_tokens: length of one sentence.

    Raises:
        ValueError: if briefs and plans differ in number, or the model answers with another number of texts.
    """
    asked = list(dict.fromkeys(prompt(statement) for plan in plans for statement in plan.statements))
    answers = generator.generate(asked, max_new_tokens=max_new_tokens) if asked else []
    texts = {question: first_sentence(answer) for question, answer in zip(asked, answers, strict=True)}
    written = [_rewritten(brief, plan, texts, generator) for brief, plan in zip(briefs, plans, strict=True)]
    kept = sum(plan.generator != before.generator for plan, before in zip(written, plans, strict=True))
    logger.info("%s wrote %d lines for %d plans; it changed %d plans", generator.name, len(asked), len(plans), kept)
    return written


def _rewritten(brief: Brief, plan: Plan, texts: dict[str, str], generator: TextGenerator) -> Plan:
    evidence = {item.id: item for item in brief.evidence}

    def best(statement: Statement) -> Statement:
        text = texts[prompt(statement)]
        return statement.model_copy(update={"text": text}) if is_supported(text, statement, evidence) else statement

    statements = tuple(best(statement) for statement in plan.statements)
    if statements == plan.statements:
        return plan
    writer = generator.name.split(":")[0]
    return plan.model_copy(update={"statements": statements, "generator": f"{plan.generator}+{writer}"})
