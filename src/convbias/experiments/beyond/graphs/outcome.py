"""The outcome of `graphs`: accuracy by network, and what the nodes' numbers change."""

from __future__ import annotations

import numpy as np

from convbias.experiments.beyond.graphs.question import (
    AVERAGED,
    CHANGED,
    IMAGE,
    NODES_RIGHT,
    UNSEEN,
)
from convbias.experiments.outcome import Outcome
from convbias.figures import Figure
from convbias.figures.conditions import FigureText, rows_of_conditions
from convbias.findings.results import Results
from convbias.findings.statement import FEWEST_SEEDS, Judgement, Statement
from convbias.findings.values import by_seed, scores_by_seed
from convbias.findings.wording import mean_of

# Kipf and Welling 2017, table 2, and how far a mean may be from it.
PUBLISHED = {AVERAGED: (81.5, 1.0), UNSEEN: (55.1, 3.0)}
ROUNDING = 1e-3  # largest change of a logit that another order of sums may cause


def outcome(results: Results) -> Outcome:
    """Accuracy of the three networks, and what of their answers depends on the nodes' numbers.

    Args:
        results: the stored runs of the experiment `graphs`.
    """
    return Outcome(
        statements=(_changed(results),),
        identities=(_unchanged(results),),
        controls=tuple(_published(results, name) for name in PUBLISHED),
        figures=(_accuracy(results), *_numbers(results)),
    )


def _changed(results: Results) -> Statement:
    asked = "What a convolution over the adjacency matrix answers depends on the nodes’ numbers"
    values = list(by_seed(results, IMAGE, CHANGED.name).values())
    if not values:
        return Statement(f"{asked}: no network is trained.", "not measured yet")
    verdict: Judgement = "undecided"
    if len(values) >= FEWEST_SEEDS:
        verdict = "holds" if min(values) > CHANGED.margin else "does not hold"
    return Statement(
        f"{asked}: when they are numbered anew, {mean_of(values, 100, 1, '%')} of all nodes get"
        " another class from the same trained network.",
        verdict,
    )


def _unchanged(results: Results) -> Statement:
    asked = "A convolution along the edges gives the same answers whatever the nodes’ numbers are"
    logits = by_seed(results, AVERAGED, "largest_change_by_numbers").values()
    answers = by_seed(results, AVERAGED, CHANGED.name).values()
    if not logits:
        return Statement(f"{asked}: no network is trained.", "not measured yet")
    right = max(logits) <= ROUNDING
    return Statement(
        f"{asked}: no output changes by more than {max(logits):.1g}, and"
        f" {100 * max(answers):.2g} % of the classes with the seed with most changes.",
        "holds" if right else "does not hold",
    )


def _published(results: Results, name: str) -> Statement:
    published, tolerance = PUBLISHED[name]
    asked = f"{name.capitalize()} has the published accuracy of {published} % ± {tolerance:g}"
    values = list(scores_by_seed(results, name, NODES_RIGHT).values())
    if not values:
        return Statement(f"{asked}: no network is trained.", "not measured yet")
    verdict: Judgement = "undecided"
    if len(values) >= FEWEST_SEEDS:
        near = abs(100 * np.mean(values) - published) <= tolerance
        verdict = "holds" if near else "does not hold"
    return Statement(f"{asked}: {mean_of(values, 100, 1, '%')}.", verdict)


def _accuracy(results: Results) -> Figure:
    words = FigureText(
        name="accuracy",
        title="Accuracy on Cora’s test nodes",
        reading=(
            "The dense network sees a paper’s words alone. The convolution also sees its row of the"
            " adjacency matrix, as one line of an image. The graph convolution averages over the"
            " papers that cite it or are cited."
        ),
    )
    return rows_of_conditions(results, NODES_RIGHT, words)


def _numbers(results: Results) -> list[Figure]:
    if not any(by_seed(results, name, CHANGED.name) for name in results.experiment.names):
        return []
    words = FigureText(
        name="numbers",
        title="Nodes that get another class when all are numbered anew",
        reading="Trained networks, the same graph, the same words; only the numbers are others.",
    )
    return [rows_of_conditions(results, CHANGED, words)]
