"""The explorable page in Chromium: every view by mouse and by keyboard, beside study.json."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from convbias.data import Dataset
from convbias.data.transforms import block_permutation, on_canvas, permute
from convbias.data.variants import SEED
from convbias.experiments.studies import load_study
from convbias.networks.forward import Forward
from convbias.report.explorable.site import write_page
from convbias.report.pipeline import StudyResults
from convbias.runs.store import Store
from convbias.runs.stored_network import load_network
from factories import make_results
from page_browser import (
    PATIENCE,
    READY,
    assert_found,
    at,
    contrast_of,
    number,
    opened,
    values_of,
    written,
)
from page_site import PUBLISHED, packages

pytestmark = pytest.mark.integration

EVERYTHING = (
    "#move?guess-move=cnn&right=3&down=-2&curve-dense=80.70.60.50.40.30&compared=1&seeds=12"
    "&guess-luck=cnn&guess-images=dense&size=2&guess-shuffle=better&block=2&guess-lens=28"
    "&guess-untie=locality&guess-kernel=5x5&guess-look=place&source=sketch&guess-bring=above"
)
OVERFLOWING = """
[...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
  .filter((element) => !element.closest(".strip, .scroll, .skip, .hidden"))
  .map((element) => `${element.tagName} ${element.textContent.trim().slice(0, 40)}`)
"""


def test_nothing_is_inaccessible_or_comes_from_elsewhere(browser: Browser, address: str):
    axe = (packages() / "axe-core/axe.min.js").read_text("utf-8")
    page, troubles = opened(browser, address + EVERYTHING)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    page.evaluate(axe)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # Colours are all that differs in the dark.
        rules = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
        found = page.evaluate("(rules) => axe.run(rules).then((all) => all.violations)", rules)
        described = [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found]
        assert described == [], scheme
    for source in ("photo", "camera", "test"):
        page.locator(f"#look .choice input[value={source}]").check()
        found = page.evaluate("axe.run('#look').then(({ violations }) => violations)")
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], source
    assert troubles == []
    page.context.close()


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_reaches_out_of_the_window(browser: Browser, address: str, language: str):
    page, troubles = opened(browser, f"{address}{EVERYTHING}&lang={language}")
    assert page.locator("html").get_attribute("lang") == language
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        # Charts take their width from the window a moment later.
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERFLOWING) == []
    assert troubles == []
    page.context.close()


def test_a_garment_is_moved_by_keyboard_and_by_mouse(
    page: Page, study: dict[str, Any], site: tuple[Path, Store], fashion_mnist: Dataset
):
    view = at(page, "#move")
    canvas = view.locator("canvas.draggable")
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    outputs = view.locator(".sliders output")
    expect(outputs).to_have_text(["2", "−1"])
    box = canvas.bounding_box()
    side = box["width"] / 40
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 100 - 3.6 * side, box["y"] + 100 + 5.2 * side)
    page.mouse.up()
    expect(outputs).to_have_text(["−2", "4"])
    image = fashion_mnist.test_images[study["images"]["indices"][:1]]
    moved = on_canvas(image, 40, 4, -2).astype(np.float32) / 255
    pixels = canvas.evaluate(
        "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, 40, 40).data]"
    )
    drawn = np.reshape(pixels, (40, 40, 4))[..., :1]
    assert np.abs(drawn - 255 * moved[0]).max() <= 1
    for network in study["networks"][:3]:
        logits = Forward(load_network(site[1], site[1].named(network["run"]))).logits(moved)[0]
        card = view.locator(f"[data-role={network['role']}]")
        expect(card.locator(".said strong")).to_have_text(
            study["study"]["classes"][logits.argmax()]
        )
        shown = float(
            view.locator(".evidence figure")
            .nth(study["networks"].index(network))
            .get_attribute("data-logit")
        )
        assert shown == pytest.approx(logits.max(), abs=1e-4)
        expect(card.locator(".flips")).to_contain_text("in 6 moves")
    sliders = view.locator(".sliders input")
    sliders.nth(0).focus()
    page.keyboard.press("End")
    expect(outputs).to_have_text(["6", "4"])
    view.get_by_role("button", name="Back to the middle").click()
    expect(outputs).to_have_text(["0", "0"])


def test_every_place_is_tried_and_a_steady_network_never_flips(page: Page):
    view = at(page, "#move?image=3")
    view.get_by_role("button", name="Try every place").click()
    captions = view.locator(".places figcaption")
    expect(captions).to_have_count(3)
    expect(captions.nth(2)).to_contain_text("169 of 169 places")


def test_another_picture_and_layer_are_chosen_by_keyboard(page: Page, study: dict[str, Any]):
    view = at(page, "#move?image=5")
    view.locator(".strip input").nth(5).focus()
    page.keyboard.press("ArrowRight")
    names = [study["study"]["classes"][label] for label in study["images"]["labels"]]
    expect(view.locator(".truth")).to_have_text(f"It is: {names[6]}")
    view.locator("select").select_option("pool_2")
    sizes = view.locator(".maps canvas").evaluate_all("(maps) => maps.map((each) => each.width)")
    assert sizes == [10] * 8
    page.wait_for_timeout(500)
    assert {"image=6", "layer=pool_2"} <= set(page.url.split("?")[1].split("&"))


def test_the_finding_follows_the_guess(page: Page, study: dict[str, Any]):
    view = at(page, "#move")
    expect(view.locator(".finding")).to_have_count(0)
    view.locator(".options input").first.focus()
    page.keyboard.press("ArrowDown")  # chooses the second
    expect(view.locator(".told")).to_contain_text("You expected something else.")
    assert_found(view, contrast_of(study, "shift", "cnn-more-consistent"))
    expected = [
        written(values_of(study, "shift", name, "one_pixel_flip_probability"))
        for name in ("dense", "cnn", "circular polyphase cnn")
    ]
    assert view.locator(".few td:nth-child(2)").all_inner_texts() == expected
    view.get_by_role("button", name="Guess again").click()
    expect(view.locator(".finding")).to_have_count(0)
    view.locator(".options label").first.click()
    expect(view.locator(".told")).to_contain_text("You expected that.")


def test_a_curve_is_drawn_by_mouse_and_by_keyboard(page: Page, study: dict[str, Any]):
    view = at(page, "#shift")
    handles = view.locator(".handle")
    handles.first.scroll_into_view_if_needed()
    first, last = handles.first.bounding_box(), handles.last.bounding_box()
    page.mouse.move(first["x"] + 9, first["y"] + 60)
    page.mouse.down()
    page.mouse.move(last["x"] + 9, first["y"] + 120, steps=12)
    page.mouse.up()
    drawn = [int(handles.nth(place).get_attribute("aria-valuenow")) for place in range(6)]
    assert drawn == sorted(drawn, reverse=True)
    assert drawn[0] > drawn[-1]
    handles.first.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowUp")
    expect(handles.first).to_have_attribute("aria-valuenow", str(drawn[0] - 9))
    drawn[0] -= 9
    view.get_by_role("button", name="Compare").click()
    measured = [
        100 * values_of(study, "shift", "dense", f"accuracy_at_shift_{distance}")["mean"]
        for distance in range(7)
    ]
    text = view.locator(".revealed").inner_text()
    assert f"from {number(measured[0], 1)} % in the middle to {number(measured[6], 1)} %" in text
    off = np.mean(np.abs(np.subtract(measured[1:], drawn)))
    assert f"Your curve is {number(float(off), 1)} percentage points off" in text
    view.locator(".numbers summary").click()
    row = view.locator(".numbers tbody tr").first.locator("td").all_inner_texts()
    assert row == [
        written(values_of(study, "shift", "dense", f"accuracy_at_shift_{distance}"))
        for distance in range(7)
    ]
    assert_found(view, contrast_of(study, "shift", "blur-over-max-pooling"))


def test_seeds_are_drawn_until_the_verdict_settles(page: Page, study: dict[str, Any]):
    view = at(page, "#luck?order=2")
    expect(view.locator(".now")).to_contain_text("No seed is drawn yet.")
    view.get_by_role("button", name="Draw three").press("Enter")
    expect(view.locator(".now .verdict")).to_have_text("undecided")
    expect(view.locator(".now")).to_contain_text("3 of 30 seeds")
    view.get_by_role("button", name="Draw one").click()
    expect(view.locator(".now")).to_contain_text("4 of 30 seeds")
    for recipe, experiment, name, verdict in (
        ("tuned", "original", "cnn-over-dense-accuracy", "the CNN is more accurate"),
        ("classic", "recipe", "cnn-over-dense-accuracy-classic", "the dense network is more"),
    ):
        view.locator(f".choice input[value={recipe}]").check()
        page.evaluate("() => undefined")
        if view.get_by_role("button", name="Draw all").is_enabled():
            view.get_by_role("button", name="Draw all").click()
        contrast = contrast_of(study, experiment, name)
        expect(view.locator(".now .verdict")).to_contain_text(verdict)
        low, high = (number(100 * end, 2, "+") for end in contrast["seedsInterval"])
        text = view.locator(".now").inner_text().replace("−", "-")
        assert f"{number(100 * contrast['difference'], 2, '+')} percentage points" in text
        assert f"95 % interval {low} to {high}" in text
        assert f"p = {contrast['pValue']:.1e}".replace("e-0", "e-") in text
        assert view.locator(".dots circle").count() == 30
    view.get_by_role("button", name="Show without guessing").click()
    assert_found(view, contrast_of(study, "original", "cnn-over-dense-accuracy"))
    assert_found(view, contrast_of(study, "recipe", "cnn-over-dense-accuracy-classic"))


def test_training_images_are_chosen_with_a_slider(page: Page, study: dict[str, Any]):
    view = at(page, "#images?guess-images=cnn")
    expect(view.locator(".told")).to_contain_text("You expected something else.")
    view.locator("input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(view.locator(".slider output")).to_have_text("1,000")
    cnn, dense = (
        values_of(study, "data-efficiency", f"{name} on 1,000 images", "test_accuracy")
        for name in ("cnn-3x3", "dense")
    )
    numbers = view.locator(".two-numbers").inner_text()
    for values in (cnn, dense):
        mean, interval = written(values).split(" [")
        assert f"{mean} %" in numbers
        assert f"[{interval}" in numbers
    expect(view).to_contain_text("the dense network needs between 1,000 and 3,000.")
    assert_found(view, contrast_of(study, "data-efficiency", "cnn-over-dense-with-100-images"))


def test_pixels_are_shuffled_as_in_the_study(
    page: Page, study: dict[str, Any], fashion_mnist: Dataset
):
    view = at(page, "#shuffle?guess-shuffle=worse&shuffled=2")
    expect(view.locator(".told")).to_contain_text("You expected that.")
    view.locator("input[type=range]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(view.locator(".slider output")).to_have_text("blocks of 7 x 7 pixels")
    pixels = view.locator(".three canvas").evaluate_all(
        "(all) => all.map((each) => [...each.getContext('2d').getImageData(0, 0, 28, 28).data])"
    )
    image = fashion_mnist.test_images[study["images"]["indices"][2]][None]
    shuffled = permute(image, block_permutation(28, 7, SEED))
    for found, expected in zip(pixels, (image, shuffled, image), strict=True):
        assert np.abs(np.reshape(found, (28, 28, 4))[..., :1] - expected[0].astype(int)).max() <= 1
    values = values_of(study, "permutation", "cnn-3x3 on blocks of 7", "test_accuracy")
    expect(view.locator(".two-numbers .cnn strong")).to_have_text(
        f"{number(100 * values['mean'], 1)} %"
    )
    assert_found(view, contrast_of(study, "permutation", "cnn-over-dense-on-shuffled-pixels"))


def test_one_convolution_is_added_up(page: Page, study: dict[str, Any], fashion_mnist: Dataset):
    view = at(page, "#lens?lens-image=1&row=10&column=0")
    picture = view.locator(".pointed")
    picture.focus()
    page.keyboard.press("ArrowDown")
    view.locator("input[type=range]").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(view.locator("figcaption", has_text="Row 12, column 1")).to_be_visible()
    network = load_network(PUBLISHED, PUBLISHED.named(study["networks"][-1]["run"]))
    kernel, bias = network.get_layer("conv_1").get_weights()
    scaling = network.get_layer("standardise")
    image = fashion_mnist.test_images[study["images"]["indices"][1], :, :, 0] / 255
    padded = np.pad(image * scaling.scale + scaling.offset, 1)

    def summed(row: int, column: int) -> float:
        window = padded[row : row + 3, column : column + 3]
        return float((window * kernel[:, :, 0, 4]).sum() + bias[4])

    total = view.locator(".sum")
    assert float(total.get_attribute("data-sum")) == pytest.approx(summed(11, 0), abs=1e-5)
    box = picture.bounding_box()
    page.mouse.move(box["x"] + 20.5 / 28 * box["width"], box["y"] + 7.5 / 28 * box["height"])
    expect(view.locator("figcaption", has_text="Row 8, column 21")).to_be_visible()
    assert float(total.get_attribute("data-sum")) == pytest.approx(summed(7, 20), abs=1e-5)
    view.locator(".options label").last.click()
    expect(view.locator(".told")).to_contain_text("You expected that.")
    expect(view.locator(".revealed")).to_contain_text("9 weights, and uses them at 784 places")
    assert_found(
        at(page, "#lens?guess-lens=28"), contrast_of(study, "sharing", "sharing-parameter-matched")
    )


def test_weights_are_untied_step_by_step(page: Page, study: dict[str, Any]):
    view = at(page, "#untie?guess-untie=sharing")
    expect(view.locator(".told")).to_contain_text("You expected that.")
    view.locator("input[type=range]").focus()
    expect(view.locator(".filters canvas")).to_have_count(8)
    page.keyboard.press("ArrowRight")
    expect(view.locator("figcaption")).to_contain_text("19 connections, 19 different weights")
    expect(view.locator(".filters")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(view.locator("figcaption")).to_contain_text("19 connections, 3 different weights")
    # The kernels of the first convolution, the strongest first, as their weights are.
    shown = view.locator(".filters canvas").first.evaluate(
        "(one) => [...one.getContext('2d').getImageData(0, 0, 3, 3).data]"
    )
    kernels = load_network(PUBLISHED, PUBLISHED.named(study["networks"][-1]["run"]))
    weights = kernels.get_layer("conv_1").get_weights()[0][:, :, 0]
    strongest = weights[..., (weights**2).sum((0, 1)).argmax()]
    expected = np.abs(strongest)[..., None] / np.abs(strongest).max()
    expected = expected * np.where(strongest[..., None] > 0, [255, 176, 0], [86, 180, 233])
    assert np.abs(np.reshape(shown, (3, 3, 4))[..., :3] - expected).max() <= 1
    conditions = study["experiments"]["sharing"]["conditions"]
    for ladder, suffix in (("channel-matched", ""), ("parameter-matched", " (matched)")):
        view.locator(f".choice input[value={ladder}]").check()
        condition = conditions[f"convolution + flatten{suffix}"]
        expect(view).to_contain_text(f"{condition['parameters']:,.0f} weights")
        accuracy = written(condition["values"]["test_accuracy"], 2)
        expect(view.locator(".accuracy")).to_contain_text(accuracy)
        for step in ("locality", "sharing", "averaging"):
            assert_found(view, contrast_of(study, "sharing", f"{step}-{ladder}"))


def test_kernels_are_compared_in_three_ways(page: Page, study: dict[str, Any]):
    view = at(page, "#kernel?guess-kernel=7x7&kernel=5x5")
    expect(view.locator(".told")).to_contain_text("You expected that.")
    for matching in ("equal width", "equal parameters", "equal multiply-adds"):
        view.locator(f".choice input[value='{matching}']").check()
        condition = study["experiments"]["kernel-size"]["conditions"][f"5x5 at {matching}"]
        facts = view.locator(".facts dd").all_inner_texts()
        assert facts == [
            f"{written(condition['values']['test_accuracy'], 2)} %",
            f"{condition['parameters']:,.0f}",
            f"{condition['multiplyAdds']:,}",
        ]
    fields = study["experiments"]["receptive-field"]["conditions"]["cnn-5x5"]["values"]
    half = number(fields["effective_field_50"]["mean"], 1)
    expect(view.locator(".field")).to_contain_text(f"the inner {half} x {half}")
    view.locator("input[type=range]").focus()
    page.keyboard.press("End")
    expect(view.locator(".slider output")).to_have_text("9x9")
    assert_found(view, contrast_of(study, "kernel-size", "5x5-over-7x7-at-equal-width"))


def test_a_link_that_follows_a_change_at_once_is_kept(page: Page):
    view = at(page, "#kernel?guess-kernel=5x5&kernel=5x5")
    followed = view.locator("input[type=range]").evaluate(
        """(slider) => new Promise((done) => {
            const later = window.setTimeout;
            const waiting = [];
            window.setTimeout = (call) => waiting.push(call);
            slider.value = slider.max;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            window.setTimeout = later;
            location.hash = "#kernel?guess-kernel=5x5&kernel=7x7";
            // The change is written after the link was followed and before its event arrives.
            for (const call of waiting) call();
            later(() => done(location.hash), 1000);
        })"""
    )
    assert followed == "#kernel?guess-kernel=5x5&kernel=7x7"
    expect(view.locator(".slider output")).to_have_text("7x7")


def test_a_link_shows_the_same(browser: Browser, page: Page):
    view = at(page, "#luck?order=7&seeds=9&recipe=classic&right=4&lang=es")
    shown = view.locator(".now").inner_text()
    page.wait_for_timeout(500)
    other, troubles = opened(browser, page.url)
    assert other.locator("#luck .now").inner_text() == shown
    assert other.locator("#move .sliders output").first.inner_text() == "4"
    assert other.locator("html").get_attribute("lang") == "es"
    assert troubles == []
    other.context.close()
    at(page, "#move?lang=en")


def test_images_of_other_things_are_called_pictures(page: Page, study: dict[str, Any]):
    described = study["study"] | {"thing": "handwritten digit"}
    other = page.context.new_page()
    other.route(
        "**/study.json", lambda route: route.fulfill(body=json.dumps(study | {"study": described}))
    )
    for language, words in (("en", r"\b(garment|shoe)"), ("es", r"\b(prenda|zapato)")):
        other.goto(f"{page.url.split('#', maxsplit=1)[0]}?{language}#move?lang={language}")
        other.wait_for_selector(READY)
        shown = other.locator("nav, .view > h2, .view > .lead, #move").all_inner_texts()
        assert len(shown) > 20
        assert [each for each in shown if re.search(words, each, re.IGNORECASE)] == []
    other.close()


def test_nonsense_in_the_address_is_left_out(browser: Browser, address: str):
    nonsense = "#move?image=-7&right=1e9&seeds=NaN&curve-dense=a.b&layer=<b>&lang=xx&kernel=0x0"
    page, troubles = opened(browser, address + nonsense)
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator(".view")).to_have_count(10)
    assert troubles == []
    page.context.close()


def test_without_networks_the_stored_results_are_shown(
    browser: Browser, address: str, study: dict[str, Any]
):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.route(re.compile(r"networks/"), lambda route: route.fulfill(body=b"broken"))
    page.goto(address + EVERYTHING)
    page.wait_for_selector(READY)
    expect(page.locator("main > .notice")).to_contain_text("stored results only")
    expect(page.locator("#lens .notice")).to_contain_text("no network can be loaded")
    assert_found(page.locator("#move"), contrast_of(study, "shift", "cnn-more-consistent"))
    expect(page.locator("#shuffle .three canvas")).to_have_count(3)
    context.close()


def test_what_is_asked_before_all_networks_are_there(
    browser: Browser, address: str, study: dict[str, Any]
):
    page = browser.new_page(locale="en-GB", reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    held: list[Any] = []
    largest = max(study["networks"], key=lambda each: each["parameters"])
    page.route(f"**/{largest['file']}", lambda route: held.append(route))
    page.goto(address + "#luck?guess-move=none")
    page.wait_for_selector("html[data-page=usable]")
    places = page.locator("#move .places")
    places.get_by_role("button").click()
    expect(places.locator("figcaption").first).to_contain_text("of 169 places")
    top = page.evaluate("scrollY")
    held[0].continue_()
    page.wait_for_selector(READY)
    # Who has begun to read is not taken to the place that the address names.
    assert abs(page.evaluate("scrollY") - top) < 300
    places.get_by_role("button").click()
    expect(places.locator("figcaption")).to_have_count(3)
    assert errors == []
    page.close()


@pytest.mark.parametrize("body", ["{", "[]", '{"format": 99}'])
def test_a_damaged_study_gives_a_message(browser: Browser, address: str, body: str):
    page = browser.new_page(locale="en-GB")
    page.route(re.compile(r"study\.json"), lambda route: route.fulfill(body=body))
    page.goto(address)
    expect(page.get_by_role("alert")).to_contain_text("The study cannot be shown")
    page.close()


def test_a_bare_file_shows_the_stored_results(
    browser: Browser, site: tuple[Path, Store], study: dict[str, Any]
):
    page = browser.new_page(locale="en-GB")
    page.goto((site[0] / "index.html").as_uri() + EVERYTHING)
    page.wait_for_selector(READY)
    expect(page.locator("main > .notice")).to_contain_text("opened as a bare file")
    assert_found(page.locator("#move"), contrast_of(study, "shift", "cnn-more-consistent"))
    expect(page.locator("#luck .now")).to_contain_text("12 of 30 seeds")
    page.close()


def test_one_seed_and_missing_experiments_are_shown_as_what_they_are(
    browser: Browser, tmp_path: Path
):
    def values(_condition: str, _seed: int) -> dict[str, float]:
        shifted = {f"accuracy_at_shift_{distance}": 0.8 for distance in range(7)}
        return {"accuracy": 0.8, "one_pixel_flip_probability": 0.1, **shifted}

    shown = ("original", "shift", "data-efficiency", "kernel-size")
    results = tuple(make_results(name, values, seeds=(0,), dataset="drawn") for name in shown)
    study = load_study("quick").on("drawn")
    write_page(StudyResults(study, results, ""), [Store(tmp_path / "none")], tmp_path / "site")
    url = (tmp_path / "site/index.html").as_uri() + EVERYTHING
    page = browser.new_page(locale="en-GB")
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.goto(url)
    page.wait_for_selector(READY)
    # Browsers say of the other files that a bare page may not load them.
    assert [each for each in troubles if "fetch" not in each.lower() and "ERR_" not in each] == []
    assert "NaN" not in page.content()
    expect(page.locator("#shuffle .notice")).to_contain_text("no runs of this experiment")
    expect(page.locator("header .notice")).to_contain_text("drawn garments, not Fashion-MNIST")
    expect(page.locator("#luck .now")).to_contain_text("1 of 1 seeds")
    expect(page.locator("#luck .now .verdict")).to_have_text("undecided")
    page.close()


def test_print_leaves_the_controls_out(browser: Browser, address: str):
    page, _ = opened(browser, address + EVERYTHING, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("#kernel .chart svg")).to_be_visible()
    page.context.close()
