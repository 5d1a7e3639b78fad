"""What is wrong with a person's images is said, and nothing is kept of them."""

from __future__ import annotations

import errno
import io
import os
import pickle
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convbias.data.own import ReadingOptions, read_own, reading_of
from convbias.errors import DataError, InputError, StorageError
from own_images import class_folders, idx_folder, noise, save

CLASSES = ("cat", "dog")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def refused(cache: Path) -> Callable[..., None]:
    """Check that a path is refused with a message, and that the cache stays empty."""

    def check(path: Path, message: str, **options: object) -> None:
        with pytest.raises(InputError, match=message) as caught:
            read_own(path, ReadingOptions(**options))
        assert caught.value.expected
        assert not list(cache.rglob("*.npy"))
        assert not list(cache.rglob(".unfinished*"))

    return check


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    class_folders(tmp_path / "pets", noise(30), CLASSES)
    return tmp_path / "pets"


# Folders


def test_no_such_path(tmp_path: Path, refused) -> None:
    refused(tmp_path / "nowhere", "there is no")


def test_an_empty_folder(tmp_path: Path, refused) -> None:
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", r"holds no images\n")


def test_files_of_other_kinds_only(tmp_path: Path, refused) -> None:
    (tmp_path / "photographs" / "cat").mkdir(parents=True)
    for name in ("1.heic", "2.heic", "3.TXT", ".hidden.png"):
        (tmp_path / "photographs" / "cat" / name).touch()
    refused(
        tmp_path / "photographs",
        r"holds no images: 3 files of other kinds left out: 2 x \.heic, 1 x \.txt",
    )


def test_one_class(tmp_path: Path, refused) -> None:
    class_folders(tmp_path / "pets", noise(30), ("cat",))
    refused(tmp_path / "pets", "has one class: 'cat'")


def test_a_class_without_images(pets: Path, refused) -> None:
    (pets / "eel").mkdir()
    refused(pets, r"has no images of 1 class folder \('eel'\)")


def test_an_image_outside_of_all_classes(pets: Path, refused) -> None:
    save(noise(1)[0], pets / "stray.png")
    refused(pets, "stray.png is in none of the class folders")


def test_a_strange_folder_beside_train(tmp_path: Path, refused) -> None:
    for part in ("train", "backup"):
        class_folders(tmp_path / "pets" / part, noise(30), CLASSES)
    refused(tmp_path / "pets", "has the subfolders backup, train")


def test_a_class_of_the_test_alone(tmp_path: Path, refused) -> None:
    class_folders(tmp_path / "pets" / "train", noise(30), CLASSES)
    class_folders(tmp_path / "pets" / "test", noise(4), ("cat", "eel"))
    refused(tmp_path / "pets", "has the class 'eel', which has no training images")


@pytest.mark.parametrize("name", ["line\nbreak", "bell\x07", "right\u202eleft", "  ", "x" * 101])
def test_names_that_cannot_be_printed(tmp_path: Path, refused, name: str) -> None:
    class_folders(tmp_path / "pets", noise(30), ("cat", name))
    refused(tmp_path / "pets", "the class name")


def test_names_that_are_no_text(tmp_path: Path, refused) -> None:
    class_folders(tmp_path / "pets", noise(30), ("cat", os.fsdecode(b"caf\xe9")))
    refused(tmp_path / "pets", "has characters that cannot be printed")


def test_names_that_look_alike(tmp_path: Path, refused) -> None:
    class_folders(tmp_path / "pets", noise(30), ("caf\u00e9", "cafe\u0301"))
    refused(tmp_path / "pets", "two classes are called 'caf\u00e9'")


def test_a_file_in_place_of_a_folder(tmp_path: Path, refused) -> None:
    save(noise(1)[0], tmp_path / "cat.png")
    refused(tmp_path / "cat.png", "is a file of an unknown kind")


def test_too_few_images(tmp_path: Path, refused) -> None:
    class_folders(tmp_path / "pets", noise(8), CLASSES)
    refused(tmp_path / "pets", "gives 7 training images, and 1 test images")


