"""Muon, an optimiser whose steps are orthogonal matrices.

Adam scales the step of every weight separately. But a layer's weights are a matrix, and a few of
its singular directions dominate such a step. Muon gives all directions the same length: it replaces
the momentum matrix by the nearest orthogonal one.

Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".
docs/decisions/0007-muon.md compares other implementations.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras

ITERATIONS = 5
# The odd polynomial a x + b x^3 + c x^5, chosen to raise small singular values as fast as possible;
# they end between about 0.7 and 1.2 instead of at 1, which does no harm.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
MOMENTUM = 0.95
ADAM_SHARE = 0.5


def orthogonalised(matrix: jax.Array) -> jax.Array:
    """Approximate the nearest matrix with equal singular values, by Newton-Schulz iterations.

    Args:
        matrix: float (rows, columns).

    Returns:
        float (rows, columns) with the same singular vectors and singular values near 1; zeros stay
        zero.
    """
    a, b, c = COEFFICIENTS
    rows, columns = matrix.shape
    wide = matrix.T if rows > columns else matrix
    wide = wide / (jnp.linalg.norm(wide) + 1e-7)
    # a x + b x^3 + c x^5 is x times a polynomial of the small square x x'. All factors are
    # multiplied in the small square; only the first and the last product are large.
    square, factor = wide @ wide.T, jnp.eye(min(rows, columns))
    for _ in range(ITERATIONS):
        step = a * jnp.eye(min(rows, columns)) + b * square + c * square @ square
        square, factor = step @ square @ step, step @ factor
    result = factor @ wide
    return result.T if rows > columns else result


class Muon(keras.optimizers.Adam):
    """Muon for kernels of convolutions and dense layers, Adam for biases and the last layer.

    A convolution's kernel counts as a matrix of (fields, filters). A step has the learning rate's
    length, times the square root of outputs / inputs where that is above 1; Adam's steps have half
    the learning rate. The last layer is left to Adam, because its columns belong to classes.

    Args:
        learning_rate: A number or a Keras schedule.
        last_layer: Name of the layer that is left to Adam.
    """

    def __init__(self, learning_rate: Any, last_layer: str) -> None:  # noqa: ANN401 - or a schedule
        super().__init__(learning_rate, name="muon")
        self.last_layer = last_layer

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:  # noqa: ANN401
        """Change one weight; Keras calls it for each."""
        layer = variable.path.split("/")[-2]
        if len(variable.shape) < 2 or layer == self.last_layer:
            super().update_step(gradient, variable, ADAM_SHARE * learning_rate)
            return
        momentum = self._momentums[self._get_variable_index(variable)]
        self.assign(momentum, MOMENTUM * momentum + gradient)
        # Nesterov's look ahead: the gradient once more on top of the momentum that it is part of.
        ahead = MOMENTUM * momentum + gradient
        step = orthogonalised(jnp.reshape(ahead, (-1, variable.shape[-1])))
        inputs, outputs = step.shape
        length = learning_rate * max(1.0, outputs / inputs) ** 0.5
        self.assign_sub(variable, length * jnp.reshape(step, variable.shape))
