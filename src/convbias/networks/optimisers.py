"""Build the optimiser and the learning rate schedule of a recipe; see docs/learning-rate.md."""

from __future__ import annotations

from typing import Any

import keras

from convbias.networks.muon import Muon
from convbias.spec.arms import Recipe


def build(recipe: Recipe, steps_per_epoch: int, last_layer: str) -> keras.optimizers.Optimizer:
    """The recipe's optimiser, not yet built for any network.

    Args:
        recipe: The optimiser, learning rate and schedule.
        steps_per_epoch: Number of steps per epoch, which sets the schedule's length.
        last_layer: Name of the layer that gives the logits, see `Muon`.
    """
    rate = learning_rate(recipe, steps_per_epoch)
    return Muon(rate, last_layer) if recipe.optimiser == "muon" else keras.optimizers.Adam(rate)


def learning_rate(recipe: Recipe, steps_per_epoch: int) -> Any:  # noqa: ANN401 - or a schedule
    """The recipe's learning rate: a number, or a schedule that Keras evaluates at every step."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    steps = recipe.epochs * steps_per_epoch
    warmup = round(recipe.warmup_fraction * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else recipe.learning_rate,
        decay_steps=steps - warmup,
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
