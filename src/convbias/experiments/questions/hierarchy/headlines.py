"""What the figures of `hierarchy` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.hierarchy.figures import TRAINED
from convbias.findings.headlines import mean_percent, shortened, supports
from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.findings.values import by_seed
from convbias.statistics import Contrast


def headlines(
    results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """How the class emerges from layer to layer, and whether the first filters are edges."""
    edges, rising, _ = outcome.statements

    def percent(name: str) -> str:
        return mean_percent(by_seed(results, TRAINED, name).values())

    return {
        "probes": shortened(
            rising,
            "Every layer makes the class easier to tell: linear probes are right for"
            f" {percent('probe_pixels')} % on pixels, {percent('probe_pool_2')} % on the last maps,"
            f" {percent('probe_probabilities')} % at the end.",
        ),
        "filters": shortened(
            edges,
            f"The first filters are edges: {percent('edge_energy')} % of their energy is, where"
            f" chance gives {percent('edge_energy_by_chance')} %.",
        ),
        "energies": Statement(
            "Training turns the first filters towards edges, compared with filters that were never"
            " trained.",
            supports(contrasts.get("edges-over-random")),
        ),
    }
