"""The published runs: every file has the name of what it holds, and no number has changed.

The digest is of numbers alone. It was computed before the runs were renamed for the first version
of the numerics, and stays what it is when they are renamed again; only new runs change it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from convbias.runs.measurement import Measurement
from convbias.runs.record import Run
from convbias.runs.store import Store, weights_checksum
from convbias.runs.stored_network import load_network
from convbias.spec.arms import Arm
from convbias.spec.beyond.arms import TaskArm

RESULTS = Path(__file__).parents[2] / "results"
TABLE = RESULTS / "full" / "table.csv"
STORES = {
    "full/runs": (930, "7e4a92dab77ad4ed6a401b1319624c1bc38bc63891d71a3cff4487031b102dc4"),
    "tuning/brief": (132, "b8f83cdeb20ba56ffb31e2e4abb60baef86775cee31288e1cd70c933596fd9c8"),
    "tuning/tuned": (32, "fef1c9863930db29862f6e2f129fcaf0293673906741e58acae535a84d1afc86"),
}
ON_OTHER_DATA = (1_306, "1ee9bcdd076de2acb8c9f90619bb0882162cd9c527e24a4f9d3788947ac3361c")
MEASUREMENTS = (470, "a64f680c243241804aee576512cc30fdbae1234ca8e38e3944bbbc9767c2cd6b")
PAGE = (3, "c90ca92e413719fe03ffa0241149e5d246d8ef0c64b3b7a63238d145c9d5d339")
ROWS = (2_586, "fa3671259c687249f9c0d46294f8139078002fe5b0099ee84021b555d1ded5b6")


def numbers_of_run(run: Run) -> str:
    """Everything that a run holds, but for its names."""
    values = run.model_dump(
        include={
            *("seed", "status", "reason", "epochs", "train", "validation", "test", "measures"),
            *("data_checksum", "weights_checksum", "code_version", "environment", "cost"),
        }
    )
    arrays: list[tuple[Any, ...]] = []
    if run.per_image is not None:
        found = run.per_image
        bits = np.packbits(found.correct)
        arrays = [(len(found.correct),), *map(_array, (bits, found.predicted, found.loss))]
    # Without defaults, so that an option which is added later changes nothing.
    arm = run.arm.model_dump(exclude_defaults=True, exclude={"recipe": {"name"}})
    return json.dumps([values, arrays, arm, run.arm.model.family], sort_keys=True)


def numbers_of_measurement(found: Measurement) -> str:
    values = found.model_dump(include={"measure", "weights_checksum", "values", "code_version"})
    pictures = {name: _array(picture) for name, picture in found.pictures.items()}
    return json.dumps([values, pictures], sort_keys=True)


def _array(values: np.ndarray | None) -> tuple[Any, ...]:
    return (None,) if values is None else (values.dtype.str, values.shape, values.tobytes().hex())


def digest(texts: list[str]) -> str:
    """SHA-256 that does not depend on the order."""
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()


@pytest.mark.parametrize("folder", STORES)
def test_every_run_has_its_name_and_its_numbers(folder: str) -> None:
    runs = list(Store(RESULTS / folder))  # fails where a name is not that of the arm and the seed
    of_images = [numbers_of_run(run) for run in runs if isinstance(run.arm, Arm)]
    assert (len(of_images), digest(of_images)) == STORES[folder]


def test_every_run_on_other_data_has_its_name_and_its_numbers() -> None:
    runs = [run for run in Store(RESULTS / "full/runs") if isinstance(run.arm, TaskArm)]
    assert (len(runs), digest([numbers_of_run(run) for run in runs])) == ON_OTHER_DATA


def test_every_measurement_belongs_to_its_run_and_has_its_numbers() -> None:
    store = Store(RESULTS / "full" / "runs")
    runs = {run.key: run for run in store}
    found = []
    for path in sorted((store.folder / "measurements").iterdir()):
        one = Measurement.model_validate_json(path.read_bytes())
        run = runs[one.run]
        assert path == store.measurement_path(run, one.measure)
        assert store.read_measurement(run, one.measure) is not None, path.name
        found.append(numbers_of_measurement(one))
    assert (len(found), digest(found)) == MEASUREMENTS


def test_the_published_network_belongs_to_a_run() -> None:
    store = Store(RESULTS / "full" / "runs")
    [network] = store.folder.glob("*.keras")
    assert network.with_suffix(".json").exists()
    card = json.loads((RESULTS / "full" / "model-card" / "model-card.json").read_text())
    assert card["run"] == network.stem


def test_the_networks_of_the_page_repeat_published_runs() -> None:
    published, page = Store(RESULTS / "full" / "runs"), Store(RESULTS / "page")
    runs = list(page)
    assert (len(runs), digest([numbers_of_run(run) for run in runs])) == PAGE
    for run in runs:
        weights = load_network(page, run).get_weights()
        assert weights_checksum(weights) == run.weights_checksum
        assert published.named(run.key).arm == run.arm


def test_every_row_of_the_published_table_is_that_of_a_run() -> None:
    rows = pd.read_csv(TABLE, dtype=str)
    numbers = rows.drop(columns="arm_hash").to_csv(index=False)
    assert (len(rows), hashlib.sha256(numbers.encode()).hexdigest()) == ROWS
    named = {(run.arm_hash, str(run.seed)) for run in Store(RESULTS / "full" / "runs")}
    assert named == set(zip(rows["arm_hash"], rows["seed"], strict=True))
