"""Apply an arm's data variant to a data set."""

from __future__ import annotations

import numpy as np

from convbias.data import Dataset, location, transforms
from convbias.data.location import LocationData
from convbias.errors import InputError
from convbias.spec.arms import DataVariant
from convbias.spec.datasets import description_of

# All runs share one block permutation, one set of shifts and one set of patches; a run's own seed
# determines its subset and its split.
SEED = 0
TEST_PATCHES_SEED = 1  # so that no test patch is a training patch

Labelled = tuple[np.ndarray, np.ndarray]


def vary(dataset: Dataset, variant: DataVariant) -> Dataset:
    """Shuffle blocks, put the images onto a canvas or into its corners, as a variant asks for.

    Args:
        dataset: The data set.
        variant: What to change; its `training_images`, `half` and `scored_on` are ignored here.

    Returns:
        A data set with the same labels in the same order; the same one if nothing changes. Test
        images lie in the middle of the canvas, training images up to the largest shift off it,
        each with its own shift, the same in all epochs. With corners, only the images
        of two classes, labelled 0 and 1: training images tied to a corner or free of it, test
        images tied as in training (`LocationData.similar`).

    Example:
        >>> from convbias.data.drawn import drawn
        >>> canvases = vary(Dataset("drawn", *drawn(4, 4)), DataVariant(canvas=40))
        >>> canvases.train_images.shape
        (4, 40, 40, 1)
    """
    if variant.corners is not None:
        return _in_corners(dataset, variant)
    if variant.shuffled_blocks is None and variant.canvas is None:
        return dataset
    train_images, test_images = dataset.train_images, dataset.test_images
    if variant.shuffled_blocks is not None:
        side = train_images.shape[1]
        order = transforms.block_permutation(side, variant.shuffled_blocks, SEED)
        train_images = transforms.permute(train_images, order)
        test_images = transforms.permute(test_images, order)
    if variant.canvas is not None:
        train_images = transforms.at_random_places(
            train_images,
            variant.canvas,
            variant.largest_shift,
            SEED,
            left=variant.shifted == "left",
        )
        test_images = transforms.on_canvas(test_images, variant.canvas)
    return Dataset(
        dataset.name,
        train_images,
        dataset.train_labels,
        test_images,
        dataset.test_labels,
        dataset.class_names,
    )


def corner_data(dataset: Dataset, variant: DataVariant) -> LocationData:
    """The images of a variant with corners, in all the places that the location test needs.

    Args:
        dataset: The data set.
        variant: A variant with corners, tied or free.

    Returns:
        Images of two classes, labelled 0 and 1, or as many patches of their size;
        `measures.location_test` takes the test images.

    Raises:
        InputError: The variant has no corners, or the data set has no image of one of the classes.
    """
    if variant.corners is None or variant.canvas is None:
        raise InputError(
            "the data variant has no corners",
            "corners 'tied' or 'free', and a canvas",
            "see `convbias.spec.arms.DataVariant`",
        )
    train, test = _two_classes(dataset, variant)
    # Without a margin, because the frame is what zero padding shows of the place. The canvas and
    # the corners' distance, canvas - side, are multiples of 4, so circular networks with two
    # poolings forget the place exactly.
    return location.location_data(*train, *test, side=variant.canvas, seed=SEED)


def corner_classes(dataset: Dataset) -> tuple[int, int]:
    """The two classes whose images are put into corners.

    Args:
        dataset: The data set.

    Returns:
        Those that its description names, or else the two with the most training images, of equally
        large ones the first; the largest comes first.
    """
    described = description_of(dataset.name)
    if described.corner_classes is not None:
        return described.corner_classes
    counts = np.bincount(dataset.train_labels, minlength=len(dataset.class_names))
    first, second, *_ = np.argsort(-counts, kind="stable").tolist()
    return first, second


def scored_labels(dataset: Dataset, variant: DataVariant) -> np.ndarray:
    """The labels of the test images that a variant is scored on, without making the images.

    Args:
        dataset: The data set.
        variant: The data variant.

    Returns:
        uint8 (m,), those of `vary(dataset, variant)`.
    """
    if variant.corners is None:
        return dataset.test_labels
    _, (_, labels) = _two_classes(dataset, variant)
    return labels


def _in_corners(dataset: Dataset, variant: DataVariant) -> Dataset:
    made = corner_data(dataset, variant)
    names = tuple(dataset.class_names[label] for label in corner_classes(dataset))
    return Dataset(
        dataset.name,
        made.tied if variant.corners == "tied" else made.free,
        made.labels,
        made.similar,
        made.test_labels,
        names if variant.stimuli == "garments" else ("patch 0", "patch 1"),
    )


def _two_classes(dataset: Dataset, variant: DataVariant) -> tuple[Labelled, Labelled]:
    """Training and test images for the corners, and their labels, 0 and 1."""
    classes = corner_classes(dataset)
    train = location.two_classes(dataset.train_images, dataset.train_labels, *classes)
    test = location.two_classes(dataset.test_images, dataset.test_labels, *classes)
    if variant.stimuli == "garments":
        return train, test
    pairs, test_pairs = len(train[1]) // 2, len(test[1]) // 2
    side, channels = dataset.side, dataset.channels
    return (
        location.unlabelled_patches(pairs, side, SEED, channels),
        location.unlabelled_patches(test_pairs, side, TEST_PATCHES_SEED, channels),
    )
