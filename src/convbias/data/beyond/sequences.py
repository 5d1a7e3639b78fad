"""Sequences by published rules of what has to be remembered, and images read row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from convbias.data.loading import load
from convbias.data.splits import split
from convbias.spec.beyond.sequences import COPIED, KINDS, MemoryTask, ScannedImageTask
from convbias.spec.streams import Stream, generator

BLANK, SIGN = KINDS, KINDS + 1

# Scored sequences; every copied symbol of a sequence is scored.
SCORED = {"adding": 1_000, "copying": 200}


@dataclass(frozen=True, eq=False)
class Sequences:
    """Sequences, and what is asked for.

    Args:
        inputs: float32 (n, length, inputs), or uint8 (n, length) numbers of symbols.
        targets: float32 (n,) sums, uint8 (n,) classes, or uint8 (n, length) numbers of symbols.
    """

    inputs: np.ndarray = field(repr=False)
    targets: np.ndarray = field(repr=False)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over the bytes of inputs and targets."""
        digest = hashlib.sha256()
        for array in (self.inputs, self.targets):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def draw(task: MemoryTask, random: np.random.Generator, count: int) -> Sequences:
    """Draw sequences of a task, see `MemoryTask`.

    Args:
        task: The task.
        random: Draws them.
        count: How many.
    """
    return (_adding if task.rule == "adding" else _copying)(task, random, count)


def _adding(task: MemoryTask, random: np.random.Generator, count: int) -> Sequences:
    inputs = np.zeros((count, task.length, 2), dtype=np.float32)
    inputs[..., 0] = random.random((count, task.length), dtype=np.float32)
    half, every = task.length // 2, np.arange(count)
    first = random.integers(0, half, count)
    second = random.integers(half, task.length, count)
    inputs[every, first, 1] = inputs[every, second, 1] = 1
    return Sequences(inputs, inputs[every, first, 0] + inputs[every, second, 0])


def _copying(task: MemoryTask, random: np.random.Generator, count: int) -> Sequences:
    symbols = random.integers(0, KINDS, (count, COPIED), dtype=np.uint8)
    inputs = np.full((count, task.length), BLANK, dtype=np.uint8)
    targets = inputs.copy()
    inputs[:, :COPIED] = targets[:, -COPIED:] = symbols
    inputs[:, -COPIED - 1] = SIGN
    return Sequences(inputs, targets)


def scored(task: MemoryTask, *, validation: bool = False) -> Sequences:
    """The sequences that networks of a task are scored on; the same for all seeds.

    Args:
        task: The task.
        validation: Others instead, on which learning rates are chosen.
    """
    stream = Stream.VALIDATION_SEQUENCES if validation else Stream.TEST_SEQUENCES
    return draw(task, generator(task.lag, stream), SCORED[task.rule])


def training_batches(task: MemoryTask, seed: int, batch_size: int) -> Iterator[Sequences]:
    """Fresh sequences for every step of a training, without end.

    Args:
        task: The task.
        seed: The run's seed.
        batch_size: How many at once.
    """
    random = generator(seed, Stream.TRAINING_SEQUENCES)
    while True:
        yield draw(task, random, batch_size)


def scan(task: ScannedImageTask, seed: int, images: np.ndarray) -> np.ndarray:
    """Images as sequences of rows.

    Args:
        task: Says in which order pixels are read.
        seed: Draws the order of permuted pixels.
        images: uint8 (n, 28, 28, 1), 0 to 255.

    Returns:
        float32 (n, 28, 28), 0 to 1: image, row, pixel of the row.
    """
    pixels = images.reshape(len(images), -1)
    if task.order == "permuted":
        pixels = pixels[:, generator(seed, Stream.PIXEL_ORDERS).permutation(pixels.shape[1])]
    return pixels.reshape(len(images), task.length, task.inputs).astype(np.float32) / 255


@dataclass(frozen=True, eq=False)
class ScannedImages:
    """Fashion-MNIST as one run sees it.

    Args:
        training: Images to train on.
        scored: Images to score.
        checksum: Of the data set.
    """

    training: Sequences
    scored: Sequences
    checksum: str


def scanned_images(task: ScannedImageTask, seed: int, *, validation: bool = False) -> ScannedImages:
    """Fashion-MNIST, read row by row.

    Args:
        task: Says in which order pixels are read.
        seed: Draws the order of permuted pixels, and which images are for validation.
        validation: Whether validation images are scored instead of the test images.

    Raises:
        DataError: A file is damaged, or is missing and cannot be downloaded.
    """
    dataset = load("fashion-mnist")
    training, held_out = split(dataset.train_labels, seed)
    images, labels = dataset.train_images, dataset.train_labels
    if validation:
        told = Sequences(scan(task, seed, images[held_out]), labels[held_out])
    else:
        told = Sequences(scan(task, seed, dataset.test_images), dataset.test_labels)
    seen = Sequences(scan(task, seed, images[training]), labels[training])
    return ScannedImages(seen, told, dataset.checksum)
