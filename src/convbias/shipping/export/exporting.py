"""Export a network, and check that the exported files give the network's outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from convbias.data import Dataset
from convbias.errors import InputError, RunError, StorageError
from convbias.networks.rebuild import STOCK, rebuild
from convbias.runs.choosing import check_ordinary
from convbias.runs.record import Run
from convbias.shipping.export.archive import RECORD
from convbias.spec.datasets import description_of
from convbias.spec.extras import check_installed

NEEDED = ("tensorflow", "tf2onnx", "onnx", "onnxruntime")
LARGEST_DIFFERENCE = 1e-5
CHECKED_IMAGES = 256


@dataclass(frozen=True)
class ExportResult:
    """The exported files.

    Args:
        folder: folder with `1/`, `model.onnx`, for a CNN `model-maps.onnx`, and `export.json`.
        differences: file name to the largest absolute difference between its outputs and the
            network's; for feature maps divided by the largest value.
        images: number of test images that were compared.
    """

    folder: Path
    differences: Mapping[str, float]
    images: int


def export(network: keras.Model, run: Run, dataset: Dataset, folder: Path) -> ExportResult:
    """Export a network as a TensorFlow SavedModel and as ONNX.

    Args:
        network: the run's network.
        run: the run.
        dataset: data set whose first 256 test images are used for the check.
        folder: receives the export; an earlier export is replaced after the check.

    Raises:
        InputError: A package is missing, the folder contains other files, the run diverged or was
            trained on changed images, or the network has layers that cannot be exported.
        RunError: TensorFlow failed, or an exported file's outputs differ from the network's.
        StorageError: The folder cannot be written.
    """
    check_installed("export", NEEDED)
    _check_folder(folder)
    check_exportable(network, run)
    stock = rebuild(network)  # with stock layers, which TensorFlow can load
    images = dataset.test_images[:CHECKED_IMAGES].astype(np.float32) / 255
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as temporary:
            work, made = Path(temporary), Path(temporary) / "export"
            made.mkdir()
            stock.save(work / "network.keras")
            np.save(work / "images.npy", images)
            paths = (work / "network.keras", made, work / "images.npy", work / "probabilities.npy")
            versions = json.loads(_tensorflow(*paths))
            probabilities = np.load(work / "probabilities.npy")
            differences = _differences(network, stock, images, made, probabilities)
            _check_differences(differences)
            exported = ExportResult(folder, differences, len(images))
            record = _record(run, exported, versions)
            (made / RECORD).write_text(json.dumps(record, indent=2) + "\n", "utf-8")
            if folder.exists():
                folder.replace(work / "old")
            made.replace(folder)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written: {error.strerror or error}",
            "a writable folder with free space",
            "choose another folder with --out, or free disk space",
        ) from error
    return exported


def _check_folder(folder: Path) -> None:
    if not folder.exists() or (folder / RECORD).is_file():
        return
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        return
    raise InputError(
        f"{folder} contains other files than an export",
        "a folder that does not exist, or an earlier export",
        "choose another folder with --out",
    )


def check_exportable(network: keras.Model, run: Run) -> None:
    """Check that a network can be exported.

    Args:
        network: the run's network.
        run: the run.

    Raises:
        InputError: `check_ordinary` refuses the run, or a layer cannot be exported.
    """
    check_ordinary(run)
    kinds = {layer.name: STOCK.get(type(layer), type(layer)) for layer in network.layers}
    own = [name for name, kind in kinds.items() if not kind.__module__.startswith("keras.")]
    if own:
        raise InputError(
            f"the run {run.key} has layers that exist only in this package: {', '.join(own)}",
            "dense, convolutional and pooling layers of Keras",
            "export a run with same or valid padding, max-pooling or strides, and shared kernels",
        )


def _tensorflow(*paths: Path) -> str:
    """Run `convbias.shipping.export.tensorflow_process`, and return its last line of output."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [sys.executable, "-m", "convbias.shipping.export.tensorflow_process", *map(str, paths)],
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise RunError(f"TensorFlow failed to export the network: {lines[-1]}")
    return done.stdout.strip().rpartition("\n")[2]


def _differences(
    network: keras.Model,
    stock: keras.Sequential,
    images: np.ndarray,
    made: Path,
    probabilities: np.ndarray,
) -> dict[str, float]:
    """Compare the outputs of all exported files with the network's.

    Args:
        network: the network.
        stock: the same network with stock layers, for its feature maps.
        images: float32 (n, side, side, channels).
        made: folder of the exported files.
        probabilities: the SavedModel's output, float32 (n, classes).
    """
    expected = np.asarray(network(images, training=False))
    differences = {"1": _largest(probabilities, expected)}
    for path in sorted(made.glob("*.onnx")):
        found = _run_onnx(path, images)
        wanted: dict[str, Any] = {"probabilities": expected}
        maps = [name for name in found if name != "probabilities"]
        if maps:
            outputs = [stock.get_layer(name).output for name in maps]
            with_maps = keras.Model(stock.inputs[0], outputs)
            wanted |= dict(zip(maps, map(np.asarray, with_maps(images)), strict=True))
        per_output = [_largest(found[name], wanted[name]) for name in found]
        differences[path.name] = float(np.max(per_output))  # unlike max, np.max propagates NaN
    return differences


def _run_onnx(path: Path, images: np.ndarray) -> dict[str, np.ndarray]:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # see inference.py
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    outputs = map(np.asarray, session.run(names, {"images": images}))
    return dict(zip(names, outputs, strict=True))


def _largest(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest absolute difference, divided by the largest value if that is above 1."""
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))


def _check_differences(differences: Mapping[str, float]) -> None:
    # "not <=" instead of ">", so that NaN fails as well.
    wrong = {name: each for name, each in differences.items() if not each <= LARGEST_DIFFERENCE}
    if wrong:
        listed = ", ".join(f"{name} by {each:.2g}" for name, each in wrong.items())
        raise RunError(
            f"the export's outputs differ from the network's: {listed}",
            f"differences of at most {LARGEST_DIFFERENCE:g}",
            "nothing was written; please report the run",
        )


def _record(run: Run, exported: ExportResult, versions: Mapping[str, str]) -> dict[str, object]:
    data = run.image_arm.data
    described, form = description_of(data.dataset), description_of(data.dataset).input_form
    return {
        "run": run.key,
        "arm": run.arm.name,
        "weights_checksum": run.weights_checksum,
        "dataset": data.dataset,
        "data_checksum": run.data_checksum,
        "test_accuracy": run.test.accuracy if run.test else None,
        "input": {
            "name": "images",
            "dtype": "float32",
            "shape": [None, form.side, form.side, form.channels],
            "conversion": form.conversion,
        },
        "output": {
            "name": "probabilities",
            "dtype": "float32",
            "classes": described.class_names,
        },
        "checked_images": exported.images,
        "largest_differences": dict(exported.differences),
        "versions": dict(versions),
    }
