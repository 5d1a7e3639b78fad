"""A person's own images, from each kind of source: the same pixels and labels come out."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convbias.data import Dataset, load
from convbias.data.own import ReadingOptions, read_own, reading_of
from convbias.spec.datasets import description_of, own_folder
from own_images import class_folders, idx_folder, noise, save

CLASSES = ("cat", "dog", "ä b")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def everything(dataset: Dataset) -> set[tuple[bytes, str]]:
    """All images with their classes, in any order."""
    return {
        (image.tobytes(), dataset.class_names[label])
        for part in ("train", "test")
        for image, label in zip(
            getattr(dataset, f"{part}_images"), getattr(dataset, f"{part}_labels"), strict=True
        )
    }


def expected(images: np.ndarray, labels: np.ndarray) -> set[tuple[bytes, str]]:
    return {(image.tobytes(), CLASSES[label]) for image, label in zip(images, labels, strict=True)}


def test_a_folder_per_class(tmp_path: Path) -> None:
    images = noise(60)
    labels = class_folders(tmp_path / "My pets", images, CLASSES)
    dataset = read_own(tmp_path / "My pets")
    assert dataset.class_names == CLASSES
    assert dataset.train_images.shape == (54, 8, 8, 3)
    assert np.bincount(dataset.test_labels).tolist() == [2, 2, 2]
    assert everything(dataset) == expected(images, labels)
    assert dataset.name.startswith("my-pets-")
    described = description_of(dataset.name)
    assert described.title == "My pets"
    assert (described.side, described.channels, described.sizes) == (8, 3, (49, 5, 6))


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "Valid", "TEST")])
def test_folders_for_training_validation_and_test(tmp_path: Path, names: tuple[str, ...]) -> None:
    images = noise(60)
    labels = np.concatenate(
        [
            class_folders(tmp_path / "pets" / part, images[start:end], CLASSES)
            for part, start, end in zip(names, (0, 30, 45), (30, 45, 60), strict=True)
        ]
    )
    dataset = read_own(tmp_path / "pets")
    assert len(dataset.train_images) == 45  # those for validation among them
    assert everything(dataset) == expected(images, labels)
    tested = {image.tobytes() for image in dataset.test_images}
    assert tested == {image.tobytes() for image in images[45:]}


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    class_folders(tmp_path / "vehicles", noise(30), ("car", "train"))
    assert read_own(tmp_path / "vehicles").class_names == ("car", "train")


@pytest.mark.parametrize("packed", [True, False])
def test_four_idx_files(tmp_path: Path, packed: bool) -> None:
    images, labels = noise(40, channels=1)[..., 0], (np.arange(40) % 3).astype(np.uint8)
    idx_folder(tmp_path / "idx", images, labels, packed=packed)
    dataset = read_own(tmp_path / "idx")
    assert dataset.class_names == ("0", "1", "2")
    assert np.array_equal(dataset.train_images[..., 0], images[:35])
    assert np.array_equal(dataset.test_images[..., 0], images[35:])
    assert np.array_equal(dataset.test_labels, labels[35:])


def test_arrays_with_a_test_set(tmp_path: Path) -> None:
    images, labels = noise(40, side=12), np.arange(40)[:, np.newaxis] % 4 + 5
    np.savez_compressed(
        tmp_path / "some.npz",
        x_train=images[:30],
        y_train=labels[:30],
        x_test=images[30:],
        y_test=labels[30:],
    )
    dataset = read_own(tmp_path / "some.npz")
    assert dataset.class_names == ("5", "6", "7", "8")
    assert np.array_equal(dataset.train_images, images[:30])
    assert np.array_equal(dataset.test_labels, labels[30:, 0] - 5)


@pytest.mark.parametrize(
    ("scaled", "exactly"),
    [
        (lambda pixels: (pixels / 255).astype(np.float32), True),
        (lambda pixels: pixels.astype(np.float16), True),
        (lambda pixels: pixels.astype(np.int64), True),
        (lambda pixels: pixels > 127, False),
    ],
)
def test_numbers_of_every_kind(tmp_path: Path, scaled, exactly: bool) -> None:
    images, labels = noise(40), np.repeat(["left", "right"], 20)
    np.savez(tmp_path / "some.npz", x_train=scaled(images), y_train=labels)
    dataset = read_own(tmp_path / "some.npz")
    wanted = images if exactly else np.where(images > 127, 255, 0).astype(np.uint8)
    found = np.concatenate([dataset.train_images, dataset.test_images])
    assert {image.tobytes() for image in found} == {image.tobytes() for image in wanted}
    assert dataset.class_names == ("left", "right")


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def write_parquet(path: Path, images: np.ndarray, labels: np.ndarray, *, described: bool) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    encoded = [png(image) for image in images]
    if described:
        # As `datasets` writes it (Features.arrow_schema).
        features = {
            "img": {"_type": "Image"},
            "kind": {"names": list(CLASSES), "_type": "ClassLabel"},
        }
        table = pa.table(
            {
                "img": pa.array([{"bytes": each, "path": None} for each in encoded]),
                "kind": pa.array(labels.tolist(), pa.int64()),
            }
        ).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    else:
        table = pa.table({"image": encoded, "label": [CLASSES[label] for label in labels]})
    path.parent.mkdir(exist_ok=True)
    pq.write_table(table, path)


@pytest.mark.parametrize("described", [True, False])
def test_parquet_files(tmp_path: Path, described: bool) -> None:
    images, labels = noise(45), np.arange(45) % 3
    for name, start, end in (("train-0", 0, 15), ("train-1", 15, 33), ("test-0", 33, 45)):
        path = tmp_path / "data" / f"{name}.parquet"
        write_parquet(path, images[start:end], labels[start:end], described=described)
    dataset = read_own(tmp_path / "data")
    assert everything(dataset) == expected(images, labels)
    assert {each.tobytes() for each in dataset.test_images} == {
        each.tobytes() for each in images[33:]
    }
    if described:
        assert dataset.class_names == CLASSES
    alone = read_own(tmp_path / "data" / "train-1.parquet")
    assert len(alone.train_images) + len(alone.test_images) == 18


def test_grey_only_if_all_are_grey(tmp_path: Path) -> None:
    images = np.repeat(noise(40, channels=1), 3, axis=-1)
    class_folders(tmp_path / "grey", images, CLASSES)
    assert read_own(tmp_path / "grey").channels == 1
    images[17, 3, 3] = (1, 2, 3)
    class_folders(tmp_path / "coloured", images, CLASSES)
    dataset = read_own(tmp_path / "coloured")
    assert dataset.channels == 3
    assert images[0].tobytes() in {image.tobytes() for image in dataset.train_images}


def test_images_are_turned_upright_and_laid_on_white(tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    class_folders(folder, noise(40), CLASSES)
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:4] = 200  # light above, dark below
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held upright; to be turned clockwise by a quarter
    Image.fromarray(picture).save(folder / "cat" / "turned.png", exif=turned)
    clear = np.zeros((8, 8, 4), np.uint8)
    clear[2:4, 2:4, 3] = 255  # the rest is transparent
    Image.fromarray(clear).save(folder / "cat" / "clear.png")
    dataset = read_own(folder)
    changes = reading_of(dataset.name).changes
    assert changes == {
        "turned upright, as the camera has noted": 1,
        "laid on white where they are transparent": 1,
    }
    found = {pixels for pixels, _ in everything(dataset)}
    assert np.rot90(picture, -1).tobytes() in found
    assert np.where(clear[..., 3:] == 255, 0, 255).repeat(3, -1).astype(np.uint8).tobytes() in found


def test_every_kind_of_pixel_becomes_eight_bits(tmp_path: Path) -> None:
    """Values that eight bits hold exactly: multiples of 257 in 16 bits, and a palette's colours."""
    folder = tmp_path / "kinds"
    class_folders(folder, noise(40), CLASSES)
    [grey] = noise(1, channels=1, seed=4)[..., 0]
    [colours] = noise(1, seed=5)
    Image.fromarray(grey.astype(np.uint16) * 257).save(folder / "cat" / "deep.png")
    Image.fromarray(colours).convert("P", palette=Image.Palette.ADAPTIVE).save(
        folder / "cat" / "palette.png"
    )
    Image.fromarray(grey > 127).save(folder / "cat" / "bits.bmp")
    dataset = read_own(folder)
    assert reading_of(dataset.name).changes == {"rounded from 16 bits to 8": 1}
    found = {pixels for pixels, _ in everything(dataset)}
    assert grey[..., np.newaxis].repeat(3, -1).tobytes() in found
    assert colours.tobytes() in found  # 64 pixels have at most 64 colours
    assert ((grey > 127) * np.uint8(255))[..., np.newaxis].repeat(3, -1).tobytes() in found


