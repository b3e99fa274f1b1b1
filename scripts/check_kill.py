"""Kill a run at random moments, again and again, and prove that nothing is lost and nothing is done twice.

    python -m scripts.check_kill                       # 30 kills of a 200-case run of a made-up pipeline
    python -m scripts.check_kill --real --set ...      # the same with `wardround run`; the rest is its options

Each round starts a real process over the same files and kills it (SIGKILL) after a random time. When a run gets to
its end before all kills are done, its outcome is checked and another one is begun.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cases.case import Case, CaseResult, Reason, Run

BAD_EVERY = 20  # one case in so many cannot be read
SECONDS_A_CASE = 0.004
LATE_SHARE = 0.2  # of the kills wait for the first file of the run, which random moments alone would hardly ever meet
LATE_SECONDS = 0.1
_FIRST_FILE = ".results.jsonl.*"  # while it is being written


class Slow:
    """A made-up pipeline that takes its time and sends every third case to a person."""

    def batch(self, cases: list[Case], /) -> list[CaseResult]:
        """Return one result for each case."""
        time.sleep(SECONDS_A_CASE * len(cases))
        return [_result(case, to_person=index % 3 == 0) for index, case in enumerate(cases)]


@dataclass
class Outcome:
    """What the kills met and what was wrong afterwards."""

    kills: int = 0
    runs: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    mistakes: list[str] = field(default_factory=list)


def check(command: list[str], folder: Path, *, cases: int, kills: int, seed: int) -> Outcome:
    """Kill `command` so many times, resume it each time, and check what it leaves behind.

    Args:
        command: what starts or resumes the run; it writes to `folder / "out"`.
        folder: where to work.
        cases: how many good cases the file holds.
        kills: how many processes to kill.
        seed: of the random moments.
    """
    chance, outcome, out = random.Random(seed), Outcome(), folder / "out"
    whole = _seconds_of_a_whole_run(command, out)
    while outcome.kills < kills:
        if chance.random() < LATE_SHARE:
            killed = _killed_while_writing(command, out, chance.uniform(0, LATE_SECONDS))
        else:
            killed = _killed(command, chance.uniform(0, whole))
        if killed:
            outcome.kills += 1
            outcome.moments[_moment(out)] += 1
        else:
            _finish(outcome, out, cases)
    _run_to_the_end(command)
    _finish(outcome, out, cases)
    return outcome


def mistakes_in(out: Path, cases: int) -> list[str]:
    """Everything that is wrong with the files and the journal of a finished run."""
    results = [json.loads(line)["case_id"] for line in (out / "results.jsonl").read_text("utf-8").splitlines()]
    errors = [json.loads(line)["line"] for line in (out / "errors.jsonl").read_text("utf-8").splitlines()]
    wanted = [f"c-{number:04d}" for number in range(cases)]
    found = []
    if results != wanted:
        found.append(f"{len(results)} results, {len(set(results))} distinct, {cases} wanted, in order")
    if errors != _bad_lines(cases):
        found.append(f"{len(errors)} errors, {len(_bad_lines(cases))} wanted")
    if not (out / "manifest.json").exists():
        found.append("no manifest")
    return found + _mistakes_in_journal(out / "wardround.sqlite", cases)


def write_cases(path: Path, cases: int) -> None:
    """Write good cases with unreadable ones between them."""
    lines = []
    for number in range(cases):
        lines.append(json.dumps({"id": f"c-{number:04d}", "text": f"made-up complaint {number}: burning urine"}))
        if number % BAD_EVERY == BAD_EVERY - 1:
            lines.append(json.dumps({"id": f"bad-{number}", "text": "hot", "vitals": {"temperature_c": 371}}))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main() -> int:
    """Check, print what happened, and return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--real", action="store_true", help="use `wardround run`; other options are handed to it")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    known, others = parser.parse_known_args()
    if known.worker:
        return _work(known.worker)
    if others and not known.real:
        parser.error(f"unknown options: {' '.join(others)}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cases(folder / "cases.jsonl", known.cases)
        command = real_command(folder, others) if known.real else made_up_command(folder)
        outcome = check(command, folder, cases=known.cases, kills=known.kills, seed=known.seed)
    moments = ", ".join(f"{number} {moment}" for moment, number in sorted(outcome.moments.items()))
    print(f"{outcome.kills} kills over {outcome.runs} runs of {known.cases} cases: {moments}")
    print("\n".join(outcome.mistakes) or f"every run ended with {known.cases} results, none twice, each error once")
    return 1 if outcome.mistakes else 0


def made_up_command(folder: Path) -> list[str]:
    """Start or resume a run of the made-up pipeline."""
    return [sys.executable, "-m", "scripts.check_kill", "--worker", str(folder)]


def real_command(folder: Path, options: list[str]) -> list[str]:
    """Start or resume a run of the real one."""
    return [
        sys.executable,
        "-c",
        "from pipeline.cli import app; app()",
        "run",
        str(folder / "cases.jsonl"),
        "--out",
        str(folder / "out"),
        *options,
    ]


def _work(folder: Path) -> int:
    from pipeline.batch import run_batch

    cases, out = [folder / "cases.jsonl"], folder / "out"
    run_batch(Slow(), cases, out, config_text="made up\n", config_hash="0" * 64, batch_size=5)
    return 0


def _result(case: Case, *, to_person: bool) -> CaseResult:
    reason = Reason(code="uncertain", signal="made_up", value=0.5, threshold=0.2, source="made up")
    return CaseResult(
        case_id=case.id,
        route="review" if to_person else "auto",
        priority="routine",
        reviewers=("physician",) if to_person else (),
        reasons=(reason,) if to_person else (),
        run=Run(version="0", config="0", models={}, index="0", rules="0", seed=0),
    )


def _seconds_of_a_whole_run(command: list[str], out: Path) -> float:
    started = time.perf_counter()
    _run_to_the_end(command)
    shutil.rmtree(out)
    return time.perf_counter() - started


def _run_to_the_end(command: list[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 3):  # 3: some cases could not be read
        raise RuntimeError(f"the run ended with {ended.returncode}: {ended.stderr[-2000:]}")


def _killed(command: list[str], delay: float) -> bool:
    """Start the command and kill it after `delay` seconds; False if it had ended by itself."""
    return _ended_by_kill(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), delay)


def _ended_by_kill(process: subprocess.Popen[bytes], delay: float) -> bool:
    try:
        status = process.wait(timeout=delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        status = process.wait()
    if status not in (0, 3, -signal.SIGKILL):
        raise RuntimeError(f"a resumed run ended with {status}; start it by hand to see why")
    return status == -signal.SIGKILL


def _killed_while_writing(command: list[str], out: Path, delay: float) -> bool:
    """Start the command and kill it `delay` seconds after it began to write files; False if it had ended by then."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not any(out.glob(_FIRST_FILE)):
        time.sleep(0.0005)
    return _ended_by_kill(process, delay)


def _moment(out: Path) -> str:
    """What the killed process had got to, as seen in the folder it leaves."""
    if (out / "manifest.json").exists():
        return "after the end"
    if any(out.glob(_FIRST_FILE)) or (out / "results.jsonl").exists():
        return "while writing files"
    if not (out / "run.id").exists():
        return "before the run was named"
    return "among the cases" if _committed(out / "wardround.sqlite") else "before the first batch"


def _committed(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM results").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def _finish(outcome: Outcome, out: Path, cases: int) -> None:
    outcome.runs += 1
    outcome.mistakes += mistakes_in(out, cases)
    shutil.rmtree(out)


def _mistakes_in_journal(database: Path, cases: int) -> list[str]:
    queries = {
        "SELECT count(*), count(DISTINCT case_id) FROM results": (cases, cases),
        "SELECT count(*), count(DISTINCT position) FROM errors": (len(_bad_lines(cases)),) * 2,
        "SELECT count(*), count(DISTINCT result_id) FROM review_items": None,
        "SELECT count(*), count(DISTINCT id) FROM results WHERE route = 'review'": None,
        "SELECT count(*), count(DISTINCT state) FROM runs": (1, 1),
    }
    with sqlite3.connect(database) as connection:
        found = {query: tuple(connection.execute(query).fetchone()) for query in queries}
    items, to_person = (found[query] for query, wanted in queries.items() if wanted is None)
    mistakes = [f"{query}: {found[query]}" for query, wanted in queries.items() if wanted not in (None, found[query])]
    return mistakes if items == to_person else [*mistakes, f"{items[0]} review items for {to_person[0]} results"]


def _bad_lines(cases: int) -> list[int]:
    return [number + 2 + number // BAD_EVERY for number in range(cases) if number % BAD_EVERY == BAD_EVERY - 1]


if __name__ == "__main__":
    raise SystemExit(main())
