"""The `wardround` command. Each command parses, loads a configuration and calls one function.

Exit codes: 0 all done, 2 usage or configuration, 3 some cases failed (`errors.jsonl`, or the reason `stage_failed`).
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli_alternatives import alternatives_app
from pipeline.cli_mentions import mentions_app
from pipeline.cli_rxnorm import rxnorm_app
from pipeline.cli_safety import safety_app
from pipeline.cli_tables import tables_app
from pipeline.config import Config, ConfigError, load_config
from pipeline.terminal import SOME_FAILED, console, fail, print_json, usage

if TYPE_CHECKING:
    from retrievers.index import Index

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
train_app = typer.Typer(no_args_is_help=True, help="Train a part of the pipeline.")
fit_app = typer.Typer(no_args_is_help=True, help="Fit a part of the pipeline to cases of your own.")
evaluate_app = typer.Typer(no_args_is_help=True, help="Measure a part of the pipeline.")
app.add_typer(safety_app)
app.add_typer(alternatives_app)
app.add_typer(tables_app)
app.add_typer(mentions_app)
app.add_typer(rxnorm_app, name="rxnorm")
app.add_typer(train_app, name="train")
app.add_typer(fit_app, name="fit")
app.add_typer(evaluate_app, name="evaluate")
SHOWN = 400  # characters of a passage
MAX_TABLE = 500  # results; above it the table would say less than the report

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML file; the embedded defaults without it")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="override one key, e.g. routing.max_error=0.02")]


@app.callback()
def main(verbose: Annotated[bool, typer.Option("--verbose", "-v", help="log ids and counts")] = False) -> None:
    """Retrieval-augmented clinical decision support. Not a medical device: a clinician decides."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    _quiet_libraries()


def _quiet_libraries() -> None:
    for name in ("transformers", "sentence_transformers", "chromadb", "httpx"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _config(path: Path | None, settings: list[str] | None) -> Config:
    try:
        return load_config(path, settings or ())
    except ConfigError as error:
        raise fail(str(error)) from error


@app.command()
def run(
    paths: Annotated[list[Path], typer.Argument(help="case files (JSONL, CSV, FHIR, DICOM) or folders of them")],
    out: Annotated[Path, typer.Option("--out", help="folder of results, errors, report and database")],
    config: ConfigOption = None,
    set_: SetOption = None,
    no_plan: Annotated[bool, typer.Option("--no-plan", help="everything but generation")] = False,
    database: Annotated[
        str | None, typer.Option("--database", help="path or URL; default <out>/wardround.sqlite")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="start afresh over an --out made from something else")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="also write results.parquet")] = False,
    fhir: Annotated[bool, typer.Option("--fhir", help="also write results.fhir.ndjson, a FHIR Bundle a line")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress bar, no table")] = False,
) -> None:
    """Run a batch of cases. Started again with the same --out it does only what is left."""
    from cases.packages import PackageMissing
    from generators.chat import ExternalModelRefused
    from pipeline.batch import run_batch
    from pipeline.files import RunRefused
    from pipeline.lazy import LazyPipeline
    from pipeline.progress import progress

    os.umask(0o077)  # results are patient data: for their owner alone
    settings = _config(config, (set_ or []) + (["plan=false"] if no_plan else []))
    pipeline = LazyPipeline(settings)
    try:
        with progress(console, "cases", disable=quiet) as advance:
            summary = run_batch(
                pipeline,
                paths,
                out,
                config_text=settings.to_yaml(),
                config_hash=settings.sha256,
                database=database,
                batch_size=settings.runtime.batch_size,
                force=force,
                parquet=parquet,
                on_progress=advance,
                made_by=pipeline.made_by,
                promised=pipeline.promised,
            )
    except (RunRefused, ConfigError, ExternalModelRefused, PackageMissing) as error:
        raise fail(str(error)) from error
    if fhir:
        _write_fhir(out)
    if not quiet and summary.results <= MAX_TABLE:
        _show_run(out)
    if summary.already_complete:
        console.print("nothing left to do: this run is complete")
    console.print(
        f"{summary.results} results ({summary.auto} released, {summary.review} to review), {summary.errors} errors"
    )
    _show_promise(out)
    for name in ("report.html", "results.jsonl", "errors.jsonl"):
        console.print(f"  {out / name}", soft_wrap=True, highlight=False, markup=False)
    console.print(f"  review database: {summary.database}", soft_wrap=True, highlight=False, markup=False)
    failed = _count_failed_stages(out)
    if failed:
        console.print(f"[red]a step failed for {failed} cases[/red]: they are in review with the reason stage_failed")
    raise typer.Exit(SOME_FAILED if summary.errors or failed else 0)


