"""Does the fast engine train as well as stock Keras? An equivalence test over seeds.

`python benchmarks/equivalence.py` trains the dense network and the 3x3 CNN, seed by seed, once by
the project's engine and once by `fit` of stock Keras layers on TensorFlow: from the same initial
weights, on the same images in the same order, by Keras' Adam. Only dropout's masks differ, which
every backend draws in its own way. Seeds that are stored are not trained again; `--table` only
writes docs/equivalence.md anew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
# Run as a script, Python looks for modules in this file's folder only.
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from benchmarks.processes import ROOT
from benchmarks.stored import read_stored, write_stored

from convbias import data
from convbias.errors import ConvbiasError, RunError
from convbias.networks import models
from convbias.networks.training import epoch_orders, split_of, train
from convbias.runs.atomic import write_atomically
from convbias.runs.environment import code_version, describe_machine
from convbias.runs.record import Environment
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model, Recipe
from convbias.spec.description import Description
from convbias.spec.quantities import TEST_ACCURACY
from convbias.statistics import paired_contrast

# The best of Adam's learning rates for each network, on validation images.
RATES: dict[Model, float] = {Dense(): 0.008, Convolutional(kernel_size=3): 0.016}
EPOCHS = 3
SEEDS = {"dense": 30, "cnn-3x3": 12}
RESULT = ROOT / "benchmarks" / "results" / "equivalence.json"
PAGE = ROOT / "docs" / "equivalence.md"


class Pair(Description, frozen=True):
    """Test accuracies of one network and seed."""

    network: str
    seed: int
    convbias: float
    keras: float
    code_version: str


class Equivalence(Description, frozen=True):
    """All pairs so far."""

    dataset: str
    epochs: int
    environment: Environment
    pairs: tuple[Pair, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="equivalence", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--networks", nargs="+", choices=list(SEEDS), default=list(SEEDS), help="which ones"
    )
    parser.add_argument(
        "--rival-python",
        type=Path,
        default=ROOT / ".venv-bench" / "bin" / "python",
        help="the interpreter of the environment with Keras on TensorFlow",
    )
    parser.add_argument("--table", action="store_true", help="only write docs/equivalence.md anew")
    options = parser.parse_args(arguments)
    try:
        if not options.table:
            _measure(options.networks, options.rival_python)
        page = markdown(_read())
        write_atomically(PAGE, lambda file: file.write_text(page, encoding="utf-8"))
    except ConvbiasError as error:
        print(f"equivalence: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("equivalence: interrupted; the next call goes on", file=sys.stderr)
        return 130
    return 0


def markdown(measured: Equivalence) -> str:
    """The page."""
    networks = list(dict.fromkeys(pair.network for pair in measured.pairs))
    sections = "\n".join(
        _section(name, [pair for pair in measured.pairs if pair.network == name])
        for name in networks
    )
    return f"""# Does the fast engine train as well as stock Keras?

Written by `benchmarks/equivalence.py` from `benchmarks/results/equivalence.json`.

{measured.epochs} epochs of {measured.dataset} by Adam with warm-up and decay in batches of 128: by
the project's engine, and by `fit` of stock Keras layers on TensorFlow, from the same initial
weights, on the same images in the same order. Only dropout's masks differ, which every backend
draws in its own way, so the two trainings of a seed end at different networks, and only means over
seeds can be compared. That the single steps are the same where the masks are the same, too, is
tested in `tests/test_engine.py`.

{sections}"""


def _section(name: str, pairs: Sequence[Pair]) -> str:
    contrast = paired_contrast(
        [pair.convbias for pair in pairs],
        [pair.keras for pair in pairs],
        margin=TEST_ACCURACY.margin,
    )
    rows = "\n".join(
        f"| {pair.seed} | {100 * pair.convbias:.2f} | {100 * pair.keras:.2f} |"
        f" {100 * (pair.convbias - pair.keras):+.2f} |"
        for pair in pairs
    )
    interval = (
        f" (95 % interval {100 * contrast.interval.low:+.3f} to"
        f" {100 * contrast.interval.high:+.3f})"
        if contrast.interval
        else ""
    )
    p_value = contrast.equivalence_p_value
    tost = "cannot be tested" if p_value is None else f"p = {p_value:.2g}"
    return f"""## {name}

