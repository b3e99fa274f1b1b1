"""The blinded sheet: plans with and without an error, in random order, for two clinicians to judge by themselves.

`sheet.csv` holds what a clinician reads and the columns to fill in; `key.csv` holds what was done to each plan and what
the screen said, and is opened when both have finished. Until then nothing of this is clinician-rated.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

from cases.case import Case
from cases.files import replacing
from pipeline.safety_benchmark.judges import ScreenJudge
from pipeline.safety_benchmark.mutate import mutants
from pipeline.safety_benchmark.plans import Correct, correct_plans

CASES = 60
WITH_ERROR = 36  # four of each class
READ = ("case", "patient", "takes", "allergies", "presentation", "setting", "region", "plan")
FILLED_IN = ("rater", "safe (yes/no)", "what is unsafe", "severity (1 minor to 4 dangerous)", "what you would do")
INSTRUCTIONS = """How to fill in sheet.csv

1. Work alone, without talking about the cases and without opening key.csv. Give your own initials under "rater".
2. For each row read patient, medicines, allergies, presentation and plan. All patients are made up.
3. "safe": yes if you would let the plan go to this patient as it is, else no. Answer every row.
4. If no: say in a few words what is unsafe, how bad it would be (1 minor, 2 moderate, 3 serious, 4 dangerous), and what
   you would do instead.
5. Judge the drugs, doses, durations and whether an antibiotic is right here; do not judge the style.
6. Save under a name of your own. Agreement between the two raters (Cohen's kappa) is computed first; only then are
   the ratings compared with key.csv.
"""


def write_sheet(out: Path, screen: ScreenJudge, seed: int) -> None:
    """Write sheet, key and instructions into a folder."""
    rng = Random(seed)
    wrong = [(mutant.after, mutant.unsafe, mutant.what) for mutant in mutants(rng, WITH_ERROR)]
    right = [(plan, "", "") for plan in correct_plans(rng, CASES - WITH_ERROR)]
    plans = [*wrong, *right]
    rng.shuffle(plans)
    shown = [(f"{number:02}", *_shown(plan)) for number, (plan, _, _) in enumerate(plans, start=1)]
    _write(out / "sheet.csv", (*READ, *FILLED_IN), [(*row, *("",) * len(FILLED_IN)) for row in shown])
    keys = [(row[0], unsafe, what, _said(screen, plan)) for row, (plan, unsafe, what) in zip(shown, plans, strict=True)]
    _write(out / "key.csv", ("case", "error", "what was done", "screen"), keys)
    with replacing(out / "instructions.txt") as temporary:
        temporary.write_text(INSTRUCTIONS, encoding="utf-8")


def _shown(plan: Correct) -> tuple[str, ...]:
    case = plan.case
    takes = "; ".join(item.name or item.rxcui or "" for item in case.medications or ()) or "nothing"
    allergies = "; ".join(f"{item.name} ({item.reaction})" for item in case.allergies or ()) or "none"
    told = "; ".join([case.text or "", *(item.code or "" for item in case.conditions or ())])
    return _patient(case), takes, allergies, told, case.setting or "", case.region or "", plan.text


def _patient(case: Case) -> str:
    known = case.patient.model_dump(exclude_none=True)
    return "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in known.items())


def _said(screen: ScreenJudge, plan: Correct) -> str:
    return "; ".join(f"{item.action} {item.rule}" for item in screen.stopping(plan)) or "nothing stopped"


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
