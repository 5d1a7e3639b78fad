"""The control that every network has as many parameters as arithmetic says."""

from __future__ import annotations

from itertools import pairwise

from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import IMAGE_SIDE


def parameters_by_arithmetic(model: Dense | Convolutional) -> int:
    """How many parameters a model has, from its description alone.

    Args:
        model: The dense baseline, or a CNN whose convolutions share their kernels.

    Example:
        >>> parameters_by_arithmetic(Convolutional())  # 320 + 18,496 + 8,320 + 1,290
        28426
        >>> parameters_by_arithmetic(Dense())  # 100,480 + 8,256 + 650
        109386
    """
    if isinstance(model, Dense):
        return (IMAGE_SIDE**2 + 1) * 128 + (128 + 1) * 64 + (64 + 1) * 10
    total, side = 0, IMAGE_SIDE
    for before, after in pairwise((1, *model.filters)):
        total += (model.kernel_size**2 * before + 1) * after
        lost = model.kernel_size - 1 if model.padding == "valid" else 0
        side = (side - lost) // 2
    features = model.filters[-1] * (side**2 if model.head == "flatten" else 1)
    return total + (features + 1) * 128 + (128 + 1) * 10


def parameters_as_counted(results: Results) -> Statement:
    """Whether every network has as many parameters as the arithmetic says.

    Args:
        results: Of an experiment.
    """
    asked = "Every network has as many parameters as the arithmetic says"
    counts = {
        run.condition: (run.measures["parameters"], parameters_by_arithmetic(run.arm.model))
        for run in results.runs
        if "parameters" in run.measures
    }
    if not counts:
        return Statement(f"{asked}: no run says how many it has.", "not measured yet")
    wrong = [name for name, (found, expected) in counts.items() if found != expected]
    told = ", ".join(
        f"{name} {found:,.0f}" + (f" instead of {expected:,}" if name in wrong else "")
        for name, (found, expected) in counts.items()
    )
    return Statement(f"{asked}: {told}.", "does not hold" if wrong else "holds")
