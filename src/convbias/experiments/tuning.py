"""The search for each model's learning rate, on validation images only and with equal budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from convbias.errors import RunError
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.runs.atomic import write_atomically
from convbias.runs.missing import stored_runs, train_missing
from convbias.runs.observer import Observer
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.spec.arms import Arm, DataVariant, Model
from convbias.spec.datasets import DatasetName
from convbias.spec.recipes import SearchedName, scheduled
from convbias.spec.study import PlannedRun

RATES = (0.004, 0.008, 0.016, 0.032)
# Far from the seeds of any study, so that no study's split or weights were searched on.
SEEDS = (100_000, 100_001)
EPOCHS = 3
# Of the brief recipe. Shorter trainings do better with higher rates.
BRIEF_RATES = (0.008, 0.016, 0.032, 0.064)
BRIEF_IMAGES = 27_000

HEADER = """\
# Peak learning rates of the {name} recipe, found by `convbias tune {name} --write`: for every
# model the rate with the highest validation accuracy, mean over the search's seeds. All models were
# given the same rates, seeds, images and epochs. No test image was used.
"""


def search(
    dataset: DatasetName = "fashion-mnist",
    models: Sequence[Model] = ORIGINAL.models,
    rates: Sequence[float] = RATES,
    seeds: Sequence[int] = SEEDS,
    epochs: int = EPOCHS,
    training_images: int | None = None,
) -> list[tuple[Arm, int]]:
    """Plan a search: every model at every rate with every seed, scored on validation images.

    Returns:
        Arms and seeds for `sweep.sweep`.
    """
    data = DataVariant(dataset=dataset, scored_on="validation", training_images=training_images)
    return [
        (Arm(data=data, model=model, recipe=scheduled(epochs, rate)), seed)
        for model in models
        for rate in rates
        for seed in seeds
    ]


def brief_search() -> list[tuple[Arm, int]]:
    """Plan the search for the models of all experiments: half of the images, one epoch, one seed.

    Returns:
        Arms and seeds for `sweep.sweep`.
    """
    models = dict.fromkeys(model for each in EXPERIMENTS.values() for model in each.models)
    return search(
        models=list(models),
        rates=BRIEF_RATES,
        seeds=SEEDS[:1],
        epochs=1,
        training_images=BRIEF_IMAGES,
    )


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Args:
        table: from `search_table`.
        best: model name to the learning rate with the highest mean validation accuracy.
    """

    table: pd.DataFrame
    best: dict[str, float]


def run_search(
    planned: Sequence[PlannedRun],
    store: Store,
    jobs: int | None = None,
    observer: Observer | None = None,
) -> SearchResult:
    """Train the missing runs of a search, then compare the rates.

    Args:
        planned: from `search` or `brief_search`.
        store: where the search's runs are and go.
        jobs: number of processes; one per core by default.
        observer: receives the events.

    Raises:
        RunError: A run failed, so that the models were not searched with equal budgets; or every
            run of a model diverged.

    Example:
        >>> from convbias.spec.arms import Dense
        >>> planned = search("drawn", [Dense()], rates=[0.001, 0.002], seeds=[0], epochs=1)
        >>> sorted(run_search(planned, Store("runs/tuning")).best)  # doctest: +SKIP
        ['dense']
    """
    train_missing(planned, store, jobs, observer)
    found = stored_runs(planned, store)
    if found.absent:
        raise RunError(
            f"{len(found.absent)} of {len(planned)} runs of the search failed",
            "every run of the search",
            "fix what the messages above name, then run the same command again",
        )
    table = search_table(found.runs)
    return SearchResult(table, best_rates(table))


def search_table(runs: Sequence[Run]) -> pd.DataFrame:
    """Mean validation scores by model and rate; diverged runs count as accuracy 0.

    Returns:
        Columns: model, learning_rate, runs, diverged, validation_accuracy, validation_loss, sorted
        by model in the order of the runs, then by rate.
    """
    rows = pd.DataFrame(
        [
            {
                "model": run.arm.model.name,
                "learning_rate": run.arm.recipe.learning_rate,
                "diverged": run.status == "diverged",
                "validation_accuracy": run.validation.accuracy if run.validation else 0.0,
                "validation_loss": run.validation.loss if run.validation else float("inf"),
            }
            for run in runs
        ]
    )
    groups = rows.groupby(["model", "learning_rate"], sort=False)
    return groups.agg(
        runs=("diverged", "size"),
        diverged=("diverged", "sum"),
        validation_accuracy=("validation_accuracy", "mean"),
        validation_loss=("validation_loss", "mean"),
    ).reset_index()


def best_rates(table: pd.DataFrame) -> dict[str, float]:
    """For every model the rate with the highest mean validation accuracy.

    Args:
        table: From `search_table`.

    Raises:
        RunError: Every run of a model diverged.
    """
    best = table.loc[table.groupby("model", sort=False)["validation_accuracy"].idxmax()]
    hopeless = best.loc[best["validation_accuracy"] == 0.0, "model"].tolist()
    if hopeless:
        raise RunError(f"every run of {hopeless[0]} diverged", fix="search lower learning rates")
    return dict(zip(best["model"], best["learning_rate"], strict=True))


def write_rates(table: pd.DataFrame, name: SearchedName, path: Path) -> None:
    """Store the best rates, and the whole table that they were chosen from, as TOML.

    Args:
        table: From `search_table`.
        name: the recipe's name.
        path: The file, such as `own_rates_path(name)`.
    """
    rates = "\n".join(f"{model} = {rate}" for model, rate in best_rates(table).items())
    rows = "\n".join(
        f'[[search]]\nmodel = "{row.model}"\nlearning_rate = {row.learning_rate}\n'
        f"runs = {row.runs}\ndiverged = {row.diverged}\n"
        f"validation_accuracy = {row.validation_accuracy:.6f}\n"
        f"validation_loss = {row.validation_loss:.6f}\n"
        for row in table.itertuples()
    )
    text = f"{HEADER.format(name=name)}\n[learning_rate]\n{rates}\n\n{rows}"
    write_atomically(path, lambda file: file.write_text(text, encoding="utf-8"))
