"""`convbias runs`: list, show, export and verify stored runs."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from convbias.cli.choices import RUNS, choose_store, named
from convbias.cli.console import (
    messages,
    percent,
    print_damaged,
    print_table,
    results,
    warn,
    working,
)
from convbias.errors import ConvbiasError, InputError, StorageError
from convbias.runs.checks import check_store
from convbias.runs.record import Run
from convbias.runs.store import DamagedRunError, read_run
from convbias.spec.beyond.arms import AnyArm, TaskArm
from convbias.spec.formatting import MISSING, counted, flat
from convbias.spec.names import arm_names

runs = App(
    name="runs",
    help="List, show, export and verify stored runs.\n\nExample: `convbias runs verify`",
)


@runs.command(name="list")
def list_runs(*, runs: Path = RUNS) -> None:
    """List the stored runs.

    Example: `convbias runs list`

    Args:
        runs: Folder of stored runs, or published for those that come with the package, which is
            the default as long as no run is stored.
    """
    stored: list[Run] = []
    damaged: list[ConvbiasError] = []
    store = choose_store(runs)
    for path in store.paths():
        try:
            stored.append(read_run(path))
        except (DamagedRunError, StorageError) as error:
            damaged.append(error)
    names = arm_names((run.arm for run in stored), lambda arm: (arm.model, *_shown(arm)))
    rows = [
        (
            run.key,
            names[run.arm.hash],
            *_shown(run.arm),
            percent(run.test and run.test.accuracy) if run.status == "finished" else run.status,
        )
        for run in stored
    ]
    # At 80 columns a row takes a few lines; `convbias runs show` has the rest.
    columns = ("run", "arm", "data", "recipe", "epochs", "test accuracy")
    title = f"{len(rows)} runs in {store.folder}"
    print_table(title, columns, rows, words=("run", "arm", "data", "recipe"), whole=("run",))
    print_damaged(damaged)


def _shown(arm: AnyArm) -> tuple[str, str, str]:
    if isinstance(arm, TaskArm):
        return arm.task.name, arm.recipe.name, MISSING
    images = arm.data.training_images
    data = arm.data.dataset + ("" if images is None else f", {images:,}")
    data += "" if arm.data.half is None else f", {arm.data.half} half"
    return data, arm.recipe.name, str(arm.recipe.epochs)


@runs.command(name="show")
def show_run(key: str, /, *, runs: Path = RUNS) -> None:
    """Show everything that is stored of a run except per-image results.

    Example: `convbias runs show 7d2a25b1d671-seed0 --runs published`

    Args:
        key: The run's name, as `convbias runs list` prints it.
        runs: Folder of stored runs, or published for those that come with the package, which is
            the default as long as no run is stored.
    """
    store = choose_store(runs)
    run = store.named(key)
    values = run.model_dump(mode="json", exclude={"per_image"})
    rows = [(name, value) for name, value in flat(values).items() if not name.startswith("epochs")]
    print_table(run.key, ("field", "value"), rows, words=("field", "value"))
    epochs = [
        (
            str(number),
            f"{epoch.train_loss:.4f}",
            percent(epoch.train_accuracy),
            f"{epoch.validation_loss:.4f}",
            percent(epoch.validation_accuracy),
        )
        for number, epoch in enumerate(run.epochs, start=1)
    ]
    columns = (
        "epoch",
        "training loss",
        "training accuracy",
        "validation loss",
        "validation accuracy",
    )
    print_table("Epochs", columns, epochs)


@runs.command(name="export")
def export_runs(
    path: Path | None = None, /, *, mlflow: str | None = None, runs: Path = RUNS
) -> None:
    """Write the stored runs for other programs: as one table, or to MLflow.

    In a table a row is a run: its scores, measures, epochs, cost and description, without per-image
    results. In MLflow an arm is a parent run with a run per seed below it, in the experiment
    convbias; the same export again adds only what is new.

    Example: `convbias runs export runs.parquet --runs published`

    Args:
        path: A Parquet file; needs the extra parquet.
        mlflow: A store of MLflow: sqlite:///FILE, or http://HOST:PORT of a server; needs the extra
            mlflow.
        runs: Folder of stored runs, or published for those that come with the package, which is
            the default as long as no run is stored.
    """
    if path is None and mlflow is None:
        raise InputError(
            "nothing says where the runs are exported to",
            "a Parquet file, or a store of MLflow",
            "convbias runs export runs.parquet, or --mlflow sqlite:///mlflow.db",
        )
    store = choose_store(runs)
    stored: list[Run] = []
    damaged: list[ConvbiasError] = []
    for each in store.paths():
        try:
            stored.append(read_run(each))
        except (DamagedRunError, StorageError) as error:
            damaged.append(error)
    print_damaged(damaged)
    # Imported here, because the other commands need neither.
    if path is not None:
        from convbias.runs.table import write_table

        count = write_table(stored, store.measurements_of, path)
        results().print(f"wrote {counted(count, 'run')} to {path}", soft_wrap=True)
    if mlflow is not None:
        from convbias.runs.mlflow_runs import export_to_mlflow
        from convbias.runs.mlflow_store import without_password

        with working("exporting to MLflow"):
            done = export_to_mlflow(stored, store.measurements_of, mlflow)
        if done.others:
            warn(
                f"MLflow has runs of the same names with other weights: {named(done.others)};"
                " they are left, and those stored here are exported once they are deleted there"
            )
        results().print(
            f"{without_password(mlflow)}: {counted(done.added, 'run')} added, {done.extended}"
            f" completed, {done.known} as they were",
            soft_wrap=True,
        )


@runs.command(name="verify")
def verify_runs(*, runs: Path = RUNS) -> int:
    """Check that the parts of every stored run agree with one another.

    Compared are name, description, scores, per-image results, weights and, where the images are
    available, their labels. No file is changed; `convbias study` moves damaged runs away and trains
    them again.

    Example: `convbias runs verify`

    Args:
        runs: Folder of stored runs, or published for those that come with the package, which is
            the default as long as no run is stored.
    """
    store = choose_store(runs)
    checked = check_store(store)
    for path, problems in checked.problems.items():
        for problem in problems:
            messages().print(f"{path}: {problem}", style="red", soft_wrap=True)
    for name in sorted(checked.datasets_absent):
        warn(f"{name} is unavailable, so its runs were not compared with its labels")
    total = len(checked.paths)
    if checked.without_network:
        warn(
            f"{checked.without_network} of {total} runs are stored without a network, so their"
            " weights were not compared"
        )
    damaged = len(checked.problems)
    results().print(f"{total} runs in {store.folder}, {damaged} damaged")
    return 1 if damaged else 0
