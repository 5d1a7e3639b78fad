"""Train one arm with many seeds; the engine does the steps, this module the epochs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp
import keras
import numpy as np

from convbias import data, models
from convbias.config import Arm
from convbias.engine import Engine, Predictions, State, engine
from convbias.errors import InputError
from convbias.run import Epoch, PerImage, Scores
from convbias.seeds import check_seeds

OnEpoch = Callable[[int, int, Epoch, float], None]


@dataclass(frozen=True)
class Trained:
    """A trained network with everything that was recorded on the way.

    Args:
        seed: Drew the initial weights, the order of the images and the split.
        network: Holds the trained weights.
        status: Whether all epochs were run.
        reason: Why a diverged run stopped.
        epochs: The epochs that ended with finite losses.
        train: Scores without dropout on as many training images as there are validation images.
        validation: Scores on the validation split.
        test: Scores on the test images, where the arm asks for them.
        per_image: What happened to every test image.
        training_seconds: All epochs with validation, without compilation.
        compile_seconds: 0 where an earlier seed had compiled.
        images_per_second: Training images per second in the fastest epoch.
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
    training_seconds: float
    compile_seconds: float
    images_per_second: float


def train(
    arm: Arm,
    seeds: Sequence[int],
    dataset: data.Dataset,
    on_epoch: OnEpoch | None = None,
) -> Iterator[Trained]:
    """Train an arm once with each seed.

    Args:
        arm: What to train.
        seeds: Distinct and not negative; each varies initial weights, order and split together.
        dataset: The arm's data set.
        on_epoch: Called after every epoch with seed, epoch (from 1), its record and the training
            images per second.

    Yields:
        One trained network per seed, in the seeds' order.

    Raises:
        InputError: The seeds are empty, repeated or negative, or the data set is another one.
    """
    check_seeds(seeds)
    if dataset.name != arm.data.dataset:
        raise InputError(f"the arm asks for {arm.data.dataset}, but the data is {dataset.name}")
    for seed in seeds:
        yield _Training(arm, seed, dataset).run(on_epoch)


class _Training:
    """One run while it goes on."""

    def __init__(self, arm: Arm, seed: int, dataset: data.Dataset) -> None:
        self.arm, self.seed, self.dataset = arm, seed, dataset
        split, self.held_out = data.split(dataset.train_labels, seed)
        if arm.data.training_images is not None:
            split = data.subset(split, dataset.train_labels, arm.data.training_images, seed)
        self.split = split
        standardise = (dataset.pixel_mean, dataset.pixel_std) if arm.recipe.standardised else None
        self.network = models.build(arm.model, seed, standardise)
        self.engine: Engine = engine(arm.model, arm.recipe, len(split), standardise)
        self.state: State = self.engine.initial_state(self.network)
        self.orders = np.random.default_rng([seed, 0x0D3])  # a stream apart from weights and split
        self.epochs: list[Epoch] = []
        self.validation: Scores | None = None
        self.images_per_second = 0.0

    def run(self, on_epoch: OnEpoch | None) -> Trained:
        images = jnp.asarray(self.dataset.train_images)
        labels = jnp.asarray(self.dataset.train_labels, dtype=jnp.int32)
        compile_seconds = self.engine.compile(self.state, images, labels)
        started = time.perf_counter()
        reason = None
        while reason is None and len(self.epochs) < self.arm.recipe.epochs:
            epoch_started = time.perf_counter()
            self.state, loss, accuracy = self.engine.epoch(
                self.state, images, labels, self.orders.permutation(self.split)
            )
            speed = len(self.split) / (time.perf_counter() - epoch_started)
            self.images_per_second = max(self.images_per_second, speed)
            reason = self._record_epoch(loss, accuracy)
            if reason is None and on_epoch is not None:
                on_epoch(self.seed, len(self.epochs), self.epochs[-1], speed)
        training_seconds = time.perf_counter() - started
        self.engine.restore(self.network, self.state)
        return self._finish(reason, training_seconds, compile_seconds)

    def _record_epoch(self, loss: float, accuracy: float) -> str | None:
        """Record an epoch, or say why the run cannot go on."""
        self.validation = validation = _scores(self._predict_training(self.held_out))
        if not (np.isfinite(loss) and np.isfinite(validation.loss)):
            return (
                f"in epoch {len(self.epochs) + 1} the training loss was {loss}"
                f" and the validation loss {validation.loss}"
            )
        self.epochs.append(
            Epoch(
                train_loss=loss,
                train_accuracy=accuracy,
                validation_loss=validation.loss,
                validation_accuracy=validation.accuracy,
            )
        )
        return None

    def _predict_training(self, index: np.ndarray) -> Predictions:
        return self.engine.predict(
            self.state, self.dataset.train_images[index], self.dataset.train_labels[index]
        )

    def _finish(
        self, reason: str | None, training_seconds: float, compile_seconds: float
    ) -> Trained:
        train = test = per_image = None
        if reason is None:
            train = _scores(self._predict_training(self.split[: len(self.held_out)]))
            if self.arm.data.scored_on == "test":
                predictions = self.engine.predict(
                    self.state, self.dataset.test_images, self.dataset.test_labels
                )
                test = _scores(predictions)
                per_image = PerImage(
                    correct_bits=np.packbits(predictions.correct),
                    predicted=predictions.predicted,
                    loss=predictions.loss,
                )
        return Trained(
            seed=self.seed,
            network=self.network,
            status="diverged" if reason else "finished",
            reason=reason,
            epochs=tuple(self.epochs),
            train=train,
            validation=None if reason else self.validation,
            test=test,
            per_image=per_image,
            training_seconds=training_seconds,
            compile_seconds=compile_seconds,
            images_per_second=self.images_per_second,
        )


def _scores(predictions: Predictions) -> Scores:
    return Scores(
        images=len(predictions.loss),
        loss=float(predictions.loss.astype(np.float64).mean()),
        accuracy=float(predictions.correct.mean()),
    )
