"""Accuracy of a classifier on shifted and noisy images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from convbias.data.transforms import add_noise, shift_inside_frame
from convbias.measures.shift_consistency import COMPASS
from convbias.networks.forward import compiled
from convbias.spec.streams import Stream, generator

DISTANCES = (1, 2, 4)  # pixels
DEVIATIONS = (8, 16, 32, 64)  # grey values, 0 to 255


@dataclass(frozen=True, eq=False)
class Robustness:
    """The images that are classified correctly after each change.

    Args:
        distances: int64 (distances,), by how many pixels the images were moved.
        shifted: bool (distances, n), correct after the shift.
        kept: float64 (distances,), share of the images' brightness that stayed inside the frame,
            mean over images.
        deviations: float64 (deviations,), standard deviation of the noise in grey values.
        noisy: bool (deviations, n), correct with the noise.
    """

    distances: np.ndarray
    shifted: np.ndarray
    kept: np.ndarray
    deviations: np.ndarray
    noisy: np.ndarray


def robustness(
    network: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    distances: Sequence[int] = DISTANCES,
    deviations: Sequence[float] = DEVIATIONS,
    seed: int = 0,
) -> Robustness:
    """Classify every image once after each shift and with each amount of noise.

    Shifts have the eight directions of `compass_shifts`, as in the experiment `shift`; but every
    image is shifted in one of them, an eighth of the images in each, so that the mean over images
    is the mean over directions, and the images are independent trials. There is no canvas, so a
    shift also pushes content out of the frame.

    Args:
        network: Takes float32 (n, height, width, 1) in [0, 1], returns a score per class.
        images: uint8 (n, height, width, 1), n at least 1.
        labels: uint8 (n,).
        distances: Distances of the shifts in pixels, along one axis or both.
        deviations: Standard deviations of Gaussian noise, in grey values.
        seed: Random seed of each image's direction and of the noise.

    Returns:
        The images that are classified correctly.
    """
    classify = compiled(network)

    def correct(changed: np.ndarray) -> np.ndarray:
        return classify(changed).argmax(axis=1) == labels

    random = generator(seed, Stream.SHIFT_DIRECTIONS)
    direction = random.permutation(np.arange(len(images)) % len(COMPASS))
    shifted, kept = [], []
    for distance in distances:
        moved = np.empty_like(images)
        for number, (rows, columns) in enumerate(COMPASS):
            members = direction == number
            part = shift_inside_frame(images[members], distance * rows, distance * columns)
            moved[members] = part
        shifted.append(correct(moved))
        kept.append(_brightness(moved, images))
    noisy = [correct(add_noise(images, deviation, seed)) for deviation in deviations]
    return Robustness(
        distances=np.array(distances, dtype=np.int64),
        shifted=np.reshape(shifted, (len(distances), len(images))),
        kept=np.array(kept, dtype=np.float64),
        deviations=np.array(deviations, dtype=np.float64),
        noisy=np.reshape(noisy, (len(deviations), len(images))),
    )


def _brightness(part: np.ndarray, whole: np.ndarray) -> float:
    """Share of every image's brightness that is left, mean over the images that are not black."""
    left, all_of_it = (
        each.sum(axis=(1, 2, 3), dtype=np.float64)[whole.any(axis=(1, 2, 3))]
        for each in (part, whole)
    )
    return float((left / all_of_it).mean()) if len(left) else 1.0
