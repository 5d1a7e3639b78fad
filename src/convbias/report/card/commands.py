"""The commands that reproduce a stored run, its export and its model card."""

from __future__ import annotations

import shlex
from typing import get_args

import keras

from convbias.errors import InputError
from convbias.experiments.studies import experiments_of, load_study, profiles_folder
from convbias.report.card.contents import Commands
from convbias.runs.record import Run
from convbias.shipping.export.exporting import check_exportable
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense
from convbias.spec.recipes import RecipeName, recipe_for


def commands(network: keras.Model, run: Run) -> Commands:
    """Find the commands, which need the package only.

    Args:
        network: the run's network.
        run: a finished run.
    """
    train = train_command(run.image_arm, run.seed)
    found = train or experiment_command(run.image_arm, run.seed)
    try:
        check_exportable(network, run)
        no_export = None
    except InputError as error:
        no_export = error.what
    return Commands(
        train=found,
        trains_more=train is None and found is not None,
        export=None if no_export else _line("export", run.key),
        no_export=no_export,
        card=_line("card", run.key),
    )


def train_command(arm: Arm, seed: int) -> str | None:
    """The `convbias train` that trains exactly this arm with this seed.

    Args:
        arm: data, model and recipe.
        seed: seed of the run.

    Returns:
        The command; None where its options cannot describe the arm.

    Example:
        >>> from convbias.spec.recipes import classic
        >>> arm = Arm(data=DataVariant(dataset="drawn"), model=Dense(), recipe=classic(2))
        >>> train_command(arm, 7)
        'convbias train dense --recipe classic --epochs 2 --dataset drawn --seeds 7'
    """
    model, data, recipe = arm.model, arm.data, _recipe_options(arm)
    plain = DataVariant(dataset=data.dataset, training_images=data.training_images)
    if recipe is None or data != plain:
        return None
    if isinstance(model, Dense):
        words = ["dense"]
    elif model == Convolutional(kernel_size=model.kernel_size):
        words = ["cnn", "--kernel-size", str(model.kernel_size)]
    else:
        return None
    images = [] if data.training_images is None else ["--training-images", data.training_images]
    return _line("train", *words, *recipe, *images, "--dataset", data.dataset, "--seeds", str(seed))


def experiment_command(arm: Arm, seed: int) -> str | None:
    """The first `convbias experiment` that trains this arm.

    Args:
        arm: data, model and recipe.
        seed: seed of the run.

    Returns:
        The command; None where no profile of the package trains the arm.
    """
    for profile in sorted(path.stem for path in profiles_folder().glob("*.toml")):
        study = load_study(profile).on(arm.data.dataset)
        for name, experiment in experiments_of(study).items():
            if arm in study.arms(experiment).values():
                where = ("--profile", profile, "--dataset", arm.data.dataset)
                return _line("experiment", name, *where, "--seeds", str(seed))
    return None


def _recipe_options(arm: Arm) -> list[object] | None:
    recipe = arm.recipe
    for name in get_args(RecipeName):
        try:
            named = recipe_for(name, recipe.epochs, arm.model, arm.data, recipe.images_per_epoch)
        except InputError:  # no rate was tuned for this model
            continue
        options: list[object] = ["--recipe", name, "--epochs", recipe.epochs]
        if recipe == named:
            return options
        own = {"name": "custom", "learning_rate": recipe.learning_rate}
        if recipe == named.model_copy(update=own):
            return [*options, "--learning-rate", recipe.learning_rate]
    return None


def _line(*words: object) -> str:
    return shlex.join(["convbias", *map(str, words)])
