"""The other benchmarks: their pages from records made by hand, and one small real run each."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import benchmarks.cost as cost_benchmark
import keras
import pytest
from benchmarks import cost_measurements, cost_page, equivalence, seeds_at_once
from benchmarks.cost_records import Costs, Growth, MeasureTime, Network, Profile
from benchmarks.equivalence import Equivalence, Pair

from convbias.data import Dataset
from convbias.errors import InputError
from convbias.networks import models
from convbias.spec.arms import Convolutional, Dense
from factories import make_run

ROOT = Path(__file__).parents[2]
ENVIRONMENT = make_run("dense", 0).environment.model_copy(update={"versions": {"jax": "0.10.2"}})


def network(kernel_size: int, images_per_second: float, multiply_adds: int) -> Network:
    return Network(
        kernel_size=kernel_size,
        images_per_second=images_per_second,
        gigaflops=80,
        compile_seconds=4.25,
        peak_memory_bytes=2**29,
        multiply_adds=multiply_adds,
    )


COSTS = Costs(
    code_version="0.1.0",
    environment=ENVIRONMENT,
    networks=(
        network(0, 100_000, 200_000),
        network(3, 2_560, 12_000_000),
        network(7, 1_280, 10**8),
    ),
    profiles=(
        Profile(
            kernel_size=3,
            step_milliseconds=50,
            parts={"conv_2, backward": 25.0, "optimiser": 0.4, "pool_1, forward": 10.0},
        ),
    ),
    growth=(Growth(what="epochs", amounts=(1, 2, 4), seconds=(7.0, 9.0, 13.0)),),
    processes=(1, 2),
    images_per_second_together=(2_500.0, 4_500.0),
    measures=(
        MeasureTime(measure="linear_probe", network="cnn", seconds=9.0, gigaflops=80),
        MeasureTime(measure="shift_consistency", network="dense", seconds=1.25, gigaflops=80),
        MeasureTime(measure="shift_consistency", network="cnn", seconds=12.0, gigaflops=75),
    ),
)


def test_the_cost_page_by_hand() -> None:
    page = cost_page.markdown(COSTS)
    # 2 * 12 million * 2,560 operations per second, of 80 thousand million; 128 / 2,560 s per step.
    assert "| cnn-3x3 | 2,560 | 50.0 | 24.0 | 77 % | 4.2 | 0.50 |" in page
    assert "2 processes at once trained 1.80 times as many images per second" in page
    assert "(3x3, one process): 2.0 s for every epoch, and 5.0 s once." in page
    assert "From 3 to 7 pixels per side an image takes 2.0 times as long" in page
    assert "needs 8 times the multiplications" in page
    assert "| conv_2, backward | 25.00 | 50 % |" in page
    assert "| smaller parts | 0.40 | 1 % |" in page
    assert "| linear_probe |  | 9.0 |" in page
    assert "| shift_consistency | 1.2 | 12.0 |" in page
    assert "| between the operations | 14.60 | 29 % |" in page


def test_the_cost_of_measures_by_hand() -> None:
    assert tomllib.loads(cost_page.measure_cost(COSTS)) == {
        "measure": {
            "linear_probe": {"cnn": 720},
            "shift_consistency": {"dense": 100, "cnn": 900},
        }
    }


def test_the_packaged_costs_are_those_of_the_stored_measurements() -> None:
    expected = cost_page.measure_cost(cost_benchmark.read(cost_benchmark.RESULT))
    assert cost_benchmark.MEASURE_COST.read_text(encoding="utf-8") == expected


@pytest.mark.integration
def test_a_measure_of_a_network_of_an_experiment_is_timed(fashion_mnist: Dataset) -> None:
    del fashion_mnist  # the quick profile's images must be there
    time = MeasureTime.model_validate(
        cost_measurements.measuring("hierarchy", "oriented_filters", "3")
    )
    assert (time.measure, time.network) == ("oriented_filters", "cnn")
    assert time.seconds > 0


def test_the_published_cost_page_is_that_of_the_stored_measurements() -> None:
    expected = cost_page.markdown(cost_benchmark.read(cost_benchmark.RESULT))
    assert cost_benchmark.PAGE.read_text(encoding="utf-8") == expected


def test_multiply_adds_by_hand() -> None:
    """Twice for the first layer, whose inputs need no gradient, three times for all others."""
    dense = models.build(Dense(), seed=0)
    expected = 2 * 784 * 128 + 3 * (128 * 64 + 64 * 10)
    assert cost_measurements.training_multiply_adds(dense) == expected
    convolutional = models.build(Convolutional(kernel_size=3), seed=0)
    first, second = 28 * 28 * 9 * 32, 14 * 14 * 9 * 32 * 64
    expected = 2 * first + 3 * (second + 64 * 128 + 128 * 10)
    assert cost_measurements.training_multiply_adds(convolutional) == expected
    assert keras.backend.backend() == "jax"


@pytest.mark.parametrize(
    ("origin", "part"),
    [
        ("jit(_epoch)/while/body/closed_call/jvp(conv_2)/dot_general", "conv_2, forward"),
        ("jit(_epoch)/while/body/transpose(jvp(conv_2))/mul", "conv_2, backward"),
        ("jit(_epoch)/while/body/closed_call/adam/mul", "optimiser"),
        ("jit(_epoch)/while/body/gather", "batch, loss and the rest"),
    ],
)
def test_operations_belong_to_layers(origin: str, part: str) -> None:
    assert cost_measurements._part(origin) == part


@pytest.mark.integration
def test_a_real_profile_finds_the_layers() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.cost_measurements", "profile", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    profile = Profile.model_validate(json.loads(done.stdout))
    assert {"dense_1, forward", "dense_1, backward", "optimiser"} <= set(profile.parts)
    assert sum(profile.parts.values()) > 0


PAIRS = tuple(
    Pair(
        network="dense",
        seed=seed,
        convbias=0.9 + 1e-4 * seed,
        keras=0.9 + 1e-4 * (9 - seed),
        code_version="0",
    )
    for seed in range(10)
)


def test_the_equivalence_page_says_what_is_shown() -> None:
    """Differences of -0.09 to +0.09 points with mean 0 are equivalent within 0.2 points."""
    measured = Equivalence(dataset="fashion-mnist", epochs=3, environment=ENVIRONMENT, pairs=PAIRS)
    page = equivalence.markdown(measured)
    assert "**+0.000 percentage points**" in page
    assert "Verdict: **equivalent**" in page
    assert "| 9 | 90.09 | 90.00 | +0.09 |" in page
    few = measured.model_copy(update={"pairs": PAIRS[:1]})
    assert "cannot be tested. Verdict: **undecided**" in equivalence.markdown(few)


def test_the_published_equivalence_page_is_that_of_the_stored_measurements() -> None:
    measured = equivalence._read()
    assert equivalence.PAGE.read_text(encoding="utf-8") == equivalence.markdown(measured)
    assert {pair.network for pair in measured.pairs} <= set(equivalence.SEEDS)


def test_a_missing_result_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(equivalence, "RESULT", tmp_path / "none.json")
    with pytest.raises(InputError, match="cannot be read"):
        equivalence._read()
    assert equivalence.main(["--table"]) == 2


@pytest.mark.integration
def test_all_seeds_at_once_in_small(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(seeds_at_once, "MODELS", (Dense(),))
    few = ["--seeds", "2", "--in-sequence", "2", "--compared", "2"]
    assert seeds_at_once.main(["--small", *few]) == 0
    said = capsys.readouterr()
    assert "| dense | 2 |" in said.out
    assert "seeds per minute" in said.err
    # On a processor both ways are full float32 products, so every seed is the same.
    assert "+0.000 points" in said.out
    assert seeds_at_once.main(["--small", "--seeds", "1"]) == 2
