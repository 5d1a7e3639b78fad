"""Locality, sharing, averaging: from the dense network to the CNN one step at a time."""

from __future__ import annotations

from convbias.spec.arms import Convolutional, Dense
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.quantities import TEST_ACCURACY

# From the bottom of the ladder to its top; each rung takes one liberty away from the weights.
CHANNEL_MATCHED = ("dense", "local + flatten", "convolution + flatten", "convolution + average")
# The same with as many parameters as the dense network, 109,386, to within two per cent.
PARAMETER_MATCHED = ("dense", *(f"{name} (matched)" for name in CHANNEL_MATCHED[1:]))

STEPS = ("locality", "sharing", "averaging")

# Contrast to the claim that it decides.
_CLAIMS = {"locality-channel-matched": "locality-dense"}


def _rungs(
    names: tuple[str, ...],
    local: tuple[int, int],
    flattened: tuple[int, int],
    averaged: tuple[int, int],
) -> tuple[Condition, ...]:
    return (
        Condition(names[1], Convolutional(filters=local, sharing="local", head="flatten")),
        Condition(names[2], Convolutional(filters=flattened, head="flatten")),
        Condition(names[3], Convolutional(filters=averaged)),
    )


def _contrasts(names: tuple[str, ...], matched: str) -> tuple[PlannedContrast, ...]:
    questions = (
        "Is a network more accurate when its units see only their neighbourhood?",
        "Is a network more accurate when all positions share one kernel?",
        "Is a network more accurate with a global average before the dense layers?",
    )
    return tuple(
        PlannedContrast(
            name=f"{step}-{matched}",
            question=question,
            treatment=treatment,
            baseline=baseline,
            quantity=TEST_ACCURACY,
            claim=_CLAIMS.get(f"{step}-{matched}"),
        )
        for step, question, baseline, treatment in zip(
            STEPS, questions, names[:-1], names[1:], strict=True
        )
    )


EXPERIMENT = Experiment(
    name="sharing",
    title="Locality and sharing, step by step",
    question=(
        "How much of the CNN's advantage comes from locality, how much from weight sharing, and"
        " how much from averaging over positions?"
    ),
    conditions=(
        Condition("dense", Dense()),
        *_rungs(CHANNEL_MATCHED, (32, 64), (32, 64), (32, 64)),
        *_rungs(PARAMETER_MATCHED, (3, 7), (8, 17), (70, 140)),
    ),
    contrasts=(
        *_contrasts(CHANNEL_MATCHED, "channel-matched"),
        *_contrasts(PARAMETER_MATCHED, "parameter-matched"),
    ),
    control=(
        "A convolution copied into a locally connected layer, and that into a dense one, gives the"
        " same outputs; networks called matched have as many parameters as the dense one to within"
        " two per cent."
    ),
    measures=("embedding",),
    not_shown=(
        "The shares depend on the order of the steps, and other orders are possible. The dense"
        " network is the original study's, not the dense equivalent of the locally connected one,"
        " which would have millions of weights."
    ),
    short_question="what do locality, weight sharing and averaging each contribute?",
    short_control="convolutions copied into locally connected and dense layers",
    positive_control=PositiveControl(
        because="a CNN of the common kind, with flattened maps, must beat the dense network",
        treatment="convolution + flatten",
        baseline="dense",
        quantity=TEST_ACCURACY,
    ),
)
