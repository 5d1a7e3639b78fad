"""Pictures that are like the training images, and pictures on grounds that are not."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from convbias.data import Dataset, load
from convbias.data.conversion import convert, convert_pixels
from convbias.data.likeness import USUAL, light_outermost, with_remarks
from convbias.data.reading import Picture
from convbias.networks.forward import Forward
from convbias.runs.published import published_folder
from convbias.runs.store import Store
from convbias.runs.stored_network import load_network
from convbias.spec.arms import Convolutional
from convbias.spec.datasets import DatasetName
from factories import CLASS_NAMES

SIDE = 300
ROW, COLUMN = np.mgrid[:SIDE, :SIDE]

PLAIN = {
    "white": np.full((SIDE, SIDE), 255),
    "nearly white": 250 + 3 * np.sin(ROW / 9),
    "black": np.full((SIDE, SIDE), 0),
}
OTHER = {
    "grey": np.full((SIDE, SIDE), 128),
    "light grey": np.full((SIDE, SIDE), 225),
    "tiles": np.where((ROW // 40 + COLUMN // 40) % 2, 200, 60),
    "noise": np.random.default_rng(0).uniform(0, 255, (SIDE, SIDE)),
    "planks": 150 + 40 * np.sin(COLUMN / 8),
    "lit from one side": 215 + 40 * COLUMN / SIDE,
    "a shadow": 245 - 90 * np.exp(-((ROW - 220) ** 2 + (COLUMN - 200) ** 2) / 5_000),
}


def photograph(garment: np.ndarray, ground: np.ndarray) -> Image.Image:
    """A garment, dark on light grounds and light on dark ones, amid a ground.

    Args:
        garment: uint8 (28, 28), light on black.
        ground: (300, 300), grey values.
    """
    large = np.asarray(Image.fromarray(garment).resize((220, 220), Image.Resampling.BILINEAR))
    picture = ground.astype(np.float64)
    there = picture[40:260, 40:260]
    there[large > 12] = (255.0 - large if ground.mean() > 127 else large)[large > 12]
    return Image.fromarray(picture.round().astype(np.uint8))


def remarks(picture: Image.Image, dataset: DatasetName = "fashion-mnist") -> str:
    found = with_remarks(Picture("photograph", convert(picture)), [dataset])
    return " ".join(found.converted.remarks)


@pytest.fixture(scope="module")
def shirt() -> np.ndarray:
    drawn = load("drawn")
    return drawn.test_images[int(np.flatnonzero(drawn.test_labels == 0)[0]), :, :, 0]


@pytest.mark.parametrize("ground", PLAIN.values(), ids=PLAIN)
def test_no_remark_on_a_plain_ground(shirt: np.ndarray, ground: np.ndarray) -> None:
    assert remarks(photograph(shirt, ground)) == ""


@pytest.mark.parametrize("ground", OTHER.values(), ids=OTHER)
def test_a_remark_on_every_other_ground(shirt: np.ndarray, ground: np.ndarray) -> None:
    assert "unlike Fashion-MNIST" in remarks(photograph(shirt, ground))
    assert "unlike the drawn garments" in remarks(photograph(shirt, ground), "drawn")


def test_a_test_image_is_like_itself() -> None:
    picture = Picture("test image 7", convert_pixels(np.full((28, 28), 90, np.uint8), "grey"), 8)
    assert with_remarks(picture, ["fashion-mnist"]) is picture


def test_the_outermost_pixels_by_hand() -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    images[0, 0, :5], images[0, 9, 27], images[0, 27, 27] = 14, 255, 14
    images[1, 0] = 13  # within 5 % of 255 from black
    images[2] = 14
    assert light_outermost(images).tolist() == [7, 0, 4 * 27]


@pytest.mark.parametrize("name", ["fashion-mnist", "mnist", "drawn"])
def test_99_of_100_training_images_are_usual(name: DatasetName, request: pytest.FixtureRequest):
    dataset = load(name) if name == "drawn" else request.getfixturevalue(name.replace("-", "_"))
    ring = np.pad(np.zeros((26, 26), bool), 1, constant_values=True)
    counts = (dataset.train_images[:, ring, 0] > 13).sum(axis=1)
    assert USUAL[name] == np.quantile(counts, 0.99, method="inverted_cdf")


def test_the_published_network_calls_garments_on_busy_grounds_a_bag(fashion_mnist: Dataset) -> None:
    store = Store(published_folder() / "full" / "runs")
    run = next(each for each in store.with_networks()[0] if each.arm.model == Convolutional())
    forward = Forward(load_network(store, run))
    for name in ("grey", "noise", "planks"):
        pixels = [
            convert(photograph(image, OTHER[name])).pixels
            for image in fashion_mnist.test_images[:40, :, :, 0]
        ]
        answers = forward.logits(np.stack(pixels)[..., np.newaxis].astype(np.float32) / 255)
        [(label, count)] = Counter(answers.argmax(axis=1).tolist()).most_common(1)
        assert CLASS_NAMES[label] == "Bag"
        assert count > 20, name
