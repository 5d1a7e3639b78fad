"""Learning rates against arithmetic by hand."""

import numpy as np

from convbias.optimisers import learning_rate
from convbias.recipes import classic, scheduled


def test_schedule_warms_up_and_decays_to_zero():
    """10 steps: one of warm-up from 0, then half a cosine over nine."""
    schedule = learning_rate(scheduled(epochs=5, learning_rate=0.01), steps_per_epoch=2)
    rates = [float(schedule(step)) for step in range(11)]
    expected = [0.0] + [0.01 * (1 + np.cos(np.pi * step / 9)) / 2 for step in range(10)]
    np.testing.assert_allclose(rates, expected, atol=1e-7)
    assert learning_rate(classic(epochs=1), steps_per_epoch=2) == 1e-3
