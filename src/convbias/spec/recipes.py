"""Recipes: a classic one, and two with learning rates from searches."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from convbias.errors import InputError, did_you_mean
from convbias.spec.arms import Arm, DataVariant, Model, Recipe
from convbias.spec.description import Description, describe
from convbias.spec.rates import SearchedSetting, searched_settings, setting_of

SearchedName = Literal["tuned", "brief"]
RecipeName = Literal["classic", "tuned", "brief"]


def classic(epochs: int) -> Recipe:
    """Keras' defaults: probably the recipe of the original study, which did not publish it.

    Adam at a constant 0.001, batches of 128, pixels in [0, 1].
    """
    return Recipe(name="classic", epochs=epochs, learning_rate=1e-3)


def classic_name(condition: str) -> str:
    """Name of a condition of the original comparison with the classic recipe."""
    return f"classic {condition}"


def classic_contrast(name: str) -> str:
    """Name of a contrast of the original comparison with the classic recipe."""
    return f"{name}-classic"


def scheduled(epochs: int, learning_rate: float, name: SearchedName = "tuned") -> Recipe:
    """The searched recipes: Muon, warm-up, half a cosine, standardised pixels.

    docs/recipe.md shows the measurements behind these choices.
    """
    return Recipe(
        name=name,
        epochs=epochs,
        optimiser="muon",
        learning_rate=learning_rate,
        schedule="warmup-cosine",
        warmup_fraction=0.1,
        batch_size=64,
        standardised=True,
    )


def tuned(
    epochs: int,
    model: Model,
    name: SearchedName = "tuned",
    data: DataVariant | None = None,
    images_per_epoch: int | None = None,
    rate_of: Model | None = None,
) -> Recipe:
    """The recipe with the peak learning rate that was best for this model on validation images.

    Where no rate was searched on exactly these images and for this length, it is that of an earlier
    search on other lengths, see `search_of`.

    Args:
        epochs: Passes over the training split.
        model: The model.
        name: Which of the earlier searches; `brief` was for runs of one epoch: short runs favour
            higher rates.
        data: The images; all of Fashion-MNIST by default.
        images_per_epoch: As in `Recipe`.
        rate_of: A model whose rate this one takes where no search has covered it.

    Raises:
        InputError: No search has covered this model.
    """
    recipe = scheduled(epochs, 1.0, name).model_copy(update={"images_per_epoch": images_per_epoch})
    arm = Arm(data=data or DataVariant(), model=model, recipe=recipe)
    found = searched_settings().get(setting_of(arm))
    if found is not None:
        return recipe.model_copy(update={"learning_rate": found.learning_rate})
    rates = tuned_learning_rates(name)
    if model.name not in rates and rate_of is not None:
        model = rate_of
    if model.name not in rates:
        raise InputError(
            f"no {name} learning rate is stored for the model {model.name}",
            "a model that the search has covered",
            f"{did_you_mean(model.name, rates)}; or search for it with `convbias tune`, or"
            " train with --recipe classic",
        )
    return recipe.model_copy(update={"learning_rate": rates[model.name]})


def search_of(arm: Arm) -> SearchedSetting | None:
    """The search on exactly an arm's images and length that has found the arm's learning rate.

    Args:
        arm: The arm.
    """
    found = searched_settings().get(setting_of(arm))
    chosen = found is not None and found.learning_rate == arm.recipe.learning_rate
    return found if chosen else None


class _EarlierRates(Description, frozen=True):
    """A file of rates by model name; `search` is the table that they were chosen from."""

    learning_rate: dict[str, Annotated[float, Field(gt=0, le=1)]]
    search: tuple[dict[str, Any], ...] = ()


@lru_cache(maxsize=8)
def tuned_learning_rates(name: SearchedName = "tuned") -> dict[str, float]:
    """Peak learning rates by model name, from a search on other lengths than an arm may have.

    Args:
        name: which search.
    """
    text = resources.files("convbias.spec").joinpath(f"{name}.toml").read_text("utf-8")
    return describe(_EarlierRates, tomllib.loads(text), name).learning_rate


def recipe_for(
    name: RecipeName,
    epochs: int,
    model: Model,
    data: DataVariant | None = None,
    images_per_epoch: int | None = None,
    rate_of: Model | None = None,
) -> Recipe:
    """The named recipe for one model.

    Args:
        name: `classic`, `tuned` or `brief`.
        epochs: Passes over the training split.
        model: The model; a search stores a learning rate for each.
        data: The images, on which the learning rate was searched; all of Fashion-MNIST by default.
        images_per_epoch: As in `Recipe`.
        rate_of: As for `tuned`.

    Raises:
        InputError: There is no such recipe, or no search has covered this model.
    """
    if name == "classic":
        return classic(epochs).model_copy(update={"images_per_epoch": images_per_epoch})
    if name in get_args(SearchedName):
        return tuned(epochs, model, name, data, images_per_epoch, rate_of)
    raise InputError(
        f"there is no recipe {name!r}",
        "classic, tuned or brief",
        did_you_mean(name, get_args(RecipeName)),
    )
