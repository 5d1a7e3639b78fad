"""How many images per second train here, beside Keras on TensorFlow and PyTorch.

Run from anywhere: `python benchmarks/throughput.py` measures all networks and stores the results,
`--quick` takes a look without storing, `--table` writes the stored results into README.md and the
package's cost model.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

# Run as a script, Python looks for modules in this file's folder only.
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from benchmarks import results, tables
from benchmarks.contender import BATCH_SIZE, Task
from benchmarks.processes import ROOT, hold
from benchmarks.results import (
    MATRIX_PRODUCT,
    OURS,
    RIVALS,
    TARGETS,
    Circumstances,
    Contest,
    Mode,
    Result,
    Round,
)
from benchmarks.stored import write_stored

from convbias import data
from convbias.errors import ConvbiasError, InputError
from convbias.runs.environment import code_version, describe_machine

FOLDER = Path(__file__).parent
COST_MODEL = ROOT / "src" / "convbias" / "cost.toml"
RIVAL_DISTRIBUTIONS = {
    "tensorflow": ("tensorflow-cpu", "tensorflow"),
    "keras": ("keras",),
    "torch": ("torch",),
}
CORES = 2  # what the targets are stated for
ROUNDS, QUICK_ROUNDS = 5, 2
SECONDS, QUICK_SECONDS = 4.0, 1.0
PATIENCE = 15.0
DISTURBED_CORES = 0.2  # a contest in which others took more is held again
LARGEST_ATTEMPTS = 3
# Batches per epoch: an epoch of the slowest contender takes some seconds, of the fastest about one.
STEPS = {"dense": 400, "cnn-3x3": 30, "cnn-5x5": 16, "cnn-7x7": 10}
QUICK_STEPS = {"dense": 100, "cnn-3x3": 8, "cnn-5x5": 4, "cnn-7x7": 2}
MODULES = {
    OURS: "benchmarks.convbias_training",
    **{rival: f"benchmarks.rivals.{rival}" for rival in RIVALS},
    MATRIX_PRODUCT: "benchmarks.matrix_product",
}
IN_TURN: tuple[tuple[str, Mode], ...] = (
    (MATRIX_PRODUCT, "one_core"),
    (MATRIX_PRODUCT, "one_training"),
    *((contender, "one_training") for contender in (OURS, *RIVALS)),
    *((contender, "one_per_core") for contender in (OURS, *RIVALS)),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = _options(arguments)
    try:
        if options.table:
            stored = results.read_all(FOLDER / "results")
            tables.write(FOLDER / "README.md", tables.markdown(stored))
            COST_MODEL.write_text(tables.cost_model(stored), encoding="utf-8")
        else:
            _measure(options)
    except ConvbiasError as error:
        print(f"throughput: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(
            "throughput: interrupted; the next call goes on after the last whole round",
            file=sys.stderr,
        )
        return 130
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="throughput", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--arms", nargs="+", choices=list(TARGETS), default=list(TARGETS), help="which networks"
    )
    parser.add_argument("--rounds", type=int, help=f"how often each contender runs ({ROUNDS})")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_ROUNDS} short rounds; nothing is stored"
    )
    parser.add_argument(
        "--rival-python",
        type=Path,
        default=ROOT / ".venv-bench" / "bin" / "python",
        help="the interpreter of the environment with the rivals (.venv-bench/bin/python)",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE,
        help="seconds to wait for other programs to leave the cores alone, before each process"
        f" starts and again before it is timed ({PATIENCE:g})",
    )
    parser.add_argument(
        "--table",
        action="store_true",
        help="write the stored results into README.md and the package's cost.toml, and stop",
    )
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace) -> None:
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    if options.rounds is not None and options.rounds < 1:
        raise InputError(f"{options.rounds} rounds were asked for", "1 or more", "use --rounds 5")
    versions = rival_versions(options.rival_python)
    keep_to_cores()
    name, gave_way = data.resolve("auto")
    if gave_way:
        print(f"throughput: training on drawn images instead, because {gave_way}", file=sys.stderr)
    dataset = data.load(name)

    measured = []
    for arm in options.arms:
        steps = (QUICK_STEPS if options.quick else STEPS)[arm]
        circumstances = Circumstances(
            arm=arm,
            dataset=name,
            batch_size=BATCH_SIZE,
            steps_per_epoch=min(steps, len(dataset.train_images) // BATCH_SIZE),
            seconds=QUICK_SECONDS if options.quick else SECONDS,
            cores=CORES,
            environment=describe_machine(threads=CORES),
            rival_versions=versions,
        )
        with tempfile.TemporaryDirectory() as folder:
            images = Path(folder) / "images.npz"
            n = circumstances.steps_per_epoch * BATCH_SIZE
            np.savez(images, images=dataset.train_images[:n], labels=dataset.train_labels[:n])
            measured.append(_rounds(circumstances, images, rounds, options))
    print(tables.markdown(measured))


def _rounds(
    circumstances: Circumstances, images: Path, rounds: int, options: argparse.Namespace
) -> Result:
    """Hold the rounds of one arm, beginning with those that an interrupted call has left."""
    path = FOLDER / "results" / f"{circumstances.arm}.json"
    unfinished = path.with_suffix(".unfinished.json")
    turns: tuple[Round, ...] = ()
    if not options.quick and unfinished.exists():
        left = results.read(unfinished)
        turns = left.rounds[:rounds] if left.circumstances == circumstances else ()
    task = Task(
        arm=circumstances.arm,
        dataset=circumstances.dataset,
        images=images,
        steps=circumstances.steps_per_epoch,
        seconds=circumstances.seconds,
        started=0.0,
    )
    while len(turns) < rounds:
        turns = (*turns, _round(task, options))
        if not options.quick:
            _store(results.conclude(circumstances, turns), unfinished)
    result = results.conclude(circumstances, turns)
    if not options.quick:
        _store(result, path)
        unfinished.unlink(missing_ok=True)
    return result


def _store(result: Result, path: Path) -> None:
    write_stored(result, path)


def _round(task: Task, options: argparse.Namespace) -> Round:
    began_at = datetime.now(UTC).isoformat(timespec="seconds")
    contests = tuple(_contest(contender, mode, task, options) for contender, mode in IN_TURN)
    return Round(began_at=began_at, code_version=code_version(), contests=contests)


def _contest(contender: str, mode: Mode, task: Task, options: argparse.Namespace) -> Contest:
    """Hold a contest, and again if other programs disturbed it; the least disturbed one counts."""
    python = options.rival_python if contender in RIVALS else Path(sys.executable)
    held: list[Contest] = []
    while not held or (
        held[-1].cores_taken_by_others > DISTURBED_CORES and len(held) < LARGEST_ATTEMPTS
    ):
        contest = hold(contender, MODULES[contender], python, mode, CORES, task, options.patience)
        held.append(contest)
        unit, scale = ("GFLOP/s", 1e9) if contender == MATRIX_PRODUCT else ("images/s", 1)
        print(
            f"{task.arm:8} {contender:17} {mode:13} {contest.rate / scale:10,.0f} {unit:9}"
            f" on {contest.cores_used:.2f} cores, others on {contest.cores_taken_by_others:.2f}",
            file=sys.stderr,
            flush=True,
        )
    return min(held, key=lambda contest: contest.cores_taken_by_others)


def keep_to_cores() -> None:
    """Keep this process and all that it starts to as many cores as the targets are for."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(usable) < CORES:
        raise InputError(
            f"this benchmark may use {len(usable)} cores here",
            f"Linux with {CORES} cores",
            "run it on another machine",
        )
    os.sched_setaffinity(0, usable[:CORES])


def rival_versions(python: Path) -> dict[str, str]:
    """Versions of the rivals in their environment.

    Raises:
        InputError: The environment or a rival in it is missing.
    """
    question = (
        "import importlib.metadata as m, json; "
        "print(json.dumps({d.name: d.version for d in m.distributions()}))"
    )
    fix = "make it with `make bench`, or name another one with --rival-python"
    try:
        answer = subprocess.run(
            [str(python), "-c", question], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(
            f"the rivals' environment cannot be used: {error}", "a Python with the rivals", fix
        ) from error
    # The same distribution is written with a hyphen here and an underscore there.
    installed = {name.replace("_", "-"): each for name, each in json.loads(answer.stdout).items()}
    versions = {}
    for rival, names in RIVAL_DISTRIBUTIONS.items():
        found = [installed[name] for name in names if name in installed]
        if not found:
            raise InputError(
                f"{python} does not have {rival}", " or ".join(names) + " installed there", fix
            )
        versions[rival] = found[0]
    return versions


if __name__ == "__main__":
    sys.exit(main())
