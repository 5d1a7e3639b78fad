"""What the search for a recipe stores."""

from __future__ import annotations

from convbias.runs.record import Environment
from convbias.spec.description import Description


class Found(Description, frozen=True):
    """One training."""

    change: str
    seed: int
    validation_accuracy: float


class Search(Description, frozen=True):
    """All trainings so far."""

    dataset: str
    epochs: int
    environment: Environment
    found: tuple[Found, ...]

    def of(self, change: str) -> dict[int, float]:
        """Seed to validation accuracy."""
        return {each.seed: each.validation_accuracy for each in self.found if each.change == change}
