"""Pictures of the explorable page's readers: converted to the last bit as in Python, or refused."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest

from convbias.data.conversion import convert
from convbias.spec.datasets import FASHION_MNIST_FORM, InputForm
from page_site import WEB, node

pytestmark = pytest.mark.slow

SMALL = InputForm(8, 1, "light-on-black")
COLOURED = InputForm(16, 3, "centred-square")
GREY_SQUARE = InputForm(28, 1, "centred-square")


def drawn(width: int, height: int, mode: str = "RGB", *, ground: int = 250) -> Image.Image:
    """A rough thing on a plain ground that is not quite even."""
    random = np.random.default_rng(width * 1_000 + height)
    channels = 3 if mode == "RGB" else 1
    pixels = random.integers(ground - 4, ground + 5, (height, width, channels))
    top, left = height // 5, width // 4
    thing = random.integers(0, 256, (max(1, height // 2), max(1, width // 3), channels))
    pixels[top : top + thing.shape[0], left : left + thing.shape[1]] = thing
    pixels = pixels if channels == 3 else pixels[..., 0]
    return Image.fromarray(pixels.astype(np.uint8))


def block(width: int, height: int) -> Image.Image:
    image = Image.new("L", (width + 6, height + 4), 10)
    image.paste(200, (2, 3, 2 + width, 3 + height))
    image.putpixel((5, 5), 90)
    return image


PICTURES = {
    "photograph": (drawn(320, 200), FASHION_MNIST_FORM),
    "tall, dark ground": (drawn(90, 411, ground=20), FASHION_MNIST_FORM),
    "a thing a little taller than twice its width": (drawn(300, 406), FASHION_MNIST_FORM),
    "grey": (drawn(64, 64, "L"), FASHION_MNIST_FORM),
    "smaller than the networks' images": (drawn(11, 7), FASHION_MNIST_FORM),
    "of their size": (drawn(28, 28, "L"), FASHION_MNIST_FORM),
    "one pixel": (Image.new("RGB", (1, 1), "red"), FASHION_MNIST_FORM),
    "one row": (drawn(500, 1), FASHION_MNIST_FORM),
    "only ground": (Image.new("RGB", (40, 50), (90, 91, 92)), FASHION_MNIST_FORM),
    "a half to be rounded": (block(16, 5), SMALL),
    "large": (drawn(2_048, 1_500), FASHION_MNIST_FORM),
    "coloured": (drawn(150, 101), COLOURED),
    "coloured, averaged before": (drawn(257, 331), COLOURED),
    "coloured, enlarged": (drawn(9, 12), COLOURED),
    "grey from colours": (drawn(300, 400), GREY_SQUARE),
}


def encoded(values: bytes) -> str:
    return base64.b64encode(values).decode()


@pytest.fixture(scope="module")
def converted() -> dict[str, Any]:
    given = [
        {
            "width": image.width,
            "height": image.height,
            "channels": len(image.getbands()),
            "data": encoded(image.tobytes()),
            "form": {"side": form.side, "channels": form.channels, "conversion": form.conversion},
        }
        for image, form in PICTURES.values()
    ]
    found = json.loads(node(WEB / "tests/picture.ts", given=json.dumps(given)))
    return dict(zip(PICTURES, found, strict=True))


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_converted_to_the_last_bit_as_in_python(converted: dict[str, Any], name: str):
    image, form = PICTURES[name]
    expected = convert(image, form)
    pixels = np.frombuffer(base64.b64decode(converted[name]["data"]), np.uint8)
    assert np.array_equal(pixels, expected.pixels.ravel())
    assert len(converted[name]["remarks"]) == len(expected.remarks)


def test_the_steps_say_what_was_done(converted: dict[str, Any]):
    image, form = PICTURES["photograph"]
    words = [step.words for step in convert(image, form).steps]
    steps = converted["photograph"]["steps"]
    assert [kind for kind, *_ in steps] == [
        *("given", "grey", "negated", "cropped", "resized", "padded")
    ]
    for (_, *numbers), sentence in zip(steps, words, strict=True):
        for each in numbers:
            assert str(each) in sentence
    assert converted["one pixel"]["remarks"] == ["empty", "light"]
    assert [kind for kind, *_ in converted["coloured"]["steps"]] == ["given", "square", "resized"]


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_headers_say_the_size_before_anything_is_decoded():
    image = drawn(37, 21)
    files = {
        "png": saved(image, "PNG"),
        "jpeg": saved(image, "JPEG"),
        "progressive": saved(image, "JPEG", progressive=True, comment=b"\xff\xd9 no end"),
        "gif": saved(image, "GIF"),
        "bmp": saved(image, "BMP"),
        "webp": saved(image, "WEBP"),
        "webp, lossless": saved(image, "WEBP", lossless=True),
        "webp, transparent": saved(image.convert("RGBA"), "WEBP", exif=b"Exif\0\0none"),
    }
    cut = {name: content[: len(content) * 2 // 3] for name, content in files.items()}
    wide = bytearray(files["png"])
    wide[16:24] = (2_000_000_000).to_bytes(4) * 2
    others = {
        "svg": b"<svg xmlns='none' width='9' height='9'></svg>",
        "text": b"no picture",
        "nothing": b"",
        "a header alone": files["png"][:20],
        "huge": bytes(wide),
    }
    given = [encoded(each) for each in [*files.values(), *cut.values(), *others.values()]]
    found = json.loads(node(WEB / "tests/header.ts", given=json.dumps(given)))
    assert found[: len(files)] == [{"width": 37, "height": 21, "complete": True}] * len(files)
    assert not any(each["complete"] for each in found[len(files) : 2 * len(files)])
    svg, text, nothing, header, huge = found[2 * len(files) :]
    assert (svg, text, nothing) == (None, None, None)
    assert not header["complete"]
    assert huge["width"] * huge["height"] == 4 * 10**18


def test_intervals_of_shares_are_those_of_wilson():
    pairs = [(0, 40), (1, 40), (20, 40), (37, 40), (40, 40), (3, 7)]
    found = json.loads(node(WEB / "tests/wilson.ts", given=json.dumps(pairs)))
    for (successes, trials), ends in zip(pairs, found, strict=True):
        expected = binomtest(successes, trials).proportion_ci(method="wilson")
        assert ends == pytest.approx([expected.low, expected.high], abs=1e-12)
