"""Lie derivative of a classifier's outputs under translation of the image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.data.transforms import on_canvas
from convbias.measures.base import MeasureValues, Subject
from convbias.networks.forward import Apply, compiled, side_of
from convbias.networks.rebuild import rebuild
from convbias.networks.translation import translate

BATCH = 64  # all feature maps and their derivatives are held at once


@dataclass(frozen=True)
class LieDerivative:
    """Derivatives of the outputs with respect to a translation of the image, at no translation.

    Args:
        logits: float32 (n, 2, classes), per pixel; downwards, then to the right.
        probabilities: float32 (n, 2, classes), likewise.
    """

    logits: np.ndarray
    probabilities: np.ndarray

    @property
    def numbers(self) -> dict[str, float]:
        """Local equivariance errors: squared derivatives, averaged over images and classes.

        `lie_derivative_logits_rows` and `_columns` (squared logits per squared pixel; they grow
        with the scale of the logits, so compare networks by the probabilities'), and
        `lie_derivative_probabilities_rows` and `_columns` (per squared pixel).
        """
        return {
            f"lie_derivative_{kind}_{axis}": float(np.square(values[:, index]).mean())
            for kind, values in (("logits", self.logits), ("probabilities", self.probabilities))
            for index, axis in enumerate(("rows", "columns"))
        }


def lie_derivative(network: keras.Model, images: np.ndarray) -> LieDerivative:
    """Differentiate the outputs along a translation of the image, downwards and to the right.

    For an output that should be invariant, the Lie derivative is the derivative of f(T_t x) at t =
    0 (Gruver, Finzi, Goldblum and Wilson 2022, arXiv 2210.02984). It is exact: a Jacobian-vector
    product through the translation and the network.

    T_t is the circular Fourier translation of `convbias.networks.translation`. Bilinear
    interpolation, which the paper's own code uses, has a kink at t = 0 and gives the difference to
    one neighbour, which depends on the direction. On a canvas with a margin nothing of the image
    wraps.

    Invariance to whole pixels does not mean a zero derivative: a ReLU or a maximum creates
    frequencies above those of the grid, so even a network that is exactly invariant to whole
    pixels (circular convolutions of stride 1, global average) changes in between. Only the mean of
    its derivative over one pixel is zero. Gruver et al. find this aliasing by pointwise functions,
    too.

    Where two pixels under a maximum are equal, as on a black canvas, the derivatives of the two
    directions differ, and one pixel's is taken. On trained CNNs with max-pooling the local
    equivariance errors agree with those of central differences to about 2 %.

    Args:
        network: Takes float32 (n, side, side, channels) in [0, 1], returns softmax probabilities.
        images: uint8 (n, height, width, channels), no larger than side; centred on a canvas.

    Returns:
        The derivatives, and the local equivariance errors that follow from them.

    Raises:
        InputError: The network branches, or the images are larger than it takes.
    """
    to_logits = rebuild(network)
    to_logits.layers[-1].activation = keras.activations.linear

    def derivatives(apply: Apply, inputs: jax.Array) -> jax.Array:
        def outputs(pixels: jax.Array, axis: int) -> jax.Array:
            logits = apply(translate(inputs, pixels, axis))
            return jnp.stack([logits, jax.nn.softmax(logits)], axis=1)

        at, along = (jnp.zeros(()),), (jnp.ones(()),)
        tangents = [jax.jvp(partial(outputs, axis=axis), at, along)[1] for axis in (1, 2)]
        return jnp.stack(tangents, axis=2)

    canvases = on_canvas(images, side_of(to_logits))
    values = compiled(to_logits, derivatives, largest=BATCH)(canvases)
    return LieDerivative(values[:, 0], values[:, 1])


def measure(subject: Subject) -> MeasureValues:
    """The numbers of `LieDerivative` for all test images of the stored data set.

    Args:
        subject: The network.
    """
    images = subject.source.test_images
    return MeasureValues(lie_derivative(subject.network, images).numbers, images=len(images))
