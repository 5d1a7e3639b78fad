"""Locality, sharing, averaging: from the dense network to the CNN one step at a time."""

from __future__ import annotations

from convbias.spec.arithmetic import multiply_adds, parameters, weight_shapes
from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import DatasetDescription, Dimensions
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.matching import fitted
from convbias.spec.quantities import TEST_ACCURACY

# From the bottom of the ladder to its top; each rung takes one liberty away from the weights.
CHANNEL_MATCHED = ("dense", "local + flatten", "convolution + flatten", "convolution + average")
# The same with as many parameters as the dense network, to within two per cent.
PARAMETER_MATCHED = ("dense", *(f"{name} (matched)" for name in CHANNEL_MATCHED[1:]))

STEPS = ("locality", "sharing", "averaging")

# Contrast to the claim that it decides.
_CLAIMS = {"locality-channel-matched": "locality-dense"}


MOST_MULTIPLY_ADDS = 250_000_000  # per image, 65 times as many as the 3x3 CNN has on Fashion-MNIST

_MODELS = (
    Convolutional(sharing="local", head="flatten"),
    Convolutional(head="flatten"),
    Convolutional(),
)
# With these they have as many parameters as the dense network has on Fashion-MNIST, 109,386.
_MATCHED_FILTERS = ((3, 7), (8, 17), (70, 140))
WITHIN = 0.02  # of the dense network's parameters


def _matched(dimensions: Dimensions) -> tuple[list[Condition], list[str]]:
    """The rungs with as many parameters as the dense network, or why there are none."""

    def size(model: Convolutional | Dense) -> int:
        return parameters(weight_shapes(model, dimensions))

    conditions = []
    for name, model, filters in zip(PARAMETER_MATCHED[1:], _MODELS, _MATCHED_FILTERS, strict=True):
        published = model.model_copy(update={"filters": filters})
        found = fitted(published, size(Dense()), size, WITHIN)
        if found is None:
            return [], [f"Equally many parameters: no numbers of filters give them to {name}."]
        cost = multiply_adds(found, dimensions)
        if cost > MOST_MULTIPLY_ADDS:
            reason = (
                f"Equally many parameters: {name} would take {cost / 1e6:,.0f} million"
                f" multiply-adds per image, more than {MOST_MULTIPLY_ADDS / 1e6:,.0f} million."
            )
            return [], [reason]
        conditions.append(Condition(name, found, rate_of=published))
    return conditions, []


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


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.
    """
    channel_matched = [
        Condition(name, model) for name, model in zip(CHANNEL_MATCHED[1:], _MODELS, strict=True)
    ]
    matched, left_out = _matched(described.dimensions)
    return Experiment(
        name="sharing",
        title="Locality and sharing, step by step",
        question=(
            "How much of the CNN's advantage comes from locality, how much from weight sharing, and"
            " how much from averaging over positions?"
        ),
        conditions=(Condition("dense", Dense()), *channel_matched, *matched),
        contrasts=(
            *_contrasts(CHANNEL_MATCHED, "channel-matched"),
            *(_contrasts(PARAMETER_MATCHED, "parameter-matched") if matched else ()),
        ),
        control=(
            "A convolution copied into a locally connected layer, and that into a dense one, gives"
            " the same outputs; networks called matched have as many parameters as the dense one to"
            " within two per cent."
        ),
        measures=("embedding",),
        not_shown=(
            "The shares depend on the order of the steps, and other orders are possible. The dense"
            " network is the original study's, not the dense equivalent of the locally connected"
            " one, which would have millions of weights."
        ),
        short_question="what do locality, weight sharing and averaging each contribute?",
        short_control="convolutions copied into locally connected and dense layers",
        positive_control=PositiveControl(
            because="a CNN of the common kind, with flattened maps, must beat the dense network",
            treatment="convolution + flatten",
            baseline="dense",
            quantity=TEST_ACCURACY,
        ),
        left_out=tuple(left_out),
    )
