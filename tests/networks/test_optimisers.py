"""Learning rates against arithmetic by hand, Muon against NumPy's singular values and Adam."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convbias.networks.muon import Muon, orthogonalised
from convbias.networks.optimisers import learning_rate
from convbias.spec.recipes import classic, scheduled

pytestmark = pytest.mark.slow


def test_schedule_warms_up_and_decays_to_zero():
    """10 steps: one of warm-up from 0, then half a cosine over nine."""
    schedule = learning_rate(scheduled(epochs=5, learning_rate=0.01), steps_per_epoch=2)
    rates = [float(schedule(step)) for step in range(11)]
    expected = [0.0] + [0.01 * (1 + np.cos(np.pi * step / 9)) / 2 for step in range(10)]
    np.testing.assert_allclose(rates, expected, atol=1e-7)
    assert learning_rate(classic(epochs=1), steps_per_epoch=2) == 1e-3


def test_muon_steps_along_the_singular_vectors_of_the_momentum():
    """Two steps on a convolution's kernel, against NumPy's singular value decomposition."""
    random = np.random.default_rng(0)
    kernel, *gradients = random.normal(size=(3, 3, 3, 4, 8)).astype(np.float32)
    layer = keras.layers.Conv2D(8, 3, use_bias=False, name="conv")
    layer.build((None, 9, 9, 4))
    layer.set_weights([kernel])
    optimiser = Muon(0.1, last_layer="probabilities")
    momentum, expected = np.zeros((36, 8)), kernel.reshape(36, 8).astype(np.float64)
    for gradient in gradients:
        optimiser.apply([gradient], layer.trainable_variables)
        momentum = 0.95 * momentum + gradient.reshape(36, 8)
        left, _, right = np.linalg.svd(
            0.95 * momentum + gradient.reshape(36, 8), full_matrices=False
        )
        stepped = (expected - layer.get_weights()[0].reshape(36, 8)) / 0.1
        # The same singular vectors; the values are near 1, as far as five iterations bring them.
        values = left.T @ stepped @ right.T
        np.testing.assert_allclose(values, np.diag(np.diag(values)), atol=1e-4)
        assert np.all((np.diag(values) > 0.6) & (np.diag(values) < 1.3))
        expected = layer.get_weights()[0].reshape(36, 8).astype(np.float64)


@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    seed=st.integers(0, 1000),
    scale=st.floats(1e-3, 1e3),
)
@settings(max_examples=30, deadline=None)
def test_orthogonalised_does_not_depend_on_scale_or_transposition(shape, seed, scale):
    """The polar factor of cA is that of A, and that of the transpose is its transpose."""
    matrix = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    result = np.asarray(orthogonalised(matrix))
    np.testing.assert_allclose(orthogonalised(np.float32(scale) * matrix), result, atol=2e-3)
    np.testing.assert_allclose(orthogonalised(matrix.T), result.T, atol=2e-3)


def test_muon_makes_steps_longer_for_more_outputs_than_inputs():
    """For 4 inputs and 16 outputs every singular value is twice what 16 by 16 would have."""
    square, wide = np.eye(16, dtype=np.float32), np.eye(4, 16, dtype=np.float32)
    lengths = []
    for gradient in (square, wide):
        layer = keras.layers.Dense(16, use_bias=False, name="dense")
        layer.build((None, len(gradient)))
        layer.set_weights([np.zeros_like(gradient)])
        Muon(0.1, last_layer="probabilities").apply([gradient], layer.trainable_variables)
        lengths.append(-layer.get_weights()[0][0, 0])
    # All of a square's 16 values begin at 1 / 4, those of the other one at 1 / 2.
    expected = [0.1 * _polynomial(1 / 4), 0.1 * 2 * _polynomial(1 / 2)]
    np.testing.assert_allclose(lengths, expected, rtol=1e-4)


def _polynomial(value):
    for _ in range(5):
        value = 3.4445 * value - 4.7750 * value**3 + 2.0315 * value**5
    return value


def test_muon_leaves_biases_and_the_last_layer_to_adam():
    """They take exactly the steps of Keras' Adam at half the rate."""
    random = np.random.default_rng(1)
    weights, gradients = random.normal(size=(2, 4, 3)), random.normal(size=(2, 4, 3))
    results = []
    for optimiser in (Muon(0.1, last_layer="probabilities"), keras.optimizers.Adam(0.05)):
        layer = keras.layers.Dense(3, name="probabilities")
        layer.build((None, 4))
        layer.set_weights([weights[0], weights[1][0]])
        for gradient in gradients:
            optimiser.apply([gradient, gradient[0]], layer.trainable_variables)
        results.append(layer.get_weights())
    for ours, adam in zip(*results, strict=True):
        np.testing.assert_allclose(ours, adam, rtol=1e-6)
