"""Images from files and arrays to what networks take: hand-made pictures with known answers."""

import io
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageOps

from convbias.data import Dataset
from convbias.data.conversion import convert, convert_pixels
from convbias.data.drawn import drawn
from convbias.data.reading import MOST_PIXELS, read_picture
from convbias.errors import InputError


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset("drawn", *drawn(20, 30))


def no_dataset() -> Dataset:
    raise AssertionError("the test images were loaded for a file")


def read(path: Path) -> np.ndarray:
    return read_picture(str(path), no_dataset).converted.pixels


def words(picture: Image.Image) -> str:
    return " | ".join(step.words for step in convert(picture).steps)


# A rectangle of 40 x 20 pixels, anywhere on a wider ground, is 28 x 14 pixels in the middle.
EXPECTED = np.zeros((28, 28), np.uint8)
EXPECTED[7:21] = 255


def rectangle(mode: str, ground: object, garment: object) -> Image.Image:
    picture = Image.new(mode, (100, 90), ground)
    picture.paste(garment, (13, 50, 53, 70))
    return picture


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (rectangle("L", 255, 0), "negated, because the background is light"),
        (rectangle("L", 0, 255), "not negated: the background is dark, 0 of 255"),
        (rectangle("1", 1, 0), "black and white"),
        (rectangle("RGB", "white", "black"), "made grey"),
        (rectangle("CMYK", (0, 0, 0, 0), (0, 0, 0, 255)), "CMYK"),
        (rectangle("RGBA", (0, 0, 0, 0), (0, 0, 0, 255)), "transparent parts laid on white"),
        (rectangle("LA", (0, 0), (0, 255)), "grey with transparency"),
        (rectangle("RGBA", (0, 0, 0, 255), (255, 255, 255, 255)), "the background is dark"),
        (rectangle("RGB", "white", "black").convert("P"), "a palette of colours"),
        (Image.fromarray(np.array(rectangle("L", 0, 255), np.uint16) * 257), "16 bits rounded"),
        (Image.fromarray(np.array(rectangle("L", 0, 255), np.int32) * 257), "16-bit grey"),
    ],
)
def test_one_rectangle_in_every_mode(picture: Image.Image, said: str):
    np.testing.assert_array_equal(convert(picture).pixels, EXPECTED)
    assert said in words(picture)
    assert "cropped to the garment" in words(picture)
    assert "40 × 20 pixels are left" in words(picture)
    assert "resized to 28 × 14" in words(picture)
    assert "padded to 28 × 28 pixels with the background grey, 0" in words(picture)


def test_a_transparent_grey_of_16_bits_is_white(tmp_path: Path):
    """As in a file of 8 bits with the same picture: a garment on a transparent ground."""
    for name, ones, kind in (("8.png", 1, np.uint8), ("16.png", 257, np.uint16)):
        values = np.array(rectangle("L", 7, 0)).astype(kind) * ones
        Image.fromarray(values).save(tmp_path / name, transparency=7 * ones)
    for name in ("8.png", "16.png"):
        np.testing.assert_array_equal(read(tmp_path / name), EXPECTED)
    converted = read_picture(str(tmp_path / "16.png"), no_dataset).converted
    assert any("laid on white" in step.words for step in converted.steps)


def test_twelve_of_sixteen_bits_are_remarked_upon():
    values = np.array(rectangle("L", 0, 255), np.uint16)
    for largest, remarked in ((65_535, False), (4_095, True), (255, False)):
        picture = Image.fromarray((values / 255 * largest).astype(np.uint16))
        remarks = " ".join(convert(picture).remarks)
        assert ("12 bits" in remarks) == remarked


@pytest.mark.parametrize("noted", [0, 1, 9, 6])
def test_only_a_turned_picture_is_turned(noted: int, tmp_path: Path):
    picture, exif = rectangle("L", 0, 255), Image.Exif()
    exif[0x0112] = noted
    picture.save(tmp_path / "noted.png", exif=exif)
    converted = read_picture(str(tmp_path / "noted.png"), no_dataset).converted
    assert any("turned upright" in step.words for step in converted.steps) == (noted == 6)


def test_a_palette_with_a_transparent_colour(tmp_path: Path):
    picture = Image.new("P", (100, 90), 0)
    picture.putpalette([9, 9, 9, 0, 0, 0])
    picture.paste(1, (13, 50, 53, 70))
    picture.save(tmp_path / "palette.png", transparency=0)
    np.testing.assert_array_equal(read(tmp_path / "palette.png"), EXPECTED)


