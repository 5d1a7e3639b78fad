"""The outcome of `sequences`: what is remembered inside and beyond receptive fields."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from convbias.experiments.beyond.sequences.question import (
    ATTENTION,
    CLAIM,
    CONVOLUTIONS,
    LAGS,
    LONG,
    LONGEST,
    NETWORKS,
    ON_IMAGES,
    PLAIN,
    QUANTITIES,
    RULES,
    images_name,
    memory_name,
)
from convbias.experiments.outcome import Outcome
from convbias.figures import Figure
from convbias.figures.conditions import FigureText, rows_of_conditions
from convbias.figures.memory import error_by_lag
from convbias.findings.results import Results
from convbias.findings.statement import Judgement, Statement, above, all_of
from convbias.findings.values import by_seed, scores_by_seed
from convbias.findings.wording import mean_of
from convbias.spec.beyond.sequences import COPIED, KINDS, MemoryTask
from convbias.spec.quantities import TEST_ACCURACY

# Shares of the error of guessing, fixed before any test sequence was looked at.
REMEMBERED, FORGOTTEN = 0.1, 0.2
# How far the mean over 1,000 test sequences, or 2,000 symbols, may be from what is expected.
SAMPLING = {"adding": 0.01, "copying": 0.03}
NEAR_PUBLISHED = 0.02  # of the published loss without memory


@dataclass(frozen=True)
class Cell:
    """A network on a task.

    Args:
        network: The network's name.
        task: The task.
        errors: Seed to squared error, or to the share of wrong symbols.
    """

    network: str
    task: MemoryTask
    errors: dict[int, float]

    @property
    def field(self) -> int:
        """Positions that the network sees; of a task at most all."""
        if self.network in CONVOLUTIONS:
            return CONVOLUTIONS[self.network].receptive_field
        return self.task.distance

    @property
    def relative(self) -> list[float]:
        """Errors as shares of that of guessing, one per seed."""
        return [each / self.task.least_error(0) for each in self.errors.values()]

    @property
    def text(self) -> str:
        """What it is, in a sentence."""
        return f"{self.network}, {self.task.rule} over {self.task.lag:,}"


def cells(results: Results, networks: tuple[str, ...] = NETWORKS) -> Iterator[Cell]:
    """What networks scored on each task that they were trained on.

    Args:
        results: The stored runs of the experiment `sequences`.
        networks: Their names.
    """
    for rule in RULES:
        for network in networks:
            for lag in LAGS[network]:
                found = scores_by_seed(results, memory_name(network, rule, lag), QUANTITIES[rule])
                if rule == "copying":
                    found = {seed: 1 - value for seed, value in found.items()}
                yield Cell(network, MemoryTask(rule=rule, lag=lag), found)


def outcome(results: Results) -> Outcome:
    """What is remembered over which lags, and what arithmetic says of it.

    Args:
        results: The stored runs of the experiment `sequences`.
    """
    return Outcome(
        statements=(unsuited(results), *by_field(results)),
        identities=(_possible(results),),
        controls=(_published(results), _learnable(results)),
        figures=(*_by_field(results), *_by_lag(results), *_images(results)),
    )


def unsuited(results: Results) -> Statement:
    """Whether even a convolution whose field is long enough fails over the longest lag."""
    asked = (
        f"Convolution is unsuited to long sequences: over {LONGEST:,} positions it forgets what it"
        f" saw, even with a receptive field of {CONVOLUTIONS[LONG].receptive_field:,}"
    )
    found = [each for each in cells(results, (LONG,)) if each.task.lag == LONGEST]
    known = [each for each in found if each.errors]
    if len(known) < len(found):
        return Statement(f"{asked}: no seed was finished on both tasks.", "not measured yet", CLAIM)
    forgotten: list[Judgement] = [
        above(each.relative, FORGOTTEN, comparisons=len(found)) for each in found
    ]
    remembered: list[Judgement] = [_remembered(each, len(found)) for each in found]
    verdict: Judgement = "undecided"
    if all_of(remembered) == "holds":
        verdict = "does not hold"
    elif all_of(forgotten) == "holds":
        verdict = "holds"
    elif "holds" in remembered and "holds" in forgotten:
        verdict = "depends"
    told = "; ".join(f"{each.task.rule} {mean_of(each.relative, 100, 1, '%')}" for each in found)
    return Statement(
        f"{asked}. The error left, of that of guessing: {told}. What limits a convolution is not"
        " the length of the sequence but how far its layers see together.",
        verdict,
        CLAIM,
    )


def by_field(results: Results) -> tuple[Statement, Statement]:
    """Whether convolutions forget beyond their receptive field, and remember within it."""
    every = [each for each in cells(results, tuple(CONVOLUTIONS)) if each.errors]
    beyond = [each for each in every if each.field < each.task.distance]
    within = [each for each in every if each.field > each.task.distance]
    level = [each for each in every if each.field == each.task.distance]
    return (
        _all(
            "Convolutions forget what is further back than their receptive field",
            beyond,
            [above(each.relative, FORGOTTEN, comparisons=len(every)) for each in beyond],
        ),
        _all(
            "Convolutions remember what is nearer than their receptive field",
            within,
            [_remembered(each, len(every)) for each in within],
            level,
        ),
    )


def _all(
    asked: str, found: list[Cell], verdicts: list[Judgement], level: list[Cell] | None = None
) -> Statement:
    """A statement about several cells, of which all must be as it says."""
    if not found:
        return Statement(f"{asked}: no network is trained.", "not measured yet")
    ends = [100 * float(end([np.mean(each.relative) for each in found])) for end in (min, max)]
    text = f"{asked}: {ends[0]:.1f} to {ends[1]:.1f} % of the error of guessing in {len(found)}"
    text += " combinations of network, task and lag."
    exceptions = [
        f"{each.text} ({100 * np.mean(each.relative):.1f} %)"
        for each, verdict in zip(found, verdicts, strict=True)
        if verdict != "holds"
    ]
    if exceptions:
        text += f" Not, or not shown: {'; '.join(exceptions)}."
    for each in level or []:
        text += (
            f" Where the field just reaches, nothing is claimed: {each.text}"
            f" ({100 * np.mean(each.relative):.1f} %)."
        )
    return Statement(text, all_of(verdicts))


def _remembered(cell: Cell, comparisons: int) -> Judgement:
    return above([-each for each in cell.relative], -REMEMBERED, comparisons=comparisons)


def _possible(results: Results) -> Statement:
    asked = "No network is better than what it sees allows, by more than the test sequences vary"
    gains = {
        each.text: each.task.least_error(each.field)
        - min(each.errors.values())
        - SAMPLING[each.task.rule]
        for each in cells(results)
        if each.errors
    }
    if not gains:
        return Statement(f"{asked}: no network is trained.", "not measured yet")
    worst = max(gains, key=gains.__getitem__)
    verdict: Judgement = "holds" if gains[worst] <= 0 else "does not hold"
    return Statement(f"{asked}: {len(gains)} combinations; nearest to it is {worst}.", verdict)


def _published(results: Results) -> Statement:
    asked = (
        f"Copying without memory has the published loss over all positions, {COPIED} ln {KINDS} /"
        " (lag + 20), where the plain convolution sees too little"
    )
    ratios = {}
    for lag in LAGS[PLAIN]:
        task = MemoryTask(rule="copying", lag=lag)
        losses = by_seed(results, memory_name(PLAIN, "copying", lag), "loss_over_positions")
        if losses and CONVOLUTIONS[PLAIN].receptive_field < task.distance:
            expected = COPIED * math.log(KINDS) / task.length
            ratios[lag] = float(np.mean(list(losses.values()))) / expected
    if not ratios:
        return Statement(f"{asked}: no network is trained.", "not measured yet")
    right = all(abs(each - 1) <= NEAR_PUBLISHED for each in ratios.values())
    told = ", ".join(f"{each:.3f} times it over {lag:,}" for lag, each in ratios.items())
    return Statement(f"{asked}: {told}.", "holds" if right else "does not hold")


def _learnable(results: Results) -> Statement:
    asked = "Attention, which sees everything, remembers over the shortest lag"
    shortest = min(LAGS[ATTENTION])
    found = [each for each in cells(results, (ATTENTION,)) if each.task.lag == shortest]
    if not all(each.errors for each in found):
        return Statement(f"{asked}: no seed was finished on both tasks.", "not measured yet")
    told = "; ".join(f"{each.task.rule} {mean_of(each.relative, 100, 1, '%')}" for each in found)
    verdict = all_of([_remembered(each, len(found)) for each in found])
    return Statement(f"{asked}. The error left, of that of guessing: {told}.", verdict)


def _table(found: list[Cell], *, by_field: bool) -> pd.DataFrame:
    rows = [
        {
            "network": each.network,
            "task": each.task.rule,
            "lag": each.task.distance / each.field if by_field else each.task.lag,
            "seed": seed,
            "value": 100 * error / each.task.least_error(0),
        }
        for each in found
        for seed, error in each.errors.items()
    ]
    return pd.DataFrame(rows, columns=["network", "task", "lag", "seed", "value"])


def _by_field(results: Results) -> list[Figure]:
    table = _table(list(cells(results, tuple(CONVOLUTIONS))), by_field=True)
    if table.empty:
        return []
    words = FigureText(
        name="field",
        title="What convolutions forget, by lag divided by receptive field",
        reading=(
            "100 %: guessing, nothing is remembered. Right of the dotted line, what is asked for is"
            " further back than the network sees. The networks have equally many parameters; only"
            " how far they see differs. Of two numbers to add, the nearer one may still be seen."
        ),
    )
    return [
        error_by_lag(results, table, words, "Lag divided by receptive field", NETWORKS, edge=1.0)
    ]


def _by_lag(results: Results) -> list[Figure]:
    table = _table(list(cells(results)), by_field=False)
    if table.empty:
        return []
    words = FigureText(
        name="lag",
        title="What each network forgets, by lag",
        reading=(
            "100 %: guessing. All networks have equally many parameters and steps. The GRU was not"
            " trained over 1,000 positions, nor attention over 300: they cost too much."
        ),
    )
    return [error_by_lag(results, table, words, "Lag (positions)", NETWORKS)]


def _images(results: Results) -> list[Figure]:
    titles = {
        images_name(network, permuted=permuted): f"{network}, permuted" if permuted else network
        for network in ON_IMAGES
        for permuted in (False, True)
    }
    if not any(scores_by_seed(results, name, TEST_ACCURACY) for name in titles):
        return []
    words = FigureText(
        name="images",
        title="Accuracy on images read row by row",
        reading=(
            "Fashion-MNIST; the class is told after the last of 28 rows, of which the plain"
            f" convolution sees {CONVOLUTIONS[PLAIN].receptive_field}. Permuted: all pixels of an"
            " image are in another order, which each seed draws, the same for all images."
        ),
    )
    return [rows_of_conditions(results, TEST_ACCURACY, words, list(titles), titles)]
