"""The report in a real browser: it filters, unfolds, fits a telephone and keeps quiet. Needs Debian's `chromium`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.pipeline import made_up
from tests.pipeline.test_report import ERROR, render

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("playwright")
pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    render(tmp_path, made_up.every_shape(), [ERROR], open_cases=3)
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if "report.html" not in request.url else None)
    page.goto(f"file://{tmp_path / 'report.html'}")
    yield page
    page.close()
    assert said == []  # no error, no breach of the policy, no request


def _shown(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("#cases tbody tr:visible th").all_inner_texts()]


def test_report_finds_by_words_and_hides_the_other_cases(page: Page) -> None:
    page.fill("#find", "nitrofurantoin DRAFT")
    assert _shown(page) == ["c-003"]
    assert page.locator("article:visible").count() == 1
    assert page.inner_text("#told") == "1 of 11 cases"


def test_report_filters_by_decision_and_reason(page: Page) -> None:
    page.select_option("#reason", "stage_failed")
    assert _shown(page) == ["c-011"]
    page.select_option("#reason", "")
    page.click("button[data-choose=released]")
    assert _shown(page) == ["c-001", "c-010"]
    assert page.get_attribute("button[data-choose=released]", "aria-pressed") == "true"
    page.click("button[data-choose=released]")
    assert len(_shown(page)) == 11


def test_report_opens_the_folds_that_a_link_leads_into(page: Page) -> None:
    article = page.locator("article", has_text="c-003")
    assert not article.locator(".passage").is_visible()
    page.click("#cases tbody a:text-is('c-003')")
    article.locator("a.cite").nth(2).click()
    assert article.locator(".passage").is_visible()
    assert article.locator(".at:target + mark").inner_text().startswith("Nitrofurantoin")


def test_report_is_usable_with_the_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the cases"
    page.locator("article summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("article details").first.get_attribute("open") is not None


@pytest.mark.parametrize("width", [390, 768, 1400])
def test_report_never_scrolls_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_has_readable_contrast(page: Page, scheme: Literal["light", "dark"]) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1 between text and what lies behind it."""
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    assert page.evaluate(_POOR_CONTRAST) == []


_POOR_CONTRAST = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => numbers(colour).slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    if (["SCRIPT", "OPTION"].includes(node.tagName)) continue;
    const style = getComputedStyle(node);
    const text = node instanceof SVGElement ? style.fill : style.color;
    const pair = [light(text), light(behind(node))].sort((a, b) => b - a);
    if ((pair[0] + 0.05) / (pair[1] + 0.05) < 4.5) poor.add(`${node.tagName} ${text} on ${behind(node)}`);
  }
  return Array.from(poor);
}"""
