"""inference.py, loaded as in the containers, against NumPy and Pillow."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convbias.data.conversion import convert
from convbias.data.reading import read_image
from convbias.shipping.export.archive import Archive, unpack
from convbias.shipping.predict.images import npy_bytes

SOURCE = Path(__file__).parents[2] / "inference.py"
NAMES = [f"class {number}" for number in range(10)]
RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (3, 28, 28), dtype=np.uint8)
# A TIFF file of 1 x 1 deflated pixels, whose one tile is 46,656 pixels wide and high.
TAGS = {256: 1, 257: 1, 258: 8, 259: 8, 262: 1, 322: 46_656, 323: 46_656, 324: 8, 325: 8}
WIDE_TILE = struct.pack("<2sHIH", b"II", 42, 8, len(TAGS)) + b"".join(
    struct.pack("<HHII", tag, 4, 1, value) for tag, value in TAGS.items()
)


@pytest.fixture(scope="module", params=["orjson and NumPy", "standard library alone"])
def inference(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ModuleType:
    """The file as in an archive: in a folder with labels.json."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "labels.json").write_text(json.dumps(NAMES))
    path = folder / "inference.py"
    path.write_text(SOURCE.read_text())
    spec = importlib.util.spec_from_file_location("packed_inference", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if request.param == "standard library alone":
        module.input_fn = partial(read_alone, module.input_fn)
    return module


def read_alone(
    input_fn: Callable[[bytes | str, str], list], body: bytes | str, kind: str
) -> list[list[float]]:
    """Read images as if only Pillow were installed."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("orjson", "numpy"):
            patch.setitem(sys.modules, name, None)
        return input_fn(body, kind)


def pixels(images: list[list[float]]) -> np.ndarray:
    return np.array(images).reshape(-1, 28, 28)


def picture(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


# --- arrays -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape", [(3, 28, 28), (3, 28, 28, 1), (3, 784)], ids=lambda shape: str(len(shape))
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_json_in_every_shape(inference: ModuleType, shape: tuple[int, ...], wrapped: bool) -> None:
    for array in (GREY, GREY / 255):
        value = array.reshape(shape).tolist()
        body = json.dumps({"instances": value} if wrapped else value)
        for given_as in (body, body.encode()):
            read = inference.input_fn(given_as, "application/json; charset=utf-8")
            np.testing.assert_allclose(pixels(read), GREY / 255, rtol=1e-12)


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (784,), (1, 28, 28)])
def test_one_image_in_every_shape(inference: ModuleType, shape: tuple[int, ...]) -> None:
    one = GREY[0].reshape(shape)
    for body, kind in (
        (json.dumps(one.tolist()), "application/json"),
        (npy_bytes(one), inference.NPY),
    ):
        np.testing.assert_allclose(
            pixels(inference.input_fn(body, kind)), GREY[:1] / 255, rtol=1e-12
        )


@pytest.mark.parametrize(
    "kind", ["u1", "<u2", ">u2", "<i4", ">i8", "<u8", "<f2", ">f4", "<f4", "<f8", ">f8"]
)
def test_arrays_of_every_type(inference: ModuleType, kind: str) -> None:
    whole = np.dtype(kind).kind in "ui"
    array = (GREY if whole else GREY / 255).astype(kind)
    read = pixels(inference.input_fn(npy_bytes(array), "application/x-npy"))
    expected = array.astype(np.float64)
    np.testing.assert_allclose(read, expected / 255 if whole else expected, rtol=1e-12)


def test_integers_in_npy_files_are_grey_values(inference: ModuleType) -> None:
    dark = np.ones((28, 28), dtype=np.uint8)
    assert inference.input_fn(npy_bytes(dark), inference.NPY)[0][0] == 1 / 255
    # JSON numbers have no type, so 1 is white.
    assert inference.input_fn(json.dumps(dark.tolist()), inference.JSON)[0][0] == 1


def test_csv_has_one_image_per_line_or_one_in_28_lines(inference: ModuleType) -> None:
    for rows, expected in ((GREY.reshape(3, 784), GREY), (GREY[0], GREY[:1])):
        body = "\n".join(",".join(map(str, row)) for row in rows)
        for text in (body, body.replace("\n", "\r\n") + "\r\n"):
            read = inference.input_fn(text, "text/csv")
            np.testing.assert_allclose(pixels(read), expected / 255, rtol=1e-12)


def many(count: int) -> str:
    return json.dumps([[0] * 784] * count)


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        ("", "application/json", 400, "the body is empty"),
        ("[[1, 2", "application/json", 400, "not JSON"),
        (b"\xff\xfe", "application/json", 400, "not JSON"),
        ("{}", "application/json", 400, "has no keys"),
        ('{"instances": 3}', "application/json", 400, "is a int"),
        ('"text"', "application/json", 400, "is a str"),
        ("[]", "application/json", 400, "an array is empty"),
        ("[[], []]", "application/json", 400, "an array is empty"),
        ("[[1, 2], [3]]", "application/json", 400, "differ in length"),
        ("[1, 2, 3]", "application/json", 400, "the shape (3,)"),
        ("[" * 100_000, "application/json", 400, "nested too deeply"),
        ("[[[[[1]]]]]", "application/json", 400, "too many axes"),
        (json.dumps([True] * 784), "application/json", 400, "contains bool"),
        (json.dumps(["1"] * 784), "application/json", 400, "contains str"),
        (json.dumps([float("nan")] * 784), "application/json", 400, "contains NaN"),
        (json.dumps([float("inf")] * 784), "application/json", 400, "contains Infinity"),
        (f"[{'1e999, ' * 783}0]", "application/json", 400, "not finite"),
        (f"[{'1' + '0' * 400 + ', ' * 1}{'0, ' * 782}0]", "application/json", 400, "too large"),
        (json.dumps([-1] + [0] * 783), "application/json", 400, "from -1 to 0"),
        (json.dumps([256] + [0] * 783), "application/json", 400, "from 0 to 256"),
        (json.dumps([1.5] + [0] * 783), "application/json", 400, "not integers"),
        (json.dumps([-0.5] + [0.25] * 783), "application/json", 400, "from -0.5 to 0.25"),
        (json.dumps([1] * 783 + [True]), "application/json", 400, "contains bool"),
        (json.dumps([1] * 783 + [[1]]), "application/json", 400, "contains list"),
        (json.dumps([[1]] * 783 + [1]), "application/json", 400, "contains list"),
        (many(1_025), "application/json", 413, "1,025 images"),
        ('{"b64": "!"}', "application/json", 400, "cannot be decoded"),
        ('[{"b64": "AAAA"}]', "application/json", 400, "cannot be read"),
        ("1,2\n3", "text/csv", 400, "differ in length"),
        ("a,b", "text/csv", 400, "cannot be read"),
        ("1_0," * 783 + "0", "text/csv", 400, "characters that no number has"),
        ("\u0661," * 783 + "0", "text/csv", 400, "characters that no number has"),
        ('{"inputs": [1]}', "application/json", 400, "has 'inputs'"),
        ("\n\n", "text/csv", 400, "no lines"),
        ("nan," * 783 + "0", "text/csv", 400, "not finite"),
        (npy_bytes(GREY)[:-1], "application/x-npy", 400, "2,351 bytes of numbers"),
        (npy_bytes(GREY)[:40], "application/x-npy", 400, "truncated"),
        (npy_bytes(np.zeros((0, 28, 28))), "application/x-npy", 400, "no images"),
        (npy_bytes(np.zeros((28, 27))), "application/x-npy", 400, "the shape (28, 27)"),
        (npy_bytes(np.asfortranarray(GREY)), "application/x-npy", 400, "Fortran order"),
        (npy_bytes(np.zeros((28, 28), dtype=complex)), "application/x-npy", 400, "contains <c16"),
        (npy_bytes(np.zeros(3, dtype=[("a", "f4")])), "application/x-npy", 400, "structured"),
        (npy_bytes(np.full((28, 28), np.nan)), "application/x-npy", 400, "not finite"),
        (b"PK\x03\x04", "application/x-npy", 400, "not a .npy file"),
        ("text", "text/plain", 415, "'text/plain'"),
        (b"GIF89a", "image/png", 400, "cannot identify image file"),
        (picture(Image.fromarray(GREY[0]))[:400], "image/png", 400, "the picture cannot be read"),
        (b"\0\0\0\x18ftypheic" + bytes(12), "image/jpeg", 400, "PNG, JPEG, WEBP, BMP, TIFF or"),
        (picture(Image.new("F", (28, 28)), "TIFF"), "image/tiff", 400, "the mode F"),
        (WIDE_TILE, "image/tiff", 413, "a picture's tile has 46,656 x 46,656"),
        (picture(Image.new("1", (5_001, 5_000))), "image/png", 413, "5,001 x 5,000"),
    ],
    ids=lambda value: "body" if isinstance(value, bytes) or len(str(value)) > 40 else None,
)
def test_invalid_bodies_are_rejected(
    inference: ModuleType, body: str | bytes, kind: str, status: int, words: str
) -> None:
    with pytest.raises(inference.RequestError) as refused:
        inference.input_fn(body, kind)
    assert refused.value.status == status
    assert words in str(refused.value)
    assert "; expected " in str(refused.value)


class Pickled:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_pickles_are_never_loaded(inference: ModuleType, tmp_path: Path) -> None:
    array = np.empty((28, 28), dtype=object)
    array.fill(Pickled(tmp_path / "opened"))
    with pytest.raises(inference.RequestError, match="Python objects"):
        inference.input_fn(npy_bytes(array), "application/x-npy")
    assert not (tmp_path / "opened").exists()


KINDS = st.sampled_from(
    [
        *("application/json", "application/x-npy", "text/csv"),
        *(f"image/{each}" for each in ("png", "jpeg", "webp", "bmp", "tiff", "gif")),
    ]
)


def read_or_rejected(inference: ModuleType, body: bytes | str, kind: str) -> bool:
    """Whether images of 784 pixels in [0, 1] result, or a status 4xx; other errors are raised."""
    try:
        images = inference.input_fn(body, kind)
    except inference.RequestError as error:
        return 400 <= error.status < 500
    return all(len(image) == 784 and 0 <= min(image) <= max(image) <= 1 for image in images)


@given(body=st.binary(max_size=2_000), kind=KINDS)
def test_any_bytes_are_read_or_rejected(inference: ModuleType, body: bytes, kind: str) -> None:
    assert read_or_rejected(inference, body, kind)


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["instances", "b64"]), inner)
        ),
    )
)
def test_any_json_is_read_or_rejected(inference: ModuleType, value: object) -> None:
    assert read_or_rejected(inference, json.dumps(value), "application/json")


@given(header=st.binary(max_size=200), rest=st.binary(max_size=100), version=st.integers(0, 4))
def test_any_npy_header_is_read_or_rejected(
    inference: ModuleType, header: bytes, rest: bytes, version: int
) -> None:
    size = len(header).to_bytes(2 if version == 1 else 4, "little")
    body = b"\x93NUMPY" + bytes([version, 0]) + size + header + rest
    assert read_or_rejected(inference, body, "application/x-npy")


# --- pictures -----------------------------------------------------------------------------------


def garment(size: tuple[int, int], mode: str = "RGB", ground: str = "white") -> Image.Image:
    """A dark coat on a light background, or the reverse."""
    image = Image.new("RGB", size, ground)
    width, height = size
    colour = "navy" if ground == "white" else "khaki"
    image.paste(colour, (width // 4, height // 8, width // 2, height - height // 8))
    image.paste("grey", (width // 2, height // 3, width // 2 + width // 5, height // 2))
    return image.convert(mode)


def transparent() -> Image.Image:
    image = garment((60, 70), "RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


TURNED = Image.Exif()
TURNED[0x0112] = 6  # a quarter turn
BIG_ENDIAN = Image.fromarray(RANDOM.integers(0, 65_536, (40, 50)).astype(">u2"))
RANDOM_16_BITS = Image.fromarray(RANDOM.integers(0, 65_536, (40, 50)).astype(np.uint16))
TWO_FRAMES = {"save_all": True, "append_images": [garment((90, 50), ground="black")]}
PICTURES = {
    "large": picture(garment((400, 300))),
    "high": picture(garment((31, 200))),
    "dark ground": picture(garment((64, 64), ground="black")),
    "its size already": picture(garment((28, 28), "L", ground="black")),
    "black and white": picture(garment((100, 100), "1")),
    "palette": picture(garment((100, 80), "P")),
    "transparent": picture(transparent()),
    "16 bits": picture(RANDOM_16_BITS),
    "turned": picture(garment((90, 50)), exif=TURNED),
    "nothing but ground": picture(Image.new("L", (50, 50), 200)),
    "one pixel": picture(Image.new("RGB", (1, 1), "red")),
    "noise": picture(Image.fromarray(RANDOM.integers(0, 256, (47, 33, 3), dtype=np.uint8))),
    "JPEG of CMYK": picture(garment((120, 90), "CMYK"), "JPEG"),
    "JPEG of grey": picture(garment((120, 90), "L"), "JPEG"),
    "WebP": picture(garment((120, 90)), "WEBP"),
    "transparent WebP": picture(transparent(), "WEBP"),
    "turned WebP": picture(garment((90, 50)), "WEBP", exif=TURNED),
    "WebP of two frames": picture(garment((90, 50)), "WEBP", **TWO_FRAMES),
    "BMP": picture(garment((120, 90)), "BMP"),
    "BMP with a palette": picture(garment((120, 90), "P"), "BMP"),
    "TIFF": picture(garment((120, 90)), "TIFF"),
    "TIFF of CMYK": picture(garment((120, 90), "CMYK"), "TIFF", compression="tiff_lzw"),
    "TIFF of 16 bits": picture(RANDOM_16_BITS, "TIFF", compression="tiff_adobe_deflate"),
    "TIFF of 16 bits, the other way round": picture(BIG_ENDIAN, "TIFF"),
    "transparent TIFF": picture(transparent(), "TIFF"),
    "turned TIFF": picture(garment((90, 50)), "TIFF", exif=TURNED),
    "TIFF of two pages": picture(garment((90, 50)), "TIFF", **TWO_FRAMES),
    "GIF": picture(garment((120, 90)), "GIF"),
    "transparent GIF": picture(transparent(), "GIF"),
    "GIF of two frames": picture(garment((90, 50)), "GIF", **TWO_FRAMES),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_converted_as_by_the_package(
    inference: ModuleType, name: str, tmp_path: Path
) -> None:
    body = PICTURES[name]
    (tmp_path / "picture").write_bytes(body)
    image, _ = read_image(tmp_path / "picture")
    expected = convert(image).pixels / 255
    for kind in ("png", "webp"):  # the format is found by its content
        [direct] = pixels(inference.input_fn(body, f"image/{kind}"))
        np.testing.assert_allclose(direct, expected, rtol=1e-12)
    encoded = json.dumps([{"b64": base64.b64encode(body).decode()}] * 2)
    first, second = pixels(inference.input_fn(encoded, "application/json"))
    np.testing.assert_array_equal(first, direct)
    np.testing.assert_array_equal(second, direct)


EVERY_MODE = ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"]
MODES = {
    "PNG": EVERY_MODE[:-1],
    "JPEG": ["1", "L", "RGB", "CMYK"],
    "WEBP": ["L", "LA", "P", "RGB", "RGBA"],
    "BMP": ["1", "L", "P", "RGB", "RGBA"],
    "TIFF": EVERY_MODE,
    "GIF": ["1", "L", "LA", "P", "RGB", "RGBA"],
}


@given(
    stored=st.sampled_from([(kind, mode) for kind, modes in MODES.items() for mode in modes]),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)) | st.just((28, 28)),
    grey_values=st.tuples(st.integers(0, 255), st.integers(0, 255)),
    noise=st.integers(0, 40),
    orientation=st.integers(0, 9),
    transparent=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_picture_is_converted_as_by_the_package(
    inference: ModuleType,
    stored: tuple[str, str],
    size: tuple[int, int],
    grey_values: tuple[int, int],
    noise: int,
    orientation: int,
    transparent: bool,
    seed: int,
) -> None:
    """A noisy rectangle on a background, with transparency and orientation."""
    kind, mode = stored
    random = np.random.default_rng(seed)
    background, garment_value = grey_values
    array = np.full((*size, 4), background)
    array[size[0] // 4 : size[0] // 2 + 1, size[1] // 3 :, :3] = garment_value
    array[..., 3] = random.integers(0, 256)
    array = np.clip(array + random.integers(-noise, noise + 1, array.shape), 0, 255)
    image = Image.fromarray(array.astype(np.uint8))
    if mode == "I;16":
        image = Image.fromarray(
            (array[..., 0] * 257 + array[..., 1]).clip(0, 65_535).astype(np.uint16)
        )
    elif mode != "RGBA":
        image = image.convert("RGB").convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {}
    if transparent and kind == "PNG" and mode in ("L", "I;16"):  # one of the grey values
        options["transparency"] = int(np.asarray(image)[0, 0])
    body = picture(image, kind, exif=exif, **options)
    expected = convert(Image.open(io.BytesIO(body))).pixels / 255
    [found] = pixels(inference.input_fn(body, f"image/{kind.lower()}"))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_pictures_of_one_request_share_a_limit(inference: ModuleType) -> None:
    encoded = base64.b64encode(picture(Image.new("1", (4_000, 4_000)))).decode()
    assert len(inference.input_fn(json.dumps([{"b64": encoded}]), "application/json")) == 1
    with pytest.raises(inference.RequestError, match="too many with those before it") as refused:
        inference.input_fn(json.dumps([{"b64": encoded}] * 2), "application/json")
    assert refused.value.status == 413
    assert "25,000,000 pixels in all pictures" in str(refused.value)


# --- limits of pictures ---------------------------------------------------------------------------


def test_a_jpeg_file_has_a_limited_number_of_scans(inference: ModuleType) -> None:
    whole = picture(Image.new("L", (64, 64)), "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    missing = inference.MOST_PICTURE_SCANS - whole.count(b"\xff\xda")
    allowed, beyond = (whole[:-2] + last * (missing + more) + whole[-2:] for more in (0, 1))
    assert len(inference.input_fn(allowed, "image/jpeg")) == 1
    with pytest.raises(inference.RequestError, match="65 scans; expected at most 64") as refused:
        inference.input_fn(beyond, "image/jpeg")
    assert refused.value.status == 413


def test_a_picture_has_a_limited_number_of_bytes(inference: ModuleType) -> None:
    most = inference.MOST_PICTURE_BYTES
    with pytest.raises(inference.RequestError, match="6,291,457 bytes; expected at most 6,291,456"):
        inference.input_fn(bytes(most + 1), "image/png")


@pytest.fixture
def with_limits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[int, float], ModuleType]:
    """Load the file with limits of a picture's memory in bytes and of its processor time in s."""

    def load(memory: int, seconds: float) -> ModuleType:
        monkeypatch.setenv("CONVBIAS_MOST_PICTURE_MEMORY", str(memory))
        monkeypatch.setenv("CONVBIAS_MOST_PICTURE_SECONDS", str(seconds))
        path = tmp_path / "inference.py"
        path.write_text(SOURCE.read_text())
        spec = importlib.util.spec_from_file_location("inference_with_limits", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.mark.parametrize(
    ("memory", "seconds", "words"),
    [
        (100_000_000, 60, "100,000,000 bytes of memory"),
        (200_000_000, 0.2, "more than 0.2 s of processor time"),
    ],
)
def test_pictures_have_limited_memory_and_time_and_the_next_is_read(
    with_limits: Callable[[int, float], ModuleType], memory: int, seconds: float, words: str
) -> None:
    limited = with_limits(memory, seconds)
    small = picture(Image.new("L", (2, 2)))
    large = picture(Image.new("RGBA", (5_000, 5_000))) if seconds > 1 else jpeg_of_passes()
    assert len(limited.input_fn(small, "image/png")) == 1
    with pytest.raises(limited.RequestError, match=words) as refused:
        limited.input_fn(large, "image/png")
    assert refused.value.status == 413
    assert len(limited.input_fn(small, "image/png")) == 1


def jpeg_of_passes() -> bytes:
    """A progressive JPEG file with as many scans as are allowed, each of 16 million pixels."""
    whole = picture(Image.new("L", (4_000, 4_000), 200), "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * (64 - whole.count(b"\xff\xda")) + whole[-2:]


@pytest.mark.parametrize("size", [(25_000_000, 1), (4_999, 5_001)])
def test_the_largest_pictures_are_read(
    with_limits: Callable[[int, float], ModuleType], size: tuple[int, int]
) -> None:
    patient = with_limits(200_000_000, 60)
    assert len(patient.input_fn(picture(Image.new("1", size)), "image/png")) == 1


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_large_photographs_are_converted_nearly_as_by_the_package(
    with_limits: Callable[[int, float], ModuleType], mode: str
) -> None:
    """They are decoded at a fraction of their size, which changes grey values a little."""
    # Its sides' ratio is not near one at which rounding to 28 pixels would go either way.
    image = garment((2_600, 3_200), mode)
    exif = Image.Exif()
    exif[0x0112] = 6
    body = picture(image, "JPEG", exif=exif)
    [found] = pixels(with_limits(200_000_000, 60).input_fn(body, "image/jpeg"))
    expected = convert(Image.open(io.BytesIO(body))).pixels
    assert np.abs(255 * found - expected).max() <= 4


@pytest.mark.parametrize("kind", ["image/jpg", "image/tif", "application/x-image"])
def test_other_names_of_picture_types_are_taken(inference: ModuleType, kind: str) -> None:
    assert len(inference.input_fn(PICTURES["large"], kind)) == 1


@pytest.mark.parametrize("other", ["0", "[0]", '{"c": 1}', '{"b64": 1}'])
def test_pictures_mixed_with_other_values(inference: ModuleType, other: str) -> None:
    body = '[{"b64": "' + base64.b64encode(PICTURES["one pixel"]).decode() + f'"}}, {other}]'
    with pytest.raises(inference.RequestError, match="an object has no b64"):
        inference.input_fn(body, "application/json")


# --- responses ------------------------------------------------------------------------------------

ONE = [[0.01] * 3 + [0.91] + [0.01] * 6]
TWO = [*ONE, [0.55] + [0.05] * 9]


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "text/html, application/*"])
def test_one_image_gets_an_object_and_several_a_list(inference: ModuleType, accept: str) -> None:
    body, kind = inference.output_fn(ONE, accept)
    assert (json.loads(body), kind) == (
        {"class": "class 3", "confidence": 0.91},
        "application/json",
    )
    body, _ = inference.output_fn(TWO, accept)
    assert [each["class"] for each in json.loads(body)] == ["class 3", "class 0"]


def test_all_probabilities_on_request(inference: ModuleType) -> None:
    body, _ = inference.output_fn(ONE, "application/json; verbose=true")
    assert json.loads(body)["probabilities"] == dict(zip(NAMES, ONE[0], strict=True))


def test_responses_as_csv_and_npy(inference: ModuleType) -> None:
    body, kind = inference.output_fn(TWO, "text/csv")
    head, *rows = body.decode().splitlines()
    assert (head, kind) == (",".join(NAMES), "text/csv")
    np.testing.assert_array_equal([[float(cell) for cell in row.split(",")] for row in rows], TWO)
    body, kind = inference.output_fn(TWO, "application/x-npy")
    assert kind == "application/x-npy"
    array = np.load(io.BytesIO(body), allow_pickle=False)
    np.testing.assert_array_equal(array, np.array(TWO, dtype=np.float32))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json;q=0, */*", "text/csv"),
        ("text/csv;q=0.5, application/x-npy;q=0.9", "application/x-npy"),
        ("*/*;q=0.1, text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv, application/x-npy", "text/csv"),
        ("application/*;q=0, text/*;q=0.2", "text/csv"),
    ],
)
def test_qualities_decide_between_content_types(
    inference: ModuleType, accept: str, kind: str
) -> None:
    assert inference.output_fn(ONE, accept)[1] == kind


