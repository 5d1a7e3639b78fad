"""Runs exported to MLflow, read again by MLflow's own client and from its tables."""

from __future__ import annotations

import math
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tools.servers.processes import TIMEOUT

from convbias.cli import main
from convbias.networks.scores import Epoch
from convbias.runs import mlflow_runs, mlflow_store
from convbias.runs.measurement import Measurement
from convbias.runs.mlflow_runs import export_to_mlflow
from convbias.runs.record import Run
from convbias.runs.store import Store
from factories import make_arm, make_run
from stub_server import UNREACHABLE, StubServer

if TYPE_CHECKING:
    from mlflow.entities import Run as Entry

CNN = make_arm("cnn-3x3", dataset="drawn", epochs=2)
DENSE = make_arm("dense", dataset="drawn", epochs=3)
TABLES = ("runs", "params", "metrics", "latest_metrics", "tags", "experiments")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that an export of no runs created; MLflow takes seconds for its tables."""
    path = tmp_path_factory.mktemp("mlflow") / "empty.db"
    export_to_mlflow([], lambda _: [], f"sqlite:///{path}")
    return path


@pytest.fixture
def database(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(empty, tmp_path / "mlflow.db"))


def stored(*runs: Run) -> Store:
    store = Store("runs")
    for run in runs:
        store.write(run)
    return store


def export() -> int:
    return main(["runs", "export", "--mlflow", "sqlite:///mlflow.db"])


def measured(run: Run, **values: float) -> Measurement:
    return Measurement(
        measure="sharpness",
        run=run.key,
        weights_checksum=run.weights_checksum,
        values=values,
        pictures={},
        code_version="1",
    )


def entries(path: Path) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Parents by arm and children by key; each is there once."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{path.absolute()}")
    experiment = client.get_experiment_by_name("convbias")
    found = client.search_runs([experiment.experiment_id])
    parents = [each for each in found if "convbias.arm" in each.data.tags]
    children = [each for each in found if "convbias.run" in each.data.tags]
    assert len(parents) + len(children) == len(found)
    by_arm = {each.data.tags["convbias.arm"]: each for each in parents}
    by_key = {each.data.tags["convbias.run"]: each for each in children}
    assert (len(by_arm), len(by_key)) == (len(parents), len(children))
    return by_arm, by_key


def rows(path: Path) -> Counter[tuple[Any, ...]]:
    """All that the tables hold of runs, and how often."""
    found: Counter[tuple[Any, ...]] = Counter()
    with closing(sqlite3.connect(path)) as connection:
        for table in TABLES:
            # Names are those above.
            found.update((table, *row) for row in connection.execute(f"SELECT * FROM {table}"))  # noqa: S608
    return found


def contents(path: Path) -> Counter[tuple[Any, ...]]:
    """What the database says of runs, whatever identifiers MLflow gave them."""
    found: Counter[tuple[Any, ...]] = Counter()
    with closing(sqlite3.connect(path)) as connection:
        uuids = dict(connection.execute("SELECT run_uuid, name FROM runs"))
        queries = (
            "SELECT run_uuid, 'run', status, start_time, end_time, lifecycle_stage FROM runs",
            "SELECT run_uuid, 'param', key, value FROM params",
            "SELECT run_uuid, 'metric', key, step, value, timestamp FROM metrics",
            "SELECT run_uuid, 'tag', key, value FROM tags",
        )
        for query in queries:
            for uuid, *row in connection.execute(query):
                found[(uuids[uuid], *(uuids.get(value, value) for value in row))] += 1
    return found


def test_parents_children_and_every_number(
    database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from mlflow import MlflowClient

    runs = [make_run(CNN, seed, accuracy=0.8 + seed / 10, loss=0.25) for seed in (0, 1)]
    runs[1] = runs[1].model_copy(update={"preregistration": "0123456789ab"})
    lost = make_run(DENSE, 7, status="diverged")
    store = stored(*runs, lost)
    store.write_measurement(runs[1], measured(runs[1], edges=0.5))
    assert export() == 0
    said = capfd.readouterr()
    assert said.err == ""
    assert said.out == "sqlite:///mlflow.db: 3 runs added, 0 completed, 0 as they were\n"

    parents, children = entries(database)
    assert set(parents) == {CNN.hash, DENSE.hash}
    assert set(children) == {run.key for run in (*runs, lost)}
    assert parents[CNN.hash].info.status == "FINISHED"
    assert parents[CNN.hash].data.params["model.kernel_size"] == "3"
    assert parents[DENSE.hash].data.params["recipe.epochs"] == "3"
    client = MlflowClient(f"sqlite:///{database}")
    for run in (*runs, lost):
        child = children[run.key]
        tags, params, metrics = child.data.tags, child.data.params, child.data.metrics
        assert tags["mlflow.parentRunId"] == parents[run.arm_hash].info.run_id
        assert tags["convbias.code_version"] == run.code_version
        assert tags["convbias.data_checksum"] == run.data_checksum
        assert (params["seed"], params["data.dataset"]) == (str(run.seed), "drawn")
        assert params["model.family"] == run.arm.model.family
        for name in Epoch.model_fields:
            history = client.get_metric_history(child.info.run_id, f"epoch/{name}")
            expected = [(n, getattr(each, name)) for n, each in enumerate(run.epochs, start=1)]
            assert sorted((each.step, each.value) for each in history) == expected
        assert metrics["cost_wall_seconds"] == run.cost.wall_seconds
        assert child.info.end_time - child.info.start_time == 1_000 * run.cost.wall_seconds
    second = children[runs[1].key]
    assert second.info.status == "FINISHED"
    assert second.data.tags["convbias.preregistration"] == "0123456789ab"
    assert second.data.metrics["test_accuracy"] == runs[1].test.accuracy
    assert second.data.metrics["test_loss"] == runs[1].test.loss
    assert second.data.metrics["validation_loss"] == runs[1].validation.loss
    assert second.data.metrics["measure_edges"] == 0.5
    assert "measure_edges" not in children[runs[0].key].data.metrics
    assert children[lost.key].info.status == "FAILED"
    assert "test_accuracy" not in children[lost.key].data.metrics


def test_a_second_export_adds_only_what_is_new(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(CNN, 0)
    store = stored(run)
    assert export() == 0
    first = rows(database)
    assert export() == 0
    assert rows(database) == first

    store.write_measurement(run, measured(run, edges=0.5, corners=0.25))
    assert export() == 0
    added = rows(database) - first
    assert Counter(row[0] for row in added) == {"metrics": 2, "latest_metrics": 2}

    stored(make_run(CNN, 1))
    capsys.readouterr()
    assert export() == 0
    assert "1 run added, 0 completed, 1 as they were" in capsys.readouterr().out
    parents, children = entries(database)
    assert len(parents) == 1
    assert {each.data.tags["mlflow.parentRunId"] for each in children.values()} == {
        parents[CNN.hash].info.run_id
    }
    complete = rows(database)
    assert export() == 0
    assert rows(database) == complete


def test_a_run_with_other_weights_is_left(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(CNN, 0)
    stored(run)
    assert export() == 0
    before = rows(database)
    stored(run.model_copy(update={"weights_checksum": "others"}))
    assert export() == 0
    assert run.key in capsys.readouterr().err
    assert rows(database) == before


def test_an_export_that_was_interrupted_at_any_request_is_continued(
    database: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    monkeypatch.setattr(mlflow_runs, "MOST_METRICS", 10)
    stored(make_run(CNN, 0))
    calls = 0
    last = math.inf

    def counted(request: Callable[..., Any]) -> Callable[..., Any]:
        def checked(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > last:
                raise KeyboardInterrupt
            return request(*arguments, **named)

        return checked

    for name in ("create_run", "log_batch", "set_terminated"):
        monkeypatch.setattr(MlflowClient, name, counted(getattr(MlflowClient, name)))

    def exported(name: str) -> Path:
        path = database.with_name(name)
        if not path.exists():
            shutil.copy(empty, path)
        export_to_mlflow(list(Store("runs")), lambda _: [], f"sqlite:///{path}")
        return path

    whole = contents(exported("whole.db"))
    requests = calls
    # Parent and child, with parameters, two batches of metrics and an end.
    assert requests == 8
    for allowed in range(requests):
        calls, last = 0, allowed
        with pytest.raises(KeyboardInterrupt):
            exported(f"{allowed}.db")
        last = math.inf
        assert contents(exported(f"{allowed}.db")) == whole, allowed


KILLED = """
import os, signal, sys
from contextlib import contextmanager
from convbias.cli import main
from convbias.runs import mlflow_runs
open_store, calls = mlflow_runs.open_store, []
@contextmanager
def opened(uri):
    with open_store(uri) as client:
        from mlflow.telemetry.client import get_telemetry_client
        assert get_telemetry_client() is None
        log_batch = client.log_batch
        def dies(*arguments, **named):
            calls.append(None)
            if len(calls) == 6:
                os.kill(os.getpid(), signal.SIGKILL)
            return log_batch(*arguments, **named)
        client.log_batch = dies
        yield client
