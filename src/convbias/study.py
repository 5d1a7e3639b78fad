"""Studies: which experiments at which profile, described in `studies/*.toml`."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from convbias.config import Arm, DatasetName, DataVariant, Description, describe
from convbias.errors import InputError, did_you_mean
from convbias.experiments import EXPERIMENTS, Experiment
from convbias.recipes import recipe_for
from convbias.seeds import check_seeds


class Study(Description, frozen=True):
    """A set of experiments at a profile: how many seeds, epochs and images."""

    name: str
    cost: str = Field(description="What it takes, on which machine; measured, not guessed.")
    expect: str = Field(description="Which result to expect, and what it cannot decide.")
    experiments: tuple[str, ...] = Field(min_length=1)
    dataset: DatasetName = "fashion-mnist"
    training_images: int | None = Field(default=None, ge=100, le=54_000)
    recipe: Literal["classic", "tuned"]
    epochs: int = Field(ge=1, le=1_000)
    seeds: tuple[int, ...]

    @field_validator("experiments")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in EXPERIMENTS:
                raise ValueError(
                    f"no experiment is called {name!r}; {did_you_mean(name, EXPERIMENTS)}"
                )
        return names

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        try:
            check_seeds(seeds)
        except InputError as error:
            raise ValueError(error.what) from None
        return seeds

    def arms(self, experiment: Experiment) -> tuple[Arm, ...]:
        """The arms of one of the study's experiments."""
        data = DataVariant(dataset=self.dataset, training_images=self.training_images)
        return tuple(experiment.arms(data, recipe_for(self.recipe, self.epochs)))

    def planned(self) -> list[tuple[Arm, int]]:
        """Every run that the study needs, each once, arm by arm."""
        arms = {arm: None for name in self.experiments for arm in self.arms(EXPERIMENTS[name])}
        return [(arm, seed) for arm in arms for seed in self.seeds]


def profiles_folder() -> Path:
    """Where the profiles that come with the package lie."""
    installed = Path(str(resources.files("convbias"))) / "studies"
    checkout = Path(__file__).parents[2] / "studies"
    return installed if installed.is_dir() else checkout


def load_study(name: str) -> Study:
    """Read a profile.

    Args:
        name: A profile that comes with the package, for instance `quick`, or the path of a TOML
            file of the same form.

    Raises:
        InputError: There is no such profile, or it is not a valid one.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = profiles_folder() / f"{name}.toml"
        if not path.exists():
            known = [profile.stem for profile in profiles_folder().glob("*.toml")]
            raise InputError(
                f"there is no profile {name!r}",
                "the name of a profile, or the path of a .toml file",
                did_you_mean(name, known),
            )
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not valid TOML: {error}",
            "a profile like studies/quick.toml",
            "mend the line that the message names",
        ) from error
    return describe(Study, values, str(path))