@pytest.mark.parametrize("accept", ["application/json;q=0", "*/*;q=0", "text/csv;q=0.0"])
def test_a_quality_of_zero_excludes(inference: ModuleType, accept: str) -> None:
    with pytest.raises(inference.RequestError) as refused:
        inference.output_fn(ONE, accept)
    assert refused.value.status == 406


def test_no_answer_has_numbers_that_are_no_json(inference: ModuleType) -> None:
    with pytest.raises(ValueError, match="JSON"):
        inference.output_fn([[float("nan")] * 10], "application/json")


def test_errors_can_be_sent_whatever_a_request_has(inference: ModuleType) -> None:
    header = b"{'descr': '\\ud8ff', 'fortran_order': False, 'shape': (28, 28)}"
    surrogate = b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header
    for body, kind in (
        (surrogate, "application/x-npy"),
        (b'{"\\ud800": 1}', "application/json"),
        (b"x", "text/\xff"),
    ):
        with pytest.raises(inference.RequestError) as refused:
            inference.input_fn(body, kind)
        assert str(refused.value).isascii()


def test_unavailable_content_types_are_rejected(inference: ModuleType) -> None:
    with pytest.raises(inference.RequestError, match="the client accepts 'text/html'") as refused:
        inference.output_fn(ONE, "text/html")
    assert refused.value.status == 406


