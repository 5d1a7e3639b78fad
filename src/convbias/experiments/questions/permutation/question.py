"""Locality: what remains of convolution's advantage when pixels are shuffled."""

from __future__ import annotations

from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import DatasetDescription
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.quantities import TEST_ACCURACY

LEAST_RATIO = 1.5  # of neighbouring sizes of blocks


def blocks_of(side: int) -> tuple[int, ...]:
    """Sides of the blocks that are shuffled: each divides the side of the images.

    Of all divisors, those are left out that are less than one and a half times the one before.

    Args:
        side: Pixels per side of the images.

    Example:
        >>> blocks_of(28), blocks_of(32), blocks_of(96)
        ((1, 2, 4, 7, 14), (1, 2, 4, 8, 16), (1, 2, 3, 6, 12, 24, 48))
    """
    blocks: list[int] = []
    for block in (each for each in range(1, side) if side % each == 0):
        if not blocks or block >= LEAST_RATIO * blocks[-1]:
            blocks.append(block)
    return tuple(blocks)


def condition_name(model: str, block: int | None) -> str:
    """What a condition is called.

    Args:
        model: The model's name.
        block: Pixels per side of the shuffled blocks; None where nothing is shuffled.

    Example:
        >>> condition_name("dense", 4), condition_name("cnn-3x3", None)
        ('dense on blocks of 4', 'cnn-3x3 on whole images')
    """
    return f"{model} on whole images" if block is None else f"{model} on blocks of {block}"


_MODELS = (Dense(), Convolutional(kernel_size=3))


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.
    """
    blocks = blocks_of(described.side)
    return Experiment(
        name="permutation",
        title="Locality: pixels and blocks shuffled",
        question=(
            "How much of the CNN's accuracy depends on the arrangement of the pixels? All images"
            " are cut into blocks that are shuffled, in the same way in every image, and both"
            " networks are trained again."
        ),
        conditions=tuple(
            Condition(
                condition_name(model.name, block),
                model,
                {} if block is None else {"shuffled_blocks": block},
            )
            for model in _MODELS
            for block in (*blocks, None)
        ),
        contrasts=(
            PlannedContrast(
                name="cnn-loses-by-shuffling-pixels",
                question="Is the CNN less accurate when single pixels are shuffled?",
                treatment=condition_name("cnn-3x3", 1),
                baseline=condition_name("cnn-3x3", None),
                quantity=TEST_ACCURACY,
            ),
            PlannedContrast(
                name="dense-loses-nothing-by-shuffling-pixels",
                question="Is the dense network as accurate when single pixels are shuffled?",
                treatment=condition_name("dense", 1),
                baseline=condition_name("dense", None),
                quantity=TEST_ACCURACY,
            ),
            PlannedContrast(
                name="cnn-over-dense-on-shuffled-pixels",
                question=(
                    "Is the CNN still ahead of the dense network when single pixels are shuffled?"
                ),
                treatment=condition_name("cnn-3x3", 1),
                baseline=condition_name("dense", 1),
                quantity=TEST_ACCURACY,
            ),
        ),
        control=(
            "A dense network whose first rows of weights are permuted like the pixels trains"
            " exactly as on the images as they are, step by step; here its initial weights are not"
            " permuted too, so shuffling can only change it as much as another seed would."
        ),
        not_shown=(
            "One shuffle of the blocks is used throughout, so the spread is that of seeds, not of"
            " shuffles. A network that knew the shuffle could undo it."
        ),
        short_question="what remains when pixels or blocks are shuffled?",
        short_control="dense network with permuted rows",
        positive_control=PositiveControl(
            because=(
                "large blocks keep neighbours together, so they must cost the CNN less than pixels"
            ),
            treatment=condition_name("cnn-3x3", blocks[-1]),
            baseline=condition_name("cnn-3x3", 1),
            quantity=TEST_ACCURACY,
        ),
    )
