"""Arithmetic of the models: shapes of weights, parameters, multiply-adds and receptive fields."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from convbias.spec.arms import Dense, Model
from convbias.spec.datasets import FASHION_MNIST, Dimensions

Shape = tuple[int, ...]
Layers = Mapping[str, Mapping[str, Shape]]  # layer name to weight name to shape, kernels first


def weight_shapes(model: Model, dimensions: Dimensions = FASHION_MNIST) -> Layers:
    """Shapes of a model's weights, layer by layer.

    Args:
        model: The model.
        dimensions: What the network takes and gives.

    Returns:
        Layer name to weight name to shape, as Keras has them; layers without weights are left out.

    Example:
        >>> from convbias.spec.arms import Convolutional
        >>> weight_shapes(Convolutional())["conv_2"]
        {'kernel': (3, 3, 32, 64), 'bias': (64,)}
    """
    if isinstance(model, Dense):
        widths = {"dense_1": 128, "dense_2": 64, "probabilities": dimensions.classes}
        return _dense_shapes(dimensions.pixels, widths)
    shapes: dict[str, Mapping[str, Shape]] = {}
    size, features = model.kernel_size, 0
    for number, each in enumerate(convolutions(model, dimensions), start=1):
        kernel = (size, size, each.inputs, each.filters)
        bias: Shape = (each.filters,)
        if model.sharing == "local":
            kernel = (each.side**2, size**2 * each.inputs, each.filters)
            bias = (each.side, each.side, each.filters)
        shapes[f"conv_{number}"] = {"kernel": kernel, "bias": bias}
        features = each.filters * (each.side_after**2 if model.head == "flatten" else 1)
    return shapes | _dense_shapes(features, {"dense_1": 128, "probabilities": dimensions.classes})


def parameters(layers: Layers) -> int:
    """How many parameters weights of such shapes have.

    Example:
        >>> from convbias.spec.arms import Convolutional
        >>> parameters(weight_shapes(Convolutional()))  # 320 + 18,496 + 8,320 + 1,290
        28426
        >>> parameters(weight_shapes(Dense()))  # 100,480 + 8,256 + 650
        109386
    """
    return sum(math.prod(shape) for shapes in layers.values() for shape in shapes.values())


def multiply_adds(model: Model, dimensions: Dimensions = FASHION_MNIST) -> int:
    """Multiply-adds of a model's convolutions per image.

    Example:
        >>> from convbias.spec.arms import Convolutional
        >>> multiply_adds(Convolutional())
        3838464
    """
    return sum(
        each.side**2 * each.taps * each.inputs * each.filters
        for each in convolutions(model, dimensions)
    )


@dataclass(frozen=True)
class ConvolutionShape:
    """The shape of one convolution of a model.

    Args:
        taps: Weights of a kernel per channel of the input.
        inputs: Channels of its input.
        filters: Channels of its output.
        side_before: Pixels per side of its input.
        side: Pixels per side of its output.
        side_after: Pixels per side after the downsampling that follows.
    """

    taps: int
    inputs: int
    filters: int
    side_before: int
    side: int
    side_after: int


def convolutions(
    model: Model, dimensions: Dimensions = FASHION_MNIST
) -> Iterator[ConvolutionShape]:
    """A model's convolutions from the first to the last; the dense network has none.

    Args:
        model: The model.
        dimensions: What the network takes and gives.
    """
    if isinstance(model, Dense):
        return
    side, channels = dimensions.side, dimensions.channels
    for filters in model.filters:
        before = side
        side -= model.span - 1 if model.padding == "valid" else 0
        if model.downsampling == "stride":
            side = -(-side // 2)
        rounded_down = {"max", "average", "polyphase"}
        last = side // 2 if model.downsampling in rounded_down else side
        last = -(-side // 2) if model.downsampling == "blur" else last
        yield ConvolutionShape(model.kernel_size**2, channels, filters, before, side, last)
        channels, side = filters, last


def _dense_shapes(inputs: int, widths: Mapping[str, int]) -> dict[str, Mapping[str, Shape]]:
    before = [inputs, *widths.values()]
    return {
        name: {"kernel": (rows, columns), "bias": (columns,)}
        for rows, (name, columns) in zip(before, widths.items(), strict=False)
    }


@dataclass(frozen=True)
class Field:
    """The square of pixels that units of one layer can see.

    Args:
        side: Pixels per side.
        stride: Pixels from one unit's square to its neighbour's.
        first: Row and column of the first pixel that the layer's first unit sees; negative where
            that lies in the padding.
    """

    side: int = 1
    stride: int = 1
    first: tuple[int, int] = (0, 0)

    def centre(self, row: int, column: int) -> tuple[float, float]:
        """Middle of a unit's square in pixels from the image's upper left corner."""
        down, right = (
            start + unit * self.stride + self.side / 2
            for start, unit in zip(self.first, (row, column), strict=True)
        )
        return down, right

    def through(self, side: int, stride: int = 1, padding: tuple[int, int] = (0, 0)) -> Field:
        """The field of a layer whose units each see a square of this layer's units.

        Args:
            side: Units per side of that square.
            stride: Units from one square to the next.
            padding: Units of padding above and on the left.

        Example:
            >>> Field().through(3, padding=(1, 1)).through(2, stride=2).through(3)
            Field(side=8, stride=2, first=(-1, -1))
        """
        rows, columns = (
            first - before * self.stride for first, before in zip(self.first, padding, strict=True)
        )
        return Field(
            side=self.side + (side - 1) * self.stride,
            stride=self.stride * stride,
            first=(rows, columns),
        )
