"""The outcome of `hierarchy`: the first filters, and linear probes of each layer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.hierarchy.figures import (
    FROZEN,
    LAYERS,
    ONE_LAYER,
    TRAINED,
    energies,
    filters,
    first,
    probes,
)
from convbias.experiments.questions.hierarchy.question import EDGES, LAST_PROBE
from convbias.findings.results import Results
from convbias.findings.statement import FEWEST_SEEDS, Judgement, Statement, above, all_of
from convbias.findings.values import by_seed, minus, scores_by_seed
from convbias.findings.wording import how_many_seeds, mean_of
from convbias.spec.formatting import percent
from convbias.spec.quantities import TEST_ACCURACY

# The last bit of a weight between 1/8 and 1/4 in size, as the largest of these filters are. Weights
# are drawn anew to be compared, and another device may round their last bit otherwise.
LAST_BIT = 2.0**-26

# Frozen filters lie further from chance by chance once in 370 times.
MOST_STANDARD_ERRORS = 3

# By which the statements are judged: edges, a step for every layer after the pixels, and a share.
_INTERVALS = 1 + (len(LAYERS) - 1) + 1


def outcome(results: Results) -> Outcome:
    """Whether the first filters are edges, and how the class emerges from layer to layer.

    Args:
        results: the stored runs of the experiment `hierarchy`.
    """
    figures = (probes(results), filters(results), energies(results))
    return Outcome(
        statements=(_edges(results), _rising(results), _without_training(results)),
        identities=(_frozen_kernels(results),),
        controls=(_frozen_edges(results),),
        figures=tuple(figure for figure in figures if figure is not None),
    )


def _edges(results: Results) -> Statement:
    asked = "The first filters are oriented edges to a greater extent than random filters"
    edges = by_seed(results, TRAINED, "edge_energy")
    if not edges:
        return Statement(f"{asked}: no trained filters are measured.", "not measured yet")
    expected = first(by_seed(results, TRAINED, "edge_energy_by_chance"))
    errors = by_seed(results, TRAINED, "edge_energy_standard_errors_from_chance").values()
    bars = by_seed(results, TRAINED, "bar_energy").values()
    bars_expected = first(by_seed(results, TRAINED, "bar_energy_by_chance"))
    above_chance = sum(value > expected for value in edges.values())
    return Statement(
        f"{asked}: with {TRAINED}, {mean_of(edges.values(), 100, 1, '%')} of their energy is edges,"
        f" where chance gives {100 * expected:.1f} %; it is more than that with {above_chance} of"
        f" {how_many_seeds([len(edges)])},"
        f" by {np.mean(list(errors)):.1f} of a single network’s standard"
        f" errors on average. Bars have {mean_of(bars, 100, 1, '%')}, where chance gives"
        f" {100 * bars_expected:.1f} %; the rest is neither.",
        above(edges.values(), expected, margin=EDGES.margin, comparisons=_INTERVALS),
        claim="hierarchy",
    )


def _rising(results: Results) -> Statement:
    asked = "Linear probes are more accurate after each layer than after the one before"
    accuracies = {
        layer: found for layer in LAYERS if (found := by_seed(results, TRAINED, f"probe_{layer}"))
    }
    if len(accuracies) < 2:
        return Statement(f"{asked}: no layers are probed.", "not measured yet")
    steps = {
        (before, after): minus(accuracies[after], accuracies[before])
        for before, after in pairwise(accuracies)
    }
    verdicts: dict[tuple[str, str], Judgement] = {
        step: above(changes, 0, margin=LAST_PROBE.margin, comparisons=_INTERVALS)
        for step, changes in steps.items()
    }
    means = ", ".join(
        f"{LAYERS[layer]} {100 * np.mean(list(found.values())):.1f}"
        for layer, found in accuracies.items()
    )
    seeds = set.intersection(*(set(found) for found in accuracies.values()))
    rising = sum(
        all(
            accuracies[before][seed] < accuracies[after][seed]
            for before, after in pairwise(accuracies)
        )
        for seed in seeds
    )
    told = "; ".join(
        f"from {LAYERS[before]} to {LAYERS[after]} it changes by"
        f" {mean_of(changes, 100, 1, 'percentage points', '+')}"
        for (before, after), changes in steps.items()
        if verdicts[before, after] != "holds"
    )
    exceptions = f" Not shown to rise: {told}." if told else ""
    return Statement(
        f"{asked}: with {TRAINED}, linear probes reach {means} % (means); accuracy rises at every"
        f" step with {rising} of {how_many_seeds([len(seeds)])}.{exceptions}",
        all_of(list(verdicts.values())),
        claim="hierarchy",
    )


def _without_training(results: Results) -> Statement:
    asked = "Untrained kernels reach most of the accuracy"
    trained, frozen = (
        scores_by_seed(results, condition, TEST_ACCURACY) for condition in (TRAINED, FROZEN)
    )
    shared = [seed for seed in trained if seed in frozen]
    if not shared:
        return Statement(
            f"{asked}: no seed was finished by both.",
            "not measured yet",
        )
    chance = results.described.chance
    if min(trained[seed] for seed in shared) <= chance:
        return Statement(f"{asked}: a trained network only guesses.", "undecided")
    shares = [(frozen[seed] - chance) / (trained[seed] - chance) for seed in shared]
    return Statement(
        f"{asked}: random kernels with a trained head have a test accuracy of"
        f" {mean_of((frozen[seed] for seed in shared), 100, 1, '%')}, trained ones"
        f" {mean_of((trained[seed] for seed in shared), 100, 1, '%')}. Of what training all gains"
        f" over guessing ({percent(chance, 0)}), random kernels have"
        f" {mean_of(shares, 100, 1, '%')}.",
        above(shares, 0.5, comparisons=_INTERVALS),
    )


def _frozen_kernels(results: Results) -> Statement:
    frozen = by_seed(results, FROZEN, "kernels_moved").values()
    trained = [
        *by_seed(results, TRAINED, "kernels_moved").values(),
        *by_seed(results, ONE_LAYER, "kernels_moved").values(),
    ]
    asked = "Frozen first kernels keep their initial values up to the last bit, others do not"
    if not frozen:
        return Statement(f"{asked}: no frozen kernels are measured.", "not measured yet")
    moved = f"the largest change of a frozen weight is {max(frozen):g} in {_networks(len(frozen))}"
    if trained:
        moved += (
            f"; in each of {_networks(len(trained))} with trained kernels some weight moved by"
            f" {min(trained):.2g} or more"
        )
    right = max(frozen) <= LAST_BIT < min(trained, default=1)
    return Statement(f"{asked}: {moved}.", "holds" if right else "does not hold")


def _frozen_edges(results: Results) -> Statement:
    asked = "The edge energy of frozen filters is that of random filters"
    errors = list(by_seed(results, FROZEN, "edge_energy_standard_errors_from_chance").values())
    if not errors:
        return Statement(f"{asked}: no frozen filters are measured.", "not measured yet")
    # The mean over n networks has a standard error smaller by the root of n.
    distance = float(np.mean(errors)) * len(errors) ** 0.5
    energy = by_seed(results, FROZEN, "edge_energy")
    expected = first(by_seed(results, FROZEN, "edge_energy_by_chance"))
    verdict: Judgement = "undecided"
    if len(errors) >= FEWEST_SEEDS:
        verdict = "holds" if abs(distance) < MOST_STANDARD_ERRORS else "does not hold"
    return Statement(
        f"{asked}: {mean_of(energy.values(), 100, 1, '%')} of their energy, where chance gives"
        f" {100 * expected:.1f} %; the difference is {distance:+z.1f} standard errors of the mean,"
        f" and fewer than {MOST_STANDARD_ERRORS} count as chance.",
        verdict,
    )


def _networks(count: int) -> str:
    return f"{count} network" + ("" if count == 1 else "s")
