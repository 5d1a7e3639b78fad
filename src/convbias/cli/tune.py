"""`convbias tune`: the search for each model's learning rate."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pandas as pd

from convbias.cli.choices import Jobs
from convbias.cli.console import percent, print_table, results
from convbias.cli.sweeping import says_what_is_stored, stored_runs, train_missing
from convbias.errors import RunError
from convbias.experiments.tuning import best_rates, brief_search, search, search_table, write_rates
from convbias.runs.store import Store
from convbias.spec.recipes import SearchedName


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
        name: For which recipe: tuned searches for the original comparison's models with three
            epochs, brief for those of all experiments with one epoch of half the images.
        write: Store the rates that did best as that recipe.
        runs: Folder of the search's runs.
        jobs: How many processes; one per core when absent.
    """
    planned = search() if name == "tuned" else brief_search()
    store = Store(runs)
    with says_what_is_stored(planned, store):
        complete = train_missing(planned, store, jobs)
        searched, _, _ = stored_runs(planned, store)
    if not complete:
        # Equal budgets are the point of the search: nothing is chosen from half of it.
        raise RunError(
            f"{len(planned) - len(searched)} of {len(planned)} runs of the search failed",
            "every run of the search",
            "fix what the messages above name, then run the same command again",
        )
    found = search_table(searched)
    best = best_rates(found)
    _print_search(found, best)
    if write:
        path = Path(str(resources.files("convbias.spec"))) / f"{name}.toml"
        write_rates(found, name, path)
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
    print_table("Search for the learning rate, on validation images", columns, rows, ("model",))