mlflow_runs.open_store = opened
sys.exit(main(["runs", "export", "--mlflow", "sqlite:///mlflow.db"]))
"""


@pytest.mark.integration
def test_a_killed_export_is_continued(database: Path) -> None:
    runs = [make_run(CNN, seed) for seed in range(4)]
    stored(*runs)
    # MLflow sends no telemetry in tests and continuous integration anyway.
    silencing = ("CI", "GITHUB_ACTIONS", "PYTEST_CURRENT_TEST")
    outside = {
        name: value
        for name, value in os.environ.items()
        if name not in silencing and not name.startswith("MLFLOW")
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        env=outside,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with closing(sqlite3.connect(database)) as connection:
        [states] = zip(*connection.execute("SELECT status FROM runs"), strict=True)
    assert Counter(states) == {"FINISHED": 2, "RUNNING": 2}  # two children; a third, the parent
    assert export() == 0
    whole = database.with_name("whole.db")
    assert main(["runs", "export", "--mlflow", f"sqlite:///{whole}"]) == 0  # it is created
    assert contents(database) == contents(whole)


def spoilt(statement: str) -> Callable[[Path], object]:
    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()

    return spoil


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_text("epoch,loss\n" * 100), "no database of MLflow"),
        (lambda path: path.write_bytes(path.read_bytes()[:9_000]), "no database of MLflow"),
        (spoilt("DROP TABLE alembic_version"), "no database of MLflow"),
        (spoilt("UPDATE alembic_version SET version_num = 'older'"), "(older)"),
        (spoilt("DELETE FROM alembic_version"), "(none)"),
        (spoilt("UPDATE experiments SET lifecycle_stage = 'deleted'"), "is deleted"),
    ],
)
def test_files_that_cannot_be_used_are_left_as_they_are(
    database: Path,
    capfd: pytest.CaptureFixture[str],
    spoil: Callable[[Path], object],
    said: str,
) -> None:
    stored(make_run(CNN, 0))
    spoil(database)
    before = database.read_bytes()
    assert export() == 2
    err = capfd.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert "fix:" in err
    unchanged = database.read_bytes() == before  # a difference would be a megabyte of output
    assert unchanged
    assert sorted(path.name for path in database.parent.iterdir()) == ["mlflow.db", "runs"]


def test_what_mlflow_refuses_is_an_error(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stored(make_run(CNN, 0))
    spoilt("ALTER TABLE params RENAME COLUMN value TO text")(database)
    assert export() == 2
    err = capfd.readouterr().err
    assert err.startswith("MLflow refuses at sqlite:///mlflow.db: ")
    assert len(err.splitlines()) == 3
    spoilt("ALTER TABLE params RENAME COLUMN text TO value")(database)
    assert export() == 0
    parents, children = entries(database)
    assert (len(parents), len(children)) == (1, 1)


@pytest.mark.parametrize(
    "uri",
    ["", "mlflow.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a?b", "http://["],
)
def test_addresses_of_no_store(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    stored(make_run(CNN, 0))
    assert main(["runs", "export", "--mlflow", uri]) == 2
    assert "sqlite:///mlflow.db" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_servers_that_do_not_answer_as_mlflow_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mlflow_store, "SECONDS_TO_ANSWER", 0.2)
    stored(make_run(CNN, 0))
    with socket.create_server(("127.0.0.1", 0)) as silent, StubServer(200, "hello") as other:
        address = f"http://me:secret@127.0.0.1:{silent.getsockname()[1]}"
        for uri in (UNREACHABLE, address, other.address):
            assert main(["runs", "export", "--mlflow", uri]) == 2
            err = capfd.readouterr().err
            assert "127.0.0.1" in err
            assert "secret" not in err
            assert "Traceback" not in err
            assert "fix:" in err


def test_a_server_that_ends_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from mlflow import MlflowClient

    monkeypatch.chdir(tmp_path)
    stored(make_run(CNN, 0))
    first = MlflowClient.get_experiment_by_name
    with StubServer(200) as server:

        def after_the_end(client: MlflowClient, name: str) -> Any:
            server.server.shutdown()
            server.server.server_close()
            return first(client, name)

        monkeypatch.setattr(MlflowClient, "get_experiment_by_name", after_the_end)
        assert main(["runs", "export", "--mlflow", server.address]) == 2
    err = capfd.readouterr().err
    assert "nothing answers there" in err
    assert len(err.splitlines()) == 3


def test_without_mlflow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    stored(make_run(CNN, 0))
    present = mlflow_store.check_installed
    monkeypatch.setattr(
        mlflow_store, "check_installed", lambda extra, names: present(extra, [*names, "no_such"])
    )
    assert main(["runs", "export", "--mlflow", "sqlite:///mlflow.db"]) == 2
    assert "pip install 'convbias[mlflow]'" in capsys.readouterr().err


def test_an_export_without_a_target_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    stored(make_run(CNN, 0))
    assert main(["runs", "export"]) == 2
