"""Archives of networks for other images than Fashion-MNIST's: coloured, of another size."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from convbias.cli import main
from convbias.data import Dataset
from convbias.data.conversion import convert
from convbias.errors import InputError
from convbias.networks import models
from convbias.shipping.export.archive import Archive, pack
from convbias.shipping.export.exporting import export
from convbias.shipping.export.signature import signature_of
from convbias.shipping.predict.clients import local_client
from convbias.shipping.predict.images import npy_bytes
from convbias.spec.arms import Arm, Convolutional, DataVariant
from convbias.spec.datasets import DatasetDescription, InputForm, register
from convbias.spec.recipes import classic
from factories import make_run

NAME = "leaves-0123456789"
FORM = InputForm(12, 3, "centred-square")
LEAVES = DatasetDescription(
    title="Leaves",
    kind="leaves",
    class_names=("oak", "lime", "beech/ash"),
    sizes=(54, 6, 30),
    side=FORM.side,
    channels=FORM.channels,
    source="drawn at random",
    licence="none",
)
RANDOM = np.random.default_rng(0)
COLOURED = RANDOM.integers(0, 256, (3, 12, 12, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def inference(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    folder = tmp_path_factory.mktemp("code")
    (folder / "images.json").write_text(json.dumps(asdict(FORM)))
    (folder / "labels.json").write_text(json.dumps(LEAVES.class_names))
    path = folder / "inference.py"
    shutil.copy(Path(__file__).parents[2] / "inference.py", path)
    spec = importlib.util.spec_from_file_location("coloured_inference", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pixels(images: list) -> np.ndarray:
    return np.array(images).reshape(-1, 12, 12, 3)


def written(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("shape", [(3, 12, 12, 3), (3, 432)])
def test_arrays_in_every_shape(inference: ModuleType, shape: tuple[int, ...]) -> None:
    array = COLOURED.reshape(shape)
    lines = "\n".join(",".join(map(str, row)) for row in COLOURED.reshape(3, -1))
    for body, kind in (
        (json.dumps({"instances": array.tolist()}), "application/json"),
        (npy_bytes(array), "application/x-npy"),
        (lines, "text/csv"),
    ):
        found = pixels(inference.input_fn(body, kind))
        np.testing.assert_allclose(found, COLOURED / 255, rtol=1e-12)


def test_grey_images_are_refused_by_their_shape(inference: ModuleType) -> None:
    for shape in ((12, 12), (12, 12, 1), (144,), (28, 28, 3)):
        with pytest.raises(inference.RequestError, match=r"\(12, 12, 3\) or \(432,\)"):
            inference.input_fn(npy_bytes(np.zeros(shape, np.uint8)), "application/x-npy")


def test_tensorflow_serving_gets_rows_of_pixels_of_channels(inference: ModuleType) -> None:
    body = io.BytesIO(npy_bytes(COLOURED))
    context = SimpleNamespace(request_content_type="application/x-npy")
    sent = json.loads(inference.input_handler(body, context))["instances"]
    np.testing.assert_allclose(np.array(sent), COLOURED / 255, rtol=1e-12)


def pictures() -> dict[str, bytes]:
    wide = Image.fromarray(RANDOM.integers(0, 256, (40, 71, 3), dtype=np.uint8))
    clear = wide.convert("RGBA")
    clear.putalpha(Image.fromarray(RANDOM.integers(0, 256, (40, 71), dtype=np.uint8)))
    deep = Image.fromarray(RANDOM.integers(0, 65_536, (33, 20)).astype(np.uint16))
    turned = Image.Exif()
    turned[274] = 6  # a quarter turn
    return {
        "wide": written(wide, "PNG"),
        "as large as the images": written(Image.fromarray(COLOURED[0]), "PNG"),
        "high": written(wide.transpose(Image.Transpose.ROTATE_90), "BMP"),
        "transparent": written(clear, "PNG"),
        "a palette": written(wide.quantize(16), "GIF"),
        "grey": written(wide.convert("L"), "PNG"),
        "16 bits": written(deep, "PNG"),
        "turned": written(wide, "JPEG", exif=turned, quality=95),
    }


@pytest.mark.parametrize("name", pictures())
def test_pictures_become_what_the_package_makes_of_them(inference: ModuleType, name: str) -> None:
    body = pictures()[name]
    [found] = pixels(inference.input_fn(body, "application/x-image"))
    with Image.open(io.BytesIO(body)) as image:
        expected = convert(image, FORM).pixels
    assert expected.shape == (12, 12, 3)
    np.testing.assert_array_equal(found, expected / 255)
    instance = {"b64": base64.b64encode(body).decode()}
    [again] = pixels(inference.input_fn(json.dumps([instance]), "application/json"))
    np.testing.assert_array_equal(again, found)


def test_the_centred_square_is_cut_out() -> None:
    """A red square between green bars: nothing but red is left."""
    striped = Image.new("RGB", (60, 24), "lime")
    striped.paste("red", (18, 0, 42, 24))
    assert (convert(striped, FORM).pixels == (255, 0, 0)).all()
    assert (convert(striped.rotate(90, expand=True), FORM).pixels == (255, 0, 0)).all()


@pytest.mark.parametrize(
    "identity",
    [
        {},
        {"input": {"shape": [None, 28, 27, 1]}, "output": {"classes": ["a", "b"]}},
        {"input": {"shape": [None, 28, 28, 2]}, "output": {"classes": ["a", "b"]}},
        {"input": {"shape": [1, 28, 28, 1]}, "output": {"classes": ["a", "b"]}},
        {"input": {"shape": [None, 28, 28, 1]}, "output": {"classes": ["a"]}},
        {"input": {"shape": None}, "output": None},
    ],
)
def test_records_that_do_not_say_what_a_network_takes(identity: dict) -> None:
    with pytest.raises(InputError, match="record"):
        signature_of(identity)


# --- from the network to the answer -------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An untrained coloured network, exported and packed."""
    register(NAME, LEAVES)
    images = RANDOM.integers(0, 256, (30, 12, 12, 3), dtype=np.uint8)
    labels = (np.arange(30) % 3).astype(np.uint8)
    data = Dataset(NAME, images, labels, images, labels)
    arm = Arm(data=DataVariant(dataset=NAME), model=Convolutional(), recipe=classic(1))
    folder = tmp_path_factory.mktemp("leaves")
    export(network(), make_run(arm, 0), data, folder / "export")
    return pack(folder / "export", folder / "leaves.tar.gz")


def network():
    return models.build(Convolutional(), seed=0, dimensions=LEAVES.dimensions)


@pytest.mark.slow
def test_an_archive_answers_as_its_network(archive: Archive) -> None:
    expected = np.asarray(network()(COLOURED.astype(np.float32) / 255))
    with local_client(archive) as client:
        answers = json.loads(client(npy_bytes(COLOURED), "application/x-npy"))
    found = [list(answer["probabilities"].values()) for answer in answers]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert [list(answer["probabilities"]) for answer in answers] == 3 * [[*LEAVES.class_names]]


@pytest.mark.slow
def test_predict_converts_a_picture_as_the_record_says(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "leaf.png"
    path.write_bytes(pictures()["wide"])
    assert main(["predict", str(path), "--archive", str(archive.path), "--json"]) == 0
    [answer] = json.loads(capsys.readouterr().out)
    with Image.open(path) as image:
        taken = convert(image, FORM).pixels[np.newaxis].astype(np.float32) / 255
    [expected] = np.asarray(network()(taken))
    np.testing.assert_allclose(list(answer["probabilities"].values()), expected, atol=1e-5)
    assert "remarks" not in answer
