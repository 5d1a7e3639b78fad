"""The outcome of `language`: nats per character by context, and networks against counts."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from convbias.experiments.beyond.language.question import (
    FIELDS,
    GRU,
    LONGEST,
    NATS,
    ONE_CHARACTER,
    ORDERS,
    SHORTEST,
    condition_name,
    ngram_name,
)
from convbias.experiments.outcome import Outcome
from convbias.figures import Figure
from convbias.figures.conditions import FigureText
from convbias.figures.curves import LinePosition, lines_of_conditions
from convbias.findings.evaluation import evaluate, evaluated
from convbias.findings.headlines import supports
from convbias.findings.results import Results
from convbias.findings.statement import (
    FEWEST_SEEDS,
    Judgement,
    Statement,
    above,
    all_of,
    in_all_cases,
)
from convbias.findings.values import by_seed, measured, scores_by_seed
from convbias.findings.wording import mean_of
from convbias.statistics import Contrast

CLAIM = "not-for-language"

ROUNDING = 1e-3  # largest change of an output that another order of sums may cause
NEAR = 0.03  # nats by which a network that sees one character may differ from counts of pairs
ALIKE = 1.05  # largest ratio between the numbers of parameters of two networks
COUNTED = (1, 2, 3, 4)  # orders of n-grams of which each is known to be better than the one before


def outcome(results: Results) -> Outcome:
    """Whether convolution is behind attention, what context is worth, and what counts reach.

    Args:
        results: the stored runs of the experiment `language`.
    """
    contrasts = evaluated(evaluate(results.experiment, results.runs))
    return Outcome(
        statements=(_behind(contrasts), _context(contrasts), _counts(results)),
        identities=(_parameters(results), _unseen(results)),
        controls=(_longer_counts(results), _one_character(results)),
        figures=_by_context(results),
    )


def behind_attention(contrasts: Mapping[str, Contrast]) -> Judgement:
    """Whether convolution is behind attention at every field.

    Args:
        contrasts: name to planned contrast, evaluated.

    Returns:
        "depends" where it is behind at some fields, and level or ahead at others.
    """
    found = (contrasts.get(f"attention-over-convolution-{field}") for field in FIELDS)
    return in_all_cases([supports(each) for each in found])


def _behind(contrasts: Mapping[str, Contrast]) -> Statement:
    asked = (
        "Convolution is unsuited to language: it predicts the next character worse than attention"
        " that sees as many characters, has as many parameters and takes as many steps"
    )
    told = []
    for field in FIELDS:
        found = contrasts.get(f"attention-over-convolution-{field}")
        if found is not None:
            named = {"better": "behind", "worse": "ahead"}.get(found.verdict, found.verdict)
            told.append(f"{field} characters {NATS.written(-found.difference, '+')} ({named})")
    if not told:
        return Statement(f"{asked}: no seed was finished by both.", "not measured yet", CLAIM)
    text = f"{asked}. The convolution’s loss minus that of attention, in nats per character:"
    text = f"{text} {'; '.join(told)}."
    # Told beside the verdict, because a GRU sees everything before.
    if (found := contrasts.get("gru-over-convolution")) is not None:
        text += (
            " A GRU sees all that precedes; its loss minus that of a convolution that sees"
            f" {SHORTEST} characters: {NATS.written(found.difference, '+')} ({found.verdict})."
        )
    return Statement(text, behind_attention(contrasts), CLAIM)


def _context(contrasts: Mapping[str, Contrast]) -> Statement:
    asked = f"Convolution and attention gain from seeing {LONGEST} characters instead of {SHORTEST}"
    both = {name: contrasts.get(f"context-{name}") for name in ("convolution", "attention")}
    told = [
        f"{name} {NATS.amount(-found.difference, '+')}"
        for name, found in both.items()
        if found is not None
    ]
    verdict = all_of([supports(found) for found in both.values()])
    return Statement(f"{asked}: {', '.join(told) or 'no seed was finished by both'}.", verdict)


def best_counts(results: Results) -> tuple[str, float] | None:
    """The n-gram with the lowest loss, and that loss; None without runs.

    Args:
        results: the stored runs of the experiment.
    """
    losses = _losses_of_counts(results)
    if not losses:
        return None
    order = min(losses, key=losses.__getitem__)
    return ngram_name(order), losses[order]


def beaten_counts(results: Results) -> tuple[list[float], Judgement]:
    """By how much a convolution of the shortest field is better than the best n-gram, and whether.

    Args:
        results: the stored runs of the experiment.

    Returns:
        Nats per character, one per seed, and the verdict.
    """
    counts = best_counts(results)
    losses = scores_by_seed(results, condition_name("convolution", SHORTEST), NATS).values()
    if counts is None or not losses:
        return [], "not measured yet"
    gains = [counts[1] - loss for loss in losses]
    return gains, above(gains, 0.0, margin=NATS.margin)


def _counts(results: Results) -> Statement:
    asked = (
        f"A convolution that sees {SHORTEST} characters predicts the text better than counts of the"
        " same text"
    )
    gains, verdict = beaten_counts(results)
    counts = best_counts(results)
    if counts is None or not gains:
        return Statement(f"{asked}: not both are measured.", verdict)
    name, loss = counts
    values = [loss - gain for gain in gains]
    return Statement(
        f"{asked}: {mean_of(values, 1, 3, 'nats per character')}, and {NATS.written(loss)} of the"
        f" best, the {name}.",
        verdict,
    )


def _losses_of_counts(results: Results) -> dict[int, float]:
    """Order to loss of the n-grams, which have one run each."""
    found = {order: scores_by_seed(results, ngram_name(order), NATS) for order in ORDERS}
    return {order: next(iter(values.values())) for order, values in found.items() if values}


def _longer_counts(results: Results) -> Statement:
    asked = (
        "Counts of what follows up to three characters predict the text better, each than the last"
    )
    losses = _losses_of_counts(results)
    if not set(COUNTED) <= losses.keys():
        return Statement(f"{asked}: not all are counted.", "not measured yet")
    falling = all(losses[less] > losses[more] for less, more in pairwise(COUNTED))
    told = ", ".join(f"{ngram_name(order)} {NATS.written(losses[order])}" for order in losses)
    return Statement(
        f"{asked}, in nats per character: {told}.", "holds" if falling else "does not hold"
    )


def _one_character(results: Results) -> Statement:
    asked = "A convolution that sees one character predicts as well as counts of pairs"
    values = list(scores_by_seed(results, ONE_CHARACTER, NATS).values())
    counted = _losses_of_counts(results).get(2)
    if not values or counted is None:
        return Statement(f"{asked}: not both are measured.", "not measured yet")
    verdict: Judgement = "undecided"
    if len(values) >= FEWEST_SEEDS:
        near = abs(np.mean(values) - counted) <= NEAR
        verdict = "holds" if near else "does not hold"
    return Statement(
        f"{asked}, to within {NEAR} nats: {mean_of(values, 1, 3, 'nats per character')}, and"
        f" {NATS.written(counted)}.",
        verdict,
    )


def _parameters(results: Results) -> Statement:
    asked = "Convolutions, attention and GRU have equally many parameters, to 5 %"
    names = [condition_name(model, f) for model in ("convolution", "attention") for f in FIELDS]
    found = [n for name in (*names, GRU) for n in measured(results.runs, "parameters", name)]
    if not found:
        return Statement(f"{asked}: no network is trained.", "not measured yet")
    alike = max(found) <= ALIKE * min(found)
    told = f"{min(found):,.0f} to {max(found):,.0f}"
    return Statement(f"{asked}: {told}.", "holds" if alike else "does not hold")


def _unseen(results: Results) -> Statement:
    asked = "No output depends on a character before the field"
    name = "largest_change_beyond_field"
    changes = [
        change
        for condition in results.experiment.names
        for change in by_seed(results, condition, name).values()
    ]
    if not changes:
        return Statement(f"{asked}: no network is trained.", "not measured yet")
    right = max(changes) <= ROUNDING
    return Statement(
        f"{asked}: when all of these are replaced, no log-probability changes by more than"
        f" {max(changes):.1g}.",
        "holds" if right else "does not hold",
    )


def _by_context(results: Results) -> tuple[Figure, ...]:
    places = {
        condition_name(model, field): LinePosition(model, field)
        for model in ("convolution", "attention")
        for field in FIELDS
    }
    # Not on the convolutions' line, because it has about half of their weights.
    places |= {ONE_CHARACTER: LinePosition(ONE_CHARACTER, 1)}
    places |= {ngram_name(order): LinePosition("n-gram", order - 1) for order in ORDERS[1:]}
    if not any(scores_by_seed(results, name, NATS) for name in places):
        return ()
    recurrent = scores_by_seed(results, GRU, NATS).values()
    words = FigureText(
        name="context",
        title="Nats per character against the characters that are seen",
        reading=(
            "The same characters of the text’s last 5 % are predicted by all. Convolutions and"
            " attention have equally many parameters and steps; n-grams are counts of the same"
            " text, and have no seed."
            + (
                f" A GRU, which sees all that precedes: {mean_of(recurrent, 1, 3, 'nats')}."
                if recurrent
                else ""
            )
        ),
    )
    along = "Characters that are seen"
    return (lines_of_conditions(results, NATS, words, places, along, "log"),)
