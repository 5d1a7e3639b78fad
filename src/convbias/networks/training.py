"""Train one arm with many seeds, epoch by epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias import data
from convbias.data.variants import vary
from convbias.errors import InputError, RunError
from convbias.networks.engine import Engine, Predictions, State, engine
from convbias.networks.models import Architecture
from convbias.networks.scores import Epoch, PerImage, Scores
from convbias.spec.arms import Arm
from convbias.spec.seeds import check_seeds
from convbias.spec.streams import Stream, generator

# XLA's error messages begin with this when a device is out of memory.
OUT_OF_MEMORY = "RESOURCE_EXHAUSTED"

OnEpoch = Callable[[int, int, Epoch, float], None]


@dataclass(frozen=True)
class Trained:
    """A trained network with everything that was recorded during training.

    Args:
        seed: Random seed of the initial weights, the order of the images and the split.
        network: The network with its trained weights.
        status: `finished` when all epochs were run.
        reason: Why a diverged run stopped.
        epochs: The epochs that ended with finite losses.
        train: Scores without dropout on as many training images as there are validation images.
        validation: Scores on the validation split.
        test: Scores on the test images, where the arm asks for them.
        per_image: The prediction and loss for every test image.
        wall_seconds: Time from drawing the network to its scores, shared equally between seeds that
            trained together.
        training_seconds: Time of all epochs with validation, without compilation, shared likewise.
        compile_seconds: Time of compilation, shared likewise; 0 where an earlier seed had compiled.
        images_per_second: Training images per second in the fastest epoch, summed over the seeds
            that trained together.
    """

    seed: int
    network: keras.Model
    status: Literal["finished", "diverged"]
    reason: str | None
    epochs: tuple[Epoch, ...]
    train: Scores | None
    validation: Scores | None
    test: Scores | None
    per_image: PerImage | None
    wall_seconds: float
    training_seconds: float
    compile_seconds: float
    images_per_second: float


def train(
    arm: Arm,
    seeds: Sequence[int],
    dataset: data.Dataset,
    on_epoch: OnEpoch | None = None,
    together: int | None = None,
) -> Iterator[Trained]:
    """Train an arm once with each seed.

    Args:
        arm: The arm to train.
        seeds: Distinct and not negative; each sets initial weights, order and split together.
        dataset: The arm's data set.
        on_epoch: Called after every epoch with seed, epoch (from 1), its record and the training
            images per second, summed over the seeds that train together.
        together: Number of seeds that train at once; None means all on an accelerator and one on a
            CPU. When that many do not fit into the device's memory, half as many are tried.

    Yields:
        One trained network per seed, in the seeds' order.

    Raises:
        InputError: The seeds are empty, repeated or negative, or the data set is another one or
            has more classes than the networks have outputs.
        RunError: A single seed does not fit into the device's memory.
    """
    check_seeds(seeds)
    if dataset.name != arm.data.dataset:
        raise InputError(f"the arm asks for {arm.data.dataset}, but the data is {dataset.name}")
    scored = (dataset.test_labels,) if arm.data.scored_on == "test" else ()
    largest = max(labels.max() for labels in (dataset.train_labels, *scored))
    classes = arm.data.dimensions.classes
    if largest >= classes:
        raise InputError(
            f"{dataset.name} has the label {largest}",
            f"labels from 0 to {classes - 1}, because the networks have {classes} outputs",
            f"choose {classes} of the classes, and number them from 0",
        )
    at_once = together or (1 if jax.default_backend() == "cpu" else len(seeds))
    waiting = list(seeds)
    while waiting:
        group = waiting[:at_once]
        try:
            trained = _Training(arm, group, dataset).run(on_epoch)
        except jax.errors.JaxRuntimeError as error:
            if OUT_OF_MEMORY not in str(error):
                raise
            if len(group) == 1:
                raise RunError(
                    f"{arm.name} does not fit into the memory of {jax.devices()[0].device_kind}",
                    "memory for one network and one batch",
                    "use a smaller batch size, or another device",
                ) from error
            at_once = (len(group) + 1) // 2
            continue
        yield from trained
        waiting = waiting[len(group) :]


def epoch_orders(
    training: np.ndarray, seed: int, images: int | None = None
) -> Iterator[np.ndarray]:
    """The order of the training images in every epoch, without end.

    Args:
        training: int (n,), the images that the run is trained on, see `split_of`.
        seed: The run's seed.
        images: How many images an epoch has; None means one pass over all n.

    Yields:
        int (images,), some of `training`. Every pass is a fresh permutation; what an epoch leaves
        of it begins the next epoch.
    """
    images = images or len(training)
    stream = generator(seed, Stream.EPOCH_ORDERS)
    left = training[:0]
    while True:
        passes = -(-(images - len(left)) // len(training))
        order = np.concatenate([left, *(stream.permutation(training) for _ in range(passes))])
        yield order[:images]
        left = order[images:]


class _Training:
    """The runs of some seeds that train together, while they go on."""

    def __init__(self, arm: Arm, seeds: Sequence[int], dataset: data.Dataset) -> None:
        self.started = time.perf_counter()
        dataset = vary(dataset, arm.data)
        self.arm, self.seeds, self.dataset = arm, seeds, dataset
        parts = [split_of(arm, seed, dataset) for seed in seeds]
        self.split = np.stack([training for training, _ in parts])  # (seeds, images)
        self.held_out = np.stack([held_out for _, held_out in parts])
        architecture = Architecture.of(arm, dataset)
        self.networks = [architecture.build(seed) for seed in seeds]
        images = arm.recipe.images_per_epoch or self.split.shape[1]
        self.engine: Engine = engine(architecture, arm.recipe, images, len(seeds))
        self.state: State = self.engine.initial_state(self.networks)
        self.orders = [
            epoch_orders(training, seed, images)
            for training, seed in zip(self.split, seeds, strict=True)
        ]
        self.images = jnp.asarray(dataset.train_images)
        self.labels = jnp.asarray(dataset.train_labels, dtype=jnp.int32)
        self.epochs: list[list[Epoch]] = [[] for _ in seeds]
        self.validation: list[Scores] = []
        self.reasons: list[str | None] = [None for _ in seeds]
        self.images_per_second = 0.0

    def run(self, on_epoch: OnEpoch | None) -> list[Trained]:
        compile_seconds = self.engine.compile(self.state, self.images, self.labels)
        started = time.perf_counter()
        for epoch in range(1, self.arm.recipe.epochs + 1):
            if all(self.reasons):
                break
            orders = np.stack([next(order) for order in self.orders])
            epoch_started = time.perf_counter()
            self.state, losses, accuracies = self.engine.epoch(
                self.state, self.images, self.labels, orders
            )
            speed = orders.size / (time.perf_counter() - epoch_started)
            self.images_per_second = max(self.images_per_second, speed)
            self._record_epoch(losses, accuracies)
            for seed, records, reason in zip(self.seeds, self.epochs, self.reasons, strict=True):
                if reason is None and on_epoch is not None:
                    on_epoch(seed, epoch, records[-1], speed)
        training_seconds = time.perf_counter() - started
        self.engine.restore(self.networks, self.state)
        return self._finish(training_seconds, compile_seconds)

    def _record_epoch(self, losses: np.ndarray, accuracies: np.ndarray) -> None:
        """Record every seed's epoch, or why its run cannot go on."""
        self.validation = self._scores_of_training_images(self.held_out)
        each = zip(losses, accuracies, self.validation, strict=True)
        for seed, (loss, accuracy, validation) in enumerate(each):
            if self.reasons[seed] is not None:
                continue
            if not (np.isfinite(loss) and np.isfinite(validation.loss)):
                self.reasons[seed] = (
                    f"in epoch {len(self.epochs[seed]) + 1} the training loss was {loss}"
                    f" and the validation loss {validation.loss}"
                )
                continue
            self.epochs[seed].append(
                Epoch(
                    train_loss=float(loss),
                    train_accuracy=float(accuracy),
                    validation_loss=validation.loss,
                    validation_accuracy=validation.accuracy,
                )
            )

    def _scores_of_training_images(self, chosen: np.ndarray) -> list[Scores]:
        return [
            _scores(predictions)
            for predictions in self.engine.predict(self.state, self.images, self.labels, chosen)
        ]

    def _finish(self, training_seconds: float, compile_seconds: float) -> list[Trained]:
        train = self._scores_of_training_images(self.split[:, : self.held_out.shape[1]])
        test: list[Predictions] | None = None
        if self.arm.data.scored_on == "test":
            everything = np.arange(len(self.dataset.test_labels))
            test = self.engine.predict(
                self.state,
                jnp.asarray(self.dataset.test_images),
                jnp.asarray(self.dataset.test_labels, dtype=jnp.int32),
                np.broadcast_to(everything, (len(self.seeds), len(everything))),
            )
        wall_seconds = time.perf_counter() - self.started
        return [
            Trained(
                seed=seed,
                network=network,
                status="diverged" if reason else "finished",
                reason=reason,
                epochs=tuple(self.epochs[index]),
                train=None if reason else train[index],
                validation=None if reason else self.validation[index],
                test=None if reason or test is None else _scores(test[index]),
                per_image=None if reason or test is None else _per_image(test[index]),
                wall_seconds=wall_seconds / len(self.seeds),
                training_seconds=training_seconds / len(self.seeds),
                compile_seconds=compile_seconds / len(self.seeds),
                images_per_second=self.images_per_second,
            )
            for index, (seed, network, reason) in enumerate(
                zip(self.seeds, self.networks, self.reasons, strict=True)
            )
        ]


def split_of(arm: Arm, seed: int, dataset: data.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The images that a run is trained on, and those that it is validated on.

    Args:
        arm: The arm; it sets how many of the training split's images are used.
        seed: The run's seed.
        dataset: The data set that `vary` makes for the arm.

    Returns:
        int64 indices into the data set's training images, both ascending.
    """
    training, held_out = data.split(dataset.train_labels, seed)
    if arm.data.half is not None:
        first, second = data.halves(training, dataset.train_labels, seed)
        training = first if arm.data.half == "first" else second
    if arm.data.training_images is not None:
        training = data.subset(training, dataset.train_labels, arm.data.training_images, seed)
    return training, held_out


def _per_image(predictions: Predictions) -> PerImage:
    return PerImage(
        correct=predictions.correct,
        predicted=predictions.predicted,
        loss=predictions.loss,
    )


def _scores(predictions: Predictions) -> Scores:
    return Scores(
        images=len(predictions.loss),
        loss=float(predictions.loss.astype(np.float64).mean()),
        accuracy=float(predictions.correct.mean()),
    )
