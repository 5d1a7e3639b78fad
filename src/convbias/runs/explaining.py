"""Explain how stored networks classify one image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from convbias import data
from convbias.data import Dataset
from convbias.data.reading import Picture, read_picture
from convbias.errors import ConvbiasError, InputError
from convbias.measures.explain.explanation import Explanation, explain
from convbias.runs.record import Run
from convbias.runs.store import DamagedRunError, Store, read_run
from convbias.runs.stored_network import load_network
from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import DatasetName

COMPARED = (Dense().name, Convolutional(kernel_size=3).name)


@dataclass(frozen=True, eq=False)
class ExplainedImage:
    """An image, and how stored networks classify it.

    Args:
        picture: the image.
        runs: the networks' runs, by the networks' names.
        explanations: one per network, in the order of the runs.
        damaged: why other runs cannot be read; they were skipped.
    """

    picture: Picture
    runs: Mapping[str, Run]
    explanations: Sequence[Explanation]
    damaged: Sequence[ConvbiasError]


def explain_image(store: Store, image: str, keys: Sequence[str] = ()) -> ExplainedImage:
    """Explain how stored networks classify one image.

    Args:
        store: where the runs and their networks are.
        image: a PNG or JPEG file of any size; a .npy file with 28 x 28 pixels; or the index of a
            test image.
        keys: keys of runs; by default the newest runs of the dense baseline and of the 3x3 CNN.

    Raises:
        InputError: The image cannot be read, or a run is missing or did not finish.
        DamagedRunError: A named run or its network cannot be read.
        DataError: The test images are missing or damaged, and cannot be downloaded.

    Example:
        >>> explained = explain_image(Store("runs"), "0")  # doctest: +SKIP
        >>> [one.name for one in explained.explanations]  # doctest: +SKIP
        ['dense', 'cnn-3x3']
    """
    chosen, damaged = runs_to_explain(store, keys)
    picture = read_picture(image, lambda: _test_images(chosen))
    runs = dict(zip(_names(chosen), chosen, strict=True))
    networks = {name: load_network(store, run) for name, run in runs.items()}
    explanations = explain(networks, picture.converted.pixels, picture.label)
    return ExplainedImage(picture, runs, explanations, damaged)


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


def _test_images(chosen: Sequence[Run]) -> Dataset:
    datasets: set[DatasetName] = {run.arm.data.dataset for run in chosen}
    if len(datasets) > 1:
        raise InputError(
            f"the index is ambiguous: the runs were trained on {' and '.join(sorted(datasets))}",
            "runs of one data set",
            "name the runs with --run, or give the image as a file",
        )
    return data.load(datasets.pop())


def _names(chosen: Sequence[Run]) -> list[str]:
    """The networks' names: their arms, with seeds or as keys where these are not unique."""
    for candidates in (
        [run.arm.model.name for run in chosen],
        [f"{run.arm.model.name} seed {run.seed}" for run in chosen],
    ):
        if max(Counter(candidates).values()) == 1:
            return candidates
    return [run.key for run in chosen]
