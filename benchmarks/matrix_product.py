"""Not a contender but a yardstick: how many float32 operations NumPy's matrix product reaches."""

from __future__ import annotations

import numpy as np
from benchmarks.contender import Stopwatch, Task, read_task

SIDE = 1024
PRODUCTS = 10


def main(task: Task) -> None:
    """Multiply two square matrices again and again."""
    stopwatch = Stopwatch(task)
    left, right = np.random.default_rng(0).random((2, SIDE, SIDE), dtype=np.float32)
    out = np.empty_like(left)
    stopwatch.started()
    multiplying = True
    while multiplying:
        for _ in range(PRODUCTS):
            np.matmul(left, right, out=out)
        multiplying = stopwatch.epoch_done(PRODUCTS * 2 * SIDE**3)
    stopwatch.report()


if __name__ == "__main__":
    main(read_task())
