"""Studies on a real Ray cluster of two nodes: equal numbers, and deaths of all that can die."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tools.servers.processes import StartedProcess, free_port, wait_until
from tools.servers.ray_cluster import LoopbackCluster, ray_cluster

from command_line import (
    assert_no_half_file,
    assert_two_at_once,
    convbias,
    numbers,
)
from convbias.errors import DataError, InputError
from convbias.runs.engines import ray as on_ray
from convbias.runs.engines.ray import Ray
from convbias.runs.identity import identity
from convbias.runs.measure_networks import PlannedMeasurement, measure_all
from convbias.runs.progress import Progress
from convbias.runs.record import run_key
from convbias.runs.store import Store
from convbias.runs.sweep import missing, sweep
from factories import make_arm

pytestmark = [
    pytest.mark.integration,
    # Ray forks before it starts its programs, and JAX, which other tests have loaded, warns of it.
    pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning"),
]

DENSE, CNN = (
    make_arm(name, epochs=3, dataset="drawn", training_images=100) for name in ("dense", "cnn-3x3")
)
PLANNED = [(arm, seed) for arm in (DENSE, CNN) for seed in (0, 1)]
MEASURES: list[PlannedMeasurement] = [(CNN, seed, "oriented_filters") for seed in (0, 1)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LoopbackCluster]:
    with pytest.MonkeyPatch.context() as patch, ray_cluster(patch.setenv) as started:
        started.add_node()
        yield started


@pytest.fixture(scope="module")
def engine(cluster: LoopbackCluster) -> Iterator[Ray]:
    connected = Ray(cluster.address)
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def trained_here(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("here"))
    sweep(PLANNED, store)
    assert measure_all(MEASURES, store) == ()
    return store


def assert_equal(store: Store, other: Store) -> None:
    assert [numbers(run) for run in store] == [numbers(run) for run in other]


def test_runs_and_measurements_are_those_of_this_machine(
    tmp_path: Path, engine: Ray, trained_here: Store
) -> None:
    store = Store(tmp_path)
    told: list[Progress] = []
    assert engine.processes(100) == 2
    assert engine.processes(100, most=1) == 1
    sweep(PLANNED, store, on_progress=told.append, engine=engine)
    assert measure_all(MEASURES, store, engine=engine) == ()
    assert_equal(store, trained_here)
    for arm, seed, measure in MEASURES:
        run = store.named(run_key(arm, seed))
        measured = [each.read_measurement(run, measure) for each in (store, trained_here)]
        there, here = [found.model_dump(mode="json") for found in measured]
        assert there == here
    epochs = {(each.key, each.epoch) for each in told}
    assert epochs == {
        (run_key(arm, seed), epoch)
        for arm, seed in PLANNED
        for epoch in range(arm.recipe.epochs + 1)
    }
    assert_no_half_file(tmp_path)


def test_a_node_and_a_process_are_killed(
    tmp_path: Path,
    cluster: LoopbackCluster,
    engine: Ray,
    trained_here: Store,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = Store(tmp_path)
    killed: list[str] = []

    def kill() -> None:
        """A node while both nodes work, then a process on what is left."""
        wait_until(lambda: len(cluster.workers()) == 2)
        cluster.kill_node()
        killed.append("node")
        while "process" not in killed:
            wait_until(cluster.workers)
            with suppress(psutil.NoSuchProcess, IndexError):
                cluster.workers()[0].kill()
                killed.append("process")

    def replace_node(*_: object) -> None:
        if len(cluster.nodes) == 1:
            cluster.add_node()

    killer = threading.Thread(target=kill)
    killer.start()
    sweep(PLANNED, store, on_stored=replace_node, engine=engine)
    killer.join()
    assert killed == ["node", "process"]
    assert capsys.readouterr().out == ""  # what died is told by the command
    assert_equal(store, trained_here)
    assert_no_half_file(tmp_path)


def test_the_command_is_killed_and_goes_on(tmp_path: Path, cluster: LoopbackCluster) -> None:
    arguments = (
        *("train", "dense", "--dataset", "drawn", "--training-images", "100", "--epochs", "60"),
        *("--seeds", "0-3", "--on", f"ray:{cluster.address}"),
    )
    command = StartedProcess(*arguments, cwd=tmp_path)
    store = Store(tmp_path / "runs")
    command.wait_for(store.paths)
    command.process.kill()
    command.process.wait()
    stored = len(store.paths())
    assert 0 < stored < 4
    wait_until(lambda: not cluster.workers())
    done = convbias(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"4 runs planned, {stored} stored in runs, {4 - stored} to train" in done.stdout
    assert done.stderr == ""
    here = convbias(*arguments[:-2], "--runs", "here", cwd=tmp_path)
    assert here.returncode == 0, here.stderr
    assert_equal(store, Store(tmp_path / "here"))
    assert_no_half_file(store.folder)


def test_two_commands_on_one_store_of_which_one_trains_here(
    tmp_path: Path, cluster: LoopbackCluster
) -> None:
    assert_two_at_once(tmp_path, (), ("--on", f"ray:{cluster.address}"))


def test_ctrl_c_ends_the_tasks(tmp_path: Path, cluster: LoopbackCluster) -> None:
    command = StartedProcess(
        *("train", "dense", "--dataset", "drawn", "--epochs", "1000", "--seeds", "0", "1"),
        *("--on", f"ray:{cluster.address}"),
        cwd=tmp_path,
    )
    command.wait_for(cluster.workers)
    command.process.send_signal(signal.SIGINT)
    assert command.process.wait(timeout=600) == 130
    said = command.errors.read_text()
    assert "0 of 2 runs are stored in runs." in said
    assert "Traceback" not in said
    wait_until(lambda: not cluster.workers())


def test_a_worker_with_other_code_refuses(
    tmp_path: Path, engine: Ray, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = identity()
    for other, said in (
        (replace(here, versions={**here.versions, "jax": "0.0.1"}), "jax .* instead of 0.0.1"),
        (replace(here, numerics_version=0), "numerics .* instead of 0"),
        (replace(here, source="0" * 64), "other source of convbias"),
    ):
        monkeypatch.setattr(on_ray, "identity", lambda other=other: other)
        with pytest.raises(InputError, match=said) as caught:
            sweep(PLANNED[:1], Store(tmp_path), engine=engine)
        assert "the worker on" in caught.value.what
    assert missing(PLANNED[:1], Store(tmp_path))[0] == PLANNED[:1]


def test_a_worker_with_other_data_refuses(
    tmp_path: Path, engine: Ray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "checksums_of", lambda _: {"drawn": "0" * 64})
    with pytest.raises(DataError, match="other data of the name drawn"):
        sweep(PLANNED[:1], Store(tmp_path), engine=engine)
    assert Store(tmp_path).paths() == []


def test_what_is_waited_for_is_said(
    tmp_path: Path, engine: Ray, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    monkeypatch.setattr(on_ray, "SECONDS_UNTIL_WAITING", 1)

    def sleep() -> None:
        time.sleep(1_000)

    busy = ray.remote(sleep).options(num_cpus=1, max_retries=0)
    holding = [busy.remote() for _ in range(2)]
    wait_until(lambda: not ray.available_resources().get("CPU"))
    said: list[str] = []

    def free(reason: str) -> None:
        said.append(reason)
        for each in holding:
            ray.cancel(each, force=True)

    assert sweep(PLANNED[:1], Store(tmp_path), engine=engine, on_waiting=free).trained
    assert said == ["1 task waits for 1 CPU: of the cluster's 2 CPU, 0 are free"]


@pytest.mark.parametrize("form", ["ray:127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_no_cluster_at_an_address(tmp_path: Path, form: str) -> None:
    address = form.format(free_port())
    done = convbias("train", "dense", "--dataset", "drawn", "--on", address, cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no Ray cluster at" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "runs").glob("*")) == []


@pytest.mark.parametrize("on", ["ray:somewhere", "ray://somewhere", "ray:host:port", "rey"])
def test_no_address(tmp_path: Path, on: str) -> None:
    done = convbias("train", "dense", "--dataset", "drawn", "--on", on, cwd=tmp_path)
    assert done.returncode == 2
    assert "fix:" in done.stderr
