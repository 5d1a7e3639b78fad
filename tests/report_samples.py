"""A small data set and runs on it, for reports."""

from __future__ import annotations

import numpy as np

from convbias.data import Dataset
from convbias.runs.record import Run
from factories import make_arm, make_run, make_runs


def tiny_dataset() -> Dataset:
    """Forty training and fifty test images of noise, with the labels that the factories assume."""
    rng = np.random.default_rng(0)
    return Dataset(
        "drawn",
        rng.integers(0, 256, size=(40, 28, 28, 1), dtype=np.uint8),
        (np.arange(40) % 10).astype(np.uint8),
        rng.integers(0, 256, size=(50, 28, 28, 1), dtype=np.uint8),
        (np.arange(50) % 10).astype(np.uint8),
    )


def drawn_runs(dataset: Dataset) -> list[Run]:
    """Three seeds of each arm on that data, one run of them diverged."""
    means = {"dense": 0.7, "cnn-3x3": 0.8, "cnn-5x5": 0.84, "cnn-7x7": 0.76}
    sizes = {"parameters": 1_000.0, "parameter_bytes": 4_000.0, "network_file_bytes": 9_000.0}
    runs = [
        run
        for model, mean in means.items()
        for run in make_runs(
            make_arm(model, epochs=2, dataset="drawn"),
            [mean - 0.06, mean, mean + 0.1],
            [0.5, 0.4, 0.3],
            images=50,
            measures=sizes,
        )
    ]
    runs.append(make_run(make_arm("cnn-7x7", epochs=2, dataset="drawn"), 3, status="diverged"))
    return [run.model_copy(update={"data_checksum": dataset.checksum}) for run in runs]