def test_large_photographs_are_reduced_as_if_decoded_in_full(tmp_path: Path) -> None:
    """Decoded at an eighth: the middle is off by less than half a pixel of the result."""
    random = np.random.default_rng(0)
    last = tmp_path / "photographs" / CLASSES[1] / "19.jpg"
    for index in range(20):
        small = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
        large = Image.fromarray(small).resize((1_200, 900), Image.Resampling.BICUBIC)
        path = tmp_path / "photographs" / CLASSES[index % 2] / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        large.save(path, quality=95)
    dataset = read_own(tmp_path / "photographs")
    assert dataset.side == 32
    with Image.open(last) as image:
        middle = image.crop((150, 0, 1_050, 900)).resize((32, 32), Image.Resampling.LANCZOS)
    found = np.concatenate([dataset.train_images, dataset.test_images]).astype(int)
    differences = np.sort(np.abs(found - np.asarray(middle)).mean(axis=(1, 2, 3)))
    # In grey values: that of the photograph itself, and that of the most similar other one.
    assert differences[0] < 5
    assert differences[1] > 40


def test_the_middle_is_cut_out_and_averaged(tmp_path: Path) -> None:
    """Far from edges, flat areas keep their colour; a long image loses both ends."""
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, 20:40], pixels[:, 40:60] = 90, 180
    folder = tmp_path / "wide"
    for index in range(20):
        save(pixels, folder / CLASSES[index % 2] / f"{index}.png")
    dataset = read_own(folder)
    assert dataset.side == 40
    smaller = read_own(folder, ReadingOptions(side=8))
    assert smaller.side == 8
    assert np.unique(smaller.train_images[:, :, :1]).tolist() == [90]
    assert np.unique(smaller.train_images[:, :, 7:]).tolist() == [180]
    assert smaller.name != dataset.name


