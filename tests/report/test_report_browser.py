from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from convbias.cli import main

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
PATIENCE = 120_000  # milliseconds

# Elements beyond the right edge of the window, except inside scrollable frames.
OVERFLOWING = """
[...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
  .filter((element) => !element.closest(".table, .static, .skip, .icons"))
  .map((element) => `${element.tagName} ${element.textContent.trim().slice(0, 40)}`)
"""

# Axis and legend labels that are cut off by the edge of their chart.
CLIPPED = """
[...document.querySelectorAll(".interactive svg.marks")].flatMap((svg) => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text")]
    .filter((text) => {
      const box = text.getBoundingClientRect();
      return box.width && (box.right > frame.right + 1 || box.left < frame.left - 1);
    })
    .map((text) => `${svg.closest("figure").id}: ${text.textContent}`);
})
"""


@pytest.fixture(scope="module")
def address(report: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a copy of the report without the files beside it."""
    return Path(shutil.copy(report, tmp_path_factory.mktemp("alone"))).as_uri()


def opened(
    browser: Browser, address: str, width: int = 1280, *, script: bool = True, scheme: str = "light"
) -> tuple[Page, list[str]]:
    """Open a page and wait for its charts; also return console messages, errors and requests."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        java_script_enabled=script,
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    page.on(
        "request",
        lambda request: (
            None
            if request.url == address or request.url.startswith("data:")
            else troubles.append(f"request: {request.url}")
        ),
    )
    page.goto(address)
    if script:
        page.wait_for_function("document.documentElement.dataset.charts === 'ready'")
    return page, troubles


FOLDED = "main details:not([open]):not(.interactive details)"


def unfold(page: Page) -> None:
    """Open everything that is folded; the page is told of each as if a reader had clicked it."""
    page.evaluate(
        "(folded) => document.querySelectorAll(folded).forEach((each) => each.open = true)", FOLDED
    )
    assert page.locator(FOLDED).count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_drawn_without_errors_or_requests(browser: Browser, address: str, scheme: str):
    page, troubles = opened(browser, address, scheme=scheme)
    at_first = page.locator("figure .interactive svg.marks").count()
    assert 0 < at_first < 11
    unfold(page)
    page.wait_for_function("document.querySelectorAll('figure .interactive svg.marks').length > 10")
    assert troubles == []
    figures = page.locator("figure:has(.interactive)")
    assert figures.count() == 11
    for index in range(figures.count()):
        figure = figures.nth(index)
        assert figure.locator(".interactive svg.marks").is_visible()
        assert figure.locator(".interactive svg.marks path").count() > 0
        assert not figure.locator(".static").is_visible()
    page.context.close()


def assert_fits(browser: Browser, address: str, width: int) -> None:
    page, troubles = opened(browser, address, width)
    assert troubles == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(CLIPPED) == []
    page.context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_reaches_out_of_the_window(browser: Browser, address: str, width: int):
    assert_fits(browser, address, width)


@pytest.mark.usefixtures("fashion_mnist")
def test_nothing_of_the_published_study_reaches_out_of_the_window(browser: Browser, tmp_path: Path):
    assert main(["report", "--runs", str(ROOT / "results"), "--out", str(tmp_path)]) == 0
    for width in (360, 1280):
        assert_fits(browser, (tmp_path / "report.html").as_uri(), width)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_javascript_pictures_stand_in_for_the_charts(
    browser: Browser, address: str, scheme: str
):
    page, troubles = opened(browser, address, script=False, scheme=scheme)
    assert troubles == []
    unfold(page)
    shown = ".dark" if scheme == "dark" else ".light"
    statics = page.locator(".static")
    assert statics.count() == 11
    for index in range(statics.count()):
        picture = statics.nth(index).locator(shown)
        assert picture.is_visible()
        box = picture.bounding_box()
        assert box
        assert box["height"] > 50
        assert statics.nth(index).locator("img:visible").count() == 1
    page.context.close()


def test_print_shows_light_pictures_and_everything_folded(browser: Browser, address: str):
    page, _ = opened(browser, address, scheme="dark")
    page.emulate_media(media="print")
    assert page.locator(".static .light").first.is_visible()
    assert not page.locator(".static .dark").first.is_visible()
    assert not page.locator(".interactive").first.is_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(FOLDED).count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(FOLDED).count() > 0
    page.context.close()


def test_charts_follow_the_colour_scheme(browser: Browser, address: str):
    page, troubles = opened(browser, address)

    def ink() -> str | None:
        return page.locator("#figure-accuracy .interactive svg text").first.get_attribute("fill")

    light = ink()
    page.evaluate("delete document.documentElement.dataset.charts")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.charts === 'ready'")
    assert ink() != light
    assert page.locator("#figure-accuracy .interactive svg.marks").count() == 1
    assert troubles == []
    page.context.close()


def test_a_link_to_a_folded_derivation_can_be_followed_by_keyboard(browser: Browser, address: str):
    page, _ = opened(browser, address)
    summary = page.locator("#claims summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("#claims details[open]").count() == 1
    assert (
        page.locator(".table[tabindex='0'][role='region']").count()
        == page.locator(".table").count()
    )
    page.context.close()
