"""Measures of stored networks: what is missing, what is stored, and what is not believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convbias.experiments import EXPERIMENTS
from convbias.findings.results import collect
from convbias.networks.models import build
from convbias.runs.measure_networks import measure_all, missing_measurements
from convbias.runs.measurement import Measurement
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.spec.arms import Convolutional
from convbias.spec.datasets import SPLIT_SIZES
from convbias.spec.description import describe
from convbias.spec.study import Study
from factories import make_arm, make_run

pytestmark = pytest.mark.slow

MEASURE = "oriented_filters"


def stored(folder: Path, seed: int = 0, *, with_network: bool = True) -> tuple[Store, Run]:
    """A run whose network was never trained, which no measure can tell."""
    store = Store(folder)
    run = make_run(make_arm(Convolutional(), dataset="drawn"), seed)
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


@pytest.mark.integration
def test_networks_are_measured_in_processes_of_their_own(tmp_path: Path) -> None:
    store, run = stored(tmp_path)
    taken: list[int] = []
    wanted = missing_measurements([run], [MEASURE], store).planned
    assert measure_all(wanted, store, 1, taken.append) == ()
    assert taken == [1]
    found = store.read_measurement(run, MEASURE)
    assert found is not None
    assert 0 < found.values["edge_energy"] < 1
    assert measure_all((), store) == ()


@pytest.mark.integration
def test_the_number_of_test_images_is_stored(tmp_path: Path) -> None:
    store, run = stored(tmp_path)
    every = SPLIT_SIZES["drawn"][2]
    measures = ["embedding", MEASURE]
    assert measure_all([(run.arm, 0, each) for each in measures], store, 1) == ()
    embedding, filters = (store.read_measurement(run, each) for each in measures)
    assert embedding is not None
    assert embedding.values["embedding_images"] == every
    assert embedding.image_counts(scored=1) == {"embedding": every}
    assert filters is not None
    assert filters.image_counts(scored=1) == {}  # of the weights alone
    assert "oriented_filters_images" not in filters.values


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


@pytest.mark.integration
def test_a_measure_that_fails_is_reported_and_not_stored(tmp_path: Path) -> None:
    store, run = stored(tmp_path)
    [failure] = measure_all([(run.arm, 0, "no_such_measure")], store, 1)
    assert (failure.measure, failure.run_key) == ("no_such_measure", run.key)
    assert "ModuleNotFoundError" in failure.traceback
    assert store.read_measurement(run, "no_such_measure") is None


def test_a_network_that_a_measure_refuses_does_not_end_the_others(tmp_path: Path) -> None:
    """No image has a corner here, so the location test refuses; the other measure is stored."""
    store, run = stored(tmp_path)
    planned = [(run.arm, 0, "location_test"), (run.arm, 0, MEASURE)]
    [failure] = measure_all(planned, store, 1)
    assert failure.measure == "location_test"
    assert "InputError" in failure.traceback
    assert store.read_measurement(run, MEASURE) is not None


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
