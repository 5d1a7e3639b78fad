"""How long training takes until the CNN with 3x3 kernels is as good as the original study's.

`python benchmarks/time_to_accuracy.py` trains, round by round and in turn, the project's engine and
a plain PyTorch loop with the same recipe, to the end of that recipe's schedule; beside them stock
Keras on TensorFlow for two epochs, which say how long one takes. How many epochs stock Keras needs
is found out once, by `--keras`, which may run in the background. `--table` only writes
docs/time-to-accuracy.md anew.
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
from benchmarks import accuracy_page
from benchmarks.accuracy_records import KERAS, OURS, TORCH, Contender, Lap, Mode, Records, Training
from benchmarks.processes import ROOT, THREAD_VARIABLES, wait_for_calm
from benchmarks.stored import read_stored, write_stored
from benchmarks.throughput import CORES, keep_to_cores, rival_versions

from convbias import data
from convbias.errors import ConvbiasError, RunError
from convbias.runs.atomic import write_atomically
from convbias.runs.environment import code_version, describe_machine
from convbias.spec.arms import Convolutional, Recipe
from convbias.spec.recipes import tuned

RESULT = ROOT / "benchmarks" / "results" / "time_to_accuracy.json"
PAGE = ROOT / "docs" / "time-to-accuracy.md"
EPOCHS = 7  # five were too few; six were not tried
KERAS_EPOCHS = 60
ROUNDS = 2
PATIENCE = 15.0
MODULES = {
    OURS: "benchmarks.convbias_to_accuracy",
    TORCH: "benchmarks.rivals.torch_to_accuracy",
    KERAS: "benchmarks.rivals.keras_to_accuracy",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = _options(arguments)
    try:
        if not options.table:
            _measure(options)
        page = accuracy_page.markdown(read())
        write_atomically(PAGE, lambda file: file.write_text(page, encoding="utf-8"))
    except ConvbiasError as error:
        print(f"time_to_accuracy: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("time_to_accuracy: interrupted; whole trainings are stored", file=sys.stderr)
        return 130
    return 0


def read() -> Records:
    """What has been measured.

    Raises:
        InputError: It is missing or damaged.
    """
    return read_stored(Records, RESULT, "python benchmarks/time_to_accuracy.py")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="time_to_accuracy", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many ({ROUNDS})")
    parser.add_argument(
        "--keras",
        action="store_true",
        help=f"only let stock Keras train {KERAS_EPOCHS} epochs, once",
    )
    parser.add_argument(
        "--rival-python",
        type=Path,
        default=ROOT / ".venv-bench" / "bin" / "python",
        help="the interpreter of the environment with the rivals (.venv-bench/bin/python)",
    )
    parser.add_argument("--table", action="store_true", help="only write the page anew")
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace) -> None:
    recipe = tuned(EPOCHS, Convolutional(kernel_size=3))
    records = _begun(recipe, options.rival_python)
    keep_to_cores()
    dataset = data.load(records.dataset)
    if options.keras:
        records = _hold(records, KERAS, "one_training", (0,), KERAS_EPOCHS, dataset, options)
        return
    for number in range(records.rounds, options.rounds):
        seeds = (3 * number + 1, 3 * number + 2)
        contests: tuple[tuple[Contender, Mode, tuple[int, ...], int], ...] = (
            (OURS, "one_training", (3 * number,), EPOCHS),
            (TORCH, "one_training", (3 * number,), EPOCHS),
            (KERAS, "one_training", (number,), 2),
            (OURS, "one_per_core", seeds, EPOCHS),
            (TORCH, "one_per_core", seeds, EPOCHS),
        )
        for contender, mode, trained, epochs in contests:
            wait_for_calm(PATIENCE)
            records = _hold(records, contender, mode, trained, epochs, dataset, options)


def _begun(recipe: Recipe, rival_python: Path) -> Records:
    """What was measured before, unless it was another recipe or other versions."""
    begun = Records(
        dataset=data.resolve("auto")[0],
        recipe=recipe,
        cores=CORES,
        environment=describe_machine(threads=CORES),
        rival_versions=rival_versions(rival_python),
        trainings=(),
    )
    if not RESULT.exists():
        return begun
    stored = read()
    same = stored.model_copy(update={"trainings": ()}) == begun
    # Stock Keras does not depend on our recipe.
    kept = [each for each in stored.trainings if same or each.is_whole_of_keras]
    return begun.model_copy(update={"trainings": tuple(kept)})


def _hold(
    records: Records,
    contender: Contender,
    mode: Mode,
    seeds: tuple[int, ...],
    epochs: int,
    dataset: data.Dataset,
    options: argparse.Namespace,
) -> Records:
    """Let a contender train with each seed at once, and store how it went."""
    python = Path(sys.executable) if contender == OURS else options.rival_python
    threads = CORES if mode == "one_training" else 1
    variables = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            task = Path(folder) / f"{seed}.npz"
            _write_task(task, seed, epochs, records.recipe, dataset)
            command = [str(python), "-m", MODULES[contender], str(task)]
            processes.append(
                subprocess.Popen(
                    command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True
                )
            )
        try:
            outputs = [process.communicate()[0] for process in processes]
        finally:
            for process in processes:
                process.kill()
    trainings = []
    for seed, process, output in zip(seeds, processes, outputs, strict=True):
        if process.returncode:
            raise RunError(f"{contender} ended with status {process.returncode}; see above")
        laps = tuple(Lap(**json.loads(line)) for line in output.splitlines())
        trainings.append(
            Training(
                contender=contender, mode=mode, seed=seed, laps=laps, code_version=code_version()
            )
        )
        print(contender, mode, seed, laps[-1], file=sys.stderr, flush=True)
    records = records.model_copy(update={"trainings": (*records.trainings, *trainings)})
    write_stored(records, RESULT)
    return records


def _write_task(path: Path, seed: int, epochs: int, recipe: Recipe, dataset: data.Dataset) -> None:
    training, _ = data.split(dataset.train_labels, seed)
    np.savez(
        path,
        images=dataset.train_images[training],
        labels=dataset.train_labels[training],
        test_images=dataset.test_images,
        test_labels=dataset.test_labels,
        standardise=np.array([dataset.pixel_mean, dataset.pixel_std]),
        recipe=recipe.model_dump_json(),
        seed=seed,
        epochs=epochs,
    )


if __name__ == "__main__":
    sys.exit(main())
