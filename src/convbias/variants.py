"""From a data set to what an arm's data variant makes of it."""

from __future__ import annotations

from convbias import transforms
from convbias.config import DataVariant
from convbias.data import Dataset

# All runs share one shuffle and one set of places; a run's own seed draws its subset and its split.
SEED = 0


def vary(dataset: Dataset, variant: DataVariant) -> Dataset:
    """Shuffle blocks, and put the images onto a canvas, as a variant asks for.

    Args:
        dataset: Images of 28 x 28 pixels.
        variant: What to change; which images are used, and how they are scored, is not seen to
            here.

    Returns:
        A data set with the same labels in the same order; the same one if nothing changes. Test
        images lie in the middle of the canvas, training images up to the largest shift off it,
        each at a place of its own that stays the same in all epochs.

    Example:
        >>> from convbias.drawn import drawn
        >>> canvases = vary(Dataset("drawn", *drawn(4, 4)), DataVariant(canvas=40))
        >>> canvases.train_images.shape
        (4, 40, 40, 1)
    """
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
            train_images, variant.canvas, variant.largest_shift, SEED
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
