"""What the figures of `graphs` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.beyond.graphs.question import CHANGED, IMAGE, NODES_RIGHT
from convbias.experiments.outcome import Outcome
from convbias.findings.headlines import gain, mean_percent, shortened, supports
from convbias.findings.results import Results
from convbias.findings.statement import Statement, all_of
from convbias.findings.values import by_seed
from convbias.statistics import Contrast


def headlines(
    results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """Whether convolution suits a graph, over its matrix and along its edges."""
    over_grid, over_dense = (
        contrasts.get(name) for name in ("dense-over-grid", "graph-over-dense")
    )
    lost = -over_grid.difference if over_grid else None
    told = "not measured" if lost is None else NODES_RIGHT.written(lost, "+")
    [changed] = outcome.statements
    found = {
        "accuracy": Statement(
            "Convolving a graph’s adjacency matrix like an image is worse than not looking at the"
            f" graph ({told} points); convolving along its edges is better"
            f" ({gain(over_dense)}).",
            all_of([supports(over_grid), supports(over_dense)]),
        )
    }
    if values := by_seed(results, IMAGE, CHANGED.name):
        found["numbers"] = shortened(
            changed,
            "Numbering the nodes anew changes the convolution’s answer for"
            f" {mean_percent(values.values())} % of them, and none along the edges.",
        )
    return found