def _show_promise(out: Path) -> None:
    from pipeline.outputs import MANIFEST
    from pipeline.words import STANDINGS

    promise = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["promise"]
    if promise:
        line = f"{STANDINGS[promise['holds']]} Asked for: {promise['asked']}. {promise['because']}"
        console.print(line, highlight=False, markup=False)


def _count_failed_stages(out: Path) -> int:
    """A failure that keeps a case from release is still a failure: it must not look like success."""
    from cases.results import read_results

    results = read_results(out / "results.jsonl")
    return sum(any(reason.code == "stage_failed" for reason in result.reasons) for result in results)


def _write_fhir(out: Path) -> None:
    from cases.results import read_results, write_fhir

    write_fhir(read_results(out / "results.jsonl"), out / "results.fhir.ndjson")


def _show_run(out: Path) -> None:
    from cases.results import read_results
    from pipeline.summary import summary_table

    console.print(summary_table(list(read_results(out / "results.jsonl"))))


def _index(settings: Config) -> Index:
    from cases.packages import PackageMissing
    from pipeline.build import build_index
    from pipeline.lazy import buildable

    try:
        with buildable():
            return build_index(settings)
    except (ConfigError, PackageMissing) as error:
        raise fail(str(error)) from error


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="what to look for")],
    k: Annotated[int, typer.Option("-k", help="how many passages", min=1)] = 5,
    mode: Annotated[
        str | None, typer.Option("--mode", help="lexical, dense or hybrid; the configuration's without it")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Retrieval alone: the passages that a text finds."""
    from pipeline.build import use_threads
    from retrievers.passage import Query

    settings = _config(config, [*(set_ or []), *([f"retrieval.mode={mode}"] if mode else [])])
    if not query.strip():
        raise fail("the query is empty: say what to look for.")
    use_threads(settings.runtime.threads)
    found = _index(settings).retriever.search([Query(query)], k)[0]
    for item in found:
        if as_json:
            typer.echo(item.model_dump_json())
            continue
        place = f"[dim]{escape(item.id)} · {item.grade} · {item.score:.4f}[/dim]"
        console.print(f"[bold]{item.rank}. {escape(item.title)}[/bold]  {place}")
        console.print(f"   {item.source}", style="dim", highlight=False, markup=False)
        shown = f"{item.text[:SHOWN]}{'…' if len(item.text) > SHOWN else ''}"
        console.print(f"   {shown}\n", highlight=False, markup=False)


@app.command()
def schema() -> None:
    """Print the JSON Schemas of case files and results."""
    from cases.schema import case_schema, result_schema

    print_json({"case": case_schema(), "result": result_schema()})


@app.command()
def index(config: ConfigOption = None, set_: SetOption = None) -> None:
    """Build the evidence index if corpus or model changed, and say what it holds."""
    from collections import Counter

    from pipeline.build import use_threads

    settings = _config(config, set_)
    use_threads(settings.runtime.threads)
    opened = _index(settings)
    grades = Counter(passage.grade for passage in opened.retriever.passages)
    held = ", ".join(f"{count} {grade}" for grade, count in sorted(grades.items()))
    state = "built" if opened.built else "up to date"
    console.print(f"index {opened.sha256[:16]} {state}: {len(opened.retriever.passages)} passages ({held})")


@app.command()
def replay(
    result: Annotated[Path, typer.Argument(help="the --out folder of a finished run, or its results.jsonl")],
) -> None:
    """Run the cases of a finished run again and compare everything but the timings."""
    from pipeline.files import RunRefused
    from pipeline.replay import replay_run

    out = result.parent if result.is_file() else result
    try:
        differences = replay_run(out)
    except FileNotFoundError as error:
        raise fail(f"{out} is not a finished run: {Path(str(error.filename)).name} is missing.") from error
    except (RunRefused, ConfigError) as error:
        raise fail(str(error)) from error
    for line in differences:
        console.print(line, highlight=False, markup=False)
    console.print("the same bytes" if not differences else f"{len(differences)} results differ")
    raise typer.Exit(SOME_FAILED if differences else 0)


@app.command()
def doctor() -> None:
    """Check that models, tables, index and configuration are in order."""
    from pipeline.doctor import diagnose

    checks = diagnose()
    for check in checks:
        mark = "[green]ok  [/green]" if check.ok else "[red]FAIL[/red]"
        console.print(f"{mark} {check.name}: {escape(check.detail)}", highlight=False)
    raise typer.Exit(0 if all(check.ok for check in checks) else SOME_FAILED)


@train_app.command("classifier")
def train_classifier(
    config: Annotated[Path, typer.Option("--config", help="the recipe")] = Path("configs/classifier.yaml"),
    threads: Annotated[int, typer.Option("--threads", min=1)] = 2,
) -> None:
    """Train and calibrate the classifier on any CSV or JSONL with `text,label`."""
    from pipeline.build import use_threads
    from pipeline.training import train_classifier as train

    use_threads(threads)
    logging.getLogger("pipeline").setLevel(logging.INFO)
    with usage():
        figures = train(config)
    print_json(figures)


@fit_app.command("routing")
def fit_routing(
    data: Annotated[
        Path, typer.Argument(help="CSV or JSONL with `text,label`, `other` included, `emergency` if known")
    ],
    out: Annotated[Path, typer.Option("--out", help="the calibration file; name it in routing.calibration")],
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Fit what may be released to labelled cases of your own, and say what can be promised."""
    from pipeline.build import use_threads
    from pipeline.training import fit_thresholds, promised

    settings = _config(config, set_)
    use_threads(settings.runtime.threads)
    with usage():
        made = fit_thresholds(data, out, settings)
    print_json(promised(made, settings))


@evaluate_app.command("classifier")
def evaluate_classifier(
    out: Annotated[Path, typer.Option("--out", help="folder of metrics.json and report.html")],
    recipe: Annotated[Path, typer.Option("--recipe", help="how the classifier was trained")] = Path(
        "configs/classifier.yaml"
    ),
    parts: Annotated[
        str, typer.Option("--parts", help="comma-separated; all without it, which takes about an hour")
    ] = "paper,final,promise,dropout,clean,strict,vitals,held_out",
    encounters: Annotated[Path, typer.Option("--encounters", help="clinosim's tables, for `vitals`")] = Path(
        "../shared/data/clinosim-sample/csv"
    ),
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Measure the classifier by every protocol, beside the trivial baselines, and write a report with plots."""
    from pipeline.build import use_threads
    from pipeline.evaluation import evaluate_classifier as evaluate

    settings = _config(config, set_)
    use_threads(settings.runtime.threads)
    with usage():
        figures = evaluate(recipe, out, parts.split(","), settings, encounters=encounters, tell=console.print)
    print_json(figures)
    console.print(f"  {out / 'report.html'}", soft_wrap=True, highlight=False, markup=False)


@evaluate_app.command("safety")
def evaluate_safety(
    out: Annotated[Path, typer.Option("--out", help="folder of metrics.json, report.html and the blinded sheet")],
    parts: Annotated[str, typer.Option("--parts", help="comma-separated")] = "mutations,references,generated,sheet",
    shared: Annotated[Path, typer.Option("--shared", help="reference lists and patients, for `references`")] = Path(
        "../shared"
    ),
    cases: Annotated[int, typer.Option("--cases", help="plans with an error, and as many without", min=9)] = 600,
    plans: Annotated[int, typer.Option("--plans", help="plans that the language model writes", min=2)] = 120,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Measure the safety screen: errors put into plans, a model with the filter off and on, reference lists."""
    from pipeline.build import use_threads
    from pipeline.evaluation import evaluate_safety as evaluate

    settings = _config(config, set_)
    use_threads(settings.runtime.threads)
    with usage():
        figures = evaluate(out, parts.split(","), settings, shared=shared, cases=cases, plans=plans)
    print_json(figures)
    console.print(f"  {out / 'report.html'}", soft_wrap=True, highlight=False, markup=False)