@pytest.mark.parametrize(
    ("sizes", "side"),
    [
        ([(28, 28)], 28),
        ([(30, 30)], 28),
        ([(64, 48)], 48),
        ([(20, 20), (50, 61), (52, 70)], 48),  # the median shorter side is 50
        ([(640, 480)], 32),
        ([(5, 9)], 8),
    ],
)
def test_the_side_follows_most_images(
    tmp_path: Path, sizes: list[tuple[int, int]], side: int
) -> None:
    for index in range(21):
        width, height = sizes[index % len(sizes)]
        pixels = np.full((height, width, 3), index, np.uint8)
        save(pixels, tmp_path / "images" / CLASSES[index % 2] / f"{index}.png")
    assert read_own(tmp_path / "images").side == side


def test_other_processes_load_it_by_its_name(tmp_path: Path) -> None:
    class_folders(tmp_path / "pets", noise(40), CLASSES)
    dataset = read_own(tmp_path / "pets")
    asked = "import sys; from convbias.data import load; print(load(sys.argv[1]).checksum)"
    done = subprocess.run(
        [sys.executable, "-c", asked, dataset.name], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == dataset.checksum == load(dataset.name).checksum


def test_what_is_unchanged_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_folders(tmp_path / "pets", noise(40), CLASSES)
    first = read_own(tmp_path / "pets")
    with monkeypatch.context() as patched:
        patched.setattr(Image, "open", lambda *_, **__: pytest.fail("a file was read again"))
        assert read_own(tmp_path / "pets").checksum == first.checksum
    one = tmp_path / "pets" / "cat" / "0000.png"
    os.utime(one, ns=(1, 1))  # touched, with the same content
    assert read_own(tmp_path / "pets").name == first.name
    save(noise(1, seed=9)[0], one)
    changed = read_own(tmp_path / "pets")
    assert changed.name != first.name
    assert load(first.name).checksum == first.checksum  # runs on it can still be measured


def test_damage_in_the_cache_is_noticed_and_mended(tmp_path: Path) -> None:
    class_folders(tmp_path / "pets", noise(40), CLASSES)
    dataset = read_own(tmp_path / "pets")
    file = own_folder(dataset.name) / "train_images.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(Exception, match="is damaged in the cache"):
        load(dataset.name)
    assert read_own(tmp_path / "pets").checksum == load(dataset.name).checksum


def test_many_files_are_decoded_in_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = noise(60)
    labels = class_folders(tmp_path / "pets", images, CLASSES)
    monkeypatch.setattr("convbias.data.own.pictures.IN_ONE_PROCESS", 10)
    monkeypatch.setattr("convbias.data.own.pictures.FILES_AT_A_TIME", 7)
    assert everything(read_own(tmp_path / "pets")) == expected(images, labels)


def test_fewer_images_keep_the_classes_in_proportion(tmp_path: Path) -> None:
    labels = np.repeat([0, 1], [300, 100])
    for part, size in (("train", 300), ("test", 100)):
        for index in range(size):
            name = CLASSES[labels[index * 400 // size]]
            save(noise(1, seed=index)[0], tmp_path / "pets" / part / name / f"{index}.png")
    dataset = read_own(tmp_path / "pets", ReadingOptions(most_images=40))
    assert np.bincount(dataset.train_labels).tolist() in ([22, 8], [23, 7])
    assert np.bincount(dataset.test_labels).tolist() in ([8, 2], [7, 3])
    assert read_own(tmp_path / "pets", ReadingOptions(most_images=40)).name == dataset.name