CLEAR, BLACK = (0, 0, 0, 0), (0, 0, 0, 255)
GREY_16 = np.array(rectangle("L", 255, 0), np.uint16) * 257
LOSSLESS = [
    ("WEBP", rectangle("RGB", "white", "black"), {"lossless": True}),
    ("WEBP", rectangle("RGBA", CLEAR, BLACK), {"lossless": True}),
    ("BMP", rectangle("1", 1, 0), {}),
    ("BMP", rectangle("RGB", "white", "black").convert("P"), {}),
    ("BMP", rectangle("RGBA", "white", "black"), {}),
    ("TIFF", rectangle("1", 1, 0), {"compression": "group4"}),
    ("TIFF", rectangle("RGB", "white", "black").convert("P"), {}),
    ("TIFF", rectangle("RGB", "white", "black"), {"compression": "tiff_lzw"}),
    ("TIFF", rectangle("RGBA", CLEAR, BLACK), {"compression": "tiff_adobe_deflate"}),
    ("TIFF", rectangle("CMYK", CLEAR, BLACK), {}),
    ("TIFF", Image.fromarray(GREY_16), {}),
    ("TIFF", Image.fromarray(GREY_16.astype(">u2")), {}),
    ("GIF", rectangle("L", 255, 0), {}),
    ("GIF", rectangle("RGBA", CLEAR, BLACK), {}),
]


@pytest.mark.parametrize(("kind", "picture", "options"), LOSSLESS)
def test_one_rectangle_in_other_formats(
    tmp_path: Path, kind: str, picture: Image.Image, options: dict[str, object]
):
    picture.save(tmp_path / "of-any-name.jpg", kind, **options)
    read = read_picture(str(tmp_path / "of-any-name.jpg"), no_dataset).converted
    np.testing.assert_array_equal(read.pixels, EXPECTED)
    assert read.remarks == ()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF"])
def test_of_several_pictures_the_first_is_read(tmp_path: Path, kind: str):
    path, options = tmp_path / "several", {"lossless": True} if kind == "WEBP" else {}
    rectangle("RGB", "white", "black").save(path, kind, **options)
    of_one = path.stat().st_size
    others = [Image.new("RGB", (100, 90), colour) for colour in ("red", "blue")]
    rectangle("RGB", "white", "black").save(
        path, kind, save_all=True, append_images=others, **options
    )
    content = path.read_bytes()
    ends = {len(content)} if kind == "WEBP" else {len(content), len(content) - 10, of_one + 60}
    for end in ends:  # what follows the first picture may be cut off
        path.write_bytes(content[:end])
        converted = read_picture(str(path), no_dataset).converted
        np.testing.assert_array_equal(converted.pixels, EXPECTED)
        [remark] = converted.remarks
        assert "several pictures, of which this is the first" in remark


def test_grey_is_luminance():
    colours = np.zeros((28, 28, 3), np.uint8)
    colours[10, 10], colours[10, 11], colours[10, 12] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    pixels = convert(Image.fromarray(colours)).pixels
    np.testing.assert_allclose(pixels[10, 10:13], [0.299 * 255, 0.587 * 255, 0.114 * 255], atol=1)


def test_resizing_averages_what_lies_between():
    # Stripes of one pixel, light and dark: without a filter some would vanish, some stay.
    stripes = np.zeros((560, 560), np.uint8)
    stripes[60:500:2, 60:500] = 200
    pixels = convert(Image.fromarray(stripes)).pixels
    assert np.abs(pixels[4:24, 4:24].astype(int) - 100).max() <= 2


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_as_the_camera_noted(tmp_path: Path, orientation: int, kind: str):
    garment = np.zeros((60, 60), np.uint8)
    garment[10:40, 10:50] = 120
    garment[10:20, 10:20] = 255
    upright = Image.fromarray(garment)
    # What the camera stores, so that the note turns it upright, is found by trying all eight.
    for method in (None, *Image.Transpose):
        stored = upright if method is None else upright.transpose(method)
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored.save(tmp_path / "photo.png", exif=exif)
        with Image.open(tmp_path / "photo.png") as photo:
            if ImageOps.exif_transpose(photo).tobytes() == upright.tobytes():
                break
    else:
        pytest.fail("no picture is turned upright")
    options = {"lossless": True} if kind == "WEBP" else {}
    stored.save(tmp_path / "photo", kind, exif=exif, **options)
    converted = read_picture(str(tmp_path / "photo"), no_dataset).converted
    np.testing.assert_array_equal(converted.pixels, convert(upright).pixels)
    if kind != "TIFF":  # Pillow turns it while it reads
        turned = any("turned upright" in step.words for step in converted.steps)
        assert turned == (orientation > 1)


SIDES = st.integers(1, 90)