def test_predict_fn_passes_images_and_returns_probabilities(inference: ModuleType) -> None:
    seen = []

    def network(images: np.ndarray) -> np.ndarray:
        seen.append(images)
        return np.tile(np.float32(0.1), (len(images), 10))

    images = inference.input_fn(npy_bytes(GREY), "application/x-npy")
    assert inference.predict_fn(images, network) == [[np.float32(0.1).item()] * 10] * 3
    [stacked] = seen
    assert (stacked.shape, stacked.dtype) == ((3, 28, 28, 1), np.float32)
    np.testing.assert_allclose(stacked[..., 0], GREY / 255, rtol=1e-6)


def test_the_handlers_of_tensorflow_serving(inference: ModuleType) -> None:
    context = SimpleNamespace(request_content_type="application/x-npy", accept_header="")
    sent = json.loads(inference.input_handler(io.BytesIO(npy_bytes(GREY)), context))
    instances = np.array(sent["instances"])
    assert instances.shape == (3, 28, 28, 1)
    np.testing.assert_allclose(instances[..., 0], GREY / 255, rtol=1e-12)
    answer = SimpleNamespace(status_code=200, content=json.dumps({"predictions": ONE}).encode())
    body, kind = inference.output_handler(answer, context)
    assert (json.loads(body)["class"], kind) == ("class 3", "application/json")
    failed = SimpleNamespace(status_code=400, content=b'{"error": "no such signature"}')
    with pytest.raises(RuntimeError, match="no such signature"):
        inference.output_handler(failed, context)


