"""Predict how long a study takes on this machine.

Training speed is stored as images per second for every GFLOP/s that a matrix product reached on
one core at the same time (`make bench`), and the time of a measure as the arithmetic that the
matrix product would have done in it. A short matrix product measures this machine's present speed.
"""

from __future__ import annotations

import heapq
import math
import os
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from statistics import median

import numpy as np

from convbias.runs.machine import cores
from convbias.runs.measure_networks import PlannedMeasurement
from convbias.spec.arithmetic import convolutions, weight_shapes
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model
from convbias.spec.beyond.arms import AnyArm, TaskArm
from convbias.spec.datasets import FASHION_MNIST, Dimensions, description_of
from convbias.spec.study import PlannedRun

SIDE = 1024  # of the matrices that are multiplied
SECONDS = 0.5  # for which they are
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
COMPILATIONS = 2  # of an epoch, which was timed, and of scoring, assumed to take as long
# The forward pass's share of the cost of a training step; scoring needs the forward pass alone.
FORWARD_SHARE = 1 / 3
# Test images that measures take at most, where that is not all of them.
MEASURED_IMAGES = {
    "embedding": 1_000,
    "equivariance_error": 500,
    "receptive_field": 1_000,
    "shift_consistency": 1_000,
}
FOURIER_PRODUCTS = 3  # per pixel and pair of channels, see `convbias.networks.convolution`
MUON_SMALL_PRODUCTS = 5 * 4  # iterations times products in each
# Times the plain CNN's, as training on a canvas of 40 x 40 pixels took here: copying a frame, and
# what these poolings do, is no matrix product. Both factors apply to a network that has both.
EXTRA_WORK = {"circular": 1.8, "blur": 3.6, "polyphase": 1.5}


@dataclass(frozen=True)
class Speed:
    """Speed of one network on one core; `compile_seconds` are a part of `start_seconds`."""

    images_per_gigaflop: float
    start_seconds: float
    compile_seconds: float


@dataclass(frozen=True)
class RunCost:
    """Seconds of one run in a process that has started.

    Args:
        once: for compiling and for what follows the last epoch.
        per_epoch: for an epoch with its validation.
        compiling: what of `once` only the first run of an arm needs; compiled programs are kept.
    """

    once: float
    per_epoch: float
    compiling: float = 0.0

    def until(self, epoch: int, *, compiled: bool = False) -> float:
        """Seconds until an epoch has ended; compiling comes first.

        Args:
            epoch: the epoch, from 1 on.
            compiled: whether an earlier run has compiled the arm.
        """
        return self.once - compiled * self.compiling + epoch * self.per_epoch


def run_costs(arms: Iterable[AnyArm], gigaflops: float | None = None) -> dict[str, RunCost]:
    """Predict what a run of each arm costs.

    Args:
        arms: the arms, at least one.
        gigaflops: GFLOP/s of a matrix product on one core; this machine's at present by default.

    Returns:
        Hash of the arm to its cost.
    """
    if gigaflops is None:
        gigaflops = _gigaflops_of_one_core()
    return {arm.hash: _run_cost(arm, gigaflops) for arm in arms}


def predicted_seconds(wanted: Sequence[PlannedRun], jobs: int | None = None) -> float:
    """Predicted time in seconds to train runs on this machine.

    Args:
        wanted: Arms and seeds, in the order in which they are trained.
        jobs: Number of processes; one per core by default.
    """
    if not wanted:
        return 0.0
    seconds = seconds_of_runs(wanted, run_costs({arm for arm, _ in wanted}))
    return process_start_seconds() + seconds_in_processes(seconds, jobs or cores())


def seconds_of_runs(wanted: Iterable[PlannedRun], costs: Mapping[str, RunCost]) -> list[float]:
    """Predicted seconds of each run; the first one of an arm compiles it.

    Args:
        wanted: Arms and seeds, in the order in which they are trained.
        costs: Of each arm, by its hash.
    """
    compiled: set[str] = set()
    seconds = []
    for arm, _ in wanted:
        cost = costs[arm.hash]
        seconds.append(cost.until(arm.recipe.epochs, compiled=arm.hash in compiled))
        compiled.add(arm.hash)
    return seconds


def predicted_measurement_seconds(
    wanted: Sequence[PlannedMeasurement], jobs: int | None = None
) -> float:
    """Predicted time in seconds to measure networks on this machine.

    Args:
        wanted: Arms, seeds and measures.
        jobs: Number of processes; one per core by default.
    """
    if not wanted:
        return 0.0
    return process_start_seconds() + seconds_in_processes(measuring_costs(wanted), jobs or cores())