Mean difference in test accuracy over {contrast.n} seeds:
**{100 * contrast.difference:+.3f} percentage points**{interval}. Equivalence within
{100 * contrast.margin:g} points (two one-sided tests): {tost}. Verdict: **{contrast.verdict}**.

| seed | convbias (%) | stock Keras (%) | difference (points) |
| --- | --- | --- | --- |
{rows}
"""


def _measure(networks: Sequence[str], rival_python: Path) -> None:
    name = data.resolve("auto")[0]
    dataset = data.load(name)
    stored = _read() if RESULT.exists() else None
    pairs = {(pair.network, pair.seed): pair for pair in stored.pairs} if stored else {}
    for model, rate in RATES.items():
        arm = Arm(data=DataVariant(dataset=name), model=model, recipe=_recipe(rate))
        for seed in range(SEEDS[arm.name]) if arm.name in networks else ():
            if (arm.name, seed) in pairs:
                continue
            theirs = _stock(arm, seed, dataset, rival_python)
            [ours] = train(arm, [seed], dataset)
            if ours.test is None:
                raise RunError(f"seed {seed} diverged: {ours.reason}")
            pairs[arm.name, seed] = Pair(
                network=arm.name,
                seed=seed,
                convbias=ours.test.accuracy,
                keras=theirs,
                code_version=code_version(),
            )
            print(pairs[arm.name, seed], file=sys.stderr, flush=True)
            _store(name, [pairs[key] for key in sorted(pairs)])


def _recipe(learning_rate: float) -> Recipe:
    return Recipe(
        name="adam",
        epochs=EPOCHS,
        learning_rate=learning_rate,
        schedule="warmup-cosine",
        warmup_fraction=0.1,
        standardised=True,
    )


def _store(dataset: str, pairs: Sequence[Pair]) -> None:
    measured = Equivalence(
        dataset=dataset,
        epochs=EPOCHS,
        environment=describe_machine(threads=os.cpu_count() or 1),
        pairs=tuple(pairs),
    )
    write_stored(measured, RESULT)


def _stock(arm: Arm, seed: int, dataset: data.Dataset, python: Path) -> float:
    """Test accuracy of stock Keras on TensorFlow, in its own environment."""
    network = models.Architecture.of(arm, dataset).build(seed)
    training, _ = split_of(arm, seed, dataset)
    orders = epoch_orders(training, seed, arm.recipe.images_per_epoch)
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "task.npz"
        np.savez(
            task,
            images=dataset.train_images,
            labels=dataset.train_labels,
            test_images=dataset.test_images,
            test_labels=dataset.test_labels,
            orders=np.stack([next(orders) for _ in range(arm.recipe.epochs)]),
            standardise=np.array([dataset.pixel_mean, dataset.pixel_std]),
            kernel_size=arm.model.kernel_size if isinstance(arm.model, Convolutional) else 0,
            recipe=arm.recipe.model_dump_json(),
            **{f"weight_{i}": weight for i, weight in enumerate(network.get_weights())},
        )
        try:
            done = subprocess.run(
                [str(python), "-m", "benchmarks.rivals.keras_accuracy", str(task)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise RunError(
                f"stock Keras did not train: {error}",
                "an environment with Keras on TensorFlow",
                "make it with `make bench`, or name another one with --rival-python",
            ) from error
    return float(json.loads(done.stdout)["test_accuracy"])


def _read() -> Equivalence:
    return read_stored(Equivalence, RESULT, "python benchmarks/equivalence.py")


if __name__ == "__main__":
    sys.exit(main())
