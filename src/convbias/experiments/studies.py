"""The profiles that come with the package, and what a study's experiments plan to train."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

from convbias.errors import InputError, did_you_mean
from convbias.experiments import EXPERIMENTS, ORIGINAL, experiment_of
from convbias.runs.record import run_key
from convbias.runs.sweep import longest_first
from convbias.spec.datasets import DatasetName
from convbias.spec.description import describe
from convbias.spec.experiment import Experiment, UnsuitableError
from convbias.spec.files import read_file
from convbias.spec.study import PlannedRun, Study

# The profile of the first ten minutes, for whoever names none.
FIRST = "first"

# The profile whose runs this project publishes in `results/`.
PUBLISHED = "full"


def profiles_folder() -> Path:
    """Where the profiles that come with the package lie."""
    return Path(str(resources.files("convbias.experiments"))) / "profiles"


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
        values = tomllib.loads(read_file(path).decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not valid TOML: {error}",
            "a profile like those of the package",
            "fix the line that the message names",
        ) from error
    study = describe(Study, values, str(path))
    for experiment in (*study.experiments, *study.scale):
        if experiment not in EXPERIMENTS:
            raise InputError(
                f"{path}: no experiment is called {experiment!r}",
                "the name of an experiment",
                did_you_mean(experiment, EXPERIMENTS),
            )
    return study


def adapted_experiments(dataset: DatasetName) -> dict[str, Experiment]:
    """All experiments that a data set allows, adapted to it, by name.

    Args:
        dataset: The images.
    """
    return {
        name: found
        for name in EXPERIMENTS
        if isinstance(found := _found(name, dataset), Experiment)
    }


def experiments_of(study: Study) -> dict[str, Experiment]:
    """A study's experiments, adapted to its data set; without those that this does not allow.

    Args:
        study: The study.

    Returns:
        Name to experiment, in the study's order.
    """
    return {
        name: found
        for name in study.experiments
        if isinstance(found := _found(name, study.dataset), Experiment)
    }


def left_out_of(study: Study) -> dict[str, UnsuitableError]:
    """The experiments of a study that its data set does not allow.

    Args:
        study: The study.

    Returns:
        Name to the reason, in the study's order.
    """
    return {
        name: reason
        for name in study.experiments
        if isinstance(reason := _found(name, study.dataset), UnsuitableError)
    }


def what_is_left_out(study: Study) -> list[str]:
    """What a study's data set does not allow, in sentences.

    Args:
        study: The study.
    """
    found = [f"{name}, because {reason.what}." for name, reason in left_out_of(study).items()]
    for name, experiment in experiments_of(study).items():
        found += [f"In {name}: {each}" for each in experiment.left_out]
    return found


def _found(name: str, dataset: DatasetName) -> Experiment | UnsuitableError:
    try:
        return experiment_of(name, dataset)
    except UnsuitableError as reason:
        return reason


def planned_runs(study: Study) -> list[PlannedRun]:
    """Every run that a study needs, each once, arm by arm.

    Args:
        study: The study.
    """
    runs: dict[str, PlannedRun] = {}
    for name, experiment in experiments_of(study).items():
        alone = study.of_experiment(name)
        arms = study.arms(experiment).values()
        runs |= {run_key(arm, seed): (arm, seed) for arm in arms for seed in alone.seeds_of(arm)}
    return list(runs.values())


def training_order(study: Study) -> list[PlannedRun]:
    """The planned runs in the order in which they are trained.

    Seed by seed, so that every finished seed completes a comparison, and the original comparison
    before the other experiments. Within a seed the longest runs are first, so that no process
    waits long for the last one; but the very first runs are those of the first contrast, so that
    there is something to see as early as possible.

    Args:
        study: The study.
    """
    runs: dict[str, PlannedRun] = {}
    experiments = experiments_of(study)
    for name in sorted(experiments, key=lambda name: name != ORIGINAL.name):
        arms = study.arms(experiments[name])
        alone = study.of_experiment(name)
        for seed in alone.seeds:
            of_seed = longest_first(
                (arm, seed) for arm in arms.values() if seed in alone.seeds_of(arm)
            )
            if not runs:
                contrast = experiments[name].contrasts[0]
                compared = {arms.get(contrast.treatment), arms.get(contrast.baseline)}
                of_seed.sort(key=lambda run: run[0] not in compared)
            runs |= {run_key(*run): run for run in of_seed if run_key(*run) not in runs}
    return list(runs.values())
