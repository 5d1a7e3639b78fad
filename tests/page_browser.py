"""The explorable page in Chromium, and what it should say of the study."""

from __future__ import annotations

from http.server import SimpleHTTPRequestHandler
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Locator, Page, expect

from convbias.spec.formatting import without_rounding_error

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

READY = "html[data-page=ready]"
PATIENCE = 120_000  # milliseconds
expect.set_options(timeout=PATIENCE)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nothing in the tests' output."""


def opened(
    browser: Browser, url: str, *, width: int = 1280, **options: Any
) -> tuple[Page, list[str]]:
    """Open a page and wait until it is complete; also return messages, errors and requests."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-GB", **options
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    troubles: list[str] = []
    own = url.split("#")[0]
    page.on("console", lambda message: troubles.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((own, "data:"))
            else troubles.append(f"request: {request.url}")
        ),
    )
    page.goto(url)
    page.wait_for_selector(READY)
    return page, troubles


# The address is read in an event of its own, and what it changes is drawn after that: a key that is
# pressed earlier would still move what was there before.
# Where the address is the same already, what the page shows may differ: changes are written later.
SHOW = """async (place) => {
    const follow = (hash) => new Promise((done) => {
        addEventListener("hashchange", done, { once: true });
        location.hash = hash;
    });
    if (location.hash === place) await follow("#elsewhere");
    await follow(place);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


def at(page: Page, place: str) -> Locator:
    """Show a place of the page, as a link to it would; its view."""
    page.evaluate(SHOW, place)
    return page.locator(place.split("?", maxsplit=1)[0])


def pixels_of(canvas: Locator) -> np.ndarray:
    """The grey values of a canvas."""
    width, height, values = canvas.evaluate(
        # Through a copy, because Chromium remarks on canvases that are read often.
        "(one) => { const copy = new OffscreenCanvas(one.width, one.height).getContext('2d');"
        " copy.drawImage(one, 0, 0);"
        " return [one.width, one.height,"
        " [...copy.getImageData(0, 0, one.width, one.height).data]]; }"
    )
    return np.reshape(values, (height, width, 4))[..., 0]


def number(value: float, digits: int, sign: str = "") -> str:
    """As the study's tables round it."""
    return f"{without_rounding_error(value):{sign}.{digits}f}"


def written(values: dict[str, Any], digits: int = 1) -> str:
    low, high = values["interval"]
    mean, low, high = (number(100 * each, digits) for each in (values["mean"], low, high))
    return f"{mean} [{low} to {high}]"


def assert_found(view: Locator, contrast: dict[str, Any]) -> None:
    """Verdict, difference, interval, n and runs of a contrast are shown as the study has them."""
    found = view.locator(f"[data-contrast='{contrast['name']}']")
    expect(found.locator(".verdict")).to_have_text(contrast["verdict"])
    scale, digits = contrast["quantity"]["scale"], contrast["quantity"]["digits"]
    text = found.inner_text().replace("−", "-")
    low, high = (number(scale * end, digits, "+") for end in contrast["interval"])
    difference = number(scale * contrast["difference"], digits, "+")
    assert f"{difference} percentage points [{low} to {high}]" in text
    assert f"{contrast['n']} pairs of seeds" in text
    found.locator("summary").click()
    assert found.locator("code").all_inner_texts() == contrast["runs"]


def contrast_of(study: dict[str, Any], experiment: str, name: str) -> dict[str, Any]:
    contrasts = study["experiments"][experiment]["contrasts"]
    return next(each for each in contrasts if each["name"] == name)


def values_of(study: dict[str, Any], experiment: str, condition: str, name: str) -> dict[str, Any]:
    return study["experiments"][experiment]["conditions"][condition]["values"][name]
