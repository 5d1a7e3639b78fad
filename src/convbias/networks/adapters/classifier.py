"""A classifier of any framework, as measures see it: images in, logits out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from convbias.errors import InputError
from convbias.spec.arithmetic import Field
from convbias.spec.datasets import Dimensions

Order = Literal["last", "first"]
Outputs = Literal["logits", "probabilities"]

BATCH = 256  # images
SMALLEST_PROBABILITY = 1e-30  # its logarithm still differs from that of others


@dataclass(frozen=True)
class InputSettings:
    """How a network takes images and what it gives; None: found out from the network.

    Args:
        channels: Whether the axis of channels is the last one, (n, side, side, channels), or the
            first after the images, (n, channels, side, side).
        outputs: Whether it gives logits or probabilities.
        highest: What a white pixel is to the network: 1, or for instance 255.
        mean: Subtracted from every pixel after that, for all channels.
        deviation: Divides every pixel after that.

    Raises:
        InputError: A number is not finite, or `highest` or `deviation` is not above 0.

    Example:
        >>> InputSettings(highest=255, mean=127.5, deviation=127.5).scaled(np.ones(1, np.float32))
        array([1.], dtype=float32)
    """

    channels: Order | None = None
    outputs: Outputs | None = None
    highest: float = 1.0
    mean: float = 0.0
    deviation: float = 1.0

    def __post_init__(self) -> None:
        numbers = (self.highest, self.mean, self.deviation)
        if not (np.isfinite(numbers).all() and self.highest > 0 and self.deviation > 0):
            raise InputError(
                f"a white pixel is {self.highest:g}, the mean {self.mean:g}, the deviation"
                f" {self.deviation:g}",
                "finite numbers, the first and the last above 0",
            )

    def scaled(self, images: np.ndarray) -> np.ndarray:
        """Pixels as the network takes them.

        Args:
            images: float32 in [0, 1], any shape.

        Returns:
            float32 of the same shape.
        """
        if (self.highest, self.mean, self.deviation) == (1.0, 0.0, 1.0):
            return images
        scaled = (np.float32(self.highest) * images - np.float32(self.mean)) / np.float32(
            self.deviation
        )
        return scaled.astype(np.float32)

    @property
    def slope(self) -> float:
        """The change of a scaled pixel per change of a pixel in [0, 1]."""
        return self.highest / self.deviation


@dataclass(frozen=True, eq=False)
class Inside:
    """The feature maps of a network whose layers can be seen.

    Args:
        names: Layers whose outputs are feature maps, in the network's order.
        maps: From images as the network takes them to a layer's name and its maps, float32 (n,
            rows, columns, features).
        influence: From such images and a layer's name to how strongly every pixel moves the
            layer's central unit: absolute gradients, added up over channels and features, float (n,
            side, side).
    """

    names: tuple[str, ...]
    maps: Callable[[np.ndarray], Mapping[str, np.ndarray]]
    influence: Callable[[np.ndarray, str], np.ndarray]


@dataclass(frozen=True, eq=False)
class Opened:
    """A network as its framework gives it.

    Args:
        framework: What sentences call the framework.
        outputs: From images as the network takes them, any number, to float32 (n, classes).
        order: Where its axis of channels is.
        derivative: From such images and directions of the same shape to the outputs' derivatives
            along them, float32 (n, classes); None where the framework gives no gradients.
        inside: Its layers; None where they cannot be seen.
        fields: Gives layer name to its theoretical receptive field, or the reason why it is not
            known; None where there is no graph.
    """

    framework: str
    outputs: Callable[[np.ndarray], np.ndarray]
    order: Order = "last"
    derivative: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    inside: Callable[[], Inside] | None = None
    fields: Callable[[], Mapping[str, Field | str]] | None = None


@dataclass(frozen=True, eq=False)
class Classifier:
    """Anything that maps a batch of images to a score per class.

    Args:
        name: What reports call it.
        dimensions: What it takes and gives.
        outputs: Whether the network itself gives logits or probabilities.
        network: The network as its framework gives it.
        settings: How it takes images.
        remarks: What checks of its answers found worth saying.

    Example:
        >>> from convbias.networks.adapters import open_classifier
        >>> def brightness(images):
        ...     return np.stack([images.mean(axis=(1, 2, 3)), 2 * np.ones(len(images))], axis=1)
        >>> found = open_classifier(brightness, np.zeros((4, 8, 8, 1), np.float32), classes=2)
        >>> found.logits(np.ones((3, 8, 8, 1), np.float32)).argmax(axis=1).tolist()
        [1, 1, 1]
    """

    name: str
    dimensions: Dimensions
    outputs: Outputs
    network: Opened
    settings: InputSettings = field(default_factory=InputSettings)
    remarks: tuple[str, ...] = ()

    @property
    def gradients(self) -> bool:
        """Whether the framework gives gradients."""
        return self.network.derivative is not None

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Classify images.

        Args:
            images: float32 (n, side, side, channels) in [0, 1], or uint8.

        Returns:
            float32 (n, classes): logits, or logarithms of probabilities where the network gives
            these; a softmax of either is the network's probabilities.
        """
        found = self.network.outputs(self.taken(images))
        return _logarithms(found) if self.outputs == "probabilities" else found

    def classes_of(self, images: np.ndarray) -> np.ndarray:
        """The class with the highest score, int64 (n,), of images as `logits` takes them."""
        return self.logits(images).argmax(axis=1)

    def derivative(self, images: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Derivatives of the logits along a direction in the space of images.

        Args:
            images: float32 (n, side, side, channels) in [0, 1].
            directions: float32 of the same shape.

        Returns:
            float32 (n, classes).

        Raises:
            InputError: The framework gives no gradients.
        """
        if self.network.derivative is None:
            raise InputError(
                f"{self.network.framework} gives no gradients", "a framework that does"
            )
        taken = self.taken(images)
        along = self._arranged(directions * np.float32(self.settings.slope))
        found = self.network.derivative(taken, along)
        if self.outputs == "probabilities":
            return found / np.maximum(self.network.outputs(taken), SMALLEST_PROBABILITY)
        return found

    def taken(self, images: np.ndarray) -> np.ndarray:
        """Images as the network takes them, of images as `logits` takes them."""
        whites = 255 if images.dtype == np.uint8 else 1
        floats = np.divide(images, np.float32(whites), dtype=np.float32)
        return self._arranged(self.settings.scaled(floats))

    def _arranged(self, images: np.ndarray) -> np.ndarray:
        if self.network.order == "first":
            return np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        return images


def _logarithms(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities, SMALLEST_PROBABILITY)).astype(np.float32)
