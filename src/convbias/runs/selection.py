"""Which stored networks are asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convbias.errors import ConvbiasError, InputError
from convbias.runs.record import Run
from convbias.runs.store import DamagedRunError, Store, read_run
from convbias.spec.arms import Convolutional, Dense

COMPARED = (Dense().name, Convolutional(kernel_size=3).name)


def runs_to_explain(store: Store, keys: Sequence[str]) -> tuple[list[Run], list[ConvbiasError]]:
    """Find the runs whose networks are to be explained.

    Args:
        store: Of trained runs with their networks.
        keys: Names of runs; when empty, the newest finished run of the dense baseline and of the
            CNN 3x3 that were scored on test images.

    Returns:
        The runs, and what was passed over because it is damaged.

    Raises:
        InputError: A named run is not there or did not finish, or there is none of a model.
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
    # Published runs lie in their folder without networks.
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
