"""Whether the parts of a stored run agree with one another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from convbias import data
from convbias.data import Dataset
from convbias.data.variants import scored_labels
from convbias.errors import DataError
from convbias.networks.scores import PerImage
from convbias.runs.record import Run
from convbias.runs.store import DamagedRunError, read_run, weights_checksum
from convbias.spec.datasets import DatasetName

# float16 keeps 11 significant bits, and below its smallest normal number steps of 2**-24.
HALF_RELATIVE, HALF_ABSOLUTE = 2.0**-11, 2.0**-25
FLOAT32_SUM = 1e-6  # what the order of summation may change, relative


class Checker:
    """Checks the stored runs of a folder, loading each data set once.

    After checks, `absent` names the data sets that were needed and are not here, and
    `without_network` counts the runs without a network, as most published ones are.
    """

    def __init__(self) -> None:
        self.without_network = 0
        self.absent: set[DatasetName] = set()
        self._dataset = cache(_load_if_here)

    def problems(self, path: Path) -> list[str]:
        """What is wrong with a stored run, in sentences without their full stops.

        Args:
            path: Of its record; the network is looked for beside it.
        """
        try:
            run = read_run(path)
        except DamagedRunError as error:
            return [error.what]
        return [
            *self._network_problems(run, path.with_suffix(".keras")),
            *_completeness_problems(run),
            *_score_problems(run),
            *self._data_problems(run),
        ]

    def _network_problems(self, run: Run, path: Path) -> Iterator[str]:
        if not path.exists():
            self.without_network += 1
            return
        try:
            checksum = weights_checksum(_trained_weights(path))
        except Exception as error:  # noqa: BLE001 - the reader raises whatever the damage leads to
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            yield f"its network {path.name} cannot be read: {reason}"
            return
        if checksum != run.weights_checksum:
            yield (
                f"the weights in {path.name} have the checksum {checksum[:12]}, but the record says"
                f" {(run.weights_checksum or 'none')[:12]}"
            )

    def _data_problems(self, run: Run) -> Iterator[str]:
        dataset = self._dataset(run.arm.data.dataset)
        if dataset is None:
            self.absent.add(run.arm.data.dataset)
        elif run.data_checksum != dataset.checksum:
            yield (
                f"it was trained on data with the checksum {run.data_checksum[:12]}, but"
                f" {dataset.name} has {dataset.checksum[:12]}"
            )
        elif run.per_image is not None:
            yield from _label_problems(run.per_image, scored_labels(dataset, run.arm.data))


def _load_if_here(name: DatasetName) -> Dataset | None:
    try:
        # A check downloads nothing.
        if name == "fashion-mnist" and any(file.status != "verified" for file in data.verify()):
            return None
    except DataError:
        return None
    return data.load(name)


def _trained_weights(path: Path) -> list[np.ndarray]:
    # Imported here, because listing runs needs no Keras; the layers are needed for reading.
    import keras

    import convbias.networks.layers  # noqa: F401

    network: Any = keras.saving.load_model(path, compile=False)
    return [np.asarray(variable) for variable in network.trainable_variables]


def _completeness_problems(run: Run) -> Iterator[str]:
    if run.status == "diverged":
        if not run.reason:
            yield "it diverged, but no reason is recorded"
        return
    expected = ["train", "validation"]
    if run.arm.data.scored_on == "test":
        expected += ["test", "per_image"]
    yield from (f"it finished, but has no {part}" for part in expected if not getattr(run, part))
    if len(run.epochs) != run.arm.recipe.epochs:
        yield f"it finished, but has {len(run.epochs)} of {run.arm.recipe.epochs} epochs"


def _score_problems(run: Run) -> Iterator[str]:
    test, per_image = run.test, run.per_image
    if test is None or per_image is None:
        return
    n, losses = len(per_image.correct), per_image.loss
    known = [len(each) for each in (per_image.predicted, losses) if each is not None]
    if {n, *known} != {test.images}:
        yield (
            f"its test accuracy is of {test.images:,} images, but its answers, predictions and"
            f" losses are of {', '.join(f'{each:,}' for each in (n, *known))}"
        )
        return
    accuracy = float(per_image.correct.mean())
    if test.accuracy != accuracy:
        yield f"its test accuracy is {test.accuracy}, but its images say {accuracy}"
    if losses is None:
        return
    loss = float(losses.astype(np.float64).mean())
    if not abs(test.loss - loss) <= (HALF_RELATIVE + FLOAT32_SUM) * loss + HALF_ABSOLUTE:
        yield f"its test loss is {test.loss}, but its images say {loss}"


def _label_problems(per_image: PerImage, labels: np.ndarray) -> Iterator[str]:
    if len(per_image.correct) != len(labels):
        yield (
            f"it holds answers to {len(per_image.correct):,} images, but its data has"
            f" {len(labels):,} test images"
        )
        return
    if per_image.predicted is None:
        return
    marked = per_image.predicted == labels
    wrong = np.count_nonzero(per_image.correct != marked)
    if wrong:
        yield f"{wrong:,} images are marked otherwise than predictions and labels say"
