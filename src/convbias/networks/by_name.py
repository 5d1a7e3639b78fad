"""The package's networks by a name, described and trained from Python without storing anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras

from convbias.data import Dataset
from convbias.errors import InputError, RunError, did_you_mean
from convbias.networks import training
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense
from convbias.spec.description import describe as described
from convbias.spec.recipes import RecipeName, recipe_for

MODELS = {"cnn": Convolutional, "dense": Dense}


def describe(
    model: Literal["cnn", "dense"],
    dataset: Dataset,
    *,
    recipe: RecipeName = "tuned",
    epochs: int = 10,
    training_images: int | None = None,
    **options: Any,  # noqa: ANN401 - of many types, checked by the model's description
) -> Arm:
    """Describe an arm: which network is trained on which images, and how.

    Args:
        model: `cnn` or `dense`.
        dataset: From `convbias.load` or `convbias.read_images`.
        recipe: `tuned` has the learning rate that was searched for the network, `classic` Keras'
            defaults.
        epochs: Passes over the training images, at least 1.
        training_images: How many are used; None means all.
        **options: Of the network, for instance `kernel_size=5` (pixels per side) or `filters=(32,
            64)`, see `convbias.spec.arms.Convolutional`.

    Returns:
        The arm, for `convbias.train`.

    Raises:
        InputError: There is no such network, recipe or option, or its value is impossible.

    Source:
        The recipes: docs/recipe.md of the repository.

    Example:
        >>> import convbias
        >>> convbias.describe("cnn", convbias.load("drawn"), kernel_size=5).model.kernel_size
        5
    """
    if model not in MODELS:
        raise InputError(
            f"there is no network {model!r}", "cnn or dense", did_you_mean(str(model), MODELS)
        )
    network: Any = described(MODELS[model], options, "options")
    images = {"dataset": dataset.name, "training_images": training_images}
    variant = described(DataVariant, images, "training_images")
    if epochs < 1:
        raise InputError(f"{epochs} epochs", "at least 1")
    return Arm(data=variant, model=network, recipe=recipe_for(recipe, epochs, network, variant))


def train(arm: Arm, dataset: Dataset, seeds: Sequence[int] = (0,)) -> list[keras.Model]:
    """Train an arm once with each seed.

    Args:
        arm: From `convbias.describe`.
        dataset: The same images.
        seeds: Distinct and not negative; each sets initial weights, order and split together, so
            that two arms with the same seeds are paired.

    Returns:
        A network per seed, from float32 (n, side, side, channels) in [0, 1] to probabilities
        float32 (n, classes).

    Raises:
        InputError: The seeds are empty, repeated or negative, or the images are others.
        RunError: A training diverged.

    Source:
        docs/decisions/0001-training-engine.md of the repository.

    Example:
        >>> import convbias
        >>> drawn = convbias.load("drawn")
        >>> arm = convbias.describe("dense", drawn, epochs=1, training_images=20)
        >>> [network] = convbias.train(arm, drawn)
        >>> network.count_params()
        109386
    """
    networks = []
    for trained in training.train(arm, seeds, dataset):
        if trained.status == "diverged":
            raise RunError(
                f"the training with seed {trained.seed} diverged: {trained.reason}",
                "finite losses",
                "use recipe='classic', or fewer epochs",
            )
        networks.append(trained.network)
    return networks
