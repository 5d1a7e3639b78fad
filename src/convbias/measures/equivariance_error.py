"""Equivariance error of every feature map: does it shift with the image?"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.data.transforms import on_canvas
from convbias.errors import InputError
from convbias.measures.base import MeasureValues, Subject
from convbias.networks.forward import Apply, compiled, side_of
from convbias.networks.layers import AntialiasedPooling, CircularPadding
from convbias.networks.rebuild import rebuild
from convbias.networks.translation import translate

BATCH = 64  # all feature maps of a batch are held at once

# The first test images: all 10,000 would take a core half an hour for each network.
IMAGES = 500


def equivariance_error(
    network: keras.Model,
    images: np.ndarray,
    pixels: int = 1,
    *,
    frame: bool = False,
    still: bool = False,
) -> dict[str, float]:
    """Compare each layer's maps of shifted images with its shifted maps of the images.

    With T the shift and f the network up to a layer, the error is |f(Tx) - T f(x)| / |f(x)|, the
    norms being root mean squares over images, pixels and channels, and over shifts downwards and
    to the right. 0 means that the maps move exactly as the image does. For comparison, `still`
    gives the error of maps that do not move.

    After layers that together keep every d-th pixel, T f(x) is a shift by pixels / d. Where that is
    a fraction, the maps are translated by their Fourier transform, see
    `convbias.networks.translation`, so that blur does not count as an error. Adaptive polyphase
    sampling guarantees only that the map moves by some whole number of its own pixels. After such a
    layer, the better of the two neighbouring whole numbers counts, chosen for each image.

    All shifts are circular. An image on a canvas with a margin of at least `pixels` is shifted as
    a whole. To separate the layers' effect from that of the border, every padding is made circular
    by default, and every pixel is compared.

    Args:
        network: Takes float32 (n, side, side, channels) in [0, 1]; only its layers before the
            global average or the flattening matter.
        images: uint8 (n, height, width, channels), no larger than side; centred on a canvas.
        pixels: Distance of the shift, at least 1.
        frame: Whether the network keeps the padding it was trained with, whose border effects then
            count as errors.
        still: Whether to compute |f(Tx) - f(x)| / |f(x)| instead, the error of maps that do not
            move.

    Returns:
        Layer name to error, in the network's order; layers that pad or rescale are left out.

    Raises:
        InputError: The network branches or has no feature maps, the shift is not positive, or,
            without a frame, the layers do not divide the side evenly.
    """
    if pixels < 1:
        raise InputError(f"the shift is {pixels} pixels", "at least 1")
    rebuilt = rebuild(network, circular=not frame, head=False)
    layers = _map_layers(rebuilt)
    if not layers:
        raise InputError(
            f"{network.name} has no feature maps",
            "a network that keeps rows and columns in its first layers",
        )
    strides = np.cumprod([_stride(layer) for layer in layers]).tolist()
    side = side_of(rebuilt)
    if not frame and side % strides[-1]:
        raise InputError(
            f"maps of every {strides[-1]}th pixel do not divide {side} pixels",
            f"a side that is a multiple of {strides[-1]}",
            "rebuild the network for another side with `convbias.networks.rebuild.rebuild`",
        )
    candidates = _candidate_shifts(layers, strides, 0 if still else pixels)
    maps = keras.Model(rebuilt.inputs[0], [layer.output for layer in layers])

    def squares(apply: Apply, inputs: jax.Array) -> jax.Array:
        """(n, layers, 3), squared: the errors downwards and to the right, and the norm."""
        before = jax.tree.leaves(apply(inputs))
        columns = []
        for axis in (1, 2):
            moved = jax.tree.leaves(apply(jnp.roll(inputs, pixels, axis)))
            columns.append(
                [
                    jnp.stack(
                        [sum_of_squares(new - moved_maps(old, by, axis)) for by in shifts]
                    ).min(axis=0)
                    for new, old, shifts in zip(moved, before, candidates, strict=True)
                ]
            )
        columns.append([sum_of_squares(old) for old in before])
        return jnp.asarray(columns).transpose(2, 1, 0)

    canvases = on_canvas(images, side)
    down, right, norm = compiled(maps, squares, largest=BATCH)(canvases).mean(axis=0).T
    # A map that is zero everywhere has moved as it should.
    ratios = np.divide((down + right) / 2, norm, out=np.zeros_like(norm), where=norm > 0)
    names = [layer.name for layer in layers]
    return dict(zip(names, np.sqrt(ratios).tolist(), strict=True))


def _map_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """The layers that compute feature maps, which padding and scaling do not."""
    left_out = (CircularPadding, keras.layers.Rescaling)
    return [
        layer
        for layer in network.layers
        if len(layer.output.shape) == 4 and not isinstance(layer, left_out)
    ]


def _stride(layer: keras.layers.Layer) -> int:
    if isinstance(layer, AntialiasedPooling):
        return 2
    return getattr(layer, "strides", (1, 1))[0]


def _candidate_shifts(
    layers: Sequence[keras.layers.Layer], strides: Sequence[int], pixels: int
) -> list[list[float]]:
    """The distances by which each layer's maps may have moved, in their own pixels."""
    candidates: list[list[float]] = []
    adaptive = False
    for layer, stride in zip(layers, strides, strict=True):
        adaptive |= isinstance(layer, AntialiasedPooling) and layer.method == "polyphase"
        exact = pixels / stride
        candidates.append([floor(exact), ceil(exact)] if adaptive else [exact])
    return candidates


def moved_maps(maps: jax.Array, pixels: float, axis: int) -> jax.Array:
    """Feature maps, circularly shifted; by a fraction of a pixel with their Fourier transform.

    Args:
        maps: float (n, rows, columns, features).
        pixels: Distance in pixels of the maps.
        axis: 1 downwards, 2 to the right.
    """
    whole = int(pixels)
    return jnp.roll(maps, whole, axis) if whole == pixels else translate(maps, pixels, axis)


def sum_of_squares(maps: jax.Array) -> jax.Array:
    """Sum of squares of each image's maps, (n,)."""
    return jnp.square(maps).sum(axis=(1, 2, 3))


def measure(subject: Subject) -> MeasureValues:
    """Errors of every layer for one pixel, on the first test images of the stored data set.

    `equivariance_error_LAYER` with circular padding, `stillness_LAYER` for maps that do not move,
    and `framed_equivariance_error_LAYER` with the padding that the network was trained with.

    Args:
        subject: The network; one without feature maps has no numbers.
    """
    if not _map_layers(subject.network):
        return MeasureValues({})
    images = subject.source.test_images[subject.first(IMAGES, subject.source.test_labels)]
    kinds = {
        "equivariance_error": equivariance_error(subject.network, images),
        "stillness": equivariance_error(subject.network, images, still=True),
        "framed_equivariance_error": equivariance_error(subject.network, images, frame=True),
    }
    return MeasureValues(
        {
            f"{kind}_{layer}": error
            for kind, errors in kinds.items()
            for layer, error in errors.items()
        },
        images=len(images),
    )
