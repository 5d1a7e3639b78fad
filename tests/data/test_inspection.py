"""What is planted in a data set is found, and nothing where nothing was planted."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convbias.data import Dataset
from convbias.data.border import border_tells_class
from convbias.data.duplicates import equal_images, similar_images
from convbias.data.inspection import inspect, inspect_own
from convbias.data.own import ReadingOptions, read_own
from convbias.spec.datasets import DatasetDescription, own_folder, register
from own_images import class_folders, noise

SIDE = 16
CHECKS = (
    "equal images in training and test",
    "equal images in training",
    "equal images in the test",
    "images that correlate by 0.995 or more in training and test",
    "images that correlate by 0.995 or more in training",
    "images that correlate by 0.995 or more in the test",
    "classes with one training image",
    "classes without test images",
    "classes of different sizes",
    "a border that tells the class",
)


def smooth(n: int, seed: int) -> np.ndarray:
    """uint8 (n, 16, 16, 3): clouds of colour, as unlike each other as photographs are."""
    small = np.random.default_rng(seed).integers(0, 256, (n, 5, 5, 3), dtype=np.uint8)
    images = [
        np.asarray(Image.fromarray(each).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        for each in small
    ]
    return np.stack(images)


def dataset(change: Callable[[dict[str, np.ndarray]], object] = lambda _: None) -> Dataset:
    """A data set of four classes that nothing is wrong with, apart from a change."""
    arrays = {
        "train_images": smooth(400, seed=1),
        "train_labels": np.arange(400, dtype=np.uint8) % 4,
        "test_images": smooth(80, seed=2),
        "test_labels": np.arange(80, dtype=np.uint8) % 4,
    }
    change(arrays)
    description = DatasetDescription(
        title="clouds",
        kind="clouds",
        class_names=("a", "b", "c", "d"),
        sizes=(360, 40, 80),
        side=SIDE,
        channels=3,
        source="this test",
        licence="none",
    )
    register("clouds-0123456789", description)
    return Dataset("clouds-0123456789", **arrays)


def found(given: Dataset) -> dict[str, tuple[str, tuple[str, ...]]]:
    findings = inspect(given)
    assert tuple(each.check for each in findings) == CHECKS
    return {each.check: (each.text, each.examples) for each in findings if each.found}


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert found(dataset()) == {}


def test_equal_images_are_found_where_they_are() -> None:
    def change(arrays: dict[str, np.ndarray]) -> None:
        arrays["test_images"][3] = arrays["train_images"][7]  # both of class 3
        arrays["train_images"][12] = arrays["train_images"][5]  # classes 0 and 1
        arrays["test_images"][10] = arrays["test_images"][2]

    assert found(dataset(change)) == {
        CHECKS[0]: (
            "1 pair of 2 images, 0 of them of different classes",
            ("training image 7 = test image 3",),
        ),
        CHECKS[1]: (
            "1 pair of 2 images, 1 of them of different classes",
            ("training image 5 = training image 12",),
        ),
        CHECKS[2]: (
            "1 pair of 2 images, 0 of them of different classes",
            ("test image 2 = test image 10",),
        ),
    }


def saved_again(image: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=90, subsampling=0)
    return np.asarray(Image.open(file))


def test_copies_are_found_however_they_were_stored() -> None:
    def change(arrays: dict[str, np.ndarray]) -> None:
        arrays["test_images"][1] = saved_again(arrays["train_images"][9])
        arrays["train_images"][20] = 30 + 0.7 * arrays["train_images"][40]  # less contrast

    assert found(dataset(change)) == {
        CHECKS[3]: (
            "1 pair of 2 images, 0 of them of different classes",
            ("training image 9 = test image 1",),
        ),
        CHECKS[4]: (
            "1 pair of 2 images, 0 of them of different classes",
            ("training image 20 = training image 40",),
        ),
    }


def test_classes_are_counted() -> None:
    def change(arrays: dict[str, np.ndarray]) -> None:
        arrays["train_labels"][4:][arrays["train_labels"][4:] == 3] = 2
        arrays["test_labels"][arrays["test_labels"] == 1] = 2

    shown = found(dataset(change))
    assert shown[CHECKS[6]] == ("1 of 4 classes", ("d",))
    assert shown[CHECKS[7]] == ("1 of 4 classes", ("b",))
    # Of class c there are 100 and 99 training images; of 80 test images 40 are of it.
    text, classes = shown[CHECKS[8]]
    assert text.startswith("1 to 199 training images per class; always answering 'c' is right for")
    assert "50.0 %" in text
    assert classes == ("d", "c")


def test_a_mark_in_a_corner_is_found() -> None:
    def change(arrays: dict[str, np.ndarray]) -> None:
        for part in ("train", "test"):
            marked = arrays[f"{part}_images"][arrays[f"{part}_labels"] == 2]
            marked[:, -1, -1] = (250, 10, 250)
            arrays[f"{part}_images"][arrays[f"{part}_labels"] == 2] = marked

    assert list(found(dataset(change))) == [CHECKS[9]]


def test_a_mark_in_the_middle_is_no_border() -> None:
    given = dataset()
    marked = np.array(given.train_images)
    marked[given.train_labels == 2, 8, 8] = (250, 10, 250)
    told = border_tells_class(marked, given.train_labels)
    assert told.low <= told.chance == 0.25
    assert told.images == 400


def test_the_interval_of_the_border_by_hand() -> None:
    """Wilson's 99 % interval of 20 out of 20: from n / (n + z^2) to 1."""
    images = np.zeros((20, 8, 8, 1), np.uint8)
    labels = np.arange(20, dtype=np.uint8) % 2
    images[labels == 1, 0] = 255
    told = border_tells_class(images, labels)
    assert told.accuracy == told.high == 1
    assert told.low == pytest.approx(20 / (20 + 2.576**2))


