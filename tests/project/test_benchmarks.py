"""The benchmarks: their arithmetic by hand, their published pages, and small real runs."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from benchmarks import (
    cost,
    cost_measurements,
    equivalence,
    fuzzing,
    machines,
    machines_measurements,
    measures,
    serving,
    throughput,
    time_to_accuracy,
)
from benchmarks.contender import BATCH_SIZE, CONVBIAS, KERAS, LEARNING_RATE, MODULES, PYTORCH
from benchmarks.harness import RESULTS, Benchmark, Record, read
from benchmarks.processes import run

from convbias.data.drawn import drawn
from convbias.spec.arms import Convolutional, Recipe
from convbias.spec.recipes import classic, scheduled, tuned
from factories import make_run

ROOT = Path(__file__).parents[2]
MACHINE = make_run("dense", 0).environment.model_copy(update={"versions": {"jax": "0.10.2"}})
BENCHMARKS = [
    each.BENCHMARK
    for each in (
        throughput,
        time_to_accuracy,
        equivalence,
        cost,
        serving,
        fuzzing,
        machines,
        measures,
    )
]


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda each: each.name)
def test_the_published_files_are_those_of_the_stored_record(benchmark: Benchmark) -> None:
    written = benchmark.written(read(RESULTS / f"{benchmark.name}.json"))
    assert ROOT / benchmark.page in written
    for path, text in written.items():
        assert path.read_text(encoding="utf-8") == text


def test_a_simulated_cluster_by_hand() -> None:
    # Two cores, and a head that needs 1 s per unit: units of 4 s begin at 1, 2, 6 and 7.
    assert machines.simulated([4, 4, 4, 4], cores=2, head=1) == 11
    assert machines.efficiency(4, cores=2, head=1, units=4) == 16 / 22
    # A hundred cores are no faster than what the head hands out.
    assert machines.simulated([4] * 100, cores=100, head=1) == 104


@pytest.mark.integration
def test_units_without_work_are_dispatched() -> None:
    assert machines_measurements.dispatch(nodes=0, units=2, size=1)["seconds"] > 0


def process(amount: int, seconds: float, cpu: float = 1, machine: float = 1) -> dict[str, float]:
    times = {"seconds": seconds, "cpu_seconds": cpu, "machine_seconds": machine}
    return {"amount": amount, "start_seconds": 1, "peak_memory_bytes": 1} | times


def test_processes_that_run_together_add_up() -> None:
    assert throughput.rate([process(1_000, 4), process(900, 3)]) == 250 + 300
    # Each of two processes keeps 0.75 cores busy, and both see 1.75 cores busy in all.
    together = [process(1, 4, cpu=3, machine=7), process(1, 2, cpu=1.5, machine=3.5)]
    assert throughput.taken_by_others(together) == 0.25


def test_ratios_are_taken_round_by_round() -> None:
    """The machine becomes half as fast in the second round."""
    trials = [
        {"network": "dense", "round": number, "contender": contender, "mode": mode}
        | {"processes": [process(2 * rate, 2)] * count}
        for number, (ours, each, rival) in enumerate([(300, 200, 100), (150, 100, 50)])
        for contender, mode, rate, count in (
            (CONVBIAS, "one_training", ours, 1),
            (CONVBIAS, "one_per_core", each, 2),
            (KERAS, "one_training", rival, 1),
            (KERAS, "one_per_core", 0.4 * rival, 2),
        )
    ]
    record = Record(environment=MACHINE, conditions={}, measurements=tuple(trials))
    compared = throughput.compared(record, "dense", KERAS, "one_per_core", "one_training")
    assert compared == [4, 4]
    assert throughput.better_mode(record, "dense", CONVBIAS) == "one_per_core"
    assert throughput.better_mode(record, "dense", KERAS) == "one_training"


def test_contenders_share_the_optimiser_settings() -> None:
    recipe = classic(epochs=1)
    assert (recipe.batch_size, recipe.learning_rate) == (BATCH_SIZE, LEARNING_RATE)
    assert (recipe.schedule, recipe.standardised) == ("constant", False)


def trained(contender: str, mode: str, seeds: list[int], *laps: list[tuple[float, float]]) -> dict:
    named = [
        [
            {"epoch": epoch, "seconds": seconds, "test_accuracy": accuracy}
            for epoch, (seconds, accuracy) in enumerate(each, 1)
        ]
        for each in laps
    ]
    keys = {"contender": contender, "mode": mode, "seeds": seeds, "epochs": len(laps[0])}
    return keys | {"laps": named}


def accuracy_record(*long: tuple[float, float]) -> Record:
    return Record(
        environment=MACHINE,
        conditions={
            "dataset": "fashion-mnist",
            "cores": 2,
            "keras_epochs": len(long),
            "recipe": scheduled(2, 0.02).model_dump(mode="json"),
            "versions": {"torch": "2.13", "tensorflow-cpu": "2.21"},
        },
        measurements=(
            trained(CONVBIAS, "one_training", [0], [(15, 0.8), (20, 0.906)]),
            trained(PYTORCH, "one_training", [0], [(20, 0.8), (30, 0.904)]),
            trained(KERAS, "one_training", [0], [(30, 0.7), (50, 0.8)]),
            trained(
                CONVBIAS, "one_per_core", [1, 2], [(15, 0.8), (28, 0.904)], [(9, 0), (30, 0.905)]
            ),
            trained(
                PYTORCH, "one_per_core", [1, 2], [(20, 0.8), (40, 0.902)], [(9, 0), (44, 0.901)]
            ),
            trained(KERAS, "one_training", [0], list(long)),
        ),
    )


def test_time_to_accuracy_by_hand() -> None:
    record = accuracy_record((9, 0.7), (12, 0.85), (15, 0.91), (18, 0.9))
    assert time_to_accuracy.seconds(record, CONVBIAS, "one_training") == [20]
    # The slower of two at once, shared by two networks.
    assert time_to_accuracy.seconds(record, CONVBIAS, "one_per_core") == [15]
    assert time_to_accuracy.accuracies(record, CONVBIAS) == [0.906, 0.904, 0.905]
    # The long training says how many epochs, the round how long they take: 30 + 2 * 20.
    assert time_to_accuracy.keras_epochs(record) == 3
    assert time_to_accuracy.keras_seconds(record, 3) == [70]
    results = time_to_accuracy.blocks(record)["results"]
    assert "| PyTorch | 2 | 3 | 90.23 |" in results
    assert (
        "| PyTorch | one per core against one training | 2.00 (2.00 to 2.00) | 2: met |" in results
    )


def test_keras_that_never_reaches_the_accuracy_gives_a_lower_bound() -> None:
    record = accuracy_record((9, 0.7), (12, 0.8), (15, 0.85))
    assert time_to_accuracy.keras_epochs(record) is None
    results = time_to_accuracy.blocks(record)["results"]
    assert "more than 70.0 (70.0 to 70.0) for 3 epochs" in results
    assert "at least 3.50" in results


def test_the_stored_recipe_is_the_packages() -> None:
    stored = read(RESULTS / "time_to_accuracy.json").conditions["recipe"]
    recipe = tuned(time_to_accuracy.EPOCHS, Convolutional(kernel_size=3))
    assert Recipe.model_validate(stored) == recipe


def test_equivalence_by_hand() -> None:
    """Differences of -0.09 to +0.09 points with mean 0 are equivalent within 0.2 points."""
    pairs = tuple(
        {
            "network": "dense",
            "seed": seed,
            "convbias": 0.9 + 1e-4 * seed,
            "keras": 0.9009 - 1e-4 * seed,
        }
        for seed in range(10)
    )
    conditions = {"dataset": "fashion-mnist", "epochs": 3}
    record = Record(environment=MACHINE, conditions=conditions, measurements=pairs)
    results = equivalence.blocks(record)["results"]
    assert "Verdict: **equivalent**" in results
    assert "| 9 | 90.09 | 90.00 | +0.09 |" in results
    few = record.model_copy(update={"measurements": pairs[:1]})
    assert "Verdict: **undecided**" in equivalence.blocks(few)["results"]


def test_cost_by_hand() -> None:
    def speed(size: int, images: float, operations: int) -> dict[str, object]:
        measured = {"images_per_second": images, "gigaflops": 80, "multiply_adds": operations}
        more = {"compile_seconds": 4.25, "peak_memory_bytes": 2**29, "code_version": "0"}
        return {"kind": "speed", "kernel_size": size} | measured | more

    grown = [
        {"kind": "growth", "what": "epochs", "epochs": n, "seconds": 5 + 2 * n} for n in (1, 4)
    ]
    record = Record(
        environment=MACHINE,
        conditions={},
        measurements=(
            speed(3, 2_560, 12_000_000),
            speed(7, 1_280, 96_000_000),
            {"kind": "together", "processes": 1, "images_per_second": 2_500},
            {"kind": "together", "processes": 2, "images_per_second": 4_500},
            *grown,
            {"measure": "shift_consistency", "network": "dense", "seconds": 1.25, "gigaflops": 80},
            {"measure": "shift_consistency", "network": "cnn", "seconds": 12.0, "gigaflops": 75},
        ),
    )
    blocks = cost.blocks(record)
    # 2 * 12 million * 2,560 operations per second, of 80 thousand million; 128 / 2,560 s per step.
    assert "| cnn-3x3 | 2,560 | 50.0 | 24.0 | 77 % | 4.2 | 0.50 |" in blocks["networks"]
    assert "2 processes at once trained 1.80 times as many" in blocks["growth"]
    assert "2.0 s for every epoch, and 5.0 s once" in blocks["growth"]
    assert "takes 2.0 times as long, where direct convolution needs 8 times" in blocks["growth"]
    assert "| shift_consistency | 1.2 | 12.0 |" in blocks["measures"]
    gigaflop = {"measure": {"shift_consistency": {"dense": 100, "cnn": 900}}}
    assert tomllib.loads(cost.measure_cost(record)) == gigaflop


def test_multiply_adds_by_hand() -> None:
    """Twice for the first layer, whose inputs need no gradient, three times for all others."""
    assert cost_measurements.multiply_adds(0) == 2 * 784 * 128 + 3 * (128 * 64 + 64 * 10)
    first, second = 28 * 28 * 9 * 32, 14 * 14 * 9 * 32 * 64
    assert cost_measurements.multiply_adds(3) == 2 * first + 3 * (second + 64 * 128 + 128 * 10)


@pytest.mark.integration
def test_the_engine_trains_whole_epochs_and_to_an_accuracy(tmp_path: Path) -> None:
    names = ("images", "labels", "test_images", "test_labels")
    arrays = dict(zip(names, drawn(n_train=256, n_test=50), strict=True))
    np.savez(tmp_path / "task.npz", standardise=np.array([0.3, 0.3]), **arrays)
    colour = np.zeros((2 * BATCH_SIZE, 32, 32, 3), np.uint8)
    np.savez(tmp_path / "colour.npz", images=colour, labels=np.arange(len(colour)) % 10)
    task = {"arrays": tmp_path / "colour.npz", "kernel_size": 0, "seconds": 0.1}
    task["epoch_images"] = 2 * BATCH_SIZE
    [timed] = run(MODULES[CONVBIAS], "throughput", task, barrier=True)
    assert timed["amount"] > 0
    assert timed["amount"] % (2 * BATCH_SIZE) == 0
    assert timed["start_seconds"] > timed["compile_seconds"] > 0

    recipe = scheduled(2, 0.02).model_dump(mode="json")
    task = {"arrays": tmp_path / "task.npz", "recipe": recipe, "seed": 0}
    [laps] = run(MODULES[CONVBIAS], "to_accuracy", task)
    assert [lap["epoch"] for lap in laps] == [1, 2]
    assert 0 < laps[0]["seconds"] < laps[1]["seconds"]
    assert all(0 <= lap["test_accuracy"] <= 1 for lap in laps)


def test_a_file_that_is_no_archive_is_an_input_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "no.tar.gz"
    path.write_text(json.dumps({}))
    assert serving.BENCHMARK.main([str(path), "--quick"]) == 2
    assert "no.tar.gz cannot be read" in capsys.readouterr().err
