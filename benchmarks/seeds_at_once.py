"""What it brings to train all seeds of an arm at once: the whole measurement in one call.

Meant for a GPU (`pip install "jax[cuda12]"` beside the locked set, then
`python benchmarks/seeds_at_once.py`); on a processor it says little, and `--small` tries it out.
It prints Markdown and stores what was measured in `benchmarks/results/seeds-at-once.json`:

- seeds trained per minute, all at once and one after the other, for every network;
- whether products on the matrix units (TF32, JAX's own default on a GPU) give the same test
  accuracy as full float32, the engine's default, by an equivalence test over seeds.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
# Run as a script, Python looks for modules in this file's folder only.
sys.path.insert(0, str(Path(__file__).parents[1]))

import jax
import numpy as np
from benchmarks.stored import write_stored

from convbias import data
from convbias.errors import ConvbiasError, InputError
from convbias.networks.engine import engine
from convbias.networks.training import train
from convbias.runs.environment import code_version, describe_machine
from convbias.runs.record import Environment
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model
from convbias.spec.description import Description
from convbias.spec.recipes import tuned
from convbias.statistics import paired_contrast

MODELS: tuple[Model, ...] = (Dense(), *(Convolutional(kernel_size=size) for size in (3, 5, 7)))
MARGIN = 0.001  # of accuracy: 0.1 percentage points
LARGEST_SHARE = 0.1  # of the time in sequence that all at once may take
RESULT = Path(__file__).parent / "results" / "seeds-at-once.json"


class Speed(Description, frozen=True):
    """Seconds with compilation, and without it, for all seeds of one network."""

    arm: str
    seeds: int
    epochs: int
    together_seconds: float
    together_compile_seconds: float
    sequence_seconds: float
    sequence_measured_on: int
    memory_bytes: int | None

    @property
    def share(self) -> float:
        """Time of all at once divided by the time in sequence, compilation included."""
        return self.together_seconds / self.sequence_seconds

    @property
    def per_minute(self) -> float:
        """Seeds trained in a minute when all train at once."""
        return 60 * self.seeds / self.together_seconds


class Precision(Description, frozen=True):
    """Test accuracies by seed with products on the matrix units and with full float32."""

    arm: str
    tf32: tuple[float, ...]
    float32: tuple[float, ...]
    difference: float
    equivalence_p_value: float | None
    verdict: str


class Measured(Description, frozen=True):
    """Everything that one call measured."""

    dataset: str
    code_version: str
    environment: Environment
    speeds: tuple[Speed, ...]
    precisions: tuple[Precision, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="seeds_at_once", description=__doc__, allow_abbrev=False)
    parser.add_argument("--seeds", type=int, default=32, help="how many train at once (32)")
    parser.add_argument("--in-sequence", type=int, default=4, help="how many one by one (4)")
    parser.add_argument("--compared", type=int, default=10, help="seeds per precision (10)")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the data (10)")
    parser.add_argument(
        "--small", action="store_true", help="600 drawn images and one epoch; nothing is stored"
    )
    options = parser.parse_args(arguments)
    try:
        for name in ("seeds", "in_sequence", "compared", "epochs"):
            if getattr(options, name) < 2 - (name == "epochs"):
                raise InputError(f"--{name.replace('_', '-')} {getattr(options, name)} is too few")
        measured = _measure(options)
    except ConvbiasError as error:
        print(f"seeds_at_once: {error}", file=sys.stderr)
        return error.exit_code
    print(markdown(measured))
    if not options.small:
        write_stored(measured, RESULT)
    return 0


def markdown(measured: Measured) -> str:
    """Two tables."""
    speeds = "\n".join(
        f"| {one.arm} | {one.seeds} | {one.per_minute:.1f} | {one.together_seconds:.1f} s"
        f" ({one.together_compile_seconds:.1f} s) | {one.sequence_seconds:.1f} s |"
        f" {one.share:.3f}, {'met' if one.share <= LARGEST_SHARE else 'not met'} |"
        for one in measured.speeds
    )
    precisions = "\n".join(
        f"| {one.arm} | {len(one.tf32)} | {100 * np.mean(one.tf32):.2f} % |"
        f" {100 * np.mean(one.float32):.2f} % | {100 * one.difference:+.3f} points |"
        f" {one.verdict} |"
        for one in measured.precisions
    )
    return (
        f"{measured.environment.accelerator}, {measured.dataset}, {measured.code_version}\n\n"
        "| network | seeds | seeds per minute | at once (of it compiling) | in sequence |"
        f" share, target {LARGEST_SHARE:g} |\n| --- | --- | --- | --- | --- | --- |\n{speeds}\n\n"
        f"| network | seeds | TF32 products | float32 products | difference |"
        f" verdict (margin {100 * MARGIN:g} points) |\n"
        f"| --- | --- | --- | --- | --- | --- |\n{precisions}"
    )


def _measure(options: argparse.Namespace) -> Measured:
    name = "drawn" if options.small else data.resolve("auto")[0]
    dataset = data.load(name)
    epochs = 1 if options.small else options.epochs
    variant = DataVariant(dataset=name, training_images=600 if options.small else None)
    arms = [Arm(data=variant, model=model, recipe=tuned(epochs, model)) for model in MODELS]
    return Measured(
        dataset=name,
        code_version=code_version(),
        environment=describe_machine(threads=os.cpu_count() or 1),
        speeds=tuple(_speed(arm, dataset, options) for arm in arms),
        precisions=tuple(_precision(arm, dataset, options.compared) for arm in arms),
    )


def _speed(arm: Arm, dataset: data.Dataset, options: argparse.Namespace) -> Speed:
    engine.cache_clear()  # so that both ways compile
    started = time.perf_counter()
    together = list(train(arm, range(options.seeds), dataset, together=options.seeds))
    together_seconds = time.perf_counter() - started
    statistics = jax.devices()[0].memory_stats() or {}
    engine.cache_clear()
    started = time.perf_counter()
    alone = list(train(arm, range(options.in_sequence), dataset, together=1))
    sequence_seconds = time.perf_counter() - started
    compiling = sum(one.compile_seconds for one in alone)
    each = (sequence_seconds - compiling) / options.in_sequence
    speed = Speed(
        arm=arm.name,
        seeds=options.seeds,
        epochs=arm.recipe.epochs,
        together_seconds=together_seconds,
        together_compile_seconds=sum(one.compile_seconds for one in together),
        sequence_seconds=compiling + each * options.seeds,
        sequence_measured_on=options.in_sequence,
        memory_bytes=statistics.get("peak_bytes_in_use"),
    )
    print(f"{arm.name}: {speed.per_minute:.1f} seeds per minute", file=sys.stderr, flush=True)
    return speed


def _precision(arm: Arm, dataset: data.Dataset, seeds: int) -> Precision:
    accuracies = {}
    for precision in ("tensorfloat32", "float32"):
        engine.cache_clear()
        with jax.default_matmul_precision(precision):
            runs = list(train(arm, range(seeds), dataset, together=seeds))
        accuracies[precision] = tuple(run.test.accuracy if run.test else 0.0 for run in runs)
    contrast = paired_contrast(accuracies["tensorfloat32"], accuracies["float32"], margin=MARGIN)
    return Precision(
        arm=arm.name,
        tf32=accuracies["tensorfloat32"],
        float32=accuracies["float32"],
        difference=contrast.difference,
        equivalence_p_value=contrast.equivalence_p_value,
        verdict=contrast.verdict,
    )


if __name__ == "__main__":
    sys.exit(main())
