"""The outcome of `corruption`: accuracy by strength, an explanation, and both controls."""

from __future__ import annotations

import pandas as pd

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.corruption.question import (
    CNN,
    DENSE,
    FINE_OVER_COARSE,
    KINDS,
    MARGIN,
    lost_to,
)
from convbias.figures import Figure
from convbias.figures.conditions import FigureText, rows_of_conditions
from convbias.figures.strengths import accuracy_by_strength
from convbias.findings.evaluation import evaluate
from convbias.findings.results import ConditionRun, Results
from convbias.findings.statement import Judgement, Statement
from convbias.findings.values import measured
from convbias.spec.formatting import counted
from convbias.statistics import Contrast, Verdict

_PREFIX = "accuracy_"
_CLEAN, _AT_ZERO = "accuracy_clean", "accuracy_at_strength_0"
# Behind the strengths of `convbias.measures.corruption`.
_UNITS = {
    "noise": "grey values",
    "blur": "pixels",
    "contrast": "of the whole",
    "occlusion": "pixels",
}


def outcome(results: Results) -> Outcome:
    """Accuracy by strength, whether fine detail explains the noise, and the controls.

    Args:
        results: the stored runs of the experiment `corruption`.
    """
    runs = [run for run in results.runs if run.status == "finished" and _CLEAN in run.measures]
    return Outcome(
        statements=(_why(results),),
        identities=(_identity(runs),),
        controls=(_positive(runs),),
        figures=_figures(results, runs),
    )


def _why(results: Results) -> Statement:
    """Whether noise costs the CNN more than the dense network, and fine noise above all."""
    claim = f"“{CNN.name} loses more to noise than {DENSE.name} because it reacts to finer detail”"
    found = {
        finding.planned.quantity: finding.contrast
        for finding in evaluate(results.experiment, results.runs)
        if (finding.planned.treatment, finding.planned.baseline) == (CNN.name, DENSE.name)
    }
    noise, fine = found.get(lost_to("noise")), found.get(FINE_OVER_COARSE)
    if noise is None or fine is None:
        return Statement(f"{claim}.", "not measured yet")
    return Statement(
        f"{claim}: it loses {_more(noise)} to noise; and fine instead of coarse noise of equal"
        f" energy costs it {_more(fine)} than the dense network.",
        _both_worse(noise.verdict, fine.verdict),
    )


def _more(contrast: Contrast) -> str:
    points = 100 * contrast.difference
    return f"{abs(points):.1f} percentage points {'more' if points > 0 else 'less'}"


def _both_worse(first: Verdict, second: Verdict) -> Judgement:
    verdicts = {first, second}
    if verdicts == {"worse"}:
        return "holds"
    return "does not hold" if verdicts & {"better", "equivalent"} else "undecided"


def _identity(runs: list[ConditionRun]) -> Statement:
    asked = "Identity: at strength 0 every network has exactly its clean accuracy"
    if not runs:
        return Statement(f"{asked}.", "not measured yet")
    same = sum(run.measures[_AT_ZERO] == run.measures[_CLEAN] for run in runs)
    return Statement(
        f"{asked}: so it is in {same} of {counted(len(runs), 'run')}.",
        "holds" if same == len(runs) else "does not hold",
    )


def _strengths(runs: list[ConditionRun], kind: str) -> list[str]:
    """The strengths that were measured, ascending, as they are written in the values' names."""
    start = f"{_PREFIX}{kind}_"
    found = {name.removeprefix(start) for run in runs for name in run.measures if start in name}
    return sorted(found, key=float)


def _value_name(kind: str, strength: str) -> str:
    return _CLEAN if strength == "0" else f"{_PREFIX}{kind}_{strength}"


def _positive(runs: list[ConditionRun]) -> Statement:
    asked = (
        "Positive control: every network loses at least"
        f" {lost_to('noise').amount(MARGIN)} more to the strongest corruption of a kind than to the"
        " weakest"
    )
    if not runs:
        return Statement(f"{asked}.", "not measured yet")
    least = {}
    for kind, words in KINDS.items():
        weakest, *_, strongest = _strengths(runs, kind)
        least[words] = min(
            run.measures[_value_name(kind, weakest)] - run.measures[_value_name(kind, strongest)]
            for run in runs
        )
    told = ", ".join(f"{words} {100 * value:.1f}" for words, value in least.items())
    return Statement(
        f"{asked}. Least of {counted(len(runs), 'run')}: {told}.",
        "holds" if min(least.values()) >= MARGIN else "does not hold",
    )


def _figures(results: Results, runs: list[ConditionRun]) -> tuple[Figure, ...]:
    if not runs:
        return ()
    strengths = {kind: _strengths(runs, kind) for kind in KINDS}
    table = pd.DataFrame(
        {
            "condition": run.condition,
            "kind": KINDS[kind],
            "strength": strength,
            "seed": run.seed,
            "value": 100 * run.measures[_value_name(kind, strength)],
        }
        for run in runs
        for kind, of_kind in strengths.items()
        for strength in ("0", *of_kind)
    )
    listed = "; ".join(
        f"{KINDS[kind]} {', '.join(of_kind)} {_UNITS[kind]}" for kind, of_kind in strengths.items()
    )
    words = FigureText(
        "accuracy", "Accuracy on corrupted test images", f"Strengths from left to right: {listed}."
    )
    bands = FigureText(
        "bands",
        "Accuracy lost to fine noise minus that lost to coarse noise",
        "Both kinds of noise have the same energy; fine noise has periods below four pixels. Above"
        " 0, fine noise costs more.",
    )
    kinds = {KINDS[kind]: ("0", *of_kind) for kind, of_kind in strengths.items()}
    shown = [accuracy_by_strength(results, table, words, kinds)]
    if measured(runs, FINE_OVER_COARSE.name):
        shown.append(rows_of_conditions(results, FINE_OVER_COARSE, bands))
    return tuple(shown)
