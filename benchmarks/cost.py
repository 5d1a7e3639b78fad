"""What training and measuring cost, how the cost grows, and where the time goes.

Written to docs/cost.md, and for predictions to the package's measure_cost.toml.

`python benchmarks/cost.py` measures (about ten minutes on a quiet machine) and writes the page;
`--table` only writes it anew from what is stored. Every measurement is a process of its own with
one thread, on the images of the study.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median

# Run as a script, Python looks for modules in this file's folder only.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.cost_page import markdown, measure_cost
from benchmarks.cost_records import Costs, Growth, MeasureTime, Network, Profile, read
from benchmarks.processes import ROOT, THREAD_VARIABLES
from benchmarks.stored import write_stored
from pydantic import TypeAdapter

from convbias.errors import ConvbiasError, RunError
from convbias.experiments import EXPERIMENTS
from convbias.runs.atomic import write_atomically
from convbias.runs.environment import code_version, describe_machine
from convbias.spec.arms import Convolutional, Dense

KERNEL_SIZES = (0, 1, 3, 5, 7, 9, 11, 13)  # 0 is the dense network
PROFILED = (0, 3, 7)
GROWTH_IMAGES = (6_750, 13_500, 27_000)
GROWTH_EPOCHS = (1, 2, 4)
GROWTH_SEEDS = (1, 2, 4)
PARALLEL = (1, 2)
ROUNDS = 3
RESULT = ROOT / "benchmarks" / "results" / "cost.json"
PAGE = ROOT / "docs" / "cost.md"
MEASURE_COST = ROOT / "src" / "convbias" / "measure_cost.toml"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="cost", description=__doc__, allow_abbrev=False)
    parser.add_argument("--table", action="store_true", help="only write docs/cost.md anew")
    options = parser.parse_args(arguments)
    try:
        if not options.table:
            write_stored(_measure(), RESULT)
        costs = read(RESULT)
        for path, text in ((PAGE, markdown(costs)), (MEASURE_COST, measure_cost(costs))):
            write_atomically(path, partial(Path.write_text, data=text, encoding="utf-8"))
    except ConvbiasError as error:
        print(f"cost: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _measure() -> Costs:
    networks = tuple(_network(size) for size in KERNEL_SIZES)
    profiles = tuple(Profile.model_validate(_child("profile", size)) for size in PROFILED)
    growth = (
        Growth(
            what="images",
            amounts=GROWTH_IMAGES,
            seconds=tuple(_seconds(images, 1, 1) for images in GROWTH_IMAGES),
        ),
        Growth(
            what="epochs",
            amounts=GROWTH_EPOCHS,
            seconds=tuple(_seconds(GROWTH_IMAGES[0], epochs, 1) for epochs in GROWTH_EPOCHS),
        ),
        Growth(
            what="seeds",
            amounts=GROWTH_SEEDS,
            seconds=tuple(_seconds(GROWTH_IMAGES[0], 1, seeds) for seeds in GROWTH_SEEDS),
        ),
    )
    # In turn, because the machine's speed changes between minutes.
    rounds = [[_together(count) for count in PARALLEL] for _ in range(ROUNDS)]
    parallel = tuple(median(rates) for rates in zip(*rounds, strict=True))
    return Costs(
        code_version=code_version(),
        environment=describe_machine(threads=1),
        networks=networks,
        profiles=profiles,
        growth=growth,
        processes=PARALLEL,
        images_per_second_together=parallel,
        measures=tuple(_measures()),
    )


def _measures() -> Iterator[MeasureTime]:
    """Every measure of every experiment, on its dense network and its CNN, if it has one."""
    done: set[tuple[str, int]] = set()
    for experiment in EXPERIMENTS.values():
        for size, model in ((0, Dense()), (3, Convolutional())):
            for measure in experiment.measures if model in experiment.models else ():
                if (measure, size) not in done:
                    done.add((measure, size))
                    answer = _child("measure", experiment.name, measure, size)
                    yield MeasureTime.model_validate(answer)


def _network(size: int) -> Network:
    measured = [Network.model_validate(_child("speed", size)) for _ in range(ROUNDS)]
    print(size, [round(one.images_per_second) for one in measured], file=sys.stderr, flush=True)
    return measured[0].model_copy(
        update={
            "images_per_second": median(one.images_per_second for one in measured),
            "gigaflops": median(one.gigaflops for one in measured),
            "compile_seconds": median(one.compile_seconds for one in measured),
            "peak_memory_bytes": max(one.peak_memory_bytes for one in measured),
        }
    )


def _seconds(images: int, epochs: int, seeds: int) -> float:
    answer = _child("train", 3, images, epochs, seeds)
    return TypeAdapter(float).validate_python(answer)


def _together(count: int) -> float:
    """Images per second of so many processes that train the 3x3 network at the same time."""
    processes = [_start("speed", 3) for _ in range(count)]
    answers = [Network.model_validate(_answer(process)) for process in processes]
    return sum(answer.images_per_second for answer in answers)


def _child(*arguments: object) -> object:
    return _answer(_start(*arguments))


def _start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.cost_measurements", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | dict.fromkeys(THREAD_VARIABLES, "1"),
        stdout=subprocess.PIPE,
        text=True,
    )


def _answer(process: subprocess.Popen[str]) -> object:
    output, _ = process.communicate()
    if process.returncode != 0:
        raise RunError(f"a measurement ended with status {process.returncode}")
    return json.loads(output)


if __name__ == "__main__":
    sys.exit(main())
