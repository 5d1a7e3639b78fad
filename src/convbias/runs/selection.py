"""Choose the stored networks that `convbias explain` uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convbias.errors import ConvbiasError, InputError
from convbias.runs.record import Run
from convbias.runs.store import DamagedRunError, Store, read_run
from convbias.spec.arms import Convolutional, Dense

COMPARED = (Dense().name, Convolutional(kernel_size=3).name)


def runs_to_explain(store: Store, keys: Sequence[str]) -> tuple[list[Run], list[ConvbiasError]]:
    """Choose the runs whose predictions are explained.

    Args:
        store: Holds runs and their networks.
        keys: Keys of runs; if empty, the newest finished runs of the dense baseline and of the 3x3
            CNN that were scored on test images.

    Returns:
        The runs, and the errors of damaged runs that were skipped.

    Raises:
        InputError: A named run is missing or did not finish, or a model has no run.
        DamagedRunError: A named run cannot be read.
    """
    if keys:
        return [_named(store, key) for key in dict.fromkeys(keys)], []
    runs, damaged = [], []
    for path in store.paths():
        try:
            runs.append(read_run(path))
        except DamagedRunError as error:
            damaged.append(error)
    return [_newest(store, runs, name) for name in COMPARED], damaged


def _named(store: Store, key: str) -> Run:
    run = store.named(key)
    if run.status != "finished":
        raise InputError(
            f"the run {key} diverged: {run.reason}",
            "a finished run",
            "name another one; `convbias runs list` has them",
        )
    return run


def _newest(store: Store, runs: Iterable[Run], name: str) -> Run:
    # Most published runs are stored without their networks.
    fit = [
        run
        for run in runs
        if (run.arm.model.name, run.status, run.arm.data.scored_on) == (name, "finished", "test")
        and store.network_path(run.arm, run.seed).exists()
    ]
    if not fit:
        model = "cnn" if name.startswith("cnn") else name
        raise InputError(
            f"no finished run of {name} is stored with its network in {store.folder}",
            f"one of each of {' and '.join(COMPARED)}, or a run that --run names",
            f"train one with `convbias train {model}`, or name another folder with --runs",
        )
    return max(fit, key=lambda run: (run.cost.finished_at, run.key))
