"""Measures of stored networks: what is missing, what is stored, and what is not believed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from convbias.experiments import EXPERIMENTS
from convbias.findings.results import collect
from convbias.networks.models import build
from convbias.runs.measure_networks import (
    FailedMeasurement,
    measure_all,
    missing_measurements,
)
from convbias.runs.measurement import Measurement
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.spec.arms import Convolutional
from convbias.spec.datasets import DATASETS
from convbias.spec.description import describe
from convbias.spec.study import Study
from factories import make_arm, make_run

pytestmark = pytest.mark.slow

MEASURE = "oriented_filters"


def stored(folder: Path, seed: int = 0, *, with_network: bool = True) -> tuple[Store, Run]:
    """A run whose network was never trained, which no measure can tell."""
    store = Store(folder)
    run = make_run(make_arm(Convolutional(filters=(4, 6)), dataset="drawn"), seed)
    store.write(run)
    if with_network:
        build(run.arm.model, seed).save(store.network_path(run.arm, seed))
    return store, run


def measurement(run: Run, **changes: object) -> Measurement:
    values: dict[str, object] = {
        "measure": MEASURE,
        "run": run.key,
        "weights_checksum": run.weights_checksum,
        "values": {"edge_energy": 0.5},
        "pictures": {"kernels": np.arange(6.0).reshape(2, 3) / 4},
        "code_version": "0.0.0",
    }
    return Measurement.model_validate(values | changes)


def test_a_measurement_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    store, run = stored(tmp_path, with_network=False)
    assert store.read_measurement(run, MEASURE) is None
    store.write_measurement(run, measurement(run))
    found = store.read_measurement(run, MEASURE)
    assert found is not None
    assert found.values == {"edge_energy": 0.5}
    np.testing.assert_array_equal(found.pictures["kernels"], [[0, 0.25, 0.5], [0.75, 1, 1.25]])
    # What stands beside the runs is none of them.
    assert [each.key for each in store] == [run.key]


@pytest.mark.parametrize(
    "changes", [{"weights_checksum": "of other weights"}, {"measure": "another"}]
)
def test_what_was_measured_on_something_else_is_not_believed(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    store, run = stored(tmp_path, with_network=False)
    store.write_measurement(run, measurement(run))
    path = store.measurement_path(run, MEASURE)
    path.write_text(measurement(run, **changes).model_dump_json())
    assert store.read_measurement(run, MEASURE) is None


def test_a_damaged_measurement_is_taken_again(tmp_path: Path) -> None:
    store, run = stored(tmp_path)
    store.write_measurement(run, measurement(run))
    path = store.measurement_path(run, MEASURE)
    assert missing_measurements([run], [MEASURE], store).planned == ()
    path.write_text(path.read_text()[:-20])
    assert missing_measurements([run], [MEASURE], store).planned == ((run.arm, 0, MEASURE),)


def test_only_finished_runs_with_a_network_can_be_measured(tmp_path: Path) -> None:
    store, run = stored(tmp_path)
    _, alone = stored(tmp_path, seed=1, with_network=False)
    diverged = make_run(run.arm, 2, status="diverged")
    found = missing_measurements([run, alone, diverged], [MEASURE], store)
    assert found.planned == ((run.arm, 0, MEASURE),)
    assert found.without_network == (alone.key,)


class Measured(NamedTuple):
    """What one process made of four measures of a network."""

    store: Store
    run: Run
    failures: dict[str, FailedMeasurement]
    counted: list[int]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    store, run = stored(tmp_path_factory.mktemp("measured"))
    counted: list[int] = []
    # No image has a corner here, so the location test refuses.
    measures = ("no_such_measure", "location_test", "embedding", MEASURE)
    planned = [(run.arm, 0, each) for each in measures]
    failures = measure_all(planned, store, 1, counted.append)
    return Measured(store, run, {each.measure: each for each in failures}, counted)


@pytest.mark.integration
def test_networks_are_measured_in_processes_of_their_own(measured: Measured) -> None:
    assert measured.counted == [1, 2, 3, 4]
    found = measured.store.read_measurement(measured.run, MEASURE)
    assert found is not None
    assert 0 < found.values["edge_energy"] < 1


def test_nothing_is_measured_where_nothing_is_wanted(tmp_path: Path) -> None:
    assert measure_all((), Store(tmp_path)) == ()


@pytest.mark.integration
def test_the_number_of_test_images_is_stored(measured: Measured) -> None:
    every = DATASETS["drawn"].sizes[2]
    embedding = measured.store.read_measurement(measured.run, "embedding")
    assert embedding is not None
    assert embedding.values["embedding_images"] == every
    assert embedding.image_counts(scored=1) == {"embedding": every}
    filters = measured.store.read_measurement(measured.run, MEASURE)
    assert filters is not None
    assert filters.image_counts(scored=1) == {}  # of the weights alone
    assert "oriented_filters_images" not in filters.values


@pytest.mark.integration
@pytest.mark.parametrize(
    ("measure", "error"),
    [("no_such_measure", "ModuleNotFoundError"), ("location_test", "InputError")],
)
def test_a_measure_that_fails_is_reported_not_stored_and_ends_no_other(
    measured: Measured, measure: str, error: str
) -> None:
    assert measured.failures.keys() == {"no_such_measure", "location_test"}
    failure = measured.failures[measure]
    assert failure.run_key == measured.run.key
    assert error in failure.traceback
    assert measured.store.read_measurement(measured.run, measure) is None


@pytest.mark.parametrize(
    ("measure", "scored", "expected"),
    [
        ("shift_consistency", 10_000, {"shift_consistency": 500, "exact_control": 24}),
        ("shift_consistency", 200, {"shift_consistency": 200, "exact_control": 24}),
        ("location_test", 2_000, {"location_test": 2_000}),
        ("oriented_filters", 10_000, {}),
    ],
)
def test_measurements_without_a_number_have_that_of_their_time(
    tmp_path: Path, measure: str, scored: int, expected: dict[str, int]
) -> None:
    _, run = stored(tmp_path, with_network=False)
    assert measurement(run, measure=measure).image_counts(scored) == expected


def tiny_study() -> Study:
    values = {"name": "tiny", "cost": "", "expect": "", "experiments": ["hierarchy"]}
    return describe(Study, {**values, "recipe": "classic", "epochs": 1, "seeds": [0, 1]}, "test")


def test_what_is_measured_stands_among_the_runs_own_numbers(tmp_path: Path) -> None:
    study = tiny_study()
    arms = study.arms(EXPERIMENTS["hierarchy"])
    store = Store(tmp_path)
    run = make_run(arms["two layers"], 0, measures={"parameters": 28_426})
    store.write(run)
    store.write_measurement(run, measurement(run))
    probe = {"measure": "linear_probe", "values": {"probe_pixels": 0.5, "linear_probe_images": 700}}
    store.write_measurement(run, measurement(run, **probe))
    second = make_run(arms["two layers"], 1)  # with 1,000 test images
    store.write(second)
    old = {"measure": "linear_probe", "values": {"probe_pixels": 0.5}}
    store.write_measurement(second, measurement(second, **old))
    results = collect(study, EXPERIMENTS["hierarchy"], store)
    assert results.measured_images == {"linear_probe": (700, 1_000)}
    found, _ = results.runs
    assert found.condition == "two layers"
    assert found.measures == {
        "parameters": 28_426,
        "edge_energy": 0.5,
        "probe_pixels": 0.5,
        "linear_probe_images": 700,
    }
    assert results.pictures[run.key]["kernels"].shape == (2, 3)
    assert results.unmeasured == (second.key,)  # its filters are not measured yet
    assert [name for name, _ in results.absent] == 2 * ["one layer"] + 2 * ["two frozen layers"]
