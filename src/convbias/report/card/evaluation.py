"""Evaluate a stored run and its network for a model card."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from convbias.data import Dataset
from convbias.errors import InputError
from convbias.figures import data_remark
from convbias.figures.arms import predictions
from convbias.figures.classes import confusion_counts
from convbias.measures.robustness import robustness
from convbias.networks.forward import compiled
from convbias.networks.scores import PerImage, Scores
from convbias.networks.training import split_of
from convbias.report.card.commands import commands
from convbias.report.card.contents import (
    Checks,
    Data,
    ModelCard,
    Noisy,
    Origin,
    OverSeeds,
    Shifted,
)
from convbias.report.card.estimates import calibration, confusions, estimate, of_classes, share
from convbias.runs.choosing import check_ordinary
from convbias.runs.environment import code_version
from convbias.runs.record import Run
from convbias.runs.store import weights_checksum
from convbias.statistics import mean_interval, summarise

CHANGES_SEED = 0


def check_describable(run: Run) -> tuple[Scores, PerImage, np.ndarray]:
    """Check that a model card can be written for a run.

    Args:
        run: a stored run.

    Returns:
        Its test scores, its results per test image, and the loss of each test image.

    Raises:
        InputError: `check_ordinary` refuses the run, or it has no test scores, or is stored without
            predictions and losses of single images.
    """
    check_ordinary(run)
    if run.test is None or run.per_image is None:
        raise InputError(
            f"the run {run.key} was scored on validation images only",
            "a run that was scored on the test images",
            "train its arm with `convbias train`, `convbias experiment` or `convbias study`",
        )
    if run.per_image.predicted is None or run.per_image.loss is None:
        raise InputError(
            f"the run {run.key} is stored without predictions and losses of single images",
            "a run as training stored it",
            "train it again: its arm and seed give the same network",
        )
    return run.test, run.per_image, run.per_image.loss


def evaluate(
    network: keras.Model, run: Run, same_arm: Sequence[Run], dataset: Dataset
) -> ModelCard:
    """Evaluate a network on the test images, unchanged, shifted and with noise.

    Args:
        network: the run's network.
        run: the run.
        same_arm: all stored runs of its arm, including this one; only finished runs on the same
            images are used.
        dataset: the data set of the run.

    Returns:
        The card.

    Raises:
        InputError: see `check_describable`; or data or network do not belong to the run.
    """
    test, per_image, losses = check_describable(run)
    checksum = _check_origin(network, run, dataset)
    labels = dataset.test_labels
    counts = confusion_counts(predictions([run], dataset), labels, len(dataset.class_names))
    probabilities = compiled(network)(dataset.test_images)
    answers = probabilities.argmax(axis=1)
    changed = robustness(network, dataset.test_images, labels, seed=CHANGES_SEED)
    others = [one for one in same_arm if one.test and one.data_checksum == run.data_checksum]
    return ModelCard(
        run=run.key,
        name=run.arm.model.name,
        arm=run.image_arm,
        seed=run.seed,
        parameters=sum(np.size(weights) for weights in network.trainable_variables),
        data=_data(run, dataset),
        accuracy=share(per_image.correct),
        loss=estimate(test.loss, mean_interval(losses), test.images),
        accuracy_over_seeds=_over_seeds(others, "accuracy"),
        loss_over_seeds=_over_seeds(others, "loss"),
        of_classes=of_classes(counts, dataset.class_names),
        confusions=confusions(counts, dataset.class_names),
        confusion_counts=tuple(map(tuple, counts.tolist())),
        calibration=calibration(probabilities, labels),
        shifts=tuple(
            Shifted(pixels=pixels, brightness_kept=kept, accuracy=share(correct))
            for pixels, kept, correct in zip(
                changed.distances.tolist(), changed.kept.tolist(), changed.shifted, strict=True
            )
        ),
        noise=tuple(
            Noisy(standard_deviation=deviation, accuracy=share(correct))
            for deviation, correct in zip(changed.deviations.tolist(), changed.noisy, strict=True)
        ),
        changes_seed=CHANGES_SEED,
        checks=Checks(
            weights_checksum=checksum,
            same_answers=int((answers == per_image.predicted).sum()),
        ),
        commands=commands(network, run),
        origin=_origin(run),
    )


def _check_origin(network: keras.Model, run: Run, dataset: Dataset) -> str:
    """Check that network and data belong to the run; return the weights' checksum."""
    if run.data_checksum != dataset.checksum:
        raise InputError(
            f"the run {run.key} was trained on {run.image_arm.data.dataset} with the checksum"
            f" {run.data_checksum[:12]}, but {dataset.name} has {dataset.checksum[:12]}",
            "the data that the run was trained on",
            "train the run again",
        )
    found = weights_checksum(np.asarray(weights) for weights in network.trainable_variables)
    if found != run.weights_checksum:
        raise InputError(
            f"the weights of the network have the checksum {found[:12]}, but the record of"
            f" {run.key} says {(run.weights_checksum or 'none')[:12]}",
            "the trained network beside its record",
            "look with `convbias runs verify`, and train the run again",
        )
    return found


def _data(run: Run, dataset: Dataset) -> Data:
    training, held_out = split_of(run.image_arm, run.seed, dataset)

    def per_class(labels: np.ndarray) -> tuple[int, ...]:
        return tuple(np.bincount(labels, minlength=len(dataset.class_names)).tolist())

    return Data(
        dataset=dataset.name,
        remark=data_remark(run.image_arm.data),
        checksum=dataset.checksum,
        classes=dataset.class_names,
        training=per_class(dataset.train_labels[training]),
        validation=per_class(dataset.train_labels[held_out]),
        test=per_class(dataset.test_labels),
    )


def _over_seeds(runs: Sequence[Run], score: str) -> OverSeeds:
    summary = summarise([getattr(run.test, score) for run in runs])
    low, high = summary.interval.ends if summary.interval else (None, None)
    return OverSeeds(
        runs=tuple(run.key for run in runs), mean=summary.mean, sd=summary.sd, low=low, high=high
    )


def _origin(run: Run) -> Origin:
    machine = run.environment
    return Origin(
        code_version=run.code_version,
        card_code_version=code_version(),
        finished_at=run.cost.finished_at,
        training_seconds=run.cost.training_seconds,
        python=machine.python,
        platform=machine.platform,
        device=machine.device,
        versions=machine.versions,
    )
