"""Do the feature maps move with the garment? Layer by layer, up to the global average."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.data.transforms import on_canvas
from convbias.errors import InputError
from convbias.measures.base import Measured, Subject
from convbias.networks.forward import Apply, compiled, side_of
from convbias.networks.layers import AntialiasedPooling, CircularPadding
from convbias.networks.rebuild import rebuild
from convbias.networks.translation import translate
from convbias.spec.arms import Dense

BATCH = 64  # all feature maps of a batch are held at once

# The first of the test images: an error is a mean over all their pixels and channels.
IMAGES = 128


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
    to the right. 0: the maps move exactly as the image does. For comparison, `still` gives the
    error of leaving the maps where they are.

    After layers that together keep every d-th pixel, T f(x) is a shift by pixels / d. Where that is
    a fraction, the maps are translated by their Fourier transform, see
    `convbias.networks.translation`, so no loss of sharpness counts as an error. Adaptive polyphase
    sampling promises less: that the map moves by some whole number of its own pixels. From there
    on, the better one of the two neighbouring whole numbers counts, chosen for each image.

    All shifts are circular. An image on a canvas with a margin of at least `pixels` is shifted as
    a whole. What happens at the frame would be confounded with what the layers do, so by default
    every padding is made circular, and the maps have no frame; every pixel is compared.

    Args:
        network: From float32 (n, side, side, 1) in [0, 1]; only its layers before the global
            average or the flattening matter.
        images: uint8 (n, height, width, 1), no larger than side, put onto its middle.
        pixels: How far the image is shifted, at least 1.
        frame: Whether the network keeps the padding it was trained with, whose effects then count
            as errors.
        still: Whether the maps are compared with where they were, |f(Tx) - f(x)| / |f(x)|, instead
            of with where they should be.

    Returns:
        Layer name to error, in the network's order; layers that pad or rescale are left out.

    Raises:
        InputError: No layer has feature maps, the shift is not positive, or, without a frame, the
            layers do not divide the side evenly.
    """
    if pixels < 1:
        raise InputError(f"the shift is {pixels} pixels", "at least 1")
    rebuilt = rebuild(network, circular=not frame, head=False)
    left_out = (CircularPadding, keras.layers.Rescaling)
    layers = [layer for layer in rebuilt.layers if not isinstance(layer, left_out)]
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
                    jnp.stack([_square(new - _moved(old, by, axis)) for by in shifts]).min(axis=0)
                    for new, old, shifts in zip(moved, before, candidates, strict=True)
                ]
            )
        columns.append([_square(old) for old in before])
        return jnp.asarray(columns).transpose(2, 1, 0)

    canvases = on_canvas(images, side)
    down, right, norm = compiled(maps, squares, largest=BATCH)(canvases).mean(axis=0).T
    # A map that is zero everywhere has moved as it should.
    ratios = np.divide((down + right) / 2, norm, out=np.zeros_like(norm), where=norm > 0)
    names = [layer.name for layer in layers]
    return dict(zip(names, np.sqrt(ratios).tolist(), strict=True))


def _stride(layer: keras.layers.Layer) -> int:
    if isinstance(layer, AntialiasedPooling):
        return 2
    return getattr(layer, "strides", (1, 1))[0]


def _candidate_shifts(
    layers: Sequence[keras.layers.Layer], strides: Sequence[int], pixels: int
) -> list[list[float]]:
    """How far each layer's maps may have moved, in their own pixels."""
    candidates: list[list[float]] = []
    adaptive = False
    for layer, stride in zip(layers, strides, strict=True):
        adaptive |= isinstance(layer, AntialiasedPooling) and layer.method == "polyphase"
        exact = pixels / stride
        candidates.append([floor(exact), ceil(exact)] if adaptive else [exact])
    return candidates


def _moved(maps: jax.Array, pixels: float, axis: int) -> jax.Array:
    whole = int(pixels)
    return jnp.roll(maps, whole, axis) if whole == pixels else translate(maps, pixels, axis)


def _square(maps: jax.Array) -> jax.Array:
    return jnp.square(maps).sum(axis=(1, 2, 3))


def measure(subject: Subject) -> Measured:
    """Errors of every layer for one pixel, on the first 128 test images as they were photographed.

    `equivariance_error_LAYER` without a frame, `stillness_LAYER` the same if the maps had not moved
    at all, and `framed_equivariance_error_LAYER` with the padding that the network was trained
    with.

    Args:
        subject: The network; a dense one has no feature maps, hence no numbers.
    """
    if isinstance(subject.arm.model, Dense):
        return Measured({})
    images = subject.source.test_images[:IMAGES]
    kinds = {
        "equivariance_error": equivariance_error(subject.network, images),
        "stillness": equivariance_error(subject.network, images, still=True),
        "framed_equivariance_error": equivariance_error(subject.network, images, frame=True),
    }
    return Measured(
        {
            f"{kind}_{layer}": error
            for kind, errors in kinds.items()
            for layer, error in errors.items()
        }
    )
