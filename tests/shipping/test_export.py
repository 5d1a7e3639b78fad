"""Exported files, run by onnxruntime and TensorFlow, against NumPy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest
from tools.servers.processes import TIMEOUT

from convbias.data import Dataset, load
from convbias.errors import InputError, RunError
from convbias.networks import models
from convbias.shipping.export.exporting import LARGEST_DIFFERENCE, export
from convbias.spec.arms import Convolutional, Dense, Model
from exports import exported_cnn, untrained
from factories import CLASS_NAMES, grey, make_arm, make_run

pytestmark = pytest.mark.slow

MODELS: dict[str, Model] = {"cnn-3x3": Convolutional(), "dense": Dense()}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load("drawn")


@pytest.fixture(scope="module")
def exports(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folder of the exported network, by the network's name."""
    folder = tmp_path_factory.mktemp("export") / "fashion_mnist_model"
    folder.mkdir()  # with an earlier export, which is replaced
    (folder / "export.json").write_text("{}")
    (folder / "model-maps.onnx").write_text("from an earlier CNN")
    export(untrained(MODELS["dense"]), make_run(make_arm("dense"), 0), dataset, folder)
    return {"dense": folder, "cnn-3x3": exported_cnn(tmp_path_factory.getbasetemp())}


def numpy_forward(built: keras.Sequential, images: np.ndarray) -> dict[str, np.ndarray]:
    """Every layer by its definition; images float32 (n, 28, 28, 1)."""
    values: Any = images.astype(np.float64)
    outputs: dict[str, np.ndarray] = {}
    for layer in built.layers:
        kind = type(layer).__name__
        if kind == "Rescaling":
            values = values * layer.scale + layer.offset
        elif kind == "Convolution":
            kernel, bias = layer.get_weights()
            reach = kernel.shape[0] // 2
            padded = np.pad(values, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
            windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], (1, 2))
            # windows: (n, rows, columns, channels, kernel rows, kernel columns)
            values = np.maximum(np.einsum("nrcikl,klio->nrco", windows, kernel) + bias, 0)
        elif kind == "MaxPooling":
            count, rows, columns, channels = values.shape
            values = values.reshape(count, rows // 2, 2, columns // 2, 2, channels).max((2, 4))
        elif kind == "GlobalAveragePooling":
            values = values.mean((1, 2))
        elif kind == "Flatten":
            values = values.reshape(len(values), -1)
        elif kind == "Dense":
            kernel, bias = layer.get_weights()
            values = values @ kernel + bias
            if layer.name == "probabilities":
                values = np.exp(values - values.max(1, keepdims=True))
                values /= values.sum(1, keepdims=True)
            else:
                values = np.maximum(values, 0)
        outputs[layer.name] = values
    return outputs


@pytest.mark.parametrize("name", MODELS)
def test_every_file_gives_the_networks_outputs(exports: dict[str, Path], name: str) -> None:
    folder = exports[name]
    files = {"1", "model.onnx"} | ({"model-maps.onnx"} if name == "cnn-3x3" else set())
    differences = json.loads((folder / "export.json").read_text())["largest_differences"]
    assert set(differences) == files
    assert all(each <= LARGEST_DIFFERENCE for each in differences.values())
    assert {path.name for path in folder.iterdir()} == files | {"export.json"}
    assert not list(folder.parent.glob(".export-*"))


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("name", MODELS)
def test_onnx_takes_any_number_of_images(
    exports: dict[str, Path], dataset: Dataset, name: str, count: int
) -> None:
    images = dataset.test_images[:count].astype(np.float32) / 255
    expected = numpy_forward(untrained(MODELS[name]), images)
    for path in exports[name].glob("*.onnx"):
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        [taken] = session.get_inputs()
        assert (taken.name, taken.type) == ("images", "tensor(float)")
        names = [output.name for output in session.get_outputs()]
        maps = ["conv_1", "conv_2"] if "maps" in path.name else []
        assert set(names) == {*maps, "probabilities"}
        for output, found in zip(names, session.run(names, {"images": images}), strict=True):
            np.testing.assert_allclose(np.asarray(found), expected[output], atol=1e-5)


SAVED_MODELS = """
import sys
import numpy as np
import tensorflow as tf
out, images, *folders = sys.argv[1:]
images = tf.constant(np.load(images))
found = []
for folder in folders:
    signature = (loaded := tf.saved_model.load(folder)).signatures["serving_default"]
    found.append(signature(images=images)["probabilities"])
np.save(out, found)
"""


def test_the_saved_models_agree_with_numpy(
    exports: dict[str, Path], dataset: Dataset, tmp_path: Path
) -> None:
    images = dataset.test_images[:7].astype(np.float32) / 255
    np.save(tmp_path / "images.npy", images)
    # One process for all, because importing TensorFlow takes the most time.
    folders = [folder / "1" for folder in exports.values()]
    paths = (tmp_path / "out.npy", tmp_path / "images.npy", *folders)
    subprocess.run([sys.executable, "-c", SAVED_MODELS, *paths], check=True, capture_output=True)
    for name, found in zip(exports, np.load(tmp_path / "out.npy"), strict=True):
        expected = numpy_forward(untrained(MODELS[name]), images)["probabilities"]
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_the_record_identifies_run_and_versions(exports: dict[str, Path], name: str) -> None:
    record = json.loads((exports[name] / "export.json").read_text())
    assert record["run"] == make_run(make_arm(name), 0).key
    assert record["output"]["classes"] == list(CLASS_NAMES)
    assert {"keras", "tensorflow", "tf2onnx"} <= set(record["versions"])


class Reversed(keras.Sequential):
    """A network whose layers do not give its own outputs."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return super().__call__(*args, **options)[:, ::-1]


def test_an_export_with_different_outputs_is_not_written(
    exports: dict[str, Path], dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_before(program: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        """Of the same layers TensorFlow would make the same files again, in many seconds."""
        made, images, probabilities = map(Path, program[-3:])
        shutil.copytree(exports["dense"], made, dirs_exist_ok=True)
        (made / "export.json").unlink()
        session = onnxruntime.InferenceSession(str(made / "model.onnx"))
        np.save(probabilities, session.run(None, {"images": np.load(images)})[0])
        return subprocess.CompletedProcess(program, 0, stdout="{}")

    monkeypatch.setattr(subprocess, "run", as_before)
    layers = untrained(MODELS["dense"]).layers
    other = Reversed([keras.Input((28, 28, 1)), *layers])
    with pytest.raises(RunError, match="outputs differ from the network's: 1 by"):
        export(other, make_run(make_arm("dense"), 0), dataset, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_other_folders_are_not_replaced(dataset: Dataset, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    run = make_run(make_arm("dense"), 0)
    with pytest.raises(InputError, match="contains other files than an export"):
        export(untrained(MODELS["dense"]), run, dataset, mine)
    assert (mine / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("model", "changes", "words"),
    [
        (Convolutional(), {"canvas": 40}, r"changed images \(canvas = 40\)"),
        (Convolutional(), {"shuffled_blocks": 1}, r"changed images \(shuffled_blocks = 1\)"),
        (Convolutional(downsampling="blur"), {}, "layers that exist only in this package: pool_1"),
        (Convolutional(padding="circular"), {}, "exist only in this package: around_1"),
        (Convolutional(sharing="local"), {}, "exist only in this package: conv_1"),
    ],
)
def test_networks_that_cannot_be_exported(
    model: Convolutional, changes: dict[str, Any], words: str, dataset: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        export(
            models.build(model, seed=0, dimensions=grey(changes.get("canvas", 28))),
            make_run(make_arm(model, **changes), 0),
            dataset,
            tmp_path / "model",
        )
    assert list(tmp_path.iterdir()) == []


def test_missing_packages_are_named(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(InputError, match="tf2onnx is not installed"):
        export(
            untrained(MODELS["dense"]), make_run(make_arm("dense"), 0), dataset, tmp_path / "model"
        )


BOTH_FORMS = """
import json, sys
import numpy as np
from convbias.errors import InputError
from convbias.networks.adapters import open_classifier
images = np.random.default_rng(0).integers(0, 256, (9, 28, 28, 1), dtype=np.uint8)
forms = [open_classifier(f"{sys.argv[1]}/{form}", images, 10) for form in ("1", "model.onnx")]
first, second = (np.exp(each.logits(images)) for each in forms)
try:
    open_classifier(f"{sys.argv[1]}/1", np.zeros((2, 32, 32, 1), np.uint8), 10)
except InputError as error:
    print(json.dumps([float(np.abs(first - second).max()), forms[0].outputs, error.fix]))
"""
# y = tanh(W x), whose derivative along v is (1 - y^2) (W v); the same rounded down; the same after
# reading a file inside a function of the graph.
OTHER_GRAPHS = """
import json, sys
import numpy as np
import tensorflow as tf
from convbias.errors import InputError
from convbias.measures.classifier.base import LabelledImages
from convbias.measures.classifier.lie import lie
from convbias.networks.adapters import InputSettings, open_classifier
random = np.random.default_rng(0)
weights = random.normal(size=(144, 5)).astype(np.float32)
images, directions = random.random((2, 300, 12, 12, 1)).astype(np.float32)
taken = tf.TensorSpec((None, 12, 12, 1), tf.float32)
scores = lambda batch: tf.tanh(tf.reshape(batch, (-1, 144)) @ weights)
def file_size(_):
    return tf.cast(tf.strings.length(tf.io.read_file("/etc/hostname")), tf.float32)
def opened(function, name):
    module = tf.Module()
    module.run = tf.function(lambda batch: {"scores": function(batch)}, input_signature=[taken])
    tf.saved_model.save(module, name, signatures={"serving_default": module.run})
    return open_classifier(name, images[:8], 5, settings=InputSettings(outputs="logits"))
smooth = opened(scores, f"{sys.argv[1]}/smooth")
found = smooth.derivative(images, directions)
flat, along = images.reshape(300, -1), directions.reshape(300, -1)
expected = (1 - np.tanh(flat @ weights) ** 2) * (along @ weights)
pixels = LabelledImages((255 * images[:9]).astype(np.uint8), np.zeros(9, int))
steps = opened(lambda batch: tf.floor(3 * scores(batch)), f"{sys.argv[1]}/steps")
remarks = [lie(each, pixels).remark for each in (smooth, steps)]
try:
    opened(lambda batch: scores(batch) + tf.map_fn(file_size, batch[:, 0, 0, 0])[:, None],
           f"{sys.argv[1]}/reader")
except InputError as error:
    print(json.dumps([float(np.abs(found - expected).max()), remarks, error.what]))
"""


@pytest.fixture
def other_graphs(tmp_path: Path) -> tuple[float, list[str], str]:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_GRAPHS, tmp_path],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_saved_models_have_gradients_and_touch_no_file(
    other_graphs: tuple[float, list[str], str],
) -> None:
    difference, (smooth, steps), refused = other_graphs
    assert difference < 1e-4
    assert smooth == "By the framework's gradients."
    assert steps.startswith("By central differences")
    assert "touch files or run code: ReadFile" in refused


def test_both_forms_can_be_measured(exports: dict[str, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BOTH_FORMS, exports["cnn-3x3"]],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    difference, outputs, fix = json.loads(done.stdout.splitlines()[-1])
    assert difference < LARGEST_DIFFERENCE
    assert outputs == "probabilities"
    assert "--side" in fix
