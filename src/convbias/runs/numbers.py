"""What a run's record and its measurements hold as single numbers, for other programs."""

from __future__ import annotations

from collections.abc import Iterable

from convbias.runs.measurement import Measurement
from convbias.runs.record import Run


def single_numbers(run: Run, measurements: Iterable[Measurement]) -> dict[str, float]:
    """The scores of a finished run, its measures and measurements, and what it cost.

    Args:
        run: a stored run.
        measurements: of its network.

    Returns:
        Name to number: `test_accuracy`, `measure_...`, `cost_...` and so on; what the run does not
        have is left out.
    """
    numbers: dict[str, float] = {}
    for name in ("train", "validation", "test"):
        scores = getattr(run, name)
        if scores is not None:
            numbers |= {f"{name}_accuracy": scores.accuracy, f"{name}_loss": scores.loss}
    numbers |= {f"measure_{name}": value for name, value in run.measures.items()}
    for each in measurements:
        numbers |= {f"measure_{name}": value for name, value in each.values.items()}
    cost = run.cost.model_dump(exclude={"finished_at"})
    return numbers | {f"cost_{name}": value for name, value in cost.items()}
