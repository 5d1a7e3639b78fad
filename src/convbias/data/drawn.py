"""Generated images of garments in ten classes like those of Fashion-MNIST; needs no download.

Each garment is a few polygons with random proportions and details, rotated, shifted, scaled and
mirrored at random, then textured (plain, stripes, checks, noise or a gradient), dimmed and
sometimes partly covered.
"""

from __future__ import annotations

import numpy as np

from convbias.data.garments import GARMENTS, Garment
from convbias.data.sketch import SIDE, Sketch
from convbias.errors import InputError
from convbias.spec.streams import Stream, generator

TEXTURES = ("plain", "stripes", "checks", "noise", "gradient")
TEXTURE_SHARES = (0.45, 0.15, 0.1, 0.15, 0.15)


def drawn(
    n_train: int = 6_000, n_test: int = 1_000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw a data set of garments, light on black, in the order of Fashion-MNIST's classes.

    Args:
        n_train: Training images, at least 1; class sizes differ by at most one.
        n_test: Test images, at least 1, likewise.
        seed: 0 or more; the same seed and numbers give the same images.

    Returns:
        Training images uint8 (n_train, 28, 28, 1), training labels uint8 (n_train,), test images
        uint8 (n_test, 28, 28, 1) and test labels uint8 (n_test,).

    Raises:
        InputError: A number of images is below 1, or the seed is negative.

    Example:
        >>> train_images, train_labels, test_images, test_labels = drawn(n_train=20, n_test=10)
        >>> train_images.shape, np.bincount(train_labels).tolist()
        ((20, 28, 28, 1), [2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    """
    if min(n_train, n_test) < 1 or seed < 0:
        raise InputError(
            f"{n_train} training and {n_test} test images were asked for, with seed {seed}",
            "at least 1 image of each, and a seed of 0 or more",
            "choose other numbers",
        )
    return *_draw_part(n_train, seed, Stream.DRAWN_TRAINING_IMAGES), *_draw_part(
        n_test, seed, Stream.DRAWN_TEST_IMAGES
    )


def _draw_part(n: int, seed: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    random = generator(seed, stream)
    labels = random.permutation(np.arange(n) % len(GARMENTS)).astype(np.uint8)
    garments = tuple(GARMENTS.values())
    shapes = np.stack([_draw_one(garments[label], random) for label in labels])
    return _finish(shapes, random)[..., np.newaxis], labels


def _draw_one(garment: Garment, random: np.random.Generator) -> np.ndarray:
    sketch = Sketch(random.uniform)
    garment(sketch, random.uniform)
    return sketch.pixels()


def _finish(shapes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Add texture to drawn shapes, dim them and cover some of them partly.

    Args:
        shapes: uint8 (n, 28, 28).
        random: Source of the random draws.

    Returns:
        uint8 (n, 28, 28).
    """
    n = len(shapes)
    images = np.empty_like(shapes)
    for start in range(0, n, 1_000):  # a block at a time keeps the intermediate arrays small
        block = shapes[start : start + 1_000]
        size = (len(block), 1, 1)
        cloth = _weave(len(block), random) * random.uniform(0.35, 1, size)
        grain = random.normal(0, 1, block.shape) * random.uniform(0, 0.08, size)
        finished = block * np.clip(cloth + grain, 0.08, 1) * ~_cover(len(block), random)
        images[start : start + 1_000] = np.rint(finished)
    return images


def _weave(n: int, random: np.random.Generator) -> np.ndarray:
    """Draw n textures, float64 (n, 28, 28), 1 where the cloth is lightest."""
    size = (n, 1, 1)
    angle = random.choice([0, np.pi / 2, np.pi / 4], size) + random.normal(0, 0.1, size)
    down, right = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    along = np.cos(angle) * down + np.sin(angle) * right
    across = np.cos(angle) * right - np.sin(angle) * down
    wave = 2 * np.pi / random.uniform(3, 9, size)
    phase = random.uniform(0, 2 * np.pi, size)
    stripes = np.sin(wave * along + phase) > 0
    checks = stripes ^ (np.sin(wave * across + phase) > 0)
    patterns = {
        "plain": np.zeros((n, SIDE, SIDE)),
        "stripes": stripes,
        "checks": checks,
        "noise": random.random((n, SIDE, SIDE)),
        "gradient": np.clip(along / SIDE + 0.5, 0, 1),
    }
    kind = random.choice(len(TEXTURES), size, p=TEXTURE_SHARES)
    pattern = np.choose(kind, [patterns[texture] for texture in TEXTURES])
    return 1 - random.uniform(0.25, 0.75, size) * pattern


def _cover(n: int, random: np.random.Generator) -> np.ndarray:
    """Draw n masks, boolean (n, 28, 28): a rectangle in one image out of six, else nothing."""
    size = (n, 1, 1)
    down, right = np.mgrid[:SIDE, :SIDE]
    top, left = random.uniform(0, 20, size), random.uniform(0, 20, size)
    height, width = random.uniform(4, 12, size), random.uniform(4, 12, size)
    inside = (down > top) & (down < top + height) & (right > left) & (right < left + width)
    return inside & (random.random(size) < 1 / 6)
