"""Untrained networks with drawn data, as measures get them."""

from __future__ import annotations

from convbias.data import Dataset
from convbias.data.drawn import drawn
from convbias.measures.base import Subject
from convbias.networks import models
from convbias.spec.arms import Model
from factories import make_arm


def make_subject(model: Model, seed: int = 3, images: int = 200, **recipe: object) -> Subject:
    """A subject that was never trained, with its own network's weights drawn with another seed.

    Args:
        model: The network's model.
        seed: The run's seed; the network's weights are drawn with the next one.
        images: Number of images drawn for each part.
        **recipe: Fields of `Recipe`.
    """
    dataset = Dataset("drawn", *drawn(n_train=images, n_test=images))
    arm = make_arm(model, dataset="drawn")
    arm = arm.model_copy(update={"recipe": arm.recipe.model_copy(update=recipe)})
    return Subject(models.build(model, seed + 1), arm, seed, dataset, dataset)
