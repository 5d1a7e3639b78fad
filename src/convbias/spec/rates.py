"""Settings for which a learning rate is searched, and what searches have found."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, model_validator

from convbias.errors import InputError
from convbias.spec.arms import Arm, DataVariant, Model
from convbias.spec.datasets import description_of
from convbias.spec.description import Description, describe

Rate = Annotated[float, Field(gt=0, le=1)]

HEADER = """\
# Peak learning rates, written by `convbias tune --write`. Each was searched for one network, on
# exactly the images and for the length at which it trains. `search` has the validation scores of
# all rates that were tried, seed by seed. No test image was used.
"""


class Setting(Description, frozen=True):
    """What a learning rate is searched for; `setting_of` makes those that are equal the same."""

    model: Model
    data: DataVariant
    optimiser: Literal["adam", "muon"]
    epochs: int = Field(ge=1, le=1_000)
    images_per_epoch: int | None = Field(
        default=None, ge=1, description="None: as many as there are to train on."
    )


class TriedRate(Description, frozen=True):
    """A learning rate that a search has tried.

    Scores are those after the last epoch, seed by seed; diverged runs have an accuracy of 0 and no
    other score.
    """

    learning_rate: Rate
    seeds: tuple[int, ...]
    diverged: int = 0
    validation_accuracy: tuple[float, ...]
    validation_loss: tuple[float, ...]
    train_validation_gap: tuple[float, ...]

    @property
    def accuracy(self) -> float:
        """Mean validation accuracy; diverged runs count as 0."""
        return sum(self.validation_accuracy) / len(self.validation_accuracy)


class SearchedSetting(Description, frozen=True):
    """A setting with the rate that was best on validation images, and all that were tried."""

    setting: Setting
    learning_rate: Rate
    search: tuple[TriedRate, ...] = Field(min_length=1, description="Rates ascending.")

    @model_validator(mode="after")
    def _was_tried(self) -> SearchedSetting:
        if self.learning_rate not in {tried.learning_rate for tried in self.search}:
            raise ValueError(f"the learning rate {self.learning_rate} is none of those tried")
        return self


class _RatesFile(Description, frozen=True):
    searched: tuple[SearchedSetting, ...] = ()


def setting_of(arm: Arm) -> Setting:
    """The setting that an arm's learning rate is searched for.

    Arms that train alike share one: it does not matter which images an arm is scored on, which of
    two halves it trains on, or whether all images are asked for by their number.

    Args:
        arm: The arm; its learning rate is ignored.

    Example:
        >>> from convbias.spec.arms import Dense
        >>> from convbias.spec.recipes import scheduled
        >>> images = (DataVariant(), DataVariant(training_images=54_000, scored_on="validation"))
        >>> recipe = scheduled(2, 0.01)
        >>> len({setting_of(Arm(data=each, model=Dense(), recipe=recipe)) for each in images})
        1
    """
    data, recipe = arm.data, arm.recipe
    all_images = description_of(data.dataset).sizes[0] // (1 if data.half is None else 2)
    images = data.training_images or all_images
    changes = {
        "scored_on": "test",
        "training_images": None if images == all_images else images,
        "half": data.half and "first",
    }
    per_epoch = recipe.images_per_epoch
    return Setting(
        model=arm.model,
        data=data.model_copy(update=changes),
        optimiser=recipe.optimiser,
        epochs=recipe.epochs,
        images_per_epoch=None if per_epoch == images else per_epoch,
    )


def own_rates_path() -> Path:
    """The user's file of searched rates, which need not exist."""
    return Path(platformdirs.user_config_dir("convbias")) / "rates.toml"


def searched_settings() -> Mapping[Setting, SearchedSetting]:
    """What was searched: settings of the package, and the user's in their place.

    Raises:
        InputError: The user's file cannot be read, or is no file of rates.
    """
    packaged = resources.files("convbias.spec").joinpath("rates.toml").read_text("utf-8")
    return {**_parsed(packaged, "rates.toml"), **own_rates()}


def own_rates() -> Mapping[Setting, SearchedSetting]:
    """What the user has searched.

    Raises:
        InputError: The user's file cannot be read, or is no file of rates.
    """
    path = own_rates_path()
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be read: {reason}", fix=f"delete {path}") from error
    return _parsed(text, str(path))


# A study describes about a hundred arms, each of which needs its rate.
@lru_cache(maxsize=8)
def _parsed(text: str, source: str) -> Mapping[Setting, SearchedSetting]:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{source} is not valid TOML: {error}",
            "a file written by `convbias tune --write`",
            "delete it to use the rates of the package",
        ) from error
    return {each.setting: each for each in describe(_RatesFile, values, source).searched}


def written(searched: Iterable[SearchedSetting]) -> str:
    """The text of a file of rates; `searched_settings` reads such files.

    Args:
        searched: What was found.
    """
    blocks = [HEADER]
    for each in searched:
        setting = each.setting.model_dump(exclude_defaults=True)
        setting["model"]["family"] = each.setting.model.family
        rows = ",\n".join(f"  {_inline(tried.model_dump())}" for tried in each.search)
        blocks.append(
            f"[[searched]]\nsetting = {_inline(setting)}\n"
            f"learning_rate = {each.learning_rate}\nsearch = [\n{rows},\n]\n"
        )
    return "\n".join(blocks)


def _inline(value: object) -> str:
    """TOML of a value, tables on one line."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_inline(item)}' for key, item in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value)
