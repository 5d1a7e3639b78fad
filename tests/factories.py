"""Synthetic runs for tests: no training, yet every number in a record fits the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from convbias.experiments import experiment_of
from convbias.experiments.studies import load_study
from convbias.findings.results import ConditionRun, Results
from convbias.networks.scores import Epoch, PerImage, Scores
from convbias.runs.record import Cost, Environment
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model, Recipe
from convbias.spec.beyond.arms import AnyArm, TaskArm
from convbias.spec.datasets import DATASETS, FASHION_MNIST, DatasetName, Dimensions
from convbias.spec.numerics import NUMERICS_VERSION

CLASSES = 10
CLASS_NAMES = DATASETS["fashion-mnist"].class_names

MODELS: dict[str, Model] = {
    model.name: model for model in (Dense(), *(Convolutional(kernel_size=k) for k in (3, 5, 7)))
}


def make_arm(model: str | Model = "dense", epochs: int = 10, **data: Any) -> Arm:
    """Describe an arm.

    Args:
        model: A model, or the name of one of the original study's.
        epochs: The recipe's epochs.
        **data: Fields of `DataVariant`, for instance `dataset="drawn"`.
    """
    return Arm(
        data=DataVariant(**data),
        model=MODELS[model] if isinstance(model, str) else model,
        recipe=Recipe(name="test", epochs=epochs, learning_rate=1e-3),
    )


def make_run(
    arm: AnyArm | str,
    seed: int,
    *,
    accuracy: float = 0.9,
    loss: float = 0.3,
    train_accuracy: float | None = None,
    validation_accuracy: float | None = None,
    validation_curve: Sequence[float] | None = None,
    images: int = 1_000,
    status: str = "finished",
    measures: dict[str, float] | None = None,
) -> ConditionRun:
    """Make a run that was never trained; its condition is called by its model.

    Args:
        arm: The arm, or the name of one of the original study's models on all of Fashion-MNIST.
        seed: The run's seed; also determines which images are misclassified.
        accuracy: Test accuracy; rounded to whole images, and the per-image bits agree with it.
        loss: Test loss; the per-image losses have this mean, but for float16.
        train_accuracy: By default 0.01 above `accuracy`.
        validation_accuracy: The finished network's; by default the curve's last value.
        validation_curve: Validation accuracy per epoch; by default as many steps as the recipe
            has epochs, up to `accuracy`, which is reached before the last of many.
        images: How many test images there are.
        status: "diverged" leaves no scores, as training does.
        measures: Named numbers.
    """
    arm = make_arm(arm) if isinstance(arm, str) else arm
    dataset = arm.data.dataset if isinstance(arm, Arm) else arm.task.data
    steps = np.arange(1, arm.recipe.epochs + 1) / arm.recipe.epochs
    rising = accuracy * np.minimum(1, steps / 0.8) ** 0.1
    curve = rising if validation_curve is None else validation_curve
    epochs = tuple(_epoch(float(value), loss) for value in curve)
    finished = status == "finished"
    tested = finished and (isinstance(arm, TaskArm) or arm.data.scored_on == "test")
    # On other data than images nothing is recorded but what is scored in the end.
    recorded = finished and isinstance(arm, Arm)
    per_image = _per_image(seed, accuracy, loss, images)
    if validation_accuracy is None:
        validation_accuracy = epochs[-1].validation_accuracy
    if train_accuracy is None:
        train_accuracy = accuracy + 0.01
    test = Scores(images=images, loss=loss, accuracy=float(per_image.correct.mean()))
    return ConditionRun.model_validate(
        {
            "condition": arm.model.name,
            "numerics_version": NUMERICS_VERSION,
            "arm_hash": arm.hash,
            "arm": arm,
            "seed": seed,
            "status": status,
            "reason": None if finished else "the loss is not finite in epoch 1",
            "epochs": epochs if recorded else (),
            "train": _scores(images, loss, train_accuracy) if recorded else None,
            "validation": _scores(images, loss, validation_accuracy) if recorded else None,
            "test": test if tested else None,
            "per_image": per_image if tested else None,
            "measures": measures or {},
            "data_checksum": f"checksum of {dataset}",
            "weights_checksum": f"weights of {arm.hash}-{seed}" if recorded else None,
            "code_version": "0.0.0",
            "environment": Environment(
                python="3.11",
                platform="test",
                processor="test",
                cores=2,
                threads=2,
                accelerator="cpu",
                versions={},
            ),
            "cost": Cost(
                wall_seconds=2.0,
                training_seconds=1.0,
                compile_seconds=0.0,
                images_per_second=1_000.0,
                peak_memory_bytes=1,
                finished_at="2026-01-01T00:00:00Z",
            ),
        }
    )


def make_runs(
    arm: Arm | str, accuracies: Sequence[float], losses: Sequence[float] | None = None, **more: Any
) -> list[ConditionRun]:
    """Make one run per accuracy, with seeds 0, 1, 2, ...; `more` goes to `make_run`."""
    if losses is None:
        losses = [0.3] * len(accuracies)
    return [
        make_run(arm, seed, accuracy=accuracy, loss=loss, **more)
        for seed, (accuracy, loss) in enumerate(zip(accuracies, losses, strict=True))
    ]


def make_results(
    name: str,
    values: Callable[[str, int], Mapping[str, float]],
    seeds: Sequence[int] = (0, 1, 2),
    pictures: Callable[[str, int], Mapping[str, np.ndarray]] | None = None,
    dataset: DatasetName = "fashion-mnist",
) -> Results:
    """Make the results of an experiment whose runs never were.

    Args:
        name: The experiment's name.
        values: From condition and seed to `accuracy` and `loss`, where they matter, and to what
            its measures found.
        seeds: Every condition was trained with each.
        pictures: From condition and seed to what its measures drew.
        dataset: That they were trained on.
    """
    study = load_study("quick").of_experiment(name).with_seeds(tuple(seeds)).on(dataset)
    experiment = experiment_of(name, dataset)
    runs, drawn = [], {}
    for condition, arm in experiment.arms(DataVariant(dataset=dataset), "classic", 1).items():
        for seed in study.seeds_of(arm):
            found = dict(values(condition, seed))
            scores = {each: found.pop(each) for each in ("accuracy", "loss") if each in found}
            run = make_run(arm, seed, measures=found, **scores)
            runs.append(run.model_copy(update={"condition": condition}))
            drawn[run.key] = dict(pictures(condition, seed)) if pictures else {}
    return Results(experiment, study, tuple(runs), drawn, (), (), ())


def _epoch(validation_accuracy: float, loss: float) -> Epoch:
    return Epoch(
        train_loss=loss,
        train_accuracy=validation_accuracy,
        validation_loss=loss,
        validation_accuracy=validation_accuracy,
    )


def _scores(images: int, loss: float, accuracy: float) -> Scores:
    return Scores(images=images, loss=loss, accuracy=accuracy)


def _per_image(seed: int, accuracy: float, loss: float, images: int) -> PerImage:
    """Wrong images are mostly the same hard ones for every seed, and lose more than right ones."""
    difficulty = np.random.default_rng(0).normal(size=images)
    rng = np.random.default_rng([1, seed])
    order = np.argsort(difficulty + 0.5 * rng.normal(size=images))
    correct = np.zeros(images, dtype=bool)
    correct[order[: round(accuracy * images)]] = True
    losses = rng.gamma(2.0, size=images) * np.where(correct, 0.1, 2.0)
    labels = np.arange(images) % CLASSES
    return PerImage(
        correct=correct,
        predicted=np.where(correct, labels, (labels + 1) % CLASSES).astype(np.uint8),
        loss=(losses * (loss / losses.mean())).astype(np.float16),
    )


def grey(side: int) -> Dimensions:
    """Dimensions of networks for ten classes of grey images of another size."""
    return replace(FASHION_MNIST, side=side)
