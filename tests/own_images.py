"""Small files of images, as people have them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from PIL import Image


def noise(n: int, side: int = 8, channels: int = 3, seed: int = 0) -> np.ndarray:
    """uint8 (n, side, side, channels)."""
    shape = (n, side, side, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def save(pixels: np.ndarray, path: Path) -> None:
    """Write pixels (height, width, channels) as the kind of file that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(path)


def class_folders(folder: Path, images: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Write a PNG file per image, the classes in turn; their labels."""
    labels = np.arange(len(images)) % len(classes)
    for index, label in enumerate(labels):
        save(images[index], folder / classes[label] / f"{index:04}.png")
    return labels


def idx(array: np.ndarray) -> bytes:
    """The bytes of an IDX file."""
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()


def idx_folder(folder: Path, images: np.ndarray, labels: np.ndarray, *, packed: bool) -> None:
    """Write four IDX files; the last five images are those of the test."""
    folder.mkdir()
    for name, array in (
        ("train-images-idx3-ubyte", images[:-5]),
        ("train-labels-idx1-ubyte", labels[:-5]),
        ("t10k-images-idx3-ubyte", images[-5:]),
        ("t10k-labels-idx1-ubyte", labels[-5:]),
    ):
        content = idx(array)
        name, content = (f"{name}.gz", gzip.compress(content)) if packed else (name, content)
        (folder / name).write_bytes(content)
