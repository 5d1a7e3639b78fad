"""`convbias train`: train one model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from convbias.cli.choices import RUNS, DatasetChoice, Jobs, Seeds, choose_dataset, say_own_rates
from convbias.cli.console import percent, print_diverged, print_table
from convbias.cli.engines import LOCAL, NO_FLAGS, SlurmFlags, choose_engine
from convbias.cli.observer import ConsoleObserver
from convbias.errors import InputError
from convbias.runs.missing import stored_runs, train_missing
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model, Recipe
from convbias.spec.description import describe
from convbias.spec.recipes import RecipeName, classic, recipe_for
from convbias.spec.seeds import check_seeds


def train(
    model: Literal["dense", "cnn"],
    /,
    *,
    kernel_size: int | None = None,
    seeds: Seeds = (0,),
    recipe: RecipeName = "classic",
    epochs: int = 10,
    learning_rate: float | None = None,
    training_images: int | None = None,
    dataset: DatasetChoice = "fashion-mnist",
    runs: Path = RUNS,
    jobs: Jobs = None,
    on: str = LOCAL,
    slurm: SlurmFlags = NO_FLAGS,
) -> int:
    """Train one model with one or more seeds; stored runs are not trained again.

    Example: `convbias train cnn --kernel-size 5 --seeds 0 1 2 --epochs 3`

    Args:
        model: The dense baseline or the convolutional network.
        kernel_size: Side of the CNN's kernels in pixels; default 3.
        seeds: Random seeds, for instance 0 1 2 or 0-2; the model is trained once with each.
        recipe: Training recipe: classic has Keras' defaults; tuned has the learning rate that
            `convbias tune` found for exactly this training, or else that of a search on another
            length; brief likewise, the other length being one epoch.
        epochs: Passes over the training images.
        learning_rate: Peak learning rate; replaces the recipe's.
        training_images: Number of training images; default all.
        dataset: The images; auto falls back to generated garments when Fashion-MNIST is
            unavailable.
        runs: Folder of stored runs.
        jobs: Number of processes; default one per core.
        on: Where to train, as for `convbias study`.
        slurm: Options of Slurm.
    """
    described = _model(model, kernel_size)
    describe(Recipe, classic(1).model_dump() | {"epochs": epochs}, "--epochs")
    check_seeds(seeds or ())
    values = {"dataset": choose_dataset(dataset), "training_images": training_images}
    variant = describe(DataVariant, values, "--training-images")
    chosen_recipe = _recipe(recipe_for(recipe, epochs, described, variant), learning_rate)
    say_own_rates(recipe)
    arm = Arm(data=variant, model=described, recipe=chosen_recipe)
    planned = [(arm, seed) for seed in seeds or ()]
    store = Store(runs)
    engine = choose_engine(on, slurm)
    with ConsoleObserver(planned, store) as observer:
        outcome = train_missing(planned, store, jobs, observer, engine=engine)
    trained = stored_runs(planned, store).runs
    print_diverged(trained)
    if trained:
        _print_runs(arm, trained)
    return 1 if outcome.failures else 0


def _model(family: str, kernel_size: int | None) -> Model:
    if family == "cnn":
        values = {} if kernel_size is None else {"kernel_size": kernel_size}
        return describe(Convolutional, values, "--kernel-size")
    if kernel_size is not None:
        raise InputError(
            "the dense model has no kernel size",
            "--kernel-size only with cnn",
            "omit it, or train cnn",
        )
    return Dense()


def _recipe(recipe: Recipe, learning_rate: float | None) -> Recipe:
    if learning_rate is None or learning_rate == recipe.learning_rate:
        return recipe
    values = recipe.model_dump() | {"name": "custom", "learning_rate": learning_rate}
    return describe(Recipe, values, "--learning-rate")


def _print_runs(arm: Arm, trained: Sequence[Run]) -> None:
    recipe = arm.recipe
    title = (
        f"{arm.name}, {arm.data.dataset}, recipe {recipe.name}, {recipe.epochs} epochs,"
        f" learning rate {recipe.learning_rate:g}"
    )
    rows = [
        (
            run.key,
            str(run.seed),
            run.status,
            percent(run.train and run.train.accuracy),
            percent(run.validation and run.validation.accuracy),
            percent(run.test and run.test.accuracy),
            f"{run.test.loss:.3f}" if run.test else "",
            f"{run.cost.training_seconds:.0f}",
        )
        for run in trained
    ]
    columns = (
        "run",
        "seed",
        "status",
        "training accuracy",
        "validation accuracy",
        "test accuracy",
        "test loss",
        "seconds",
    )
    print_table(title, columns, rows, words=("run", "status"), whole=("run",))
