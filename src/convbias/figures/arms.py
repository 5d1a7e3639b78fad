"""Finished runs by arm, and the remarks that must accompany their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from convbias.data import Dataset
from convbias.errors import InputError
from convbias.findings.evaluation import runs_by_arm
from convbias.findings.results import ConditionRun
from convbias.runs.record import Run
from convbias.spec.arms import DataVariant
from convbias.spec.beyond.arms import Task
from convbias.spec.datasets import DatasetName, description_of, is_own
from convbias.spec.experiment import Experiment
from convbias.spec.formatting import counted

Arms = Mapping[str, Sequence[Run]]

PUBLISHED_TRAINING_IMAGES = 60_000


def finished_arms(
    experiment: Experiment, runs: Iterable[ConditionRun]
) -> dict[str, list[ConditionRun]]:
    """Sort the finished runs of an experiment by arm.

    Args:
        experiment: its conditions name the arms; runs of other arms are ignored.
        runs: runs of one study.

    Returns:
        Arm name to runs, in the experiment's order, seeds ascending; arms without a finished run
        are omitted.

    Raises:
        InputError: no run of the experiment is finished, two different arms have the same name, or
            a run occurs twice.
    """
    by_arm = runs_by_arm(runs)
    arms = {
        name: [run for run in by_arm.get(name, {}).values() if run.status == "finished"]
        for name in experiment.names
    }
    arms = {name: of_arm for name, of_arm in arms.items() if of_arm}
    if not arms:
        names = ", ".join(experiment.names)
        raise InputError(
            f"none of {sum(map(len, by_arm.values()))} runs is a finished run of the experiment"
            f" {experiment.name!r}",
            f"at least one finished run of {names}",
            "run the study first, or name the folder that holds its runs",
        )
    return arms


def data_remark(data: DataVariant | Task | None) -> str | None:
    """The remark that must accompany numbers of runs on anything but all of Fashion-MNIST.

    Args:
        data: the images that the runs were trained on; other data needs none.

    Returns:
        The remark; None for all of Fashion-MNIST and for other data.

    Example:
        >>> data_remark(DataVariant(dataset="drawn", training_images=500))
        'drawn garments, not Fashion-MNIST; 500 training images'
        >>> data_remark(DataVariant()) is None
        True
    """
    if not isinstance(data, DataVariant):
        return None
    described = description_of(data.dataset)
    remark = described.title if is_own(data.dataset) else described.remark
    remarks = [remark] if remark else []
    if data.training_images is not None:
        part = "" if remarks else ", a part of Fashion-MNIST"
        remarks.append(f"{data.training_images:,} training images{part}")
    if data.half is not None:
        remarks.append(f"the {data.half} half of the training images")
    return "; ".join(remarks) or None


def arm_data(arms: Arms) -> DataVariant:
    """The data that all arms were trained on."""
    return next(iter(arms.values()))[0].image_arm.data


def dataset_remark(dataset: Dataset) -> str | None:
    """The remark that must accompany numbers about a data set, as in `data_remark`."""
    described = description_of(dataset.name)
    if remark := described.title if is_own(dataset.name) else described.remark:
        return remark
    n = len(dataset.train_images)
    return None if n == PUBLISHED_TRAINING_IMAGES else f"{n:,} images, a part of Fashion-MNIST"


def with_remark(text: str, remark: str | None) -> str:
    """Append a remark to a subtitle or a table's caption."""
    return f"{text} · {remark}" if remark else text


def seeds_text(arms: Arms) -> str:
    """Write how many seeds the arms have.

    Args:
        arms: arm name to finished runs.

    Example:
        >>> seeds_text({})
        'no seeds'
    """
    counts = {len(runs) for runs in arms.values()}
    if not counts:
        return "no seeds"
    if len(counts) > 1:
        return ", ".join(f"{len(runs)} of {arm}" for arm, runs in arms.items()) + " (seeds)"
    count = counts.pop()
    return counted(count, "seed")


class Labelled(Protocol):
    """The labels of test images, with or without the images."""

    @property
    def name(self) -> DatasetName:
        """The data set's name."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """One per label."""
        ...

    @property
    def test_labels(self) -> np.ndarray:
        """The class of every test image, int (n,)."""
        ...


def predictions(runs: Sequence[Run], dataset: Labelled) -> np.ndarray:
    """The predicted classes of an arm's runs.

    Args:
        runs: finished runs with predictions on the test images.
        dataset: the data set of these test images.

    Returns:
        uint8 or uint16 (runs, test images).

    Raises:
        InputError: a run has no predictions, or not one for each of these test images.
    """
    found = []
    for run in runs:
        predicted = run.per_image.predicted if run.per_image is not None else None
        count = 0 if predicted is None else len(predicted)
        if predicted is None or count != len(dataset.test_labels):
            raise InputError(
                f"the run {run.key} holds predictions for {count:,} images",
                f"one for each of the {len(dataset.test_labels):,} test images of {dataset.name}",
                "give the data set that the runs were scored on, or train the run again",
            )
        found.append(predicted)
    return np.array(found)
