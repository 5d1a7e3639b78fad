"""Shift consistency: does a classifier give the same class to an image at every position?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from convbias.data.dataset import label_dtype
from convbias.data.transforms import on_canvas
from convbias.errors import InputError
from convbias.measures.base import MeasureValues, Subject
from convbias.networks.forward import compiled, side_of
from convbias.networks.rebuild import rebuild
from convbias.spec.arms import Convolutional

# Rows down and columns right: the four axes and the four diagonals.
COMPASS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))


# The first test images, the same for every network, as many as one core classifies at all 49 shifts
# in half a minute. The control is exact for every image, and costs four times as much per image.
IMAGES, CONTROL_IMAGES = 1_000, 100


@dataclass(frozen=True)
class ShiftConsistency:
    """A network's class for every image at every shift.

    Args:
        shifts: int64 (shifts, 2), rows down and columns right from the middle of the canvas.
        predicted: uint8 (shifts, n), or uint16 above 256 classes, the most probable class.
        labels: int (n,).
    """

    shifts: np.ndarray
    predicted: np.ndarray
    labels: np.ndarray

    @property
    def accuracy_by_distance(self) -> np.ndarray:
        """float64 (largest + 1,): accuracy (0 to 1) of all images at all shifts of a distance.

        The distance of a shift is the larger one of its rows and columns.
        """
        by_shift = (self.predicted == self.labels).mean(axis=1)
        distances = np.abs(self.shifts).max(axis=1)
        return np.bincount(distances, weights=by_shift) / np.bincount(distances)

    @property
    def consistency(self) -> np.ndarray:
        """float64 (n,): of all pairs of different shifts, the share that get the same class.

        Zhang 2019 (arXiv 1904.11486, section 4.2) draws two shifts of each image at random; here
        every pair counts, except pairs of a shift with itself, which always agree.
        """
        first, second = np.triu_indices(len(self.shifts), k=1)
        return (self.predicted[first] == self.predicted[second]).mean(axis=0)

    @property
    def one_pixel_flips(self) -> np.ndarray:
        """float64 (n,): of all pairs of shifts one row or one column apart, the share that differ.

        The probability that a step of one pixel changes the class, averaged over directions and
        starting positions (Azulay and Weiss 2019, arXiv 1805.12177).
        """
        first, second = np.triu_indices(len(self.shifts), k=1)
        apart = np.abs(self.shifts[first] - self.shifts[second]).sum(axis=1) == 1
        return (self.predicted[first[apart]] != self.predicted[second[apart]]).mean(axis=0)

    @property
    def numbers(self) -> dict[str, float]:
        """Means over images, all from 0 to 1.

        `accuracy_at_shift_0`, `accuracy_at_shift_1`, ...; `shift_consistency`; and
        `one_pixel_flip_probability`.
        """
        accuracies = {
            f"accuracy_at_shift_{distance}": float(accuracy)
            for distance, accuracy in enumerate(self.accuracy_by_distance)
        }
        return {
            **accuracies,
            "shift_consistency": float(self.consistency.mean()),
            "one_pixel_flip_probability": float(self.one_pixel_flips.mean()),
        }


def compass_shifts(largest: int) -> np.ndarray:
    """No shift, and shifts along the four axes and four diagonals at every distance.

    Every distance but 0 has the same number of shifts, so their accuracies are equally precise.
    There are 4 * largest + 8 pairs of shifts one pixel apart (none diagonal).

    Args:
        largest: Largest distance in pixels, at least 1.

    Returns:
        int64 (1 + 8 * largest, 2), rows down and columns right.

    Example:
        >>> compass_shifts(2)[[0, 1, 2, 9]].tolist()
        [[0, 0], [-1, 0], [-1, 1], [-2, 0]]
    """
    distances = np.arange(1, largest + 1)[:, None, None]
    return np.concatenate([[(0, 0)], (distances * COMPASS).reshape(-1, 2)])


def shift_consistency(
    network: keras.Model, images: np.ndarray, labels: np.ndarray, largest: int = 6
) -> ShiftConsistency:
    """Classify every image at every shift of `compass_shifts` on the network's canvas.

    Args:
        network: Takes float32 (n, side, side, channels) in [0, 1], returns probabilities;
            side >= height + 2 * largest, so that no shift loses a pixel: 40 for Fashion-MNIST.
        images: uint8 (n, height, width, channels), n at least 1.
        labels: int (n,).
        largest: Largest shift in pixels along each axis, at least 1.

    Returns:
        The predictions, and the shares and probabilities that follow from them.

    Raises:
        InputError: The canvas is too small for the largest shift, or that is below 1.
    """
    if largest < 1:
        raise InputError(f"the largest shift is {largest} pixels", "at least 1")

    classify = compiled(network, lambda apply, images: apply(images).argmax(axis=1))
    side = side_of(network)
    return answers_at_shifts(
        classify,
        lambda rows, columns: on_canvas(images, side, rows, columns),
        labels,
        largest,
        network.output_shape[-1],
    )


def answers_at_shifts(
    classify: Callable[[np.ndarray], np.ndarray],
    shifted: Callable[[int, int], np.ndarray],
    labels: np.ndarray,
    largest: int,
    classes: int,
) -> ShiftConsistency:
    """Classify images at every shift of `compass_shifts`.

    Args:
        classify: From images to int (n,), their most probable classes.
        shifted: From rows down and columns right to the images, shifted.
        labels: int (n,).
        largest: Largest shift in pixels along each axis, at least 1.
        classes: How many there are.
    """
    shifts = compass_shifts(largest)
    predicted = [classify(shifted(*shift)) for shift in shifts.tolist()]
    return ShiftConsistency(shifts, np.stack(predicted).astype(label_dtype(classes)), labels)


def measure(subject: Subject) -> MeasureValues:
    """The numbers of `ShiftConsistency` for the first test images of the stored data set.

    For networks that average shared convolutions also `stride_one_circular_consistency`, the
    control of the measure: the shift consistency of the same weights with circular padding and
    without subsampling, and on how many of the images that is, `exact_control_images`. A
    shift then only permutes the pixels that are averaged, so it is exactly 1.

    Args:
        subject: The network; one whose canvas has no room for a shift has no numbers.
    """
    largest = (side_of(subject.network) - subject.source.side) // 2
    if largest < 1:
        return MeasureValues({})
    chosen = subject.first(IMAGES, subject.source.test_labels)
    images, labels = subject.source.test_images[chosen], subject.source.test_labels[chosen]
    found = shift_consistency(subject.network, images, labels, largest)
    values = found.numbers
    if _averages_shared_convolutions(subject):
        control = rebuild(subject.network, circular=True, subsampling=False)
        few = slice(CONTROL_IMAGES)
        known = shift_consistency(control, images[few], labels[few], largest)
        values["stride_one_circular_consistency"] = float(known.consistency.mean())
        values["exact_control_images"] = len(known.labels)
    return MeasureValues(values, images=len(images))


def _averages_shared_convolutions(subject: Subject) -> bool:
    model = subject.arm.model
    return (
        isinstance(model, Convolutional) and model.sharing == "shared" and model.head == "average"
    )
