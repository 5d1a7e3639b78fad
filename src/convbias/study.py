"""Studies: which experiments at which profile, described in `studies/*.toml`."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TypeVar

from pydantic import Field, field_validator

from convbias.config import Arm, DatasetName, DataVariant, Description, describe
from convbias.data import SPLIT_SIZES
from convbias.errors import InputError, did_you_mean
from convbias.experiments import EXPERIMENTS, Experiment
from convbias.recipes import RecipeName, recipe_for
from convbias.seeds import check_seeds

# The profile whose runs this project publishes in `results/`.
PUBLISHED = "full"

Scaled = TypeVar("Scaled", "Scale", "Study")


class Scale(Description, frozen=True):
    """How large one experiment is, where it is not as large as the profile says for all."""

    cost: str = Field(description="What it takes, on which machine; measured, not guessed.")
    training_images: int | None = Field(default=None, ge=100, le=54_000)
    recipe: RecipeName | None = None
    epochs: int | None = Field(default=None, ge=1, le=1_000)
    seeds: tuple[int, ...] | None = None

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...] | None) -> tuple[int, ...] | None:
        return None if seeds is None else _distinct(seeds)


class Study(Description, frozen=True):
    """A set of experiments at a profile: how many seeds, epochs and images."""

    name: str
    cost: str = Field(description="What it takes, on which machine; measured, not guessed.")
    expect: str = Field(description="Which result to expect, and what it cannot decide.")
    experiments: tuple[str, ...] = Field(min_length=1)
    dataset: DatasetName = "fashion-mnist"
    training_images: int | None = Field(default=None, ge=100, le=54_000)
    recipe: RecipeName
    epochs: int = Field(ge=1, le=1_000)
    seeds: tuple[int, ...]
    scale: dict[str, Scale] = Field(
        default_factory=dict, description="Experiments that differ from what stands above."
    )

    @field_validator("experiments")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            _check_experiment(name)
        return names

    @field_validator("scale")
    @classmethod
    def _known_too(cls, scale: dict[str, Scale]) -> dict[str, Scale]:
        for name in scale:
            _check_experiment(name)
        return scale

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        return _distinct(seeds)

    def with_seeds(self, seeds: tuple[int, ...]) -> Study:
        """The study with other seeds, the same for every experiment."""
        scale = {name: each.model_copy(update={"seeds": None}) for name, each in self.scale.items()}
        return self.model_copy(update={"seeds": seeds, "scale": scale})

    def on(self, dataset: DatasetName) -> Study:
        """The study on another data set, with no more images than that has for training."""
        most = SPLIT_SIZES[dataset][0]
        scale = {name: _at_most(each, most) for name, each in self.scale.items()}
        return _at_most(self, most).model_copy(update={"dataset": dataset, "scale": scale})

    def of_experiment(self, name: str) -> Study:
        """The study with one of its experiments alone, at that experiment's scale."""
        scale = self.scale.get(name)
        changes = scale.model_dump(exclude_none=True) if scale else {}
        return self.model_copy(update=changes | {"experiments": (name,), "scale": {}})

    def arms(self, experiment: Experiment) -> dict[str, Arm]:
        """The arms of one of the study's experiments, by condition."""
        alone = self.of_experiment(experiment.name)
        data = DataVariant(dataset=alone.dataset, training_images=alone.training_images)
        return experiment.arms(data, recipe_for(alone.recipe, alone.epochs))

    def planned(self) -> list[tuple[Arm, int]]:
        """Every run that the study needs, each once, arm by arm."""
        runs: dict[tuple[Arm, int], None] = {}
        for name in self.experiments:
            seeds = self.of_experiment(name).seeds
            arms = self.arms(EXPERIMENTS[name]).values()
            runs |= dict.fromkeys((arm, seed) for arm in arms for seed in seeds)
        return list(runs)


def _at_most(scaled: Scaled, images: int) -> Scaled:
    if scaled.training_images is None:
        return scaled
    fewer = min(scaled.training_images, images)
    return scaled.model_copy(update={"training_images": fewer})


def _check_experiment(name: str) -> None:
    if name not in EXPERIMENTS:
        raise ValueError(f"no experiment is called {name!r}; {did_you_mean(name, EXPERIMENTS)}")


def _distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    try:
        check_seeds(seeds)
    except InputError as error:
        raise ValueError(error.what) from None
    return seeds


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
