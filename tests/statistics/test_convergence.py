"""The end of learning curves: converged, still improving, overtrained."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from convbias.statistics import convergence


def curves(means: list[float], sd: float = 0.0005, seeds: int = 10, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sd, (seeds, len(means)))
    return np.array(means) + noise


@pytest.mark.parametrize(
    ("means", "state"),
    [
        ([0.80, 0.88, 0.8999, 0.9000], "converged"),
        ([0.80, 0.84, 0.88, 0.90], "still improving"),
        ([0.80, 0.90, 0.89, 0.88], "overtrained"),
    ],
)
def test_by_example(means, state):
    assert convergence(curves(means), margin=0.002).state == state
    losses = -curves(means)
    assert convergence(losses, margin=0.002, higher_is_better=False).state == state


def test_intervals_by_hand():
    table = np.array([[0.5, 0.7, 0.8], [0.5, 0.6, 0.8], [0.5, 0.9, 0.7]])
    found = convergence(table, margin=0.002)
    gains = [0.1, 0.2, -0.2]
    half = stats.t.ppf(0.975, 2) * np.std(gains, ddof=1) / np.sqrt(3)
    assert found.last_gain.ends == pytest.approx((np.mean(gains) - half, np.mean(gains) + half))
    # The others of seed 0 are best in epoch 2 (no more than the last, 0.75 each: the first counts),
    # those of seed 1 in epoch 2, those of seed 2 in epoch 3.
    losses = [0.7 - 0.8, 0.6 - 0.8, 0.0]
    assert np.mean(found.decline_since_best.ends) == pytest.approx(np.mean(losses))
    assert (found.best_epoch, found.epochs, found.seeds, found.state) == (3, 3, 3, "undecided")


def test_noise_is_not_called_overtrained():
    states = [convergence(curves([0.9] * 10, seed=seed), margin=0.002).state for seed in range(200)]
    # One-sided at 2.5 %, and the best epoch is chosen by other seeds.
    assert states.count("overtrained") <= stats.binom.ppf(0.999, 200, 0.025)
    assert states.count("converged") >= 180


@pytest.mark.parametrize("shape", [(10, 1), (1, 10), (2, 10)])
def test_too_few_epochs_or_seeds_decide_nothing(shape):
    table = np.tile(np.linspace(0.5, 0.9, shape[1]), (shape[0], 1))
    assert convergence(table, margin=0.002).state == "undecided"


def test_unclear_improvement_is_undecided():
    table = curves([0.80, 0.88, 0.89], sd=0.02, seeds=4)
    assert convergence(table, margin=0.002).state == "undecided"
