"""`convbias runs`: what is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cyclopts import App

from convbias.cli.checks import Checker
from convbias.cli.choices import RUNS, choose_store
from convbias.cli.console import messages, percent, print_table, results
from convbias.cli.sweeping import print_damaged
from convbias.runs.record import Run
from convbias.runs.store import DamagedRunError, read_run

runs = App(
    name="runs", help="List, show and verify stored runs.\n\nExample: `convbias runs verify`"
)

# Arrays with a value per image: of no use on a screen.
LEFT_OUT = ("per_image",)


@runs.command(name="list")
def list_runs(*, runs: Path = RUNS) -> None:
    """List the stored runs.

    Example: `convbias runs list`

    Args:
        runs: Folder of stored runs.
    """
    rows, damaged = [], []
    store = choose_store(runs)
    for path in store.paths():
        try:
            rows.append(_row(read_run(path)))
        except DamagedRunError as error:
            damaged.append(error)
    columns = ("run", "arm", "data", "recipe", "epochs", "status", "test accuracy")
    title = f"{len(rows)} runs in {store.folder}"
    print_table(title, columns, rows, words=("run", "arm", "data", "recipe", "status"))
    print_damaged(damaged)


def _row(run: Run) -> tuple[str, ...]:
    # Few enough columns for a screen of 80; `convbias runs show` has the rest.
    images = run.arm.data.training_images
    return (
        run.key,
        run.arm.model.name,
        run.arm.data.dataset + ("" if images is None else f", {images:,}"),
        run.arm.recipe.name,
        str(len(run.epochs)),
        run.status,
        percent(run.test and run.test.accuracy),
    )


@runs.command(name="show")
def show_run(key: str, /, *, runs: Path = RUNS) -> None:
    """Show all that is stored of one run, but for the results of single images.

    Example: `convbias runs show 15c05484ffea-seed0`

    Args:
        key: The run's name, as `convbias runs list` prints it.
        runs: Folder of stored runs.
    """
    store = choose_store(runs)
    run = store.named(key)
    values = run.model_dump(mode="json", exclude={*LEFT_OUT})
    rows = [(name, value) for name, value in _flat(values).items() if not name.startswith("epochs")]
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


def _flat(values: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    flat = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value if isinstance(value, str) else json.dumps(value)
    return flat


@runs.command(name="verify")
def verify_runs(*, runs: Path = RUNS) -> int:
    """Read every stored run again and check that its parts agree with one another.

    Name, description, scores, results of single images, weights and, where the images are here,
    their labels. Nothing is changed; `convbias study` moves damaged runs away and trains them anew.

    Example: `convbias runs verify`

    Args:
        runs: Folder of stored runs.
    """
    store = choose_store(runs)
    checker = Checker()
    paths = store.paths()
    damaged = 0
    for path in paths:
        problems = checker.problems(path)
        damaged += bool(problems)
        for problem in problems:
            messages().print(f"{path}: {problem}", style="red", soft_wrap=True)
    for name in sorted(checker.absent):
        messages().print(
            f"{name} is not here, so its runs were not compared with its labels", style="yellow"
        )
    if checker.without_network:
        text = f"{checker.without_network} of {len(paths)} runs are stored without a network"
        messages().print(f"{text}, so their weights were not compared", style="yellow")
    results().print(f"{len(paths)} runs in {store.folder}, {damaged} damaged")
    return 1 if damaged else 0
