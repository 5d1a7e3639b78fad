"""Train an arm on other data than images."""

from __future__ import annotations

from convbias.networks.beyond.cross_validation import cross_validate
from convbias.networks.beyond.result import TaskResult
from convbias.spec.beyond.arms import TaskArm


def train(arm: TaskArm, seed: int) -> TaskResult:
    """Train an arm once.

    Args:
        arm: Task, model and recipe.
        seed: The run's seed.
    """
    return cross_validate(arm, seed)