def test_arrays_are_read_by_the_standard_library_alone(
    inference: ModuleType, tmp_path: Path
) -> None:
    """As in TensorFlow Serving's container, which has neither NumPy nor Pillow."""
    (tmp_path / "image.npy").write_bytes(npy_bytes(GREY))
    (tmp_path / "picture.png").write_bytes(PICTURES["large"])
    program = f"""
import sys
sys.path.insert(0, {str(Path(inference.__file__).parent)!r})
import inference
assert len(inference.input_fn(open("image.npy", "rb").read(), "application/x-npy")) == 3
assert inference.output_fn([[0.1] * 10], "application/x-npy")[0].startswith(b"\\x93NUMPY")
assert not {{"numpy", "PIL"}} & set(sys.modules)
try:
    inference.input_fn(open("picture.png", "rb").read(), "image/png")
except inference.RequestError as error:
    assert error.status == 415, error
else:
    raise AssertionError("a picture was read")
"""
    # -S: without the environment's packages.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


LOAD = """
import sys

sys.path.insert(0, sys.argv[1])
import inference

inference.model_fn(sys.argv[2])
"""


def test_loading_a_model_leaves_nothing_in_the_home(archive: Archive, tmp_path: Path) -> None:
    """What onnxruntime would store there lets its makers recognise the machine."""
    model, home = tmp_path / "model", tmp_path / "home"
    unpack(archive, model)
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    subprocess.run(
        [sys.executable, "-c", LOAD, str(model / "code"), str(model)],
        env=kept | {"HOME": str(home)},
        check=True,
    )
    assert list(home.rglob("*")) == []
