"""What the training of a task gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from convbias.networks.scores import PerImage, Scores


@dataclass(frozen=True, eq=False)
class TaskResult:
    """The scores of one run on other data than images.

    Args:
        test: Loss and accuracy over all scored items.
        per_item: Whether each item was told correctly, and its loss, in the data's order.
        measures: Named numbers.
        checksum: SHA-256 of the data.
        training_seconds: Time of training, without compilation.
        compile_seconds: Time of compilation; 0 where an earlier seed had compiled.
    """

    test: Scores
    per_item: PerImage
    checksum: str
    measures: Mapping[str, float] = field(default_factory=dict)
    training_seconds: float = 0.0
    compile_seconds: float = 0.0