@settings(max_examples=60, deadline=None)
@given(st.data(), SIDES, SIDES, st.sampled_from([(), (3,), (4,)]))
def test_pictures_of_any_size_come_out_as_28_by_28(data, height: int, width: int, channels):
    pixels = data.draw(arrays(np.uint8, (height, width, *channels)))
    converted = convert(Image.fromarray(pixels))
    assert converted.pixels.shape == (28, 28)
    assert converted.pixels.dtype == np.uint8
    assert all(max(step.picture.shape[:2]) <= 160 for step in converted.steps)
    assert converted.steps[0].words.startswith(f"as given: {width} × {height} pixels")


@settings(max_examples=60, deadline=None)
@given(st.data(), SIDES, SIDES, st.integers(0, 255))
def test_a_picture_and_its_negative_are_the_same(data, height: int, width: int, ground: int):
    pixels = np.full((height, width), ground, np.uint8)
    inner = (max(0, height - 2), max(0, width - 2))
    pixels[1:-1, 1:-1] = data.draw(arrays(np.uint8, inner))
    one, other = (convert(Image.fromarray(each)) for each in (pixels, 255 - pixels))
    np.testing.assert_array_equal(one.pixels, other.pixels)
    said = [" | ".join(step.words for step in each.steps) for each in (one, other)]
    assert sorted("| negated" in steps for steps in said) == [False, True]


@pytest.mark.parametrize("size", [(1, 1), (1, 6_000), (6_000, 1), (27, 28), (29, 28)])
def test_extreme_sizes(size: tuple[int, int]):
    assert convert(Image.new("L", size, 90)).pixels.shape == (28, 28)


def test_what_is_doubtful_is_remarked_upon():
    [empty] = convert(Image.new("L", (50, 50), 0)).remarks
    assert "only background" in empty
    grey = rectangle("L", 100, 255)
    [remark] = convert(grey).remarks
    assert "the background is 100 of 255" in remark
    assert convert(rectangle("L", 0, 255)).remarks == ()


def test_a_test_image_is_the_same_by_every_way(tmp_path: Path, dataset: Dataset):
    for index in (0, 7, 29):
        image = dataset.test_images[index]
        by_index = read_picture(str(index), lambda: dataset)
        np.testing.assert_array_equal(by_index.converted.pixels, image[:, :, 0])
        assert by_index.label == dataset.test_labels[index]
        path = tmp_path / "image.png"
        Image.fromarray(image[:, :, 0]).save(path)
        np.testing.assert_array_equal(read(path), image[:, :, 0])
        array = tmp_path / "image.npy"
        for shape in ((28, 28), (28, 28, 1), (1, 28, 28, 1)):
            scaled = image.reshape(shape) / 255
            for values in (image.reshape(shape), *map(scaled.astype, "efd")):
                np.save(array, values)
                np.testing.assert_array_equal(read(array), image[:, :, 0])
        np.save(array, np.asfortranarray(image[:, :, 0].astype(">f4") / 255))
        np.testing.assert_array_equal(read(array), image[:, :, 0])


def test_no_published_test_image_is_negated(fashion_mnist: Dataset):
    for image in fashion_mnist.test_images[:, :, :, 0]:
        np.testing.assert_array_equal(convert_pixels(image, "").pixels, image)


