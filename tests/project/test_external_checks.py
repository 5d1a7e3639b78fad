"""The checks against the literature: verdicts and arithmetic by hand, identities, tiny runs."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from benchmarks.harness import Record
from tools.external.check import Check, Comparison, all_checks, mean_error, over_seeds
from tools.external.checks import field_width, red_green, rotation, seed_variance
from tools.external.page import section
from tools.external.runs import missing, stored, take
from tools.external.training import (
    Training,
    adadelta,
    convolve,
    cross_entropy,
    momentum,
)

from convbias.errors import InputError
from convbias.statistics import Interval
from factories import make_run

CHECKS = all_checks()
MACHINE = make_run("dense", 0).environment


def compared(low: float, high: float, **changes: object) -> Comparison:
    comparison = Comparison(
        what="share",
        published="10",
        ours=(low + high) / 2,
        interval=Interval(low, high, 0.95, "by hand"),
        count="3 seeds",
        agreeing=(8.0, 12.0),
    )
    return replace(comparison, **changes)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (8, 12, "agrees"),
        (9, 11, "agrees"),
        (7, 9, "undecided"),
        (11, 13, "undecided"),
        (0, 20, "undecided"),
        (12.5, 14, "disagrees"),
        (1, 7.5, "disagrees"),
    ],
)
def test_the_verdict_is_by_where_the_interval_lies(low, high, verdict):
    assert compared(low, high).verdict == verdict


def test_a_published_interval_widens_ours():
    # Half widths 3 and 4 make 5.
    assert compared(7, 13, published_error=4.0).judged == (5.0, 15.0)
    assert compared(9, 11).verdict == "agrees"
    assert compared(9, 11, published_error=2.0).verdict == "undecided"


def test_an_order_has_one_end():
    below = compared(-5, -1, agreeing=(-math.inf, 0.0))
    assert below.verdict == "agrees"
    assert replace(below, interval=Interval(-5, 1, 0.95, "")).verdict == "undecided"


def test_the_error_of_a_published_mean_by_hand():
    # Student's 97.5 % quantile for 9 degrees of freedom, from a table.
    assert mean_error(1.0, 10) == pytest.approx(2.262157 / math.sqrt(10))


def test_one_seed_has_no_interval():
    with pytest.raises(InputError, match="one seed"):
        over_seeds([1.0])


@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_is_that_of_jax(stride):
    random = np.random.default_rng(0)
    images = random.random((2, 7, 8, 3), np.float32)
    kernel = random.random((3, 3, 3, 4), np.float32)
    expected = jax.lax.conv_general_dilated(
        images, kernel, (stride, stride), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    np.testing.assert_allclose(convolve(images, kernel, stride), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("update", "oracle"),
    [
        (momentum(0.1), keras.optimizers.SGD(0.1, momentum=0.9)),
        (adadelta(), keras.optimizers.Adadelta(1.0, rho=0.9, epsilon=1e-6)),
    ],
    ids=["momentum", "adadelta"],
)
def test_steps_are_those_of_keras(update, oracle):
    """Logistic regression, whose batches are split into parts."""
    random = np.random.default_rng(0)
    images, labels = random.random((12, 5), np.float32), random.integers(3, size=12)
    start = jnp.asarray(random.random((5, 3), np.float32))

    def loss(weights, images, labels, _):
        return cross_entropy(images @ weights[0], labels)

    training = Training(loss, update, part=2, decay=0.01)
    batches = np.arange(12).reshape(2, 6)
    weights, _ = training.epoch([start], training.start([start]), images, labels, batches)

    variable = keras.Variable(start)
    oracle.build([variable])
    for batch in batches:

        def whole(array, batch=batch):
            decay = 0.005 * (array**2).sum()
            return loss([array], images[batch], labels[batch], None).mean() + decay

        oracle.apply([jax.grad(whole)(variable.value)], [variable])
    assert np.abs(np.asarray(variable.value) - start).max() > 1e-4
    np.testing.assert_allclose(weights[0], variable.value, rtol=1e-4, atol=1e-6)


def test_red_and_green_squares():
    similar, dissimilar, labels = red_green.draw(40, np.random.default_rng(0))
    assert labels.tolist() == [0, 1] * 20
    for label, here, there in zip(labels, similar, dissimilar, strict=True):
        first, second = np.argwhere(here[..., label]), np.argwhere(here[..., 1 - label])
        assert len(first) == len(second) == 16
        # The class's first colour is on the left, with at least one column between the squares.
        assert second[:, 1].min() - first[:, 1].max() >= 2
        rows = np.concatenate([first, second])[:, 0]
        assert rows.max() < 16 if label == 0 else rows.min() > 16
        np.testing.assert_array_equal(np.roll(here, 16 if label == 0 else -16, axis=0), there)
        assert not here[..., 2].any()


@pytest.mark.parametrize(
    ("arm", "blind"),
    [("valid", False), ("same, zeros", False), ("same, circular", True), ("full", True)],
)
def test_circular_and_full_networks_cannot_tell_the_half(arm, blind):
    random = np.random.default_rng(0)
    similar, dissimilar, _ = red_green.draw(20, random)
    weights = red_green.initial_weights(random)
    logits = jax.jit(partial(red_green.network, red_green.PADDINGS[arm]))
    here, there = (logits(weights, jnp.asarray(each)) for each in (similar, dissimilar))
    assert (np.abs(here - there).max() < 1e-6) == blind


def test_widths_by_hand():
    assert field_width.published_width(18, 3) == pytest.approx(math.sqrt(12))
    # 16 equal pixels: a uniform distribution of n values has the variance (n^2 - 1) / 12.
    assert field_width.width(np.ones((4, 4))) == pytest.approx(math.sqrt(15 / 12))
    corners = np.zeros((5, 5))
    corners[[0, 4], [0, 4]] = 1.0
    assert field_width.width(corners) == pytest.approx(2)


def test_variance_by_hand():
    # Accuracies 0.5 and 1; the shares right are 1 and 0.5, so p (1 - p) is 0 and 0.25, twice that
    # without bias: 0.5 / 2^2.
    correct = np.array([[True, False], [True, True]])
    found = seed_variance.spread(correct)
    assert (found.seeds, found.observed, found.predicted) == (2, 0.125, 0.125)
    with pytest.raises(InputError):
        seed_variance.spread(correct[:1])


def test_few_seeds_do_not_bias_the_prediction():
    """The mean over everything that three seeds can do on one image is p (1 - p)."""
    chance = 0.3
    total = 0.0
    for right in itertools.product([True, False], repeat=3):
        probability = math.prod(chance if each else 1 - chance for each in right)
        total += probability * seed_variance.spread(np.array(right)[:, None]).predicted
    assert total == pytest.approx(chance * (1 - chance))


def test_the_interval_of_a_ratio_by_hand():
    # Quantiles of chi-squared with 10 degrees of freedom, from a table: 20.483 and 3.247.
    arms = [seed_variance.Spread(6, 4.0, 1.0), seed_variance.Spread(6, 2.0, 1.0)]
    found, interval = seed_variance.ratio(arms)
    assert found == pytest.approx(math.sqrt(3))
    assert interval.low == pytest.approx(math.sqrt(30 / 20.483), rel=1e-3)
    assert interval.high == pytest.approx(math.sqrt(30 / 3.247), rel=1e-3)


def test_the_matrix_is_orthogonal():
    matrix = rotation.orthogonal_matrix(5, np.random.default_rng(0))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(5), atol=1e-12)


@pytest.mark.parametrize(("network", "equivariant"), [("dense", True), ("cnn", False)])
def test_training_a_dense_network_is_equivariant(network, equivariant, monkeypatch):
    """Rotated images and a rotated first layer give the same network on rotated images."""
    random = np.random.default_rng(0)
    pixels = random.standard_normal((50, 28, 28, 1)).astype(np.float32)
    labels = random.integers(10, size=50).astype(np.int32)
    matrix = rotation.orthogonal_matrix(784, random).astype(np.float32)
    rotated = (pixels.reshape(50, 784) @ matrix).reshape(pixels.shape)
    first, *others = rotation.initial_weights(network, np.random.default_rng(1))
    turned = (matrix.T @ first[0], first[1]) if equivariant else first
    setting = {"epochs": 2, "batch": 50}
    outputs = []
    for images, start in ((pixels, first), (rotated, turned)):
        monkeypatch.setattr(rotation, "initial_weights", lambda *_, start=start: [start, *others])
        data = rotation.Images(images, labels)
        weights = rotation.trained(network, data, 0.01, 0, setting)
        outputs.append(np.asarray(rotation.logits(network, weights, jnp.asarray(images), None)))
    assert np.allclose(*outputs, atol=1e-4) == equivariant


def test_rates_are_the_best_of_the_search_and_inside_its_grid():
    search = stored(CHECKS["rotation"])
    for (network, inputs), chosen in rotation.RATES.items():
        runs = search.where(scored_on="validation", network=network, inputs=inputs)
        grid = rotation.SETTING["rates"][network]
        means = [np.mean([run["accuracy"] for run in runs if run["rate"] == rate]) for rate in grid]
        assert chosen == grid[int(np.argmax(means))]
        assert grid[0] < chosen < grid[-1]


def small(name: str) -> Check:
    return replace(CHECKS[name], setting=CHECKS[name].setting | CHECKS[name].small)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, each in CHECKS.items() if each.small])
def test_a_small_trial_of_every_check(name, tmp_path):
    check, reported = small(name), []
    record = take(check, reported.append, tmp_path)
    assert list(record.measurements) == reported
    assert stored(check, tmp_path) == record
    assert not missing(check, record)
    assert check.compare(record)
    assert check.title in section(check, record)


def counting(runs: list[int], *, fails_at: int | None = None) -> Check:
    def measure(seed: int) -> dict[str, float]:
        if seed == fails_at:
            raise KeyboardInterrupt
        runs.append(seed)
        return {"value": 0.5 * seed}

    return Check(
        name="counting",
        title="Counting",
        paper="Nobody",
        arxiv="0000.00000",
        setting={"seeds": 3},
        plan=lambda setting: (
            ({"seed": seed}, lambda seed=seed: measure(seed)) for seed in range(setting["seeds"])
        ),
        compare=lambda record: [compared(9, 11, count=f"{len(record.measurements)} seeds")],
        about=lambda _: "By hand.",
        small={},
    )


def test_an_interrupted_call_continues(tmp_path):
    runs: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        take(counting(runs, fails_at=2), lambda _: None, tmp_path)
    left = stored(counting(runs), tmp_path)
    assert missing(counting(runs), left) == 1
    assert "No verdict yet: 1 of its runs" in section(counting(runs), left)
    record = take(counting(runs), lambda _: None, tmp_path)
    assert runs == [0, 1, 2]
    assert record.values("value") == [0.0, 0.5, 1.0]


def test_runs_of_another_setting_are_refused(tmp_path):
    check = counting([])
    take(check, lambda _: None, tmp_path)
    with pytest.raises(InputError, match=r"counting\.json was taken with"):
        stored(replace(check, setting={"seeds": 4}), tmp_path)


def test_a_section_shows_the_details():
    record = Record(environment=MACHINE, conditions={}, measurements=({"seed": 0},))
    check = replace(counting([]), setting={"seeds": 1})
    assert section(check, record).endswith("By hand.")
    detailed = replace(check, compare=lambda _: [compared(9, 11, detail=True)])
    row = "| share | 10 | 10.0 [9.0 to 11.0] | 3 seeds | 8 to 12 | **agrees** |"
    assert section(detailed, record).endswith(row)
