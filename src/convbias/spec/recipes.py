"""Recipes: a classic one, and two with learning rates from searches."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import platformdirs
from pydantic import Field

from convbias.errors import InputError, did_you_mean
from convbias.spec.arms import Model, Recipe
from convbias.spec.description import Description, describe

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


def tuned(epochs: int, model: Model, name: SearchedName = "tuned") -> Recipe:
    """The recipe with the peak learning rate that was best for this model on validation images.

    Args:
        epochs: Passes over the training split.
        model: The model.
        name: Which search; the rates of `brief` are tuned for one-epoch runs: short runs favour
            higher rates.

    Raises:
        InputError: The search has not covered this model.
    """
    rates = tuned_learning_rates(name)
    if model.name not in rates:
        raise InputError(
            f"no {name} learning rate is stored for the model {model.name}",
            "a model that the search has covered",
            f"{did_you_mean(model.name, rates)}; or search for it with `convbias tune {name}`, or"
            " train with --recipe classic",
        )
    return scheduled(epochs, rates[model.name], name)


class _SearchedRates(Description, frozen=True):
    """A file of searched rates; `search` is the table that they were chosen from."""

    learning_rate: dict[str, Annotated[float, Field(gt=0, le=1)]]
    search: tuple[dict[str, Any], ...] = ()


def own_rates_path(name: SearchedName) -> Path:
    """The user's file of searched rates, which need not exist.

    Args:
        name: which search.
    """
    return Path(platformdirs.user_config_dir("convbias")) / f"{name}.toml"


def tuned_learning_rates(name: SearchedName = "tuned") -> dict[str, float]:
    """The peak learning rates by model name: those of the package, and the user's in their place.

    Args:
        name: which search.

    Raises:
        InputError: The user's file cannot be read, or is no file of rates.
    """
    packaged = resources.files("convbias.spec").joinpath(f"{name}.toml").read_text("utf-8")
    path = own_rates_path(name)
    try:
        own = path.read_text("utf-8")
    except FileNotFoundError:
        return dict(_learning_rates(packaged, name))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be read: {reason}", fix=f"delete {path}") from error
    return _learning_rates(packaged, name) | _learning_rates(own, str(path))


# A study describes about a hundred arms, each of which needs its rate.
@lru_cache(maxsize=8)
def _learning_rates(text: str, source: str) -> dict[str, float]:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{source} is not valid TOML: {error}",
            "a file written by `convbias tune --write`",
            "delete it to use the rates of the package",
        ) from error
    return describe(_SearchedRates, values, source).learning_rate


def recipe_for(name: RecipeName, epochs: int, model: Model) -> Recipe:
    """The named recipe for one model.

    Args:
        name: `classic`, `tuned` or `brief`.
        epochs: Passes over the training split.
        model: The model; a search stores a learning rate for each.

    Raises:
        InputError: There is no such recipe, or the search has not covered this model.
    """
    if name == "classic":
        return classic(epochs)
    if name in get_args(SearchedName):
        return tuned(epochs, model, name)
    raise InputError(
        f"there is no recipe {name!r}",
        "classic, tuned or brief",
        did_you_mean(name, get_args(RecipeName)),
    )
