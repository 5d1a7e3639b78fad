"""What is known of the data sets before their files are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, ValidationError

from convbias.errors import InputError, StorageError, did_you_mean
from convbias.spec.description import Description
from convbias.spec.files import read_file

PublishedName = Literal["fashion-mnist", "mnist", "kmnist", "cifar-10"]
BuiltInName = Literal[PublishedName, "digits", "drawn"]
Conversion = Literal["light-on-black", "centred-square"]

# A built-in data set, or a person's own: its folder's or file's name in lower case and the first
# ten digits of its checksum, for instance `flowers-1f0c2d9a7b`.
DatasetName = str

OWN_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{10}")

SMALLEST_SIDE, LARGEST_SIDE = 8, 96  # pixels
MOST_CLASSES = 1_000


@dataclass(frozen=True)
class Dimensions:
    """What a network takes and gives.

    Args:
        side: Pixels per side of its images.
        channels: 1 for grey images, 3 for coloured ones.
        classes: Its outputs.
    """

    side: int
    channels: int
    classes: int

    @property
    def pixels(self) -> int:
        """Numbers per image."""
        return self.side**2 * self.channels


@dataclass(frozen=True)
class InputForm:
    """The images that a network takes, and how pictures of any size become such images.

    Args:
        side: Pixels per side.
        channels: 1 for grey images, 3 for coloured ones.
        conversion: light-on-black, as Fashion-MNIST was made: grey, a dark ground, trimmed, the
            longer side resized. centred-square: the largest centred square, resized.
    """

    side: int
    channels: int
    conversion: Conversion

    @property
    def shape(self) -> tuple[int, ...]:
        """That of an image's array: grey ones have no axis of channels."""
        return (self.side, self.side) if self.channels == 1 else (self.side, self.side, 3)


class DatasetDescription(Description, frozen=True):
    """A data set's images and classes, and where they come from."""

    title: str = Field(description="What sentences call it.")
    kind: str = Field(description="What its images show, in the plural.")
    class_names: tuple[str, ...] = Field(
        min_length=2, max_length=MOST_CLASSES, description="One per label, from label 0."
    )
    sizes: tuple[int, int, int] = Field(
        description="Images of the training split, of the validation split, and of the test set."
    )
    side: int = Field(
        default=28,
        ge=SMALLEST_SIDE,
        le=LARGEST_SIDE,
        multiple_of=4,
        description="Pixels per side; networks halve it twice.",
    )
    channels: Literal[1, 3] = Field(default=1, description="1: grey, 3: red, green and blue.")
    conversion: Conversion = Field(
        default="centred-square", description="How pictures become images like its own."
    )
    source: str = Field(description="Who made it, and where that is written.")
    licence: str = Field(description="Under which it is published.")
    remark: str | None = Field(
        default=None,
        description="What must accompany numbers of runs on it; None for the study's data set.",
    )
    hub_name: str | None = Field(
        default=None, description="Its name on the Hugging Face Hub, where it has one."
    )
    corner_classes: tuple[int, int] | None = Field(
        default=None,
        description="Whose images are put into corners of a canvas; None: the two classes with the"
        " most training images.",
    )

    @property
    def dimensions(self) -> Dimensions:
        """What networks for it take and give."""
        return Dimensions(self.side, self.channels, len(self.class_names))

    @property
    def input_form(self) -> InputForm:
        """How pictures become images like its own."""
        return InputForm(self.side, self.channels, self.conversion)

    @property
    def thing(self) -> str:
        """What one image shows, in the singular.

        Example:
            >>> DATASETS["mnist"].thing
            'handwritten digit'
        """
        return self.kind.removesuffix("s")

    @property
    def chance(self) -> float:
        """Accuracy (0 to 1) of guessing each class equally often."""
        return 1 / len(self.class_names)


_GARMENTS = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle Boot",
)

# Pullover and Coat: both have long sleeves and fill the frame, so that a corner holds as much of
# either; and they can be told apart by their look, but less easily than by their place.
_PULLOVER_AND_COAT = (2, 4)

