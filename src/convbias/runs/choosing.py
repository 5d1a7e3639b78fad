"""Which stored runs commands may take, and which they take where none is named.

A network says something only about images of the kind that it was trained on. Commands give it
unchanged ones, of all classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from convbias.errors import ConvbiasError, InputError
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.spec.arms import Convolutional, Dense, Model
from convbias.spec.datasets import DATASETS, DatasetName

COMPARED: tuple[Model, ...] = (Dense(), Convolutional(kernel_size=3))

AnyRun = TypeVar("AnyRun", bound=Run)


@dataclass(frozen=True)
class ChosenRuns:
    """The runs whose networks a command takes.

    Args:
        runs: at least one.
        reason: why these; None for named ones.
        absent: the models of which there is no network.
        damaged: why other runs cannot be read; they were skipped.
    """

    runs: tuple[Run, ...]
    reason: str | None = None
    absent: tuple[str, ...] = ()
    damaged: tuple[ConvbiasError, ...] = ()


def check_ordinary(run: Run) -> None:
    """Check that a run finished, and was trained on unchanged images of all classes.

    Args:
        run: a stored run.

    Raises:
        InputError: It diverged, or its images were changed: shuffled, on a canvas, in corners.
    """
    if run.status != "finished":
        raise InputError(
            f"the run {run.key} diverged: {run.reason}",
            "a finished run",
            "name another one; `convbias runs list` has them",
        )
    changes = run.image_arm.data.changes
    if changes:
        listed = ", ".join(f"{name} = {value}" for name, value in changes.items())
        raise InputError(
            f"the run {run.key} was trained on changed images ({listed})",
            "a run on unchanged images, of all classes",
            "name another one; `convbias runs list` has them",
        )


def best_run(runs: Iterable[AnyRun]) -> AnyRun | None:
    """The run that a command takes where none is named: that of the highest validation accuracy.

    Choosing by test accuracy would make the test accuracy of the chosen network look too high.

    Args:
        runs: runs of one model on one data set.

    Returns:
        The best of those that `check_ordinary` accepts and that were scored on test images, of
        equally good ones the first by name; None if there is none.
    """
    ranked = {
        (-run.validation.accuracy, run.key): run
        for run in runs
        if run.validation and run.test and not run.image_arm.data.changes
    }
    return ranked[min(ranked)] if ranked else None


def named_runs(store: Store, keys: Sequence[str]) -> ChosenRuns:
    """The runs that a user names.

    Args:
        store: where they are.
        keys: their keys; one that is repeated counts once.

    Raises:
        InputError: A run is not stored, or `check_ordinary` refuses it.
        DamagedRunError: A run cannot be read.
    """
    runs = tuple(store.named(key) for key in dict.fromkeys(keys))
    for run in runs:
        check_ordinary(run)
    return ChosenRuns(runs)


def best_runs(store: Store) -> ChosenRuns:
    """The best networks of the dense baseline and of the 3x3 CNN, as `best_run` chooses them.

    Args:
        store: where runs and networks are.

    Returns:
        One run per model of which there is a network, all of one data set: the first of `DATASETS`
        with such networks, so Fashion-MNIST where there are any of it; then a person's own.

    Raises:
        InputError: There is no such network.
    """
    runs, damaged = store.with_networks()
    own = sorted({run.image_arm.data.dataset for run in runs} - set(DATASETS))
    every = [_best_on(dataset, runs) for dataset in (*DATASETS, *own)]
    best = next((each for each in every if any(each.values())), every[0])
    if not any(best.values()):
        names = " or ".join(best)
        raise InputError(
            f"no finished run of {names} on unchanged images is stored with its network in"
            f" {store.folder}",
            "one of them, or the name of another run",
            "train both with `convbias experiment original`, or take the published network with"
            " `--runs published`",
        )
    return ChosenRuns(
        runs=tuple(run for run in best.values() if run),
        reason=f"of each model the highest validation accuracy in {store.folder}",
        absent=tuple(name for name, run in best.items() if not run),
        damaged=tuple(damaged),
    )


def _best_on(dataset: DatasetName, runs: Sequence[Run]) -> dict[str, Run | None]:
    return {
        model.name: best_run(
            run for run in runs if (run.arm.model, run.image_arm.data.dataset) == (model, dataset)
        )
        for model in COMPARED
    }
