"""Check that the parts of stored runs agree with one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from convbias import data
from convbias.data import Dataset
from convbias.data.variants import scored_labels
from convbias.errors import DataError, InputError, StorageError
from convbias.networks.scores import PerImage
from convbias.runs.record import Run
from convbias.runs.store import DamagedRunError, Store, read_run, weights_checksum
from convbias.spec.arms import Arm
from convbias.spec.datasets import DatasetName, is_own

# float16 keeps 11 significant bits, and below its smallest normal number steps of 2**-24.
HALF_RELATIVE, HALF_ABSOLUTE = 2.0**-11, 2.0**-25
FLOAT32_SUM = 1e-6  # what the order of summation may change, relative


@dataclass(frozen=True)
class StoreCheck:
    """What checks of a folder's stored runs found.

    Args:
        paths: the records that were checked.
        problems: path of a damaged record to what is wrong with it, in clauses.
        without_network: number of runs stored without a network, as most published ones are.
        datasets_absent: data sets that were needed for comparisons and are not available.
    """

    paths: tuple[Path, ...]
    problems: Mapping[Path, tuple[str, ...]]
    without_network: int
    datasets_absent: frozenset[DatasetName]


def load_if_available(name: DatasetName) -> Dataset | None:
    """Load a data set without downloading anything.

    Args:
        name: the data set.

    Returns:
        None where its files are missing or damaged.
    """
    try:
        if name == "fashion-mnist" and any(file.status != "verified" for file in data.verify()):
            return None
    except DataError:
        return None
    try:
        return data.load(name)
    except InputError:
        if is_own(name):
            return None
        raise


def check_store(
    store: Store, load: Callable[[DatasetName], Dataset | None] = load_if_available
) -> StoreCheck:
    """Read every stored run and check that its parts agree with one another.

    Compared are name, description, scores, per-image results, weights and, where the images are
    available, their labels. No file is changed.

    Args:
        store: where the runs are.
        load: returns a data set, None where it is unavailable; called once per data set.

    Example:
        >>> check_store(Store("no/such/folder")).paths
        ()
    """
    dataset_of = cache(load)
    paths = tuple(store.paths())
    problems: dict[Path, tuple[str, ...]] = {}
    without_network = 0
    absent: set[DatasetName] = set()
    for path in paths:
        try:
            run = read_run(path)
        except DamagedRunError as error:
            problems[path] = (error.what,)
            continue
        with_network = store.network_path(run.arm, run.seed).exists()
        without_network += not with_network
        dataset = None
        if isinstance(run.arm, Arm):
            dataset = dataset_of(run.arm.data.dataset)
            if dataset is None:
                absent.add(run.arm.data.dataset)
        found = (
            *(_network_problems(store, run) if with_network else ()),
            *_completeness_problems(run),
            *_score_problems(run),
            *(_data_problems(run, dataset) if dataset is not None else ()),
        )
        if found:
            problems[path] = found
    return StoreCheck(paths, problems, without_network, frozenset(absent))


def _network_problems(store: Store, run: Run) -> Iterator[str]:
    # Imported here, because records can be checked without Keras, which takes seconds to load.
    from convbias.runs.stored_network import load_network

    try:
        network = load_network(store, run)
    except StorageError:
        raise  # a file that may not be read is not damaged
    except InputError as error:
        yield error.what
        return
    checksum = weights_checksum(np.asarray(each) for each in network.trainable_variables)
    if checksum != run.weights_checksum:
        yield (
            f"the weights of its network have the checksum {checksum[:12]}, but the record says"
            f" {(run.weights_checksum or 'none')[:12]}"
        )


def _data_problems(run: Run, dataset: Dataset) -> Iterator[str]:
    if run.data_checksum != dataset.checksum:
        yield (
            f"it was trained on data with the checksum {run.data_checksum[:12]}, but"
            f" {dataset.name} has {dataset.checksum[:12]}"
        )
    elif run.per_image is not None:
        yield from _label_problems(run.per_image, scored_labels(dataset, run.image_arm.data))


def _completeness_problems(run: Run) -> Iterator[str]:
    if run.status == "diverged":
        if not run.reason:
            yield "it diverged, but no reason is recorded"
        return
    expected = ["test", "per_image"]
    if isinstance(run.arm, Arm):
        expected = ["train", "validation", *(expected if run.arm.data.scored_on == "test" else [])]
    yield from (f"it finished, but has no {part}" for part in expected if not getattr(run, part))
    if isinstance(run.arm, Arm) and len(run.epochs) != run.arm.recipe.epochs:
        yield f"it finished, but has {len(run.epochs)} of {run.arm.recipe.epochs} epochs"


def _score_problems(run: Run) -> Iterator[str]:
    test, per_image = run.test, run.per_image
    if test is None or per_image is None:
        return
    n, losses = len(per_image.correct), per_image.loss
    known = [len(each) for each in (per_image.predicted, losses) if each is not None]
    if {n, *known} != {test.images}:
        yield (
            f"its test accuracy is of {test.images:,} images, but its per-image results are of"
            f" {', '.join(f'{each:,}' for each in (n, *known))}"
        )
        return
    accuracy = float(per_image.correct.mean())
    if test.accuracy != accuracy:
        yield f"its test accuracy is {test.accuracy}, but its per-image results give {accuracy}"
    if losses is None:
        return
    loss = float(losses.astype(np.float64).mean())
    if not abs(test.loss - loss) <= (HALF_RELATIVE + FLOAT32_SUM) * loss + HALF_ABSOLUTE:
        yield f"its test loss is {test.loss}, but its per-image results give {loss}"


def _label_problems(per_image: PerImage, labels: np.ndarray) -> Iterator[str]:
    if len(per_image.correct) != len(labels):
        yield (
            f"it records predictions of {len(per_image.correct):,} images, but its data set has"
            f" {len(labels):,} test images"
        )
        return
    if per_image.predicted is None:
        return
    marked = per_image.predicted == labels
    wrong = np.count_nonzero(per_image.correct != marked)
    if wrong:
        yield (
            f"{wrong:,} images are recorded as correct or wrong contrary to their predictions and"
            " labels"
        )
