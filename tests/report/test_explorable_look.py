"""What the network looks at: any picture in Chromium, beside the package's maps and conversion."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from convbias.data import Dataset
from convbias.data.conversion import convert
from convbias.data.transforms import occlude
from convbias.measures.explain.occlusion import occlusion_map
from convbias.networks.forward import Forward
from convbias.report.explorable.networks import page_networks
from convbias.runs.store import Store
from convbias.runs.stored_network import load_network
from page_browser import (
    PATIENCE,
    assert_found,
    at,
    contrast_of,
    opened,
    pixels_of,
    values_of,
    written,
)
from page_site import PUBLISHED

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def forwards(site: tuple[Path, Store], study: dict[str, Any]) -> list[Forward]:
    """The networks of the view: dense and CNN on images without a margin."""
    plain = [each for each in study["networks"] if each["side"] == 28]
    assert [each["role"] for each in plain] == ["dense", "cnn"]
    stores = [site[1], PUBLISHED]
    found = []
    for each in plain:
        store = next(one for one in stores if (one.folder / f"{each['run']}.keras").exists())
        found.append(Forward(load_network(store, store.named(each["run"]))))
    return found


def numbers(found: Locator, name: str) -> list[float]:
    return [float(each.get_attribute(name)) for each in found.all()]


def assert_answers(view: Locator, forwards: list[Forward], pixels: np.ndarray) -> None:
    """The networks' probabilities and the sums of their maps are those of these grey values."""
    expect(view.locator(".said-by li")).to_have_count(2)
    image = pixels.astype(np.float32).reshape(1, 28, 28, 1) / 255
    logits = [forward.logits(image)[0] for forward in forwards]
    sums = numbers(view.locator(".evidence figure"), "data-logit")
    assert sums == pytest.approx([each.max() for each in logits], abs=1e-4)
    powers = [np.exp(each - each.max()) for each in logits]
    probabilities = numbers(view.locator(".said-by li"), "data-probability")
    assert probabilities == pytest.approx([1 / each.sum() for each in powers], abs=1e-5)


