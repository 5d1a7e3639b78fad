"""Data sets, their names, splits and subsets."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convbias.data import Dataset, fetch, halves, load, resolve, split, subset
from convbias.data.drawn import drawn
from convbias.data.idx_files import IdxFiles
from convbias.errors import AbsentDataError, DataError, InputError
from convbias.spec.datasets import DATASETS
from factories import CLASS_NAMES
from mirrors import NAMES, replace_published


@pytest.fixture(scope="module")
def small() -> Dataset:
    return Dataset("drawn", *drawn(n_train=200, n_test=50, seed=3))


# Data sets


def test_checksum_covers_all_arrays_in_their_order(small: Dataset) -> None:
    by_hand = hashlib.sha256(
        small.train_images.tobytes()
        + small.train_labels.tobytes()
        + small.test_images.tobytes()
        + small.test_labels.tobytes()
    ).hexdigest()
    assert small.checksum == by_hand
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        changed = getattr(small, name).copy()
        changed.flat[-1] ^= 1
        assert dataclasses.replace(small, **{name: changed}).checksum != by_hand


def test_pixel_statistics_agree_with_numpy(small: Dataset) -> None:
    scaled = small.train_images.astype(np.float64) / 255
    assert small.pixel_mean == pytest.approx(scaled.mean(), rel=1e-12)
    assert small.pixel_std == pytest.approx(scaled.std(), rel=1e-12)


def test_arrays_are_read_only_and_the_callers_are_not(small: Dataset) -> None:
    labels = small.test_labels.copy()
    dataset = dataclasses.replace(small, test_labels=labels)
    with pytest.raises(ValueError, match="read-only"):
        dataset.test_labels[0] = 1
    labels[0] = 1
    for name in ("train_images", "train_labels", "test_images"):
        assert not getattr(dataset, name).flags.writeable


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("train_labels", np.zeros(199, np.uint8)),
        ("test_labels", np.zeros(51, np.uint8)),
        ("test_labels", np.zeros((50, 1), np.uint8)),
        ("test_labels", np.zeros(50, np.int64)),
        ("test_labels", np.full(50, 10, np.uint8)),
        ("train_images", np.zeros((200, 28, 28), np.uint8)),
        ("train_images", np.zeros((200, 28, 28, 1))),
        ("train_images", np.zeros((200, 28, 32, 1), np.uint8)),
        ("train_images", np.zeros((200, 20, 20, 1), np.uint8)),
        ("test_images", np.zeros((50, 32, 32, 1), np.uint8)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(small: Dataset, field: str, wrong: np.ndarray) -> None:
    with pytest.raises(DataError) as caught:
        dataclasses.replace(small, **{field: wrong})
    assert field.partition("_")[0] in caught.value.what


def test_an_empty_data_set_is_refused(small: Dataset) -> None:
    with pytest.raises(DataError, match=r"\(0,\)"):
        dataclasses.replace(
            small, test_images=small.test_images[:0], test_labels=small.test_labels[:0]
        )


def test_labels_that_miss_an_image_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # The files could each be what they should be and still not belong together.
    images = np.zeros((30, 28, 28), np.uint8)
    arrays = (images, np.zeros(29, np.uint8), images, np.zeros(30, np.uint8))
    monkeypatch.setattr(IdxFiles, "read", lambda *_: arrays)
    with pytest.raises(DataError, match=r"train labels are uint8 \(29,\)"):
        load("fashion-mnist")


def test_fashion_mnist(fashion_mnist: Dataset) -> None:
    assert fashion_mnist.name == "fashion-mnist"
    assert fashion_mnist.class_names == CLASS_NAMES
    assert fashion_mnist.train_labels.shape == (60_000,)
    assert fashion_mnist.test_labels.shape == (10_000,)
    assert np.bincount(fashion_mnist.train_labels).tolist() == [6_000] * 10
    assert np.bincount(fashion_mnist.test_labels).tolist() == [1_000] * 10
    # The first labels of the published files: an ankle boot, T-shirts, a dress.
    assert fashion_mnist.train_labels[:5].tolist() == [9, 0, 0, 3, 0]
    assert fashion_mnist.test_labels[:5].tolist() == [9, 2, 1, 1, 6]
    # The mean and standard deviation that are in common use for this data set.
    assert round(fashion_mnist.pixel_mean, 4) == 0.2860
    assert round(fashion_mnist.pixel_std, 4) == 0.3530


def test_mnist(mnist: Dataset) -> None:
    assert mnist.title == "MNIST"
    assert mnist.class_names == tuple("0123456789")
    # The published numbers of images per digit, of which none is a tenth.
    assert np.bincount(mnist.train_labels).tolist() == [
        *(5_923, 6_742, 5_958, 6_131, 5_842),
        *(5_421, 5_918, 6_265, 5_851, 5_949),
    ]
    assert np.bincount(mnist.test_labels).tolist() == [
        *(980, 1_135, 1_032, 1_010, 982),
        *(892, 958, 1_028, 974, 1_009),
    ]
    assert mnist.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    # The mean and standard deviation that are in common use for it.
    assert round(mnist.pixel_mean, 4) == 0.1307
    assert round(mnist.pixel_std, 4) == 0.3081
    training, held_out = split(mnist.train_labels, seed=0)
    assert DATASETS["mnist"].sizes == (len(training), len(held_out), len(mnist.test_labels))
    assert_in_proportion(mnist.train_labels[held_out], mnist.train_labels)


# Names


def test_names_resolve_to_themselves() -> None:
    assert resolve("drawn") == ("drawn", None)
    assert resolve("fashion-mnist") == ("fashion-mnist", None)


def test_auto_prefers_the_real_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(IdxFiles, "fetch", lambda _: tmp_path)
    assert resolve("auto") == ("fashion-mnist", None)


@pytest.mark.usefixtures("empty_cache")
def test_auto_gives_way_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_published(monkeypatch, ("http://127.0.0.1:9/",))  # nobody listens there
    name, reason = resolve("auto")
    assert name == "drawn"
    assert isinstance(reason, AbsentDataError)
    assert "http://127.0.0.1:9/" in reason.what


@pytest.mark.usefixtures("empty_cache")
def test_auto_does_not_hide_a_wrong_folder_or_a_damaged_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONVBIAS_DATA", str(tmp_path / "nothing"))
    with pytest.raises(DataError, match="nothing"):
        resolve("auto")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / NAMES[0]).write_bytes(b"not an image")
    monkeypatch.setenv("CONVBIAS_DATA", str(tmp_path / "damaged"))
    with pytest.raises(DataError, match="damaged"):
        resolve("auto")


@pytest.mark.parametrize("call", [resolve, load, fetch])
def test_a_typing_error_gets_a_suggestion(call: Callable[[str], object]) -> None:
    with pytest.raises(InputError, match="did you mean 'fashion-mnist'"):
        call("fashion-minst")


@pytest.mark.parametrize("name", ["drawn", "digits"])
def test_there_is_nothing_to_fetch_without_published_files(name: str) -> None:
    with pytest.raises(InputError, match="no published files"):
        fetch(name)


# Splits

LABELS = np.random.default_rng(1).permutation(np.repeat(np.arange(10), 6_000)).astype(np.uint8)

label_arrays = st.lists(st.integers(0, 9), min_size=20, max_size=300).map(np.array)


def test_split_of_60_000() -> None:
    train, validation = split(LABELS, seed=0)
    assert np.bincount(LABELS[train]).tolist() == [5_400] * 10
    assert np.bincount(LABELS[validation]).tolist() == [600] * 10
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(60_000))
    assert (np.diff(train) > 0).all()
    assert (np.diff(validation) > 0).all()


def test_split_is_fixed_by_its_seed() -> None:
    first, again, other = (split(LABELS, seed)[1] for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    # Two random tenths share about a tenth.
    assert 400 < len(np.intersect1d(first, other)) < 800


def test_split_stays_what_it_was() -> None:
    # Stored runs hang on it: whoever changes the split must notice. By hand, from the definition.
    labels = np.array([0, 1] * 10)
    generator = np.random.Generator(np.random.PCG64([7, 1]))
    zeros, ones = (generator.permutation(np.arange(start, 20, 2)) for start in (0, 1))
    ties = generator.random(20)
    first = zeros[0] if ties[zeros[0]] < ties[ones[0]] else ones[0]
    assert split(labels, seed=7, validation_images=1)[1].tolist() == [first]
    assert split(labels, seed=7)[1].tolist() == sorted([zeros[0], ones[0]])


def assert_in_proportion(chosen: np.ndarray, labels: np.ndarray) -> None:
    """Webster's method: no class would come closer to its share by an image of another's."""
    sizes = np.bincount(labels)
    counts = np.bincount(chosen, minlength=len(sizes))[sizes > 0]
    sizes = sizes[sizes > 0]
    assert ((counts - 0.5) / sizes).max() <= ((counts + 0.5) / sizes).min() + 1e-9


@given(label_arrays, st.integers(0, 2**32), st.data())
def test_split_keeps_proportions(labels: np.ndarray, seed: int, data: st.DataObject) -> None:
    asked = data.draw(st.none() | st.integers(1, len(labels) - 1))
    train, validation = split(labels, seed, asked)
    assert len(validation) == (len(labels) // 10 if asked is None else asked)
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(len(labels)))
    assert_in_proportion(labels[validation], labels)


@pytest.mark.parametrize("wrong", [0, -1, 20, 21])
def test_impossible_splits_are_refused(wrong: int) -> None:
    with pytest.raises(InputError, match="set aside"):
        split(np.zeros(20, int), seed=0, validation_images=wrong)


def test_too_few_images_to_split_are_refused() -> None:
    with pytest.raises(InputError, match="0 of 9 images"):
        split(np.zeros(9, int), seed=0)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(InputError, match="seed"):
        split(LABELS, seed=-1)
    with pytest.raises(InputError, match="seed"):
        subset(np.arange(60_000), LABELS, 100, seed=-1)


# Subsets


def test_subsets_are_nested_and_balanced() -> None:
    train, _ = split(LABELS, seed=0)
    smaller: set[int] = set()
    for n in (100, 300, 1_000, 3_000, 10_000, 54_000):
        chosen = subset(train, LABELS, n, seed=0)
        assert np.bincount(LABELS[chosen]).tolist() == [n // 10] * 10
        assert (np.diff(chosen) > 0).all()
        assert smaller < set(chosen.tolist()) <= set(train.tolist())
        smaller = set(chosen.tolist())
    assert np.array_equal(subset(train, LABELS, 54_000, seed=0), train)


@given(label_arrays, st.integers(0, 2**32), st.data())
def test_every_subset_holds_the_smaller_ones(
    labels: np.ndarray, seed: int, data: st.DataObject
) -> None:
    train, _ = split(labels, seed)
    sizes = st.integers(1, len(train))
    few, many = sorted((data.draw(sizes), data.draw(sizes)))
    smaller, larger = (subset(train, labels, n, seed) for n in (few, many))
    assert len(smaller) == few
    assert len(larger) == many
    assert np.isin(smaller, larger).all()
    assert np.isin(larger, train).all()
    assert_in_proportion(labels[larger], labels[train])


def test_subsets_of_different_seeds_differ() -> None:
    train = np.arange(60_000)
    first, other = (subset(train, LABELS, 1_000, seed) for seed in (0, 1))
    assert len(np.intersect1d(first, other)) < 60


def test_subset_and_split_do_not_share_their_draws() -> None:
    _, validation = split(LABELS, seed=0)
    chosen = subset(np.arange(60_000), LABELS, 6_000, seed=0)
    assert len(np.intersect1d(chosen, validation)) < 800  # two random tenths share about a tenth


@given(label_arrays, st.integers(0, 2**32))
def test_halves_hold_every_image_once_and_keep_proportions(labels: np.ndarray, seed: int) -> None:
    train, _ = split(labels, seed)
    first, second = halves(train, labels, seed)
    assert np.array_equal(np.sort(np.concatenate([first, second])), train)
    assert len(second) - len(first) in (0, 1)
    assert_in_proportion(labels[first], labels[train])


def test_halves_are_drawn_by_the_seed_and_no_subset() -> None:
    train, _ = split(LABELS, seed=0)
    first, _ = halves(train, LABELS, seed=0)
    others = halves(train, LABELS, seed=1)[0], subset(train, LABELS, 27_000, seed=0)
    for other in others:  # two random halves share about half
        assert 13_000 < len(np.intersect1d(first, other)) < 14_000


@pytest.mark.parametrize("wrong", [0, -5, 101])
def test_impossible_subsets_are_refused(wrong: int) -> None:
    with pytest.raises(InputError, match="from 100"):
        subset(np.arange(100), LABELS, wrong, seed=0)


PRINT_CHECKSUM = "from convbias.data import load; print(load('drawn').checksum)"


@pytest.mark.integration
def test_drawn_images_are_kept_for_other_processes(tmp_path: Path) -> None:
    def checksum() -> str:
        done = subprocess.run(
            [sys.executable, "-c", PRINT_CHECKSUM],
            env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    expected = load("drawn").checksum
    assert checksum() == expected
    [kept] = tmp_path.rglob("*.npz")
    assert checksum() == expected
    whole = kept.read_bytes()
    kept.write_bytes(whole[:1_000] + b"\xff" + whole[1_001:])
    assert checksum() == expected
    assert kept.read_bytes() == whole