def measuring_costs(wanted: Sequence[PlannedMeasurement]) -> list[float]:
    """Predicted time in seconds of each measurement on one core of this machine.

    Args:
        wanted: Arms, seeds and measures.
    """
    gigaflops = _gigaflops_of_one_core()
    return [_measure_gigaflop(*each) / gigaflops for each in wanted]


def process_start_seconds() -> float:
    """Time until a new process can train; it then does one task after the other."""
    return max(speed.start_seconds - speed.compile_seconds for speed in measured_speeds().values())


def seconds_in_processes(seconds: Iterable[float], processes: int) -> float:
    """Time until all tasks are done, if each process takes the next task when it is free.

    Example:
        >>> seconds_in_processes([4, 3, 3, 2], processes=2)
        6.0
        >>> seconds_in_processes([2, 3, 3, 4], processes=2)
        7.0
    """
    return max(ends_in_processes(seconds, processes), default=0.0)


def ends_in_processes(seconds: Iterable[float], processes: int) -> list[float]:
    """When each task ends, if each process takes the next task when it is free.

    Example:
        >>> ends_in_processes([4, 3, 3, 2], processes=2)
        [4.0, 3.0, 6.0, 6.0]
    """
    busy_until = [0.0] * processes
    ends = []
    for each in seconds:
        ends.append(busy_until[0] + each)
        heapq.heapreplace(busy_until, ends[-1])
    return ends


def matrix_product_rate() -> float:
    """Floating-point operations per second of NumPy's matrix product, with all its threads."""
    left, right = np.random.default_rng(0).random((2, SIDE, SIDE), dtype=np.float32)
    out = np.matmul(left, right)
    took: list[float] = []
    started = time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        began = time.perf_counter()
        np.matmul(left, right, out=out)
        took.append(time.perf_counter() - began)
    # The median, because other programs disturb single products.
    return 2 * SIDE**3 / median(took)


def _gigaflops_of_one_core() -> float:
    """What one core's share of a matrix product with all its threads reaches."""
    limits = [int(limit) for limit in map(os.environ.get, THREADS) if limit and limit.isdigit()]
    return matrix_product_rate() / min([cores(), *filter(None, limits)]) / 1e9