def png_header(width: int, height: int) -> bytes:
    """The smallest file that claims to be a picture of a size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1_000)))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def bmp_header(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 0, 0, 0, 0, 2, 2)
    return b"BM" + struct.pack("<IHHI", 62, 0, 0, 62) + header + bytes(8)


def gif_header(width: int, height: int) -> bytes:
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0;"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + frame


def webp_header(width: int, height: int) -> bytes:
    body = b"\x2f" + struct.pack("<I", width - 1 | height - 1 << 14) + bytes(51)
    chunk = b"WEBPVP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk)) + chunk


def tiff_header(width: int, height: int, *tile: int) -> bytes:
    """Deflated grey pixels, in one strip or in tiles of a size."""
    tags = {256: width, 257: height, 258: 8, 259: 8, 262: 1}
    tags |= dict(zip((322, 323, 324, 325), (*tile, 8, 8), strict=True)) if tile else {273: 8}
    entries = (struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(entries) + bytes(4)


def npy(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def bytes_of(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def half_of(picture: Image.Image, kind: str) -> bytes:
    content = bytes_of(picture, kind)
    return content[: len(content) // 2]


def heif_header(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"mif1" + brand


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 80), dtype=np.uint8))
TALL = MOST_PIXELS // 5_000 + 1
GOOD = np.zeros((28, 28))
FILES = {
    "text": ("a.png", b"hello", "is not an image that can be read"),
    "empty": ("a.png", b"", "is not an image that can be read"),
    "a PSD": ("a.psd", b"8BPS" + bytes(30), "a PNG, JPEG, WebP, BMP, TIFF or GIF file"),
    "an HEIC": ("a.jpg", heif_header(b"heic"), "a picture in the format HEIC"),
    "an AVIF": ("a.avif", heif_header(b"avif"), "export it as PNG or JPEG"),
    **{
        f"half a {kind}": ("a.png", half_of(NOISE, kind), "cannot be read")
        for kind in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
    },
    "a large PNG": ("a.png", png_header(5_000, TALL), f"5,000 × {TALL:,} pixels"),
    "a large WebP": ("a.webp", webp_header(5_000, TALL), f"5,000 × {TALL:,} pixels"),
    "a large BMP": ("a.bmp", bmp_header(5_000, TALL), f"5,000 × {TALL:,} pixels"),
    "a large TIFF": ("a.tif", tiff_header(5_000, TALL), f"5,000 × {TALL:,} pixels"),
    "a large GIF": ("a.gif", gif_header(5_000, TALL), f"5,000 × {TALL:,} pixels"),
    "large tiles": ("a.tif", tiff_header(9, 9, 5_000, TALL), f"tiles of 5,000 × {TALL:,}"),
    "a bomb": ("a.png", png_header(60_000, 60_000), "pixels"),
    "floats": ("a.tif", bytes_of(Image.new("F", (9, 9)), "TIFF"), "floating-point numbers"),
    "integers of 32 bits": ("a.tif", bytes_of(Image.new("I", (9, 9)), "TIFF"), "32-bit integers"),
    "Lab colours": ("a.tif", bytes_of(Image.new("LAB", (9, 9)), "TIFF"), "Lab space"),
    "a PNG with too few pixels": ("a.png", png_header(5_000, 1_000), "cannot be read"),
    "text as an array": ("a.npy", b"hello", "is not an array"),
    "an empty array file": ("a.npy", b"", "is not an array"),
    "half an array": ("a.npy", npy(GOOD)[:2_000], "is not an array"),
    "a promise of terabytes": (
        "a.npy",
        npy(GOOD).replace(b"(28, 28), }      ", b"(2800000, 2800),}"),
        "is not an array",
    ),
    "a shape": ("a.npy", npy(np.zeros((28, 27))), "(28, 27)"),
    "many images": ("a.npy", npy(np.zeros((2, 28, 28, 1), np.uint8)), "(2, 28, 28, 1)"),
    "no axes": ("a.npy", npy(np.zeros(())), "shape ()"),
    "integers": ("a.npy", npy(np.zeros((28, 28), int)), "holds int64"),
    "truths": ("a.npy", npy(np.zeros((28, 28), bool)), "holds bool"),
    "complex numbers": ("a.npy", npy(np.zeros((28, 28), complex)), "holds complex128"),
    "words": ("a.npy", npy(np.full((28, 28), "a")), "holds <U1"),
    "no number": ("a.npy", npy(np.full((28, 28), np.nan)), "784 values that are not finite"),
    "infinity": ("a.npy", npy(np.where(np.eye(28), np.inf, 0)), "28 values that are not finite"),
    "too light": ("a.npy", npy(np.full((28, 28), 255.0)), "divide by 255"),
    "negative": ("a.npy", npy(np.full((28, 28), -0.1)), "floats from -0.1 to -0.1"),
}


@pytest.mark.parametrize(("name", "content", "expected"), FILES.values(), ids=list(FILES))
def test_files_that_cannot_be_used(tmp_path: Path, name: str, content: bytes, expected: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(path)
    assert expected in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 2


class Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_is_never_opened(tmp_path: Path):
    trap = tmp_path / "sprung"
    assert pickle.loads(pickle.dumps(Trap(trap))) is None  # noqa: S301 - the trap works
    trap.unlink()
    for content in (npy(np.array([Trap(trap)]), allow_pickle=True), pickle.dumps(Trap(trap))):
        (tmp_path / "a.npy").write_bytes(content)
        with pytest.raises(InputError, match="not an array that can be read"):
            read(tmp_path / "a.npy")
    assert not trap.exists()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("30", "no test image 30"),
        ("-1", "no test image -1"),
        ("9" * 18, "no test image 999,"),
        ("9" * 5_000, "cannot be looked for"),
        ("no/such.png", "there is no file no/such.png"),
        (".", "is a folder"),
        ("/dev/null", "is not a file"),
    ],
)
def test_images_that_are_not_there(source: str, expected: str, dataset: Dataset):
    with pytest.raises(InputError) as caught:
        read_picture(source, lambda: dataset)
    assert expected in str(caught.value)
