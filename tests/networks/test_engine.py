"""The engine's steps against Keras' own training, its batches and predictions by hand."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from convbias.networks import models
from convbias.networks.engine import Engine
from convbias.spec.arms import Convolutional, Dense
from convbias.spec.recipes import classic

pytestmark = pytest.mark.slow

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, size=(300, 28, 28, 1), dtype=np.uint8)
LABELS = GENERATOR.integers(0, 10, size=300).astype(np.int32)

# The second layer still has too many channels to be gathered, as in the study.
SMALL = Convolutional(filters=(8, 8))

STOCK = {
    "Convolution": keras.layers.Conv2D,
    "MaxPooling": keras.layers.MaxPooling2D,
    "GlobalAveragePooling": keras.layers.GlobalAveragePooling2D,
}


def stock_twin(network):
    """The same network with the same weights, made of Keras' own layers."""
    layers = [
        STOCK.get(type(layer).__name__, type(layer)).from_config(layer.get_config())
        for layer in network.layers
    ]
    twin = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    twin.set_weights(network.get_weights())
    return twin


@pytest.mark.parametrize("model", [Dense(), SMALL], ids=lambda model: model.name)
def test_epochs_are_those_of_stock_keras_with_the_last_small_batch(model):
    """Same weights, same batches (128, 128 and 44 images), same dropout: the same training."""
    network = models.build(model, seed=5)
    before = network.get_weights()
    twin = stock_twin(network)
    twin.compile(
        keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    engine = Engine(models.Architecture(model), classic(epochs=1), images=300)
    state = engine.initial_state([network])
    for epoch in range(7):
        order = GENERATOR.permutation(300)
        losses, correct = 0.0, 0.0
        for start in (0, 128, 256):
            batch = order[start : start + 128]
            pixels = IMAGES[batch].astype(np.float32) / 255
            twin.reset_metrics()
            loss, accuracy = twin.train_on_batch(pixels, LABELS[batch].astype(int))
            losses, correct = losses + loss * len(batch), correct + accuracy * len(batch)
        state, [loss], [accuracy] = engine.epoch(state, jnp.asarray(IMAGES), LABELS, order[None])
        assert loss == pytest.approx(losses / 300, rel=1e-4)
        assert accuracy == pytest.approx(correct / 300, abs=1e-6)
        if epoch == 0:
            engine.restore([network], state)
            # Adam's first steps have the gradient's sign but not its size, so a rounding error in
            # a gradient near zero moves a single weight visibly; as a whole they move alike.
            for first, ours, theirs in zip(
                before, network.get_weights(), twin.get_weights(), strict=True
            ):
                assert np.linalg.norm(ours - theirs) < 0.01 * np.linalg.norm(theirs - first)


def test_batches_fill_the_last_one_with_weight_zero():
    engine = Engine(models.Architecture(Dense()), classic(epochs=1), images=300)
    index, weights = (np.asarray(part) for part in engine.batches(np.arange(300)[None]))
    assert index.shape == weights.shape == (3, 128)
    np.testing.assert_array_equal(index.reshape(-1)[:300], np.arange(300))
    np.testing.assert_array_equal(weights.reshape(-1), [1] * 300 + [0] * 84)


def test_fewer_images_than_a_batch_make_one_smaller_batch():
    engine = Engine(models.Architecture(Dense()), classic(epochs=1), images=100)
    index, weights = (np.asarray(part) for part in engine.batches(np.arange(100)[None]))
    assert index.shape == (1, 100)
    assert weights.all()


def test_predictions_by_hand():
    network = models.build(Dense(), seed=1)
    engine = Engine(models.Architecture(Dense()), classic(epochs=1), images=300)
    state, chosen = engine.initial_state([network]), np.arange(300)[None]
    [predictions] = engine.predict(state, jnp.asarray(IMAGES), LABELS, chosen)
    probabilities = np.asarray(network(IMAGES.astype(np.float32) / 255))
    assert predictions.loss.shape == (300,)  # one whole evaluation batch and a smaller one
    np.testing.assert_array_equal(predictions.predicted, probabilities.argmax(axis=1))
    np.testing.assert_array_equal(predictions.correct, probabilities.argmax(axis=1) == LABELS)
    expected = -np.log(probabilities[np.arange(300), LABELS])
    np.testing.assert_allclose(predictions.loss, expected, rtol=1e-4)


def test_a_hopeless_prediction_still_has_a_loss_and_a_gradient():
    """Its probability underflows, so only the logits tell how wrong it is."""
    network = models.build(Dense(), seed=1)
    last = network.layers[-1]
    last.bias.assign(np.array([1000.0] + [0.0] * 9, dtype=np.float32))
    engine = Engine(models.Architecture(Dense()), classic(epochs=1), images=300)
    wrong = np.ones(300, dtype=np.int32)
    state, chosen = engine.initial_state([network]), np.arange(300)[None]
    [predictions] = engine.predict(state, jnp.asarray(IMAGES), wrong, chosen)
    last.activation = keras.activations.linear
    logits = np.asarray(network(IMAGES.astype(np.float32) / 255), dtype=np.float64)
    np.testing.assert_allclose(predictions.loss, logits[:, 0] - logits[:, 1], rtol=1e-5)
    state, _, _ = engine.epoch(state, jnp.asarray(IMAGES), wrong, np.arange(300)[None])
    moved = np.asarray(state.trainable[-1]) - np.array([1000.0] + [0.0] * 9)
    # Adam's three steps of 0.001, towards the right class and away from the wrong one.
    np.testing.assert_allclose(moved[:2], [-0.003, 0.003], rtol=0.05)


def test_a_second_compilation_costs_nothing():
    engine = Engine(models.Architecture(Dense()), classic(epochs=1), images=300)
    state = engine.initial_state([models.build(Dense(), seed=0)])
    assert engine.compile(state, IMAGES, LABELS) > 0
    assert engine.compile(state, IMAGES, LABELS) == 0


def test_one_engine_trains_on_data_sets_of_several_sizes():
    engine = Engine(models.Architecture(Dense()), classic(epochs=1), images=128)
    order = np.arange(128)[None]
    losses = []
    for size in (300, 200):
        state = engine.initial_state([models.build(Dense(), seed=0)])
        _, [loss], _ = engine.epoch(state, jnp.asarray(IMAGES[:size]), LABELS[:size], order)
        losses.append(loss)
    assert losses[0] == losses[1]  # both hold the images that were chosen


def lowered(model, precision=None):
    """The epoch of two seeds as JAX hands it to the compiler."""
    engine = Engine(models.Architecture(model), classic(epochs=1), images=128, seeds=2)
    state = engine.initial_state([models.build(model, seed) for seed in (0, 1)])
    with jax.default_matmul_precision(precision):
        return engine.lower(state, IMAGES, LABELS).as_text()


@pytest.mark.parametrize(
    "model",
    [
        Dense(),
        Convolutional(),
        Convolutional(kernel_size=1),
        Convolutional(sharing="local", head="flatten"),
        Convolutional(downsampling="blur"),
        Convolutional(padding="circular", downsampling="polyphase"),
    ],
    ids=lambda model: model.name,
)
def test_no_sum_and_no_product_depends_on_what_a_gpu_finds_convenient(model):
    text = lowered(model)
    products = text.count("stablehlo.dot_general")
    assert products > 5
    assert text.count("precision = [HIGHEST, HIGHEST]") == products
    scatters = text.split('"stablehlo.scatter"')[1:]
    assert all("unique_indices = true" in each.split("}>")[0] for each in scatters)


def test_products_are_as_precise_as_jax_is_told():
    text = lowered(Dense(), "tensorfloat32")
    assert text.count("precision = [HIGH, HIGH]") == text.count("stablehlo.dot_general")