def _run_cost(arm: AnyArm, gigaflops: float) -> RunCost:
    if isinstance(arm, TaskArm):
        return RunCost(once=_task_gigaflop(arm) / gigaflops, per_epoch=0.0)
    speed = _speed(arm)
    training, validation, test = _images(arm.data)
    trained = arm.recipe.images_per_epoch or arm.data.training_images or training
    if arm.data.half is not None:
        trained = min(trained, training // 2)
    scored = validation  # at the end, as many training images
    if arm.data.scored_on == "test":
        scored += test
    per_image = _gigaflop_per_image(arm) / gigaflops
    per_epoch = (trained + FORWARD_SHARE * validation) * per_image
    if arm.recipe.optimiser == "muon":  # the stored speeds are Adam's, which costs next to nothing
        steps = trained / arm.recipe.batch_size
        kernels = _kernels(arm.model, arm.data.dimensions)
        per_epoch += steps * sum(map(_muon_gigaflop, kernels)) / gigaflops
    compiling = COMPILATIONS * speed.compile_seconds
    once = compiling + FORWARD_SHARE * scored * per_image
    return RunCost(once, per_epoch, compiling)


def _task_gigaflop(arm: TaskArm) -> float:
    """Arithmetic of a matrix product in the time of one run on other data than images, in GFLOP."""
    by_family = gigaflop_by_task().get(arm.task.data, {})  # a new task has no stored cost
    return by_family.get(arm.model.family, 0.0)


def _measure_gigaflop(arm: AnyArm, _: int, measure: str) -> float:
    """Arithmetic of a matrix product in the time of one measure, in GFLOP."""
    if isinstance(arm, TaskArm):
        return 0.0  # what is measured there is part of the run
    by_family = gigaflop_by_measure().get(measure, {})  # a new measure has no stored cost
    plain = Convolutional() if arm.model.family == "cnn" else Dense()
    measured = arm.model_copy(update={"model": plain})
    times = _gigaflop_per_image(arm) / _gigaflop_per_image(measured)
    return by_family.get(arm.model.family, 0.0) * times * _measured_share(measured, measure)


def _measured_share(arm: Arm, measure: str) -> float:
    """The work of a measure on an arm's images, relative to those of Fashion-MNIST."""
    described, dimensions = description_of(arm.data.dataset), arm.data.dimensions
    of_original = description_of("fashion-mnist")
    # The costs were measured on canvases in the same proportion.
    side = round(dimensions.side * of_original.side / described.side)
    as_measured = replace(FASHION_MNIST, side=side)
    per_image = _work(arm.model, dimensions) / _work(arm.model, as_measured)
    most = MEASURED_IMAGES.get(measure, of_original.sizes[2])
    return per_image * min(most, described.sizes[2]) / most


def _gigaflop_per_image(arm: Arm) -> float:
    """Arithmetic of a matrix product in the time of training on one image, in GFLOP."""
    return _relative_work(arm) / _speed(arm).images_per_gigaflop


def _images(variant: DataVariant) -> tuple[int, int, int]:
    """Numbers of training, validation and test images."""
    training, validation, test = description_of(variant.dataset).sizes
    if variant.corners is None:
        return training, validation, test
    of_two = 2 / description_of(variant.dataset).dimensions.classes  # as if of equal size
    return round(training * of_two), round(validation * of_two), round(test * of_two)


def _muon_gigaflop(kernel: tuple[int, int]) -> float:
    """Arithmetic of one step for a kernel, see `convbias.networks.muon.orthogonalised`."""
    small, large = sorted(kernel)
    return (2 * 2 * small**2 * large + MUON_SMALL_PRODUCTS * 2 * small**3) / 1e9


def _kernels(model: Model, dimensions: Dimensions) -> list[tuple[int, int]]:
    """Inputs and outputs of every layer but the last, as matrices."""
    kernels = [shapes["kernel"] for shapes in weight_shapes(model, dimensions).values()][:-1]
    return [(math.prod(kernel[:-1]), kernel[-1]) for kernel in kernels]


def _work(model: Model, dimensions: Dimensions) -> int:
    """Multiply-adds per image, without those of a CNN's head."""
    if isinstance(model, Dense):
        return _dense_work(model, dimensions)
    return _convolutions_work(model, dimensions)


def _relative_work(arm: Arm) -> float:
    """Arithmetic relative to the measured network with the same kernel size."""
    model, dimensions = arm.model, arm.data.dimensions
    if isinstance(model, Dense):
        return _work(model, dimensions) / _work(model, FASHION_MNIST)
    measured = Convolutional(kernel_size=model.kernel_size)
    times = EXTRA_WORK.get(model.padding, 1) * EXTRA_WORK.get(model.downsampling, 1)
    return times * _work(model, dimensions) / _work(measured, FASHION_MNIST)


def _dense_work(model: Dense, dimensions: Dimensions) -> int:
    """Multiply-adds of all layers but the last per image."""
    return sum(inputs * outputs for inputs, outputs in _kernels(model, dimensions))


def _convolutions_work(model: Convolutional, dimensions: Dimensions) -> int:
    """Multiply-adds of the convolutions per image, for the algorithm that computes each."""
    total = 0
    for each in convolutions(model, dimensions):
        direct = each.inputs == 1 or model.sharing == "local"
        products = each.taps if direct else min(each.taps, FOURIER_PRODUCTS)
        total += each.side_before**2 * each.inputs * each.filters * products
    return total


def _speed(arm: Arm) -> Speed:
    measured = measured_speeds()
    if isinstance(arm.model, Dense):
        return measured[0]
    sizes = sorted(size for size in measured if size)
    # Seconds per image grow about evenly with the kernel's side, also beyond what was measured; a
    # dilated kernel needs the transforms of one that spans as much.
    size = arm.model.span
    if size in measured:
        return measured[size]
    costs = [1 / measured[each].images_per_gigaflop for each in sizes]
    slope, offset = np.polyfit(sizes, costs, deg=1)
    nearest = measured[min(sizes, key=lambda each: abs(each - size))]
    return replace(nearest, images_per_gigaflop=1 / max(slope * size + offset, min(costs) / 2))


@cache
def measured_speeds() -> dict[int, Speed]:
    """Speed by kernel size; 0 is the dense network."""
    return {int(size): Speed(**values) for size, values in _packaged("cost.toml").items()}


@cache
def gigaflop_by_measure() -> dict[str, dict[str, float]]:
    """GFLOP of a matrix product in each measure's time, for `dense` and for the 3x3 `cnn`."""
    return _packaged("measure_cost.toml")


@cache
def gigaflop_by_task() -> dict[str, dict[str, float]]:
    """GFLOP of a matrix product in the time of a run, by data and model family."""
    return _packaged("task_cost.toml")


def _packaged(name: str) -> dict[str, dict[str, float]]:
    text = resources.files("convbias.runs").joinpath(name).read_text(encoding="utf-8")
    [(_, table)] = tomllib.loads(text).items()
    return table
