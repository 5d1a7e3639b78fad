"""Arithmetic of the models: shapes of weights, parameters, multiply-adds and receptive fields."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import IMAGE_SIDE

# Also where a data variant has two classes only: the networks stay those of the other experiments,
# and soon never give an output without images the highest score.
CLASSES = 10

Shape = tuple[int, ...]
Layers = Mapping[str, Mapping[str, Shape]]  # layer name to weight name to shape, kernels first


def weight_shapes(model: Dense | Convolutional) -> Layers:
    """Shapes of a model's weights, layer by layer, for images of 28 x 28 pixels.

    Args:
        model: The model.

    Returns:
        Layer name to weight name to shape, as Keras has them; layers without weights are left out.

    Example:
        >>> weight_shapes(Convolutional())["conv_2"]
        {'kernel': (3, 3, 32, 64), 'bias': (64,)}
    """
    if isinstance(model, Dense):
        widths = {"dense_1": 128, "dense_2": 64, "probabilities": CLASSES}
        return _dense_shapes(IMAGE_SIDE**2, widths)
    shapes: dict[str, Mapping[str, Shape]] = {}
    size, features = model.kernel_size, 0
    for number, each in enumerate(_convolutions(model), start=1):
        kernel = (size, size, each.inputs, each.filters)
        bias: Shape = (each.filters,)
        if model.sharing == "local":
            kernel = (each.side**2, size**2 * each.inputs, each.filters)
            bias = (each.side, each.side, each.filters)
        shapes[f"conv_{number}"] = {"kernel": kernel, "bias": bias}
        features = each.filters * (each.side_after**2 if model.head == "flatten" else 1)
    return shapes | _dense_shapes(features, {"dense_1": 128, "probabilities": CLASSES})


def parameters(layers: Layers) -> int:
    """How many parameters weights of such shapes have.

    Example:
        >>> parameters(weight_shapes(Convolutional()))  # 320 + 18,496 + 8,320 + 1,290
        28426
        >>> parameters(weight_shapes(Dense()))  # 100,480 + 8,256 + 650
        109386
    """
    return sum(math.prod(shape) for shapes in layers.values() for shape in shapes.values())


def multiply_adds(model: Dense | Convolutional) -> int:
    """Multiply-adds of a model's convolutions per image of 28 x 28 pixels.

    Example:
        >>> multiply_adds(Convolutional())
        3838464
    """
    if isinstance(model, Dense):
        return 0
    area = model.kernel_size**2
    return sum(each.side**2 * area * each.inputs * each.filters for each in _convolutions(model))


@dataclass(frozen=True)
class _Convolution:
    """One convolution of a model.

    Args:
        inputs: Channels of its input.
        filters: Channels of its output.
        side: Pixels per side of its output.
        side_after: Pixels per side after the downsampling that follows.
    """

    inputs: int
    filters: int
    side: int
    side_after: int


def _convolutions(model: Convolutional) -> Iterator[_Convolution]:
    channels, side = 1, IMAGE_SIDE
    for filters in model.filters:
        side -= model.span - 1 if model.padding == "valid" else 0
        if model.downsampling == "stride":
            side = -(-side // 2)
        after = {"max": side // 2, "blur": -(-side // 2), "polyphase": side // 2}
        yield _Convolution(channels, filters, side, after.get(model.downsampling, side))
        channels, side = filters, after.get(model.downsampling, side)


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
