"""A control: every network has the number of parameters that arithmetic gives."""

from __future__ import annotations

from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.spec.arithmetic import parameters, weight_shapes


def parameters_as_counted(results: Results) -> Statement:
    """Whether every network has as many parameters as the arithmetic says.

    Args:
        results: the stored runs of an experiment.
    """
    asked = "Every network has as many parameters as the arithmetic says"
    counts = {
        run.condition: (
            run.measures["parameters"],
            parameters(weight_shapes(run.image_arm.model, run.image_arm.data.dimensions)),
        )
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
