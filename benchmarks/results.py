"""The record of a benchmark, and its arithmetic: rates, ratios round by round, targets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Literal

from benchmarks.stored import read_stored

from convbias.runs.record import Environment
from convbias.spec.description import Description

Mode = Literal["one_training", "one_per_core", "one_core"]

OURS = "convbias"
KERAS = "keras_tensorflow"
TORCH = "torch_loop"
RIVALS = (KERAS, TORCH)
MATRIX_PRODUCT = "matrix_product"

# What the median ratio with all cores busy is to reach, arm by arm and rival by rival.
TARGETS = {
    "dense": {KERAS: 8.0, TORCH: 3.0},
    "cnn-3x3": {KERAS: 2.0, TORCH: 1.8},
    "cnn-5x5": {KERAS: 3.0, TORCH: 2.2},
    "cnn-7x7": {KERAS: 5.0, TORCH: 2.5},
}
LARGEST_MEMORY_BYTES = 1.5 * 2**30
LONGEST_START_SECONDS = 15.0


class Measurement(Description, frozen=True):
    """What one process did between its warm-up and its end; `contender.Stopwatch` reports it.

    `amount` counts images, or the floating-point operations of the matrix product;
    `machine_seconds` is what all processes, ours and others', took on the cores meanwhile.
    """

    amount: int
    seconds: float
    cpu_seconds: float
    machine_seconds: float
    start_seconds: float
    compile_seconds: float = 0.0  # of them; not every contender tells
    warm_up_seconds: float
    peak_memory_bytes: int


class Contest(Description, frozen=True):
    """Processes of one contender that ran together."""

    contender: str
    mode: Mode
    processes: tuple[Measurement, ...]

    @property
    def rate(self) -> float:
        """Images, or operations, per second of all processes together."""
        return sum(process.amount / process.seconds for process in self.processes)

    @property
    def cores_used(self) -> float:
        """Cores that the processes kept busy."""
        return sum(process.cpu_seconds / process.seconds for process in self.processes)

    @property
    def cores_taken_by_others(self) -> float:
        """Cores that were busy with anything else at the time."""
        busy = [process.machine_seconds / process.seconds for process in self.processes]
        return max(0.0, sum(busy) / len(busy) - self.cores_used)


class Round(Description, frozen=True):
    """Every contender once, one after the other."""

    began_at: str
    code_version: str
    contests: tuple[Contest, ...]

    def contest(self, contender: str, mode: Mode) -> Contest:
        """The one contest of a contender in a mode."""
        [found] = [c for c in self.contests if (c.contender, c.mode) == (contender, mode)]
        return found


class Ratio(Description, frozen=True):
    """Our rate divided by a rival's, in the same round."""

    rival: str
    ours_mode: Mode
    rival_mode: Mode
    by_round: tuple[float, ...]
    median: float
    minimum: float
    maximum: float


class Circumstances(Description, frozen=True):
    """What an arm's rounds have in common; rounds that differ in it are not put together."""

    arm: str
    dataset: str
    batch_size: int
    steps_per_epoch: int
    seconds: float
    cores: int
    environment: Environment
    rival_versions: dict[str, str]


class Result(Description, frozen=True):
    """One arm's benchmark.

    `all_busy` compares what a study does here, one training on each core, with one training of
    the rival on all cores, as its `fit` or loop runs; `one_training` compares one training on all
    cores with the rival's; `at_best` compares the faster way of each to fill the machine.
    """

    circumstances: Circumstances
    rounds: tuple[Round, ...]
    all_busy: tuple[Ratio, ...]
    one_training: tuple[Ratio, ...]
    at_best: tuple[Ratio, ...]


def ratio(rounds: Sequence[Round], rival: str, ours_mode: Mode, rival_mode: Mode) -> Ratio:
    """Compare us with a rival round by round."""
    by_round = tuple(
        turn.contest(OURS, ours_mode).rate / turn.contest(rival, rival_mode).rate for turn in rounds
    )
    return Ratio(
        rival=rival,
        ours_mode=ours_mode,
        rival_mode=rival_mode,
        by_round=by_round,
        median=median(by_round),
        minimum=min(by_round),
        maximum=max(by_round),
    )


def median_rate(rounds: Sequence[Round], contender: str, mode: Mode) -> float:
    """Median over the rounds of what a contender reached, per second."""
    return median(turn.contest(contender, mode).rate for turn in rounds)


def better_mode(rounds: Sequence[Round], contender: str) -> Mode:
    """The way to fill the cores in which a contender's median rate is higher."""
    modes: tuple[Mode, Mode] = ("one_training", "one_per_core")
    return max(modes, key=lambda mode: median_rate(rounds, contender, mode))


Compared = tuple[tuple[Ratio, ...], tuple[Ratio, ...], tuple[Ratio, ...]]


def compare(rounds: Sequence[Round]) -> Compared:
    """Ratios to every rival: all cores busy, one training against one, and each at its best."""
    ours = better_mode(rounds, OURS)
    all_busy = tuple(ratio(rounds, rival, "one_per_core", "one_training") for rival in RIVALS)
    one_training = tuple(ratio(rounds, rival, "one_training", "one_training") for rival in RIVALS)
    at_best = tuple(ratio(rounds, rival, ours, better_mode(rounds, rival)) for rival in RIVALS)
    return all_busy, one_training, at_best


def conclude(circumstances: Circumstances, rounds: Sequence[Round]) -> Result:
    """A result with the ratios that follow from its rounds, at least one."""
    all_busy, one_training, at_best = compare(rounds)
    return Result(
        circumstances=circumstances,
        rounds=tuple(rounds),
        all_busy=all_busy,
        one_training=one_training,
        at_best=at_best,
    )


def read_all(folder: Path) -> list[Result]:
    """The stored results, in the order of the targets.

    Raises:
        InputError: One is missing or is not a result.
    """
    return [read(folder / f"{arm}.json") for arm in TARGETS]


def read(path: Path) -> Result:
    """One stored result.

    Raises:
        InputError: It is missing or is not a result.
    """
    return read_stored(Result, path, "make bench")
