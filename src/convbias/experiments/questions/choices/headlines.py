"""What the figures of `choices` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.outcome import Outcome
from convbias.findings.headlines import supports
from convbias.findings.results import Results
from convbias.findings.statement import Judgement, Statement, all_of
from convbias.spec.quantities import TEST_ACCURACY
from convbias.statistics import Contrast


def headlines(
    results: Results, contrasts: Mapping[str, Contrast], _outcome: Outcome
) -> dict[str, Statement]:
    """Whether every alternative is less accurate than the network as it was built."""
    verdicts: dict[str, Judgement] = {
        planned.baseline: supports(contrasts.get(planned.name))
        for planned in results.experiment.contrasts
        if planned.quantity == TEST_ACCURACY
    }
    worse = [name for name, verdict in verdicts.items() if verdict == "holds"]
    better = [
        planned.baseline
        for planned in results.experiment.contrasts
        if planned.name in contrasts and contrasts[planned.name].verdict == "worse"
    ]
    text = (
        "The network as built beats its alternatives: it beats"
        f" {len(worse)} of {len(verdicts)}" + (f", but not {_listed(better)}" if better else "")
    )
    return {"accuracy": Statement(f"{text}.", all_of(list(verdicts.values())))}


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if names[1:] else names[0]
