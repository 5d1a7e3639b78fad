"""The one shape of every experiment: question, arms, contrasts fixed in advance, control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from convbias.config import Arm, DataVariant, Model, Recipe

Quantity = Literal["test_accuracy", "test_loss"]

ACCURACY_MARGIN = 0.002  # differences below 0.2 percentage points do not matter in practice
LOSS_MARGIN = 0.01  # nats per image


@dataclass(frozen=True)
class PlannedContrast:
    """A seed-paired difference that is fixed before the test set is opened.

    Args:
        name: Identifies the contrast in tables and claims, for instance `cnn-over-dense-accuracy`.
        question: What it asks, in one plain sentence.
        treatment: Name of the arm whose advantage is asked about.
        baseline: Name of the arm that it is compared with.
        quantity: Column of the run table; accuracy is better when higher, loss when lower.
    """

    name: str
    question: str
    treatment: str
    baseline: str
    quantity: Quantity

    @property
    def higher_is_better(self) -> bool:
        """Whether a positive difference favours the treatment."""
        return self.quantity == "test_accuracy"

    @property
    def margin(self) -> float:
        """Half width of the zone in which two arms count as equivalent."""
        return ACCURACY_MARGIN if self.higher_is_better else LOSS_MARGIN


@dataclass(frozen=True)
class Experiment:
    """A question with its arms and what will be computed from their runs.

    Args:
        name: What `studies/*.toml` and the command line call it.
        title: Heading in the report.
        question: What it asks.
        models: The models whose arms it compares; names are unique.
        contrasts: The primary contrasts.
        control: What must come out as known, in one sentence; tested in `tests/`.
    """

    name: str
    title: str
    question: str
    models: tuple[Model, ...]
    contrasts: tuple[PlannedContrast, ...]
    control: str

    def arms(self, data: DataVariant, recipe_for: Callable[[Model], Recipe]) -> Sequence[Arm]:
        """The experiment's arms on one data variant.

        Args:
            data: Which images all arms share.
            recipe_for: The recipe of each model; tuning may give models different learning rates.
        """
        return tuple(Arm(data=data, model=model, recipe=recipe_for(model)) for model in self.models)
