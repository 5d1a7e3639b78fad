"""The outcome of `tables`: what shuffled columns cost, and what other models gain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from convbias.experiments.beyond.tables.question import (
    ROWS_RIGHT,
    TABLES,
    TITLES,
    condition_name,
)
from convbias.experiments.outcome import Outcome
from convbias.figures import Figure
from convbias.figures.conditions import FigureText, rows_of_conditions
from convbias.findings.evaluation import evaluate, evaluated
from convbias.findings.headlines import refutes, supports
from convbias.findings.results import Results
from convbias.findings.statement import FEWEST_SEEDS, Judgement, Statement, in_all_cases
from convbias.findings.values import scores_by_seed
from convbias.findings.wording import mean_of
from convbias.spec.beyond.tables import TableName
from convbias.statistics import Contrast

CLAIM = "not-for-tables"

DRAWN: tuple[TableName, ...] = ("loans", "breast-cancer", "wine")
FURTHEST = 0.2  # below the best model, as a share of rows


def outcome(results: Results) -> Outcome:
    """Whether convolution is behind on tables, and what the order of the columns is to it.

    Args:
        results: the stored runs of the experiment `tables`.
    """
    contrasts = evaluated(evaluate(results.experiment, results.runs))
    return Outcome(
        statements=(_behind(contrasts), *(_spread(results, table) for table in TABLES)),
        identities=(),
        controls=(_pixels(contrasts), _trees(contrasts)),
        figures=tuple(figure for table in DRAWN for figure in _accuracy(results, table)),
    )


def behind_everywhere(contrasts: Mapping[str, Contrast]) -> Judgement:
    """Whether a convolution is behind a dense network of its size on every table.

    Args:
        contrasts: name to planned contrast, evaluated.

    Returns:
        "depends" where it is behind on some tables, and level or ahead on others.
    """
    found = (contrasts.get(f"dense-over-convolution-{table}") for table in TABLES)
    return in_all_cases([supports(each) for each in found])


def _behind(contrasts: Mapping[str, Contrast]) -> Statement:
    asked = (
        "Convolution is unsuited to tables: with columns in an arbitrary order it is less accurate"
        " than a dense network with as many parameters"
    )
    told = []
    for table in TABLES:
        found = contrasts.get(f"dense-over-convolution-{table}")
        if found is not None:
            difference = ROWS_RIGHT.amount(-found.difference, "+")
            named = {"better": "behind", "worse": "ahead"}.get(found.verdict, found.verdict)
            told.append(f"{TITLES[table]} {difference} ({named})")
    if not told:
        return Statement(f"{asked}: no seed was finished by both.", "not measured yet", CLAIM)
    return Statement(f"{asked}: {'; '.join(told)}.", behind_everywhere(contrasts), CLAIM)


def _spread(results: Results, table: TableName) -> Statement:
    """From the worst to the best order; the verdict is on their mean being below the stored one."""
    asked = f"{TITLES[table].capitalize()}: convolution is less accurate in other orders"
    stored, shuffled = (
        scores_by_seed(results, condition_name("convolution", table, shuffled=shuffled), ROWS_RIGHT)
        for shuffled in (False, True)
    )
    if not stored or not shuffled:
        return Statement(f"{asked}: not every order has a finished run.", "not measured yet")
    contrast = evaluated(evaluate(results.experiment, results.runs)).get(f"order-{table}")
    least, most = (100 * end(shuffled.values()) for end in (min, max))
    return Statement(
        f"{asked}: {mean_of(shuffled.values(), 100, 1, '%')} over random orders, from {least:.1f}"
        f" to {most:.1f} %, and {mean_of(stored.values(), 100, 1, '%')} as stored.",
        supports(contrast),
    )


def _pixels(contrasts: Mapping[str, Contrast]) -> Statement:
    asked = (
        "Pixels read as columns have neighbours, so shuffling them costs a convolution with a"
        " global average accuracy"
    )
    found = contrasts.get("order-digits")
    if found is None:
        return Statement(f"{asked}: no seed was finished by both.", "not measured yet")
    return Statement(f"{asked}: {ROWS_RIGHT.amount(-found.difference, '+')}.", supports(found))


def _trees(contrasts: Mapping[str, Contrast]) -> Statement:
    asked = "Boosted trees do not see the order, so shuffling costs them nothing that matters"
    found = contrasts.get("order-trees")
    if found is None:
        return Statement(f"{asked}: no seed was finished by both.", "not measured yet")
    verdict: Judgement = "undecided"
    if found.n >= FEWEST_SEEDS:
        verdict = "holds" if found.verdict == "equivalent" else "undecided"
        if "holds" in (supports(found), refutes(found)):
            verdict = "does not hold"
    difference = ROWS_RIGHT.amount(-found.difference, "+")
    return Statement(
        f"{asked}: {difference}; {ROWS_RIGHT.amount(ROWS_RIGHT.margin)} would matter.", verdict
    )


def _accuracy(results: Results, table: TableName) -> list[Figure]:
    """Every model of one table; one that only guesses would leave no room for the others."""
    titles = {
        condition_name(model, table, shuffled=shuffled): f"{model}, shuffled" if shuffled else model
        for model in ("trees", "logistic", "dense", "convolution", "convolution + average")
        for shuffled in (False, True)
    }
    means = {
        name: float(np.mean(list(found.values())))
        for name in titles
        if (found := scores_by_seed(results, name, ROWS_RIGHT))
    }
    shown = [name for name in means if means[name] > max(means.values()) - FURTHEST]
    if not shown:
        return []
    left_out = [f"{titles[name]} ({100 * means[name]:.0f} %)" for name in means.keys() - shown]
    words = FigureText(
        name=table,
        title=f"Accuracy on the table {TITLES[table]}",
        reading=(
            "Each seed divides the rows anew into folds, and draws another order of the columns"
            " where they are shuffled; its dot is the share of all rows that were told correctly"
            " while they were left out. Convolution and dense network have equally many parameters."
            + (f" Too far below to be drawn: {', '.join(sorted(left_out))}." if left_out else "")
        ),
    )
    return [rows_of_conditions(results, ROWS_RIGHT, words, shown, titles)]