DATASETS: dict[BuiltInName, DatasetDescription] = {
    "fashion-mnist": DatasetDescription(
        title="Fashion-MNIST",
        kind="garments",
        class_names=_GARMENTS,
        sizes=(54_000, 6_000, 10_000),
        conversion="light-on-black",
        source="H. Xiao, K. Rasul and R. Vollgraf, 2017 (arXiv 1708.07747)",
        licence="MIT",
        hub_name="zalando-datasets/fashion_mnist",
        corner_classes=_PULLOVER_AND_COAT,
    ),
    "mnist": DatasetDescription(
        title="MNIST",
        kind="handwritten digits",
        class_names=tuple(str(digit) for digit in range(10)),
        sizes=(54_000, 6_000, 10_000),
        conversion="light-on-black",
        source="Y. LeCun, C. Cortes and C. J. C. Burges, 1998",
        licence="CC BY-SA 3.0",
        remark="MNIST, not Fashion-MNIST",
        hub_name="ylecun/mnist",
        corner_classes=(2, 4),
    ),
    "kmnist": DatasetDescription(
        title="Kuzushiji-MNIST",
        kind="handwritten Japanese characters",
        class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        sizes=(54_000, 6_000, 10_000),
        conversion="light-on-black",
        source="T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto and D. Ha, 2018"
        " (arXiv 1812.01718)",
        licence="CC BY-SA 4.0",
        remark="Kuzushiji-MNIST, not Fashion-MNIST",
        corner_classes=(2, 4),
    ),
    "cifar-10": DatasetDescription(
        title="CIFAR-10",
        kind="photographs",
        class_names=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        sizes=(45_000, 5_000, 10_000),
        side=32,
        channels=3,
        source="A. Krizhevsky, Learning multiple layers of features from tiny images, 2009",
        licence="not stated",
        remark="CIFAR-10, not Fashion-MNIST",
        hub_name="uoft-cs/cifar10",
    ),
    "digits": DatasetDescription(
        title="the digits of scikit-learn",
        kind="handwritten digits",
        class_names=tuple(str(digit) for digit in range(10)),
        sizes=(1_350, 150, 297),
        side=8,
        conversion="light-on-black",
        source="E. Alpaydin and C. Kaynak, 1998 (UCI Machine Learning Repository), the part that"
        " comes with scikit-learn",
        licence="CC BY 4.0",
        remark="digits of 8 x 8 pixels, not Fashion-MNIST",
    ),
    "drawn": DatasetDescription(
        title="the drawn garments",
        kind="garments",
        class_names=_GARMENTS,
        sizes=(5_400, 600, 1_000),
        conversion="light-on-black",
        source="generated by this package",
        licence="as the package",
        remark="drawn garments, not Fashion-MNIST",
        corner_classes=_PULLOVER_AND_COAT,
    ),
}


FASHION_MNIST = DATASETS["fashion-mnist"].dimensions
FASHION_MNIST_FORM = DATASETS["fashion-mnist"].input_form

_registered: dict[DatasetName, DatasetDescription] = {}


def register(name: DatasetName, description: DatasetDescription) -> None:
    """Make a person's own data set known to this process, whether or not it is in the cache."""
    _registered[name] = description


def is_own(name: DatasetName) -> bool:
    """Whether a name is that of a person's own data set."""
    return OWN_NAME.fullmatch(name) is not None


def short_name(name: DatasetName) -> str:
    """A data set's name, without the checksum where it is a person's own.

    Args:
        name: The data set.

    Example:
        >>> short_name("flowers-1f0c2d9a7b"), short_name("cifar-10")
        ('flowers', 'cifar-10')
    """
    return name.rpartition("-")[0] if is_own(name) else name


def own_folder(name: DatasetName) -> Path:
    """The folder in the user's cache that holds a person's own data set."""
    return Path(platformdirs.user_cache_dir("convbias")) / "datasets" / name


@cache
def description_of(name: DatasetName) -> DatasetDescription:
    """What is known of a data set, built-in or a person's own.

    Args:
        name: The data set.

    Raises:
        InputError: There is no such data set, or its description is not in the user's cache.
    """
    for known, description in (DATASETS | _registered).items():
        if name == known:
            return description
    if not is_own(name):
        raise InputError(
            f"there is no data set {name!r}",
            "the name of a data set",
            did_you_mean(name, ("auto", *DATASETS)),
        )
    path = own_folder(name) / "description.json"
    try:
        return DatasetDescription.model_validate_json(read_file(path))
    except (StorageError, ValidationError) as error:
        raise InputError(
            f"the data set {name!r} is not in the cache: {path} is missing or damaged",
            "a data set that was read before",
            "name its folder or file again with --data",
        ) from error