def test_a_test_image_is_covered_by_keyboard_and_by_mouse(
    page: Page, study: dict[str, Any], forwards: list[Forward], fashion_mnist: Dataset
):
    view = at(page, "#look?look-image=8&guess-look=place&patch=7&class=3")
    image = fashion_mnist.test_images[study["images"]["indices"][8]]
    expect(view.locator(".seen canvas")).to_be_visible()
    scores = numbers(view.locator(".evidence figure"), "data-logit")
    whole = [forward.logits(image[None].astype(np.float32) / 255)[0, 3] for forward in forwards]
    assert scores == pytest.approx(whole, abs=1e-4)
    cover = view.locator(".occlusion .pointed")
    cover.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    expect(cover).to_have_attribute("aria-label", re.compile("Row 17, column 14"))

    def assert_drops(row: int, column: int, side: int) -> None:
        hidden = occlude(image[None], row - side // 2, column - side // 2, side, 0)
        after = [forward.logits(hidden.astype(np.float32) / 255)[0, 3] for forward in forwards]
        expected = np.subtract(whole, after)
        drops = view.locator("[data-drop]")
        for index, each in enumerate(expected):
            expect(drops.nth(index)).to_contain_text(f"to {after[index]:.2f};".replace("-", "−"))
            assert float(drops.nth(index).get_attribute("data-drop")) == pytest.approx(
                each, abs=1e-4
            )

    assert_drops(16, 13, 7)
    box = cover.bounding_box()
    page.mouse.move(box["x"] + 0.5 / 28 * box["width"], box["y"] + 20.5 / 28 * box["height"])
    assert_drops(20, 0, 7)
    view.get_by_label("Side of the square").focus()
    page.keyboard.press("ArrowLeft")
    assert_drops(20, 0, 5)
    expect(view.locator(".told")).to_contain_text("You expected that.")
    assert_found(view, contrast_of(study, "location", "averaging-forgets-all"))
    shown = view.locator(".few td:nth-child(2)").all_inner_texts()
    assert shown == [
        written(values_of(study, "location", name, "accuracy_dissimilar"))
        for name in (
            *("dense", "cnn with flatten", "cnn", "circular cnn"),
            "cnn trained in both corners",
        )
    ]


def test_a_drawing_by_keyboard_and_by_mouse(page: Page, forwards: list[Forward]):
    view = at(page, "#look?source=sketch&patch=3")
    sketch = view.locator(".sketch .pointed")
    sketch.focus()
    page.keyboard.press(" ")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")  # moves the pen, and draws nothing
    expected = np.zeros((28, 28))
    expected[14:16, 14:19] = 255
    drawn = view.locator(".sketch canvas")
    page.wait_for_timeout(500)
    assert np.array_equal(pixels_of(drawn), expected)
    assert "sketch=" in page.url
    box = sketch.bounding_box()
    pixel = box["width"] / 28
    page.mouse.move(box["x"] + 5 * pixel, box["y"] + 7 * pixel)
    page.mouse.down()
    page.mouse.move(box["x"] + 5 * pixel, box["y"] + 12 * pixel)
    page.mouse.up()
    expected[6:13, 4:6] = 255
    expect(view.get_by_role("button", name="Empty the canvas")).to_be_enabled()
    page.wait_for_timeout(500)
    assert np.array_equal(pixels_of(drawn), expected)
    assert_answers(view, forwards, expected)
    view.get_by_role("button", name="Cover every place").click()
    expect(view.locator(".places figure")).to_have_count(2)
    image = expected.astype(np.uint8)[..., None]
    for index, forward in enumerate(forwards):
        own = forward.logits(image[None].astype(np.float32) / 255)[0].argmax()
        drops = occlusion_map(forward, image, side=3)[own]
        figure = view.locator(".places figure").nth(index)
        assert float(figure.get_attribute("data-most")) == pytest.approx(drops.max(), abs=1e-4)
        shown = pixels_of(figure.locator("canvas"))
        strength = np.clip(drops, 0, None) / np.abs(drops).max() * 255
        positive = drops > 1e-3 * np.abs(drops).max()
        assert np.abs(shown - strength)[positive].max() <= 1
    view.get_by_label("Erase instead").check()
    sketch.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    view.get_by_role("button", name="Empty the canvas").click()
    page.wait_for_timeout(500)
    assert not pixels_of(drawn).any()


def photograph() -> Image.Image:
    random = np.random.default_rng(7)
    pixels = random.integers(235, 256, (240, 180, 3))
    pixels[30:200, 50:140] = random.integers(0, 200, (170, 90, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def choose(view: Locator, content: bytes, name: str = "picture") -> None:
    view.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def test_a_photograph_is_converted_as_in_python(page: Page, forwards: list[Forward]):
    view = at(page, "#look?source=photo")
    image = photograph()
    palette = image.quantize(60)
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held sideways
    files = {
        "png": (saved(image, "PNG"), 0),
        "palette": (saved(palette, "PNG"), 0),
        "bmp": (saved(image.convert("L"), "BMP"), 0),
        "webp": (saved(image, "WEBP", lossless=True), 0),
        "gif": (saved(palette, "GIF", save_all=True, append_images=[image.rotate(9)]), 0),
        "turned": (saved(image, "PNG", exif=turned), 0),
        "jpeg": (saved(image, "JPEG", quality=90), 3),
        "transparent": (saved(Image.merge("RGBA", (*image.split(), image.split()[0])), "PNG"), 2),
    }
    for name, (content, tolerance) in files.items():
        choose(view, content)
        steps = view.locator(".steps li")
        expected = convert(Image.open(io.BytesIO(content)))
        size = f"{expected.steps[-1].picture.shape[1]}"
        expect(steps.last).to_contain_text(size)
        found = pixels_of(view.locator(".seen canvas"))
        difference = np.abs(found - expected.pixels.astype(int)).max()
        assert difference <= tolerance, (name, difference)
        assert_answers(view, forwards, found)
    assert "Negated" in view.locator(".steps").inner_text()


def test_a_hostile_picture_gives_a_message(page: Page):
    view = at(page, "#look?source=photo")
    whole = saved(photograph(), "PNG")
    huge = bytearray(whole)
    huge[16:24] = (60_000).to_bytes(4) * 2
    empty = bytearray(whole)
    empty[16:20] = bytes(4)
    garbled = bytearray(whole)
    garbled[60:-30] = b"x" * (len(whole) - 90)
    files = {
        "no PNG": b"<svg xmlns='http:' width='9' height='9'><script>1</script></svg>",
        "is no PNG": b"",
        "damaged": whole[: len(whole) // 2],
        "cannot be decoded": bytes(garbled),
        "50 million": bytes(huge),
        "ends too early": bytes(empty),
    }
    for words, content in files.items():
        choose(view, whole)
        expect(view.locator(".steps")).to_be_visible()
        choose(view, content)
        expect(view.get_by_role("alert")).to_contain_text(words)
        expect(view.locator(".steps, .seen")).to_have_count(0)
    choose(view, whole)
    expect(view.locator(".seen canvas")).to_be_visible()
    expect(view.get_by_role("alert")).to_have_count(0)


# A camera that shows a white bar on black, as a stream that the page gets in place of a real one.
CAMERA = """
(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [640, 480];
    const context = canvas.getContext("2d");
    const draw = () => {
        context.fillStyle = "black";
        context.fillRect(0, 0, 640, 480);
        context.fillStyle = "white";
        context.fillRect(280, 80, 80, 320);
        requestAnimationFrame(draw);
    };
    draw();
    window.asked = 0;
    navigator.mediaDevices.getUserMedia = async () => {
        window.asked += 1;
        window.stream = canvas.captureStream(10);
        return window.stream;
    };
})()
"""

ENDED = "window.stream.getTracks().every((each) => each.readyState === 'ended')"


def test_the_camera_is_asked_for_and_ends_when_the_view_is_left(page: Page):
    view = at(page, "#look?source=camera")
    page.evaluate(CAMERA)
    assert page.evaluate("window.asked") == 0
    view.get_by_role("button", name="Switch the camera on").click()
    expect(view.locator(".said-by li")).to_have_count(2)
    seen = pixels_of(view.locator(".seen canvas"))
    assert seen[14, 14] > 200  # the bar, trimmed to 28 rows
    assert seen[14, :8].max() < 60
    expect(view.locator(".occlusion")).to_have_count(0)
    page.evaluate("document.getElementById('move').scrollIntoView()")
    expect(view.get_by_role("button", name="Switch the camera on")).to_have_count(1)
    page.wait_for_function(ENDED)
    view.get_by_role("button", name="Switch the camera on").click()
    expect(view.get_by_role("button", name="Switch the camera off")).to_be_visible()
    view.locator(".choice input[value=test]").check()
    expect(view.locator("video")).to_have_count(0)
    page.wait_for_function(ENDED)


def test_a_camera_that_is_stopped_before_it_has_begun(page: Page):
    view = at(page, "#look?source=camera")
    page.evaluate(CAMERA)
    page.evaluate(
        """() => {
            const play = HTMLMediaElement.prototype.play;
            HTMLMediaElement.prototype.play = () => new Promise((_, reject) => {
                window.interrupt = () => reject(new DOMException("stopped", "AbortError"));
            });
            window.playAsUsual = () => { HTMLMediaElement.prototype.play = play; };
        }"""
    )
    view.get_by_role("button", name="Switch the camera on").click()
    view.get_by_role("button", name="Switch the camera off").click()
    page.evaluate("window.playAsUsual()")
    view.get_by_role("button", name="Switch the camera on").click()
    expect(view.locator(".said-by li")).to_have_count(2)
    page.evaluate("window.interrupt()")
    expect(view.locator("video")).to_have_count(1)
    expect(view.get_by_role("alert")).to_have_count(0)
    view.get_by_role("button", name="Switch the camera off").click()
    # Allowed when the reader is already elsewhere.
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })"
    )
    view.get_by_role("button", name="Switch the camera on").click()
    page.wait_for_function(f"() => window.asked === 3 && {ENDED}")
    page.evaluate("delete document.hidden")
    view.locator(".choice input[value=test]").check()


def test_the_last_photograph_counts_whatever_is_slower(page: Page):
    view = at(page, "#look?source=photo")
    page.evaluate(
        """() => {
            const decode = window.createImageBitmap;
            window.createImageBitmap = async (file, ...options) => {
                if (file.name === "slow") await new Promise((go) => { window.decodeSlow = go; });
                return decode(file, ...options);
            };
            window.decodeAsUsual = () => { window.createImageBitmap = decode; };
        }"""
    )
    slow = photograph().resize((90, 90))
    choose(view, saved(slow, "PNG"), "slow")
    choose(view, saved(photograph(), "PNG"))
    expect(view.locator(".steps")).to_contain_text("180 × 240")
    before = pixels_of(view.locator(".seen canvas"))
    page.evaluate("window.decodeSlow()")
    page.wait_for_timeout(500)
    expect(view.locator(".steps")).to_contain_text("180 × 240")
    assert np.array_equal(pixels_of(view.locator(".seen canvas")), before)
    choose(view, saved(slow, "PNG"), "slow")
    # A picture that is decoded after the reader has chosen another source is not shown there.
    view.locator(".choice input[value=camera]").check()
    page.evaluate("window.decodeSlow(); window.decodeAsUsual()")
    page.wait_for_timeout(500)
    expect(view.locator(".camera")).to_be_visible()
    expect(view.locator(".seen")).to_have_count(0)
    view.locator(".choice input[value=test]").check()


def test_a_refused_camera_is_told(browser: Browser, address: str):
    page, troubles = opened(browser, f"{address}#look?source=camera")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('no', 'NotAllowedError'); }; }"
    )
    view = page.locator("#look")
    view.get_by_role("button", name="Switch the camera on").click()
    expect(view.get_by_role("alert")).to_contain_text("does not allow the camera", timeout=PATIENCE)
    assert troubles == []
    page.context.close()


