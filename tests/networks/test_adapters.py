"""Networks of any framework behind one interface: the same numbers, and what is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from convbias.errors import InputError
from convbias.networks import models
from convbias.networks.adapters import InputSettings, archives, open_classifier
from convbias.networks.adapters.fields import EVERYTHING
from convbias.spec.arithmetic import Field
from convbias.spec.arms import Convolutional, Dense
from factories import grey
from twins import CLASSES, FIELDS, LABELS, SIDE, fields_of, images, keras_twin, onnx_twin

pytestmark = pytest.mark.slow

IMAGES = images()
PIXELS = IMAGES.astype(np.float32) / 255


@pytest.fixture(scope="module")
def twin() -> Any:
    return keras_twin()


def softmax(scores: np.ndarray) -> np.ndarray:
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def test_keras_and_onnx_twins_give_the_same_scores(twin: Any, tmp_path: Path) -> None:
    by_keras = np.asarray(twin(PIXELS))
    opened = open_classifier(twin, IMAGES, CLASSES)
    np.testing.assert_allclose(opened.logits(IMAGES), by_keras, atol=1e-5)
    np.testing.assert_allclose(opened.logits(PIXELS), by_keras, atol=1e-5)
    assert opened.outputs == "logits"
    for batch in ("n", 7):  # of any size, and of a fixed one that 24 is no multiple of
        path = onnx_twin(tmp_path / "twin.onnx", batch=batch)
        by_onnx = open_classifier(path, IMAGES, CLASSES)
        np.testing.assert_allclose(by_onnx.logits(IMAGES), by_keras, atol=1e-4)
        assert by_onnx.gradients is False


def test_a_keras_file_gives_the_scores_of_its_network(twin: Any, tmp_path: Path) -> None:
    twin.save(tmp_path / "twin.keras")
    opened = open_classifier(tmp_path / "twin.keras", IMAGES, CLASSES)
    np.testing.assert_allclose(opened.logits(IMAGES), np.asarray(twin(PIXELS)), atol=1e-6)


def test_fields_follow_skips_and_dilation(twin: Any, tmp_path: Path) -> None:
    path = onnx_twin(tmp_path / "twin.onnx")
    for network in (twin, path):
        found = fields_of(open_classifier(network, IMAGES, CLASSES))
        for name, (side, stride, first) in FIELDS.items():
            assert found[name] == Field(side, stride, (first, first)), name
        assert found["mean"] == found["scores"] == EVERYTHING


def test_fields_of_a_sequence_are_those_of_its_layers(tmp_path: Path) -> None:
    network = models.build(Convolutional(), seed=0)
    found = fields_of(open_classifier(network, images(2, 28), 10))
    # Read from a file, its layers have been called several times.
    network.save(tmp_path / "sequence.keras")
    again = open_classifier(tmp_path / "sequence.keras", images(2, 28), 10)
    assert fields_of(again) == found
    assert again.network.inside is not None
    assert again.network.inside().names == ("conv_1", "pool_1", "conv_2", "pool_2")
    sides = {name: each.side for name, each in found.items() if isinstance(each, Field)}
    assert sides == {"conv_1": 3, "pool_1": 4, "conv_2": 8, "pool_2": 10}


def test_derivatives_are_those_of_differences() -> None:
    smooth = keras_twin(activation="tanh", softmax=True)
    opened = open_classifier(smooth, IMAGES, CLASSES)
    assert opened.outputs == "probabilities"
    direction = np.random.default_rng(2).normal(size=PIXELS.shape).astype(np.float32)
    step = np.float32(3e-4)
    ahead, behind = (opened.logits(PIXELS + sign * step * direction) for sign in (1, -1))
    found = opened.derivative(PIXELS, direction)
    # The maximum of four pixels has kinks, which few of the pairs cross.
    close = np.isclose(found, (ahead - behind) / (2 * step), atol=0.02)
    assert close.mean() > 0.9
    assert np.abs(found).max() > 0.2


def test_pixels_are_scaled_as_stated(twin: Any) -> None:
    def takes_bytes(batch: np.ndarray) -> np.ndarray:
        return np.asarray(twin((batch * 2 + 3) / 255))

    settings = InputSettings(highest=255, mean=3, deviation=2)
    opened = open_classifier(takes_bytes, IMAGES, CLASSES, settings)
    np.testing.assert_allclose(opened.logits(IMAGES), np.asarray(twin(PIXELS)), atol=1e-4)


def test_channels_come_first_where_they_should() -> None:
    seen = []

    def function(batch: np.ndarray) -> np.ndarray:
        seen.append(batch.shape)
        return batch.reshape(len(batch), -1)[:, :CLASSES]

    settings = InputSettings(channels="first", outputs="logits")
    colour = np.repeat(IMAGES, 3, axis=3)
    opened = open_classifier(function, colour, CLASSES, settings)
    np.testing.assert_allclose(opened.logits(colour), PIXELS[:, 0, :CLASSES, 0], atol=1e-7)
    assert {shape[1:] for shape in seen} == {(3, SIDE, SIDE)}


def test_probabilities_are_told_from_logits() -> None:
    scores = np.random.default_rng(0).normal(size=(len(IMAGES), CLASSES)).astype(np.float32)
    for given, kind in ((scores, "logits"), (softmax(scores), "probabilities")):
        opened = open_classifier(lambda batch, of=given: of[: len(batch)], IMAGES, CLASSES)
        assert opened.outputs == kind
        np.testing.assert_allclose(softmax(opened.logits(IMAGES)), softmax(scores), atol=1e-6)


def test_chance_is_said_with_what_may_be_wrong() -> None:
    wrong = np.eye(CLASSES)[(LABELS + 1) % CLASSES]
    opened = open_classifier(lambda batch: 5 * wrong[: len(batch)], IMAGES, CLASSES, labels=LABELS)
    [remark] = opened.remarks
    assert "0 %" in remark
    assert "--highest 255" in remark
    right = np.eye(CLASSES)[LABELS]
    assert not open_classifier(
        lambda batch: 5 * right[: len(batch)], IMAGES, CLASSES, labels=LABELS
    ).remarks


def constant(values: Any) -> Callable[[np.ndarray], np.ndarray]:
    return lambda batch: np.broadcast_to(np.array(values), (len(batch), len(values)))


def not_finite(batch: np.ndarray) -> np.ndarray:
    return np.full((len(batch), CLASSES), np.nan)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (constant([1.0] * 7), "7 scores per image, the images have 5 classes"),
        (not_finite, "scores that are not finite"),
        (constant([0.9, 0.8, 0.1, 0.2, 0.3]), "neither probabilities"),
        (lambda batch: np.zeros((len(batch), 2, 2, CLASSES)), "a score per image and class"),
        (42, "a int is no network"),
    ],
)
def test_answers_that_are_no_scores_are_refused(network: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_classifier(network, IMAGES, CLASSES)


def test_other_images_are_refused_with_the_fix(twin: Any, tmp_path: Path) -> None:
    path = onnx_twin(tmp_path / "twin.onnx")
    for network in (twin, path):
        with pytest.raises(InputError, match="--side"):
            open_classifier(network, images(4, SIDE + 4), CLASSES)
    with pytest.raises(InputError, match="channels last"):
        open_classifier(path, IMAGES, CLASSES, InputSettings(channels="last"))


@pytest.mark.parametrize("name", ["text.onnx", "text.keras", "empty.onnx", "archive.keras"])
def test_files_that_are_not_what_their_name_says(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "archive.keras":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("other.json", "{}")
    else:
        path.write_text("" if "empty" in name else "no network at all\n" * 9)
    with pytest.raises(InputError, match=r"not what its name says|0 bytes|without a Keras network"):
        open_classifier(path, IMAGES, CLASSES)


def test_names_that_say_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "network.h5").write_bytes(b"x")
    with pytest.raises(InputError, match="none of the known suffixes"):
        open_classifier(tmp_path / "network.h5", IMAGES, CLASSES)
    with pytest.raises(InputError, match=r"without saved_model\.pb"):
        open_classifier(tmp_path, IMAGES, CLASSES)
    with pytest.raises(InputError, match="cannot be read"):
        open_classifier(tmp_path / "missing.onnx", IMAGES, CLASSES)


def test_files_of_any_size_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST", 20_000)
    with zipfile.ZipFile(tmp_path / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", " " * 1_000_000)  # a kilobyte when packed
    (tmp_path / "large.onnx").write_bytes(bytes(20_001))
    for name in ("bomb.keras", "large.onnx"):
        with pytest.raises(InputError, match="20,000 bytes"):
            open_classifier(tmp_path / name, IMAGES, CLASSES)


def test_code_in_a_keras_file_is_not_run(tmp_path: Path) -> None:
    network = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            keras.layers.Lambda(lambda pixels: pixels * 2),
            keras.layers.Flatten(),
            keras.layers.Dense(CLASSES),
        ]
    )
    network.save(tmp_path / "lambda.keras")
    with pytest.raises(InputError, match="code in the file"):
        open_classifier(tmp_path / "lambda.keras", IMAGES, CLASSES)


@pytest.mark.parametrize("place", ["../secret.bin", "absolute", "link"])
def test_weights_outside_the_folder_are_refused(place: str, tmp_path: Path) -> None:
    import onnx
    from onnx.external_data_helper import set_external_data

    folder = tmp_path / "folder"
    folder.mkdir()
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(16 * 1024))
    if place == "link":
        (folder / "inside.bin").symlink_to(secret)
    location = {"absolute": str(secret), "link": "inside.bin"}.get(place, place)
    path = onnx_twin(folder / "twin.onnx")
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        set_external_data(tensor, location)
        tensor.ClearField("raw_data")
    path.write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match="outside its folder"):
        open_classifier(path, IMAGES, CLASSES)


def test_weights_beside_the_file_are_read(tmp_path: Path) -> None:
    import onnx

    path = onnx_twin(tmp_path / "twin.onnx")
    whole = open_classifier(path, IMAGES, CLASSES).logits(IMAGES)
    onnx.save(
        onnx.load(path),
        tmp_path / "parts.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    assert (tmp_path / "weights.bin").exists()
    parts = open_classifier(tmp_path / "parts.onnx", IMAGES, CLASSES).logits(IMAGES)
    np.testing.assert_array_equal(parts, whole)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(InputError, match="are missing"):
        open_classifier(tmp_path / "parts.onnx", IMAGES, CLASSES)


def test_a_dense_network_sees_everything() -> None:
    network = models.build(Dense(), seed=0, dimensions=grey(SIDE))
    fields = fields_of(open_classifier(network, IMAGES, 10))
    assert set(fields.values()) == {EVERYTHING}
