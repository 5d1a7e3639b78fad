"""What the readers of a person's images have in common: options in, images and labels out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from convbias.errors import InputError
from convbias.spec.datasets import LARGEST_SIDE, SMALLEST_SIDE


@dataclass(frozen=True)
class ReadingOptions:
    """How a person's images are to be read.

    Args:
        side: Pixels per side to which images are brought; None: chosen by the images.
        skip_damaged: Whether images that cannot be decoded are left out, instead of an error.
        follow_links: Whether symbolic links in a folder are followed.
        most_images: At most so many images are read, training and test images together, drawn at
            random with the classes in proportion; None: all.

    Raises:
        InputError: The side or the number of images is out of bounds.
    """

    side: int | None = None
    skip_damaged: bool = False
    follow_links: bool = False
    most_images: int | None = None

    def __post_init__(self) -> None:
        if self.side is not None and not usable_side(self.side):
            raise InputError(
                f"the side is {self.side} pixels",
                f"a multiple of 4 from {SMALLEST_SIDE} to {LARGEST_SIDE}",
                "choose another --side, or leave it out",
            )
        if self.most_images is not None and self.most_images < 1:
            raise InputError(f"--most-images is {self.most_images}", "1 or more")


def usable_side(side: int) -> bool:
    """Whether networks can take images of so many pixels per side: they halve it twice.

    Example:
        >>> usable_side(28), usable_side(30), usable_side(100)
        (True, False, False)
    """
    return SMALLEST_SIDE <= side <= LARGEST_SIDE and side % 4 == 0


@dataclass(frozen=True)
class Encoded:
    """An image that is yet to be decoded.

    Args:
        name: What an error calls it.
        content: The path of its file, or the file's bytes.
    """

    name: str
    content: str | bytes


Images = Sequence[Encoded] | np.ndarray


@dataclass(frozen=True, eq=False)
class Part:
    """The training images or the test images of a source.

    Args:
        images: Encoded images, or integers or floats (n, height, width) or
            (n, height, width, channels).
        labels: Integers (n,).
    """

    images: Images
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, indices: np.ndarray) -> Part:
        """The part reduced to some of its images."""
        if isinstance(self.images, np.ndarray):
            return Part(self.images[indices], self.labels[indices])
        return Part([self.images[index] for index in indices], self.labels[indices])


@dataclass(frozen=True, eq=False)
class Source:
    """Images with their labels, before they are brought to one size.

    Args:
        class_names: One per label.
        train: The training images; those for validation among them.
        test: The test images; None where the source has none.
        remarks: What was left out, in sentences without a full stop.
    """

    class_names: tuple[str, ...]
    train: Part
    test: Part | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Squares:
    """Images as networks take them.

    Args:
        images: uint8 (n, side, side, channels), one channel if all are grey, else three; those of
            damaged images are undefined.
        damaged: Index to reason for each image that could not be decoded.
        changes: How many images were changed in which way.
    """

    images: np.ndarray
    damaged: dict[int, str] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)
