"""Random streams: one for each purpose, so that no two purposes share their draws."""

from __future__ import annotations

from enum import IntEnum, unique

import numpy as np


@unique
class Stream(IntEnum):
    """The second number, beside the seed, of every generator that a run's numbers depend on."""

    SPLIT = 1
    SUBSET = 2
    HALVES = 3
    SHUFFLED_BLOCKS = 11
    SHIFTED_PLACES = 12
    NOISE = 13
    SHIFT_DIRECTIONS = 14
    OCCLUDED_PLACES = 15
    BAND_NOISE = 16
    PATCHES = 21
    CORNERS = 22
    PARTNERS = 23
    DRAWN_TRAINING_IMAGES = 31
    DRAWN_TEST_IMAGES = 32
    OWN_TEST = 33
    OWN_IMAGES = 34
    DIGITS_TEST = 35
    INSPECTED = 36
    COLUMN_ORDERS = 41
    LOANS = 42
    NODE_NUMBERS = 43
    TRAINING_SEQUENCES = 44
    VALIDATION_SEQUENCES = 45
    TEST_SEQUENCES = 46
    PIXEL_ORDERS = 47
    TEXT_WINDOWS = 51
    REPLACED_CHARACTERS = 52
    EPOCH_ORDERS = 0x0D3
    NETWORK = 0x1417  # initial weights and dropout


def generator(seed: int, stream: Stream) -> np.random.Generator:
    """A generator of the given stream.

    Args:
        seed: 0 or more.
        stream: What the numbers are for.

    Example:
        >>> first = generator(0, Stream.SPLIT).random(3)
        >>> bool((first == generator(0, Stream.SPLIT).random(3)).all())
        True
        >>> bool((first == generator(0, Stream.SUBSET).random(3)).any())
        False
    """
    return np.random.default_rng([seed, stream.value])