def test_similar_images_are_those_of_all_pairs() -> None:
    """NumPy's correlation of every pair, of images that are averaged by hand."""
    random = np.random.default_rng(0)
    base = smooth(30, seed=3)[:, ::1]
    copies = base[random.integers(0, 30, 90)].astype(float)
    strength = random.choice([1, 4, 10, 25], 90)[:, np.newaxis, np.newaxis, np.newaxis]
    noisy = np.clip(copies + strength * random.normal(size=copies.shape), 0, 255).astype(np.uint8)
    images = np.concatenate([base, noisy])
    # 32 pixels are averaged two by two.
    larger = images.repeat(2, axis=1).repeat(2, axis=2)
    vectors = images.mean(axis=-1).reshape(len(images), -1)
    correlations = np.triu(np.corrcoef(vectors), 1)
    wanted = np.argwhere(correlations >= 0.995).tolist()
    assert len(wanted) > 20
    assert not np.any(np.abs(correlations - 0.995) < 1e-6)  # no tie for rounding to decide
    assert similar_images(images).tolist() == wanted
    assert similar_images(larger).tolist() == wanted


def test_flat_images_are_not_similar_to_each_other() -> None:
    flat = np.arange(20, dtype=np.uint8)[:, np.newaxis, np.newaxis, np.newaxis]
    images = np.broadcast_to(flat, (20, 8, 8, 1))
    assert len(similar_images(images)) == 0
    assert len(equal_images(images)) == 0
    assert equal_images(np.concatenate([images, images[4:5], images[4:5]])).tolist() == [
        [4, 20],
        [4, 21],
    ]


def test_files_are_called_by_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for part, seed in (("train", 0), ("test", 1)):
        class_folders(tmp_path / "pets" / part, noise(30, seed=seed), ("cat", "dog"))
    twin = tmp_path / "pets" / "test" / "dog" / "twin.png"
    twin.write_bytes((tmp_path / "pets" / "train" / "cat" / "0004.png").read_bytes())
    (tmp_path / "pets" / "train" / "cat" / "0006.png").write_bytes(b"")
    findings = inspect(read_own(tmp_path / "pets", ReadingOptions(skip_damaged=True)))
    shown = {each.check: each for each in findings if each.found}
    assert shown["damaged files"].examples == ("train/cat/0006.png",)
    assert shown["damaged files"].text == "1 file left out"
    assert shown[CHECKS[0]].examples == ("train/cat/0004.png = test/dog/twin.png",)
    assert "1 of them of different classes" in shown[CHECKS[0]].text


def test_nothing_is_wrong_with_fashion_mnist_but_copies_and_borders(
    fashion_mnist: Dataset,
) -> None:
    """Garments reach the border; no two images are equal, and all classes have equally many."""
    few = Dataset(
        fashion_mnist.name,
        fashion_mnist.train_images[:5_000],
        fashion_mnist.train_labels[:5_000],
        fashion_mnist.test_images[:1_000],
        fashion_mnist.test_labels[:1_000],
    )
    named = {each.check for each in inspect(few) if each.found}
    assert CHECKS[9] in named
    assert named <= {*CHECKS[3:6], CHECKS[9]}


def test_what_was_found_is_kept_beside_the_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    images = noise(30)
    class_folders(tmp_path / "pets", np.concatenate([images, images[:2]]), ("cat", "dog"))
    dataset = read_own(tmp_path / "pets")
    first = inspect_own(dataset)
    assert first == inspect(dataset)
    [kept] = own_folder(dataset.name).glob("inspection-*.json")
    assert inspect_own(dataset) == first
    kept.write_bytes(kept.read_bytes()[:50])
    assert inspect_own(dataset) == first
    kept.write_text("[]")  # so it is read, not computed
    assert inspect_own(dataset) == ()
