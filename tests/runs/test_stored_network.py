"""Networks as they are read from a store, and the processes that store them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from convbias.networks.models import build
from convbias.runs.store import Store
from convbias.runs.stored_network import load_network
from convbias.spec.arms import Convolutional, Dense, Model
from factories import make_run

pytestmark = pytest.mark.slow

MODELS = (
    Dense(),
    Convolutional(filters=(3, 4), padding="circular", downsampling="blur"),
    Convolutional(filters=(3,), sharing="local", head="flatten"),
)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_a_network_is_what_keras_reads_but_draws_no_weights(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, run = Store(tmp_path), make_run("dense", 0)
    path = store.network_path(run.arm, run.seed)
    build(model, seed=1, standardise=(0.3, 0.4)).save(path)
    theirs: Any = keras.saving.load_model(path, compile=False)  # Keras annotates any object

    def drawn(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(keras.initializers.GlorotUniform, "__call__", drawn)
    ours = load_network(store, run)
    assert ours.get_config() == theirs.get_config()
    assert len(ours.variables) == len(theirs.variables)
    for own, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(own), np.asarray(other))


STORE = """
import sys
from convbias.runs.imports import import_keras
import_keras()
import keras
network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
network.save("network.keras")
print(sorted({"matplotlib", "pandas", "tensorflow", "torch"} & sys.modules.keys()))
import matplotlib, pandas
try:
    import tensorflow
except ModuleNotFoundError as error:
    print(error)
"""


@pytest.mark.integration
def test_a_process_of_a_study_imports_nothing_that_keras_needs_only_for_others(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORE], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\ntensorflow is not imported here\n", done.stderr
    again: Any = keras.saving.load_model(tmp_path / "network.keras")
    assert again.count_params() == 3
