"""Measures of any classifier: by hand, by identities, and beside the measures of trained ones."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from convbias.data.drawn import drawn
from convbias.data.transforms import on_canvas
from convbias.measures.classifier import LabelledImages, measure_classifier
from convbias.measures.classifier.accuracy import accuracy
from convbias.measures.classifier.corruptions import blocks, corruptions
from convbias.measures.classifier.layers import equivariance, receptive_field
from convbias.measures.classifier.lie import lie
from convbias.measures.classifier.places import halved, places
from convbias.measures.classifier.shifts import shifts
from convbias.measures.corruption import corrupted_accuracies
from convbias.measures.equivariance_error import equivariance_error
from convbias.measures.lie_derivative import lie_derivative
from convbias.measures.receptive_field import receptive_field as of_sequence
from convbias.networks.adapters import open_classifier
from convbias.networks.adapters.fields import EVERYTHING
from convbias.networks.forward import to_logits
from convbias.spec.arithmetic import Field
from shift_networks import CLASSES, classifier, random_images, trunk
from twins import fields_of

pytestmark = pytest.mark.slow

SIDE = 16
IMAGES = random_images(12, SIDE)
LABELS = np.arange(12) % CLASSES
DATA = LabelledImages(IMAGES, LABELS)


def opened(network: Any, images: np.ndarray = IMAGES, classes: int = CLASSES) -> Any:
    return open_classifier(network, images, classes)


def values(found: Any) -> dict[str, float]:
    return {score.quantity.name: score.value for score in found.scores}


@pytest.fixture(scope="module")
def cnn() -> keras.Sequential:
    """Two convolutions with maximum pooling, and a global average."""
    return classifier(trunk("same", "max"), SIDE)


def test_accuracy_and_calibration_by_hand() -> None:
    # Four images, three classes; the answers are 0, 1, 2, 0, of which the last one is wrong.
    probabilities = np.array(
        [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.6, 0.4, 0.0]], dtype=np.float32
    )
    labels = np.array([0, 1, 2, 1])
    images = random_images(4, 8)
    network = opened(lambda batch: probabilities[: len(batch)], images, 3)
    found = values(accuracy(network, LabelledImages(images, labels)))
    assert found["accuracy"] == 0.75
    assert found["test_loss"] == pytest.approx(-np.log([0.8, 0.8, 0.6, 0.4]).mean(), rel=1e-6)
    # 0.04 + 0.01 + 0.01, twice; 0.04 + 0.04 + 0.16; 0.36 + 0.36.
    assert found["brier_score"] == pytest.approx((0.06 + 0.06 + 0.24 + 0.72) / 4, rel=1e-6)
    # Both of 0.8 came true, one of two of 0.6.
    error = (2 * 0.2 + 2 * 0.1) / 4
    assert found["expected_calibration_error"] == pytest.approx(error, abs=1e-6)


def side_of_the_middle(batch: np.ndarray) -> np.ndarray:
    """Class 1 where the right half is brighter."""
    middle = batch.shape[2] // 2
    left, right = batch[:, :, :middle].sum(axis=(1, 2, 3)), batch[:, :, middle:].sum(axis=(1, 2, 3))
    return np.stack([left, right], axis=1) * 100


def test_shifts_and_places_by_hand() -> None:
    images = np.zeros((2, 8, 8, 1), np.uint8)
    images[0, 2:6, 2:4] = images[1, 2:6, 4:6] = 255  # left and right of the middle
    data = LabelledImages(images, np.array([0, 1]))
    network = opened(side_of_the_middle, images, 2)
    found = values(shifts(network, data))
    # By two pixels at most. Columns 2 and 3, one pixel to the right, are as bright on either side
    # (the first class then), and two pixels to the right they are on the right: class 1 at three
    # of eight shifts by two, none by one. The other image is on neither side after one pixel to the
    # left, which gives it class 0 at three of eight, and after two pixels.
    assert found["accuracy_at_shift_0"] == 1
    assert found["accuracy_at_shift_1"] == pytest.approx((1 + 5 / 8) / 2)
    assert found["accuracy_at_shift_2"] == pytest.approx((5 / 8 + 5 / 8) / 2)
    # Of 17 shifts, 3 and 6 give another class: 14 * 3 and 11 * 6 of 136 pairs differ.
    consistent = (1 - 14 * 3 / 136 + 1 - 11 * 6 / 136) / 2
    assert found["shift_consistency"] == pytest.approx(consistent)
    assert found["circular_shift_consistency"] == pytest.approx(consistent)  # nothing leaves
    found = values(places(network, data))
    assert found == {
        "corner_answers_kept": 0,
        "accuracy_upper_left": 0.5,
        "accuracy_lower_right": 0.5,
    }


def test_halved_by_hand() -> None:
    image = np.array([[0, 4, 10, 10], [8, 0, 10, 11]], np.uint8).repeat(1, axis=0)
    square = np.vstack([image, image])[None, :, :, None]
    assert halved(square)[0, :, :, 0].tolist() == [[3, 10], [3, 10]]


def telling(layers: list[keras.layers.Layer], images: np.ndarray) -> Any:
    """A network with random weights, which by itself gives one class to all images."""
    network = opened(classifier(layers, images.shape[1]), images)
    usual = network.logits(images).mean(axis=0)
    return opened(lambda batch: 100 * (network.logits(batch) - usual), images)


def test_a_circular_network_that_loses_no_pixel_is_exactly_consistent() -> None:
    exact, lossy = (
        values(shifts(telling(trunk("circular", method), IMAGES), DATA))
        for method in ("polyphase", "max")
    )
    assert exact["circular_shift_consistency"] == 1
    assert lossy["circular_shift_consistency"] < 1
    assert exact["shift_consistency"] < 1  # what leaves the frame is lost


def test_blur_pooling_is_more_consistent_than_plain_pooling() -> None:
    garments = drawn(n_train=1, n_test=40)[2]
    data = LabelledImages(garments, np.zeros(40, np.int64))
    plain, blurred = (
        values(shifts(telling(trunk("same", method), garments), data))
        for method in ("stride", "blur")
    )
    assert plain["shift_consistency"] < blurred["shift_consistency"] < 1
    assert plain["one_pixel_flip_probability"] > blurred["one_pixel_flip_probability"] > 0


def test_corruptions_are_those_of_trained_networks(cnn: keras.Sequential) -> None:
    found = values(corruptions(opened(cnn), DATA))
    expected = corrupted_accuracies(cnn, IMAGES, LABELS, seed=0)
    shared = (found.keys() & expected.keys()) - {"accuracy_clean"}
    assert len(shared) == 4 * 4 + 4
    for name in shared:
        assert found[name] == pytest.approx(expected[name], abs=1e-9), name
    for kind in ("noise", "blur", "contrast", "occlusion"):
        assert found[f"accuracy_{kind}_0"] == pytest.approx(expected["accuracy_clean"])


def test_an_average_does_not_see_that_blocks_are_shuffled() -> None:
    def brightness(batch: np.ndarray) -> np.ndarray:
        means = batch.astype(np.float64).mean(axis=(1, 2, 3)).round(6)
        return np.stack([means, 1 - means], axis=1) * 50

    found = values(blocks(opened(brightness, classes=2), LabelledImages(IMAGES, LABELS % 2)))
    assert found["lost_to_shuffled_blocks"] == 0
    assert len({value for name, value in found.items() if name.startswith("accuracy")}) == 1
    ordered = values(blocks(opened(side_of_the_middle, classes=2), _right_or_left()))
    assert ordered["accuracy_blocks_16"] == 1
    assert ordered["lost_to_shuffled_blocks"] > 0.1


def _right_or_left() -> LabelledImages:
    random = np.random.default_rng(0)
    images, labels = np.zeros((40, SIDE, SIDE, 1), np.uint8), np.arange(40) % 2
    for image, label in zip(images, labels, strict=True):
        row, column = random.integers(0, 8, 2)
        image[row : row + 4, column // 2 + 8 * label : column // 2 + 4 + 8 * label] = 255
    return LabelledImages(images, labels)


def test_the_lie_derivative_is_that_of_trained_networks() -> None:
    smooth = classifier(trunk("same", "none", "tanh"), SIDE)
    margin = on_canvas(random_images(12, 8), SIDE)
    data = LabelledImages(margin, LABELS)
    numbers = lie_derivative(smooth, margin).numbers
    expected = np.mean(
        [numbers[f"lie_derivative_probabilities_{axis}"] for axis in ("rows", "columns")]
    )
    by_gradients = lie(opened(smooth), data)
    assert by_gradients.scores[0].value == pytest.approx(expected, rel=1e-3)
    # The same network without its softmax.
    assert opened(to_logits(smooth)).outputs == "logits"
    by_logits = lie(opened(to_logits(smooth)), data)
    assert by_logits.scores[0].value == pytest.approx(expected, rel=1e-3)
    # The same network as a function, which has no gradients.
    by_differences = lie(opened(lambda batch: np.asarray(smooth(batch))), data)
    assert by_differences.scores[0].value == pytest.approx(expected, rel=0.02)
    assert "central differences" in by_differences.remark


def test_layers_move_as_those_of_trained_networks(cnn: keras.Sequential) -> None:
    found = equivariance(opened(cnn), DATA)
    expected = equivariance_error(cnn, IMAGES, frame=True)
    by_layer = {score.place.at: score.value for score in found.scores if score.place}
    assert by_layer.keys() == expected.keys()
    for name, error in expected.items():
        assert by_layer[name] == pytest.approx(error, rel=1e-3), name


def test_receptive_fields_are_those_of_trained_networks(cnn: keras.Sequential) -> None:
    found = receptive_field(opened(cnn), DATA)
    influence, numbers = of_sequence(cnn, IMAGES)
    assert found.picture is not None
    np.testing.assert_allclose(found.picture, influence, atol=1e-6)
    for name in ("theoretical_field", "effective_field_50"):
        assert values(found)[name] == pytest.approx(numbers[name], abs=1e-4)


def test_a_function_says_what_does_not_apply() -> None:
    data = LabelledImages(IMAGES, LABELS % 2)
    found = measure_classifier(opened(side_of_the_middle, classes=2), data, most=4)
    assert found["equivariance"].reason == "a function shows no layers"
    assert found["receptive_field"].reason == "a function shows no graph of layers"
    applies = [name for name, each in found.items() if each.reason is None]
    assert applies == ["accuracy", "shifts", "corruptions", "blocks", "places", "lie"]
    assert {found[name].images for name in applies} == {4}


def test_a_dense_network_sees_the_whole_image() -> None:
    dense = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), keras.layers.Flatten(), keras.layers.Dense(CLASSES)]
    )
    network = opened(dense)
    assert set(fields_of(network).values()) == {EVERYTHING}
    assert receptive_field(network, DATA).reason.endswith("every unit sees the whole image")
    assert equivariance(network, DATA).reason


def test_fifty_layers_with_skips() -> None:
    layers = keras.layers
    taken = maps = keras.Input((SIDE, SIDE, 1))
    for number in range(50):
        after = layers.Conv2D(1, 3, padding="same", name=f"conv_{number}")(maps)
        maps = layers.Add(name=f"add_{number}")([maps, after]) if number else after
    scores = layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(maps))
    fields = fields_of(opened(keras.Model(taken, scores)))
    assert fields["add_49"] == Field(1 + 2 * 50, 1, (-50, -50))