def test_a_link_shows_the_same_drawing(browser: Browser, page: Page):
    view = at(page, "#look?source=sketch&class=5&patch=9&patch-row=3")
    view.locator(".sketch .pointed").focus()
    page.keyboard.press(" ")
    page.wait_for_timeout(500)
    other, _ = opened(browser, page.url)
    shown = other.locator("#look")
    assert np.array_equal(
        pixels_of(shown.locator(".sketch canvas")), pixels_of(view.locator(".sketch canvas"))
    )
    expect(shown.locator("select")).to_have_value("5")
    expect(shown.locator(".occlusion output")).to_have_text("9")
    other.context.close()


def test_the_page_of_the_package_has_two_rivals_and_one_that_never_flips(
    published_networks: list[Any],
):
    assert [each.description["role"] for each in published_networks] == [
        *("dense", "cnn", "steady", "cnn")
    ]
    for each in published_networks[:3]:
        both = each.description["testAccuracy"], each.description["studyAccuracy"]
        assert both[0] == pytest.approx(both[1], abs=0.005)
    assert published_networks[3].description["studyAccuracy"] is None


@pytest.fixture(scope="module")
def published_networks() -> list[Any]:
    from convbias.runs.published import page_store

    runs = list(PUBLISHED)
    return page_networks([PUBLISHED, page_store()], "fashion-mnist", runs)
