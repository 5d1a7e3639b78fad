"""Whether a learning curve had converged, was still improving, or got worse again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from convbias.statistics.intervals import Interval, mean_interval, seed_table

State = Literal["converged", "still improving", "overtrained", "undecided"]

_FEWEST_SEEDS = 3


@dataclass(frozen=True)
class Convergence:
    """What the learning curves of an arm show at their end.

    For a schedule whose learning rate ends at zero, "converged" means that this schedule had run
    its course, not that a longer one would not get further.

    Args:
        state: "still improving" and "overtrained" are shown by their intervals; "converged" only
            where the last epoch's improvement is shown to be smaller than the margin.
        epochs: number of epochs.
        seeds: number of seeds.
        last_gain: 95 % interval of the improvement in the last epoch; positive is better. None
            with fewer than two epochs or seeds.
        best_epoch: the epoch, counted from 1, that was best on the mean over seeds.
        decline_since_best: 95 % interval of how much worse the last epoch is than the best one,
            which is chosen for each seed by the other seeds; None with fewer than two epochs or
            seeds.
    """

    state: State
    epochs: int
    seeds: int
    last_gain: Interval | None
    best_epoch: int
    decline_since_best: Interval | None


def convergence(curves: ArrayLike, margin: float, *, higher_is_better: bool = True) -> Convergence:
    """Judge the end of an arm's learning curves.

    Args:
        curves: One row per seed, one column per epoch, shape (seeds, epochs); a score on images
            that were not trained on.
        margin: An improvement per epoch smaller than this does not matter; in the scores' unit.
        higher_is_better: Whether larger scores are better.

    Raises:
        InputError: The curves are no finite table.

    Example:
        >>> rising = [[0.80, 0.85, 0.90], [0.81, 0.86, 0.91], [0.79, 0.85, 0.89]]
        >>> convergence(rising, margin=0.002).state
        'still improving'
    """
    table = seed_table(curves, "curves") * (1 if higher_is_better else -1)
    seeds, epochs = table.shape
    best_epoch = int(table.mean(axis=0).argmax()) + 1
    if epochs < 2 or seeds < 2:
        return Convergence("undecided", epochs, seeds, None, best_epoch, None)
    last_gain = mean_interval(table[:, -1] - table[:, -2])
    # Chosen by the seed itself, the best epoch would look better than it is.
    others = (table.sum(axis=0) - table).argmax(axis=1)
    since_best = mean_interval(table[np.arange(seeds), others] - table[:, -1])
    state: State = "undecided"
    if last_gain is not None and since_best is not None and seeds >= _FEWEST_SEEDS:
        if last_gain.high >= margin:
            state = "still improving" if last_gain.low > 0 else "undecided"
        else:
            state = "overtrained" if since_best.low > 0 else "converged"
    return Convergence(state, epochs, seeds, last_gain, best_epoch, since_best)
