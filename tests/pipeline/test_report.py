"""The report: everything in it, nothing that runs or reaches out, and the action first."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from cases.case import Case, CaseResult
from cases.errors import CaseError
from pipeline.journal import Done, RunState
from pipeline.report import ReportOptions, write_report
from pipeline.shift import Standing
from tests.pipeline import made_up

MOMENT = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
INPUTS = ({"name": "cases.jsonl", "sha256": "e" * 64, "bytes": 3},)
RUN = RunState("c0ffee42" * 4, "complete", "c" * 64, "a: 1\n", "d" * 64, INPUTS, "0.1.0", made_up.RUN, MOMENT, MOMENT)
ERROR = CaseError(12, "c-012", "vitals.temperature_c", "out_of_range", "371 is above 45.", "Give degrees Celsius.")
HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(1)</script><x-evil>{{ 7 * 7 }}"
VOID = {"meta", "input", "br", "link"}


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag  # every tag is closed by its own

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def render(
    folder: Path, pairs: Sequence[tuple[Case, CaseResult]], errors: Sequence[CaseError] = (), **options: int
) -> str:
    done = [Done(number, case, result) for number, (case, result) in enumerate(pairs)]
    path = folder / "report.html"
    write_report(path, done, errors, RUN, ReportOptions(**options))
    return path.read_text(encoding="utf-8")


def article(html: str, case_id: str) -> str:
    parts = re.findall(r"<article.*?</article>", html, re.DOTALL)
    return str(next(part for part in parts if f">{case_id}</a>" in part))


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render(tmp_path_factory.mktemp("report"), made_up.every_shape(), [ERROR])


def test_report_is_well_formed_and_its_links_lead_somewhere(html: str) -> None:
    page = Page(html)
    ids = page.values("id")
    assert page.open == []
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.values("href") if link.startswith("#")} <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)


def test_report_needs_nothing_from_outside(html: str) -> None:
    page = Page(html)
    assert page.tags["link"] == page.tags["img"] == page.tags["iframe"] == 0
    assert page.values("src") == []
    assert "url(" not in html
    assert "@import" not in html
    (policy,) = [value for value in page.values("content") if "default-src" in value]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


def test_report_shows_every_case_with_what_came_in(html: str) -> None:
    text = Page(html).text
    for case, result in made_up.every_shape():
        assert case.id in text
        assert case.text is None or case.text in text
        assert all(finding.message in text and finding.management in text for finding in result.findings)
        assert all(question.ask in text for question in result.questions)
        assert all(item in text for item in result.unchecked)


def test_report_puts_emergencies_first_and_shows_them_no_home_plan(html: str) -> None:
    shown = re.findall(r'<article id="[^"]+" class="case d-(\w+)"', html)
    assert shown == sorted(shown, key=["immediate", "urgent", "review", "released"].index)
    part = Page(article(html, "c-002"))
    assert "Call the emergency team now; do not send home." in part.text
    assert "No home plan is shown" in part.text
    assert "Nitrofurantoin" not in part.text  # neither the plan nor the evidence for it
    assert "Draft plan" not in part.text


def test_report_calls_a_plan_that_was_not_released_a_draft(html: str) -> None:
    assert "Draft plan, for the reviewer" in article(html, "c-003")
    assert "Draft: Nitrofurantoin" in article(html, "c-003")
    assert "Draft" not in article(html, "c-001")


def test_report_links_each_citation_to_the_marked_span(html: str) -> None:
    part = article(html, "c-001")
    (anchor,) = re.findall(r'take with food\.\s*<a class="cite" href="#([^"]+)"', part)
    assert re.search(f'id="{anchor}"></a><mark>Nitrofurantoin 100 mg by mouth[^<]+</mark>', part)


def test_report_says_what_is_not_supported_or_not_there(html: str) -> None:
    part = Page(article(html, "c-006")).text
    assert "not supported by its citation" in part
    assert "cites lib:gone#1, which is not in the evidence" in part


def test_report_tells_unknown_from_none(html: str) -> None:
    assert article(html, "c-002").count("not stated") == 2  # allergies and conditions; medicines are given
    assert "not stated" not in article(html, "c-010").replace("region not stated", "")


def test_report_says_nothing_found_only_if_all_was_checked(html: str) -> None:
    assert "Nothing found." in article(html, "c-010")
    assert "Nothing found." not in article(html, "c-011")
    assert "not everything could be checked" in article(html, "c-011")


def test_report_shows_reasons_with_signal_value_threshold_and_source(html: str) -> None:
    text = " ".join(Page(article(html, "c-004")).text.split())
    assert "mutual_information 0.41 threshold 0.22" in text
    assert "fit:2026-11-20:a1b2" in text


def test_report_marks_the_prediction_set_in_words(html: str) -> None:
    text = Page(article(html, "c-004")).text
    assert text.count("in the prediction set") == 4
    assert text.count("outside the set") == 2
    assert "and 1 less likely" in text


def test_report_lists_unreadable_cases_and_provenance(html: str) -> None:
    text = Page(html).text
    assert ERROR.message in text
    assert ERROR.remedy in text
    for value in (RUN.id, RUN.config_hash, "2026.11", "a1b2" * 16, "e" * 64):
        assert value in text


def test_report_draws_every_plot(html: str) -> None:
    charts = [value for value in Page(html).values("aria-label") if value != "Sections"]
    wanted = (
        "Routes by priority",
        "Why cases went to a person",
        "Confidence and doubt",
        "Alert burden",
        "Time by stage",
    )
    assert set(wanted) <= set(charts)


def test_report_escapes_hostile_text_everywhere(tmp_path: Path, html: str) -> None:
    pairs = [(_poisoned(case), _poisoned(result)) for case, result in made_up.every_shape()]
    error = CaseError(1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    page = Page(render(tmp_path, pairs, [error]))
    assert page.text.count(HOSTILE) > 200
    assert page.open == []
    assert (page.tags["script"], page.tags["img"], page.tags["x-evil"]) == (1, 0, 0)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert all(link.startswith("#") for link in page.values("href"))
    assert set(page.tags) <= set(Page(html).tags)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "file:///etc", "https:", "http://[x"]
)
def test_report_does_not_link_to_what_a_browser_would_run(tmp_path: Path, url: str) -> None:
    case, result = made_up.every_shape()[0]
    evidence = tuple(item.model_copy(update={"url": url}) for item in result.evidence)
    html = render(tmp_path, [(case, result.model_copy(update={"evidence": evidence}))])
    assert f'href="{url}' not in html


def test_report_folds_many_cases(tmp_path: Path) -> None:
    assert "<details open>" in render(tmp_path, made_up.every_shape(), open_cases=11)
    assert "<details open>" not in render(tmp_path, made_up.every_shape(), open_cases=10)


def test_report_of_a_large_run_shows_the_most_pressing_and_counts_the_rest(tmp_path: Path) -> None:
    released = [(made_up.case(number), made_up.result(f"c-{number:03d}")) for number in range(100, 150)]
    html = render(tmp_path, [*released, *made_up.every_shape()], shown_cases=5)
    assert len(re.findall("<article", html)) == 5
    assert "c-002" in html
    assert "56 less pressing cases" in html
    assert "61 cases" in Page(html).text


def test_report_without_cases_says_so(tmp_path: Path) -> None:
    html = render(tmp_path, [])
    assert Page(html).open == []
    assert "No cases came in" in html


def test_report_is_the_same_for_the_same_results(tmp_path: Path) -> None:
    assert render(tmp_path, made_up.every_shape()) == render(tmp_path, made_up.every_shape())


def _poisoned(noun: Any) -> Any:
    """Put hostile text into every field that takes it."""
    model: type[BaseModel] = type(noun)
    document = json.loads(noun.model_dump_json(by_alias=True, exclude_unset=True))
    for container, key in _places(document):
        kept, container[key] = container[key], HOSTILE
        try:
            model.model_validate_json(json.dumps(document))
        except ValidationError:
            container[key] = kept
    return model.model_validate_json(json.dumps(document))


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place of a JSON document that holds a text."""
    if not isinstance(value, dict | list):
        return []
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    here = [(value, key) for key, item in items if isinstance(item, str)]
    return here + [place for _, item in items for place in _places(item)]


@pytest.mark.parametrize(("holds", "said"), [(True, "holds"), (None, "cannot be told"), (False, "not promised")])
def test_report_says_whether_the_target_holds(tmp_path: Path, holds: bool | None, said: str) -> None:
    standing = Standing("at most 5% wrong", holds, "These cases look alike.", "fit:test")
    write_report(tmp_path / "report.html", [], [], RUN, ReportOptions(), standing)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    (line,) = re.findall(r'<p class="standing.*?</p>', html, re.DOTALL)
    assert said in line
    assert "at most 5% wrong" in line
    assert "These cases look alike." in line