def test_links_are_followed_only_on_demand(tmp_path: Path, pets: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    save(noise(1, seed=5)[0], elsewhere / "secret.png")
    (pets / "cat" / "link.png").symlink_to(elsewhere / "secret.png")
    (pets / "cat" / "more").symlink_to(elsewhere)
    (pets / "cat" / "again").symlink_to(pets / "cat")  # a circle
    without = read_own(pets)
    assert len(without.train_images) + len(without.test_images) == 30
    assert reading_of(without.name).remarks == ("3 symbolic links not followed",)
    followed = read_own(pets, ReadingOptions(follow_links=True))
    assert len(followed.train_images) + len(followed.test_images) == 32


# Files


def png_of(width: int, height: int) -> bytes:
    """A PNG file of a hundred bytes that says it has so many pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + checksum

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [(8_000, 8_000, "8,000 x 8,000 pixels, more than"), (60_000, 60_000, "far more pixels")],
)
def test_a_decompression_bomb(pets: Path, refused, width: int, height: int, reason: str) -> None:
    (pets / "cat" / "bomb.png").write_bytes(png_of(width, height))
    refused(pets, f"1 of 31 images cannot be read: cat/bomb.png \\({reason}")
    refused(pets, "cat/bomb.png", side=8)


def test_damaged_files_are_named_or_left_out(pets: Path, refused) -> None:
    for index in range(7):
        path = pets / "cat" / f"{2 * index:04}.png"
        path.write_bytes(path.read_bytes()[: 60 * (index > 0)])  # one is empty, others cut off
    refused(
        pets,
        r"7 of 30 images cannot be read: cat/0000.png \(not a PNG, JPEG, WebP or BMP image\),"
        r" cat/0002.png .* and 2 more",
    )
    dataset = read_own(pets, ReadingOptions(skip_damaged=True))
    assert len(dataset.train_images) + len(dataset.test_images) == 23
    skipped = reading_of(dataset.name).skipped
    assert sorted(skipped) == [f"cat/{2 * index:04}.png" for index in range(7)]
    whole = {image.tobytes() for image in noise(30)}
    assert {image.tobytes() for image in dataset.train_images} <= whole


def test_all_files_of_a_class_are_damaged(pets: Path, refused) -> None:
    for path in (pets / "dog").iterdir():
        path.write_bytes(b"")
    refused(pets, "none of them of the class 'dog'", skip_damaged=True)
    for path in (pets / "cat").iterdir():
        path.write_bytes(b"")
    refused(pets, "30 of 30 images cannot be read", skip_damaged=True)


def test_a_file_that_vanishes_while_it_is_read(
    pets: Path, refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.scandir(pets / "cat")
    first = min(entry.path for entry in listed)

    def vanish(*_arguments: object) -> None:
        Path(first).unlink(missing_ok=True)

    monkeypatch.setattr("convbias.data.own.pictures.check_memory", vanish)
    refused(pets, r"cat/0000.png \(No such file or directory\)")


# Arrays


def npz(path: Path, **changes: object) -> Path:
    arrays = {"x_train": noise(40), "y_train": np.arange(40) % 3} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


FEW = noise(40).astype(np.float64) / 255


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_train": np.arange(39) % 3}, r"images are \(40, 8, 8, 3\), training labels \(39,\)"),
        ({"y_train": None}, "lacks y_train"),
        ({"x_test": noise(4)}, "lacks y_test"),
        ({"y_train": np.zeros(40, int)}, "has one class: '0'"),
        ({"y_train": np.eye(40)[:, :3]}, "one-hot"),
        ({"y_train": np.arange(40) / 2}, r"labels are float64 \(40,\)"),
        ({"x_test": noise(4), "y_test": np.full(4, 7)}, "the test label 7 is not a label of any"),
        ({"x_test": noise(4), "y_test": np.array(["0"] * 4)}, "the test label 0 is not a label"),
        ({"x_test": noise(4, side=12), "y_test": np.zeros(4, int)}, "training images are"),
        ({"x_train": np.moveaxis(noise(40), -1, 1)}, r"have the shape \(40, 3, 8, 8\)"),
        ({"x_train": noise(40, channels=4)}, "have the shape"),
        ({"x_train": noise(40)[:, :0]}, "have the shape"),
        ({"x_train": np.where(FEW > 0.9, np.nan, FEW)}, "values that are not finite numbers"),
        ({"x_train": FEW * 2 - 1}, "have values from -1 to 1"),
        ({"x_train": FEW * 300}, "have values from 0 to 300"),
        ({"x_train": noise(40).astype(np.int64) + 1}, "have values from 1 to 256"),
        ({"x_train": FEW.astype(complex)}, "are complex128"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path: Path, refused, changes, message: str) -> None:
    refused(npz(tmp_path / "some.npz", **changes), message)


def test_objects_are_never_unpickled(tmp_path: Path, refused) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    objects = np.empty(40, dtype=object)
    objects[:] = [Trap()] * 40
    refused(npz(tmp_path / "some.npz", y_train=objects), "y_train holds Python objects")
    file = tmp_path / "pickled.npz"
    file.write_bytes(pickle.dumps(Trap()))
    refused(file, "cannot be read")
    assert not (tmp_path / "sprung").exists()


def test_an_array_that_promises_terabytes(tmp_path: Path, refused) -> None:
    header = io.BytesIO()
    described = {"descr": "|u1", "fortran_order": False, "shape": (10**9, 96, 96, 3)}
    np.lib.format.write_array_header_1_0(header, described)
    with zipfile.ZipFile(tmp_path / "some.npz", "w") as archive:
        for name in ("x_train", "y_train"):
            archive.writestr(f"{name}.npy", header.getvalue())
    refused(tmp_path / "some.npz", r"some.npz holds needs about 110,592\.0 GB of memory")


def test_idx_files_that_are_incomplete(tmp_path: Path, refused) -> None:
    images, labels = noise(40, channels=1)[..., 0], (np.arange(40) % 3).astype(np.uint8)
    idx_folder(tmp_path / "idx", images, labels, packed=True)
    packed = tmp_path / "idx" / "train-images-idx3-ubyte.gz"
    content = packed.read_bytes()
    packed.write_bytes(content[: len(content) // 2])
    refused(tmp_path / "idx", "cannot be unpacked")
    packed.unlink()
    refused(tmp_path / "idx", "lacks train-images-idx3-ubyte")
    promise = bytes([0, 0, 8, 3]) + b"\xff\xff\xff\xff" * 3
    (tmp_path / "idx" / "train-images-idx3-ubyte").write_bytes(promise)
    refused(tmp_path / "idx", "GB of memory")


def test_parquet_files_without_images_or_labels(tmp_path: Path, refused) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "some.parquet"
    pq.write_table(pa.table({"picture": [b""], "label": [0]}), path)
    refused(path, "has the columns picture, label")
    pq.write_table(pa.table({"image": [{"bytes": None, "path": "a.png"}], "label": [0]}), path)
    refused(path, "row 0 has no bytes of an image")
    pq.write_table(pa.table({"image": [b"", b""], "label": [0, None]}), path)
    refused(path, "row 1 has the label None")
    pq.write_table(pa.table({"image": [b"", b""], "label": [[0], [0, 1]]}), path)
    refused(path, r"row 0 has the label \[0\]")
    pq.write_table(pa.table({"image": [b"", b""], "label": [0, 1]}), path)
    refused(path, r"2 of 2 images cannot be read: some.parquet, row 0")
    path.write_bytes(path.read_bytes()[:-10])
    refused(path, "cannot be read")


# Bounds


@pytest.mark.parametrize("side", [4, 30, 100])
def test_sides_that_networks_cannot_halve_twice(side: int) -> None:
    with pytest.raises(InputError, match=f"the side is {side} pixels"):
        ReadingOptions(side=side)


def test_memory_is_predicted_before_images_are_read(
    pets: Path, refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = 2 * 30 * 96 * 96 * 3  # bytes: two copies of three channels
    monkeypatch.setattr("convbias.data.own.memory.available_memory", lambda: needed - 1)
    refused(pets, "to decode 30 images to 96 x 96 pixels needs about 0.0 GB of memory", side=96)
    monkeypatch.setattr("convbias.data.own.memory.available_memory", lambda: needed)
    assert read_own(pets, ReadingOptions(side=96)).side == 96


def test_a_thousand_classes_and_no_more(tmp_path: Path, refused) -> None:
    images, labels = noise(1_001), np.arange(1_001)
    refused(npz(tmp_path / "some.npz", x_train=images, y_train=labels), "has 1,001 classes")
    twice = np.concatenate([labels[:1_000]] * 2)
    path = npz(tmp_path / "fewer.npz", x_train=noise(2_000), y_train=twice)
    dataset = read_own(path)
    assert len(dataset.class_names) == 1_000
    assert dataset.train_labels.dtype == np.uint16


def test_a_full_disk_leaves_nothing(
    pets: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_array, calls = np.save, iter([True, True, False])

    def fails_later(*arguments: object, **options: object) -> None:
        if not next(calls):
            raise OSError(errno.ENOSPC, "No space left on device")
        save_array(*arguments, **options)

    monkeypatch.setattr(np, "save", fails_later)
    with pytest.raises(StorageError, match="No space left on device"):
        read_own(pets)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_what_a_killed_process_has_left_is_removed(pets: Path, cache: Path) -> None:
    folder = cache / "convbias" / "datasets"
    for name, age in (("old", 2 * 24 * 3_600), ("new", 60)):
        left = folder / f".unfinished-{name}"
        left.mkdir(parents=True)
        (left / "train_images.npy").touch()
        os.utime(left, (time.time() - age,) * 2)
    read_own(pets)
    assert [path.name for path in folder.glob(".*")] == [".unfinished-new"]


# Anything


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("sound")
    contents = {"some.npz": npz(folder / "some.npz").read_bytes()}
    for suffix in (".png", ".jpg", ".webp", ".bmp"):
        save(noise(1)[0], folder / f"one{suffix}")
        contents[f"one{suffix}"] = (folder / f"one{suffix}").read_bytes()
    return contents


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damage_of_any_kind_is_an_error_or_harmless(
    tmp_path: Path, sound: dict[str, bytes], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(sound)))
    content = bytearray(sound[name])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[place] = data.draw(st.integers(0, 255))
        else:
            del content[place:]
            break
    if name == "some.npz":
        path = tmp_path / name
        path.write_bytes(content)
    else:
        path = tmp_path / "pets"
        class_folders(path, noise(30), CLASSES)
        (path / "cat" / name).write_bytes(content)
    with suppress(InputError):
        assert read_own(path).train_images.dtype == np.uint8
    if name != "some.npz":
        (path / "cat" / name).unlink()


def test_damage_of_an_archive_s_directory(tmp_path: Path, sound: dict[str, bytes]) -> None:
    """It can look like encryption, or like a method of compression that nobody has."""
    content = sound["some.npz"]
    path = tmp_path / "some.npz"
    for place in (*range(40), *range(len(content) - 200, len(content))):
        for value in (1, 99):
            path.write_bytes(content[:place] + bytes([value]) + content[place + 1 :])
            with suppress(InputError):
                assert len(read_own(path).class_names) == 3


@given(names=st.lists(st.text(max_size=4), min_size=2, max_size=4))
def test_class_names_of_any_text(names: list[str]) -> None:
    """What is accepted can be printed on one line, written as UTF-8 and told apart."""
    from convbias.data.own.classes import check_class_names

    try:
        accepted = check_class_names(names, "example")
    except DataError:
        return
    assert len(set(accepted)) == len(names)
    for name in accepted:
        assert name.encode()
        assert name.splitlines() == [name]
