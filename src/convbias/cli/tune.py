"""`convbias tune`: search for learning rates."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from convbias.cli.choices import Jobs
from convbias.cli.console import percent, print_table, results
from convbias.cli.observer import ConsoleObserver
from convbias.experiments.tuning import brief_search, run_search, search, write_rates
from convbias.runs.atomic import check_writable
from convbias.runs.store import Store
from convbias.spec.recipes import SearchedName, own_rates_path


def tune(
    name: SearchedName = "tuned",
    /,
    *,
    write: bool = False,
    runs: Path = Path("runs/tuning"),
    jobs: Jobs = None,
) -> int:
    """Search for each model's learning rate on validation images; no test image is used.

    Example: `convbias tune --jobs 2`

    Args:
        name: The recipe whose rates are searched: tuned has the original comparison's models and
            three epochs; brief has the models of all experiments, and one epoch of half the images.
        write: Store the best rates in the user's folder, where they replace the recipe's.
        runs: Folder of the search's runs.
        jobs: Number of processes; default one per core.
    """
    path = own_rates_path(name)
    if write:
        check_writable(
            path.parent, "make it a writable folder; without --write, rates are only printed"
        )
    planned = search() if name == "tuned" else brief_search()
    store = Store(runs)
    with ConsoleObserver(planned, store) as observer:
        found = run_search(planned, store, jobs, observer)
    _print_search(found.table, found.best)
    if write:
        write_rates(found.table, name, path)
        results().print(f"wrote {path}", soft_wrap=True)
    return 0


def _print_search(found: pd.DataFrame, best: dict[str, float]) -> None:
    rows = [
        (
            row["model"],
            f"{row['learning_rate']:g}",
            str(row["runs"]),
            str(row["diverged"]),
            percent(row["validation_accuracy"]),
            f"{row['validation_loss']:.4f}",
            "★" if best[row["model"]] == row["learning_rate"] else "",
        )
        for row in found.to_dict("records")
    ]
    columns = (
        "model",
        "learning rate",
        "runs",
        "diverged",
        "validation accuracy",
        "validation loss",
        "best",
    )
    print_table("Learning rate search on validation images", columns, rows, ("model",))
