"""Hierarchy: what the first filters are, and what each layer adds."""

from __future__ import annotations

from convbias.spec.arithmetic import parameters, weight_shapes
from convbias.spec.arms import Convolutional
from convbias.spec.datasets import DatasetDescription
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.matching import MOST_FILTERS
from convbias.spec.quantities import TEST_ACCURACY, share

EDGES = share("edge_energy", "share of oriented edges in the first filters", margin=0.02)
LAST_PROBE = share("probe_last_maps", "accuracy of a linear probe after the last pooling", 0.002)

# With as many parameters as the network with two layers on Fashion-MNIST: 28,298 against 28,426.
_ONE_LAYER = Convolutional(kernel_size=9, filters=(128,))
WITHIN = 0.01  # of these parameters


def _one_layer(described: DatasetDescription) -> Convolutional | None:
    """One layer that sees as much as two, with as many parameters; None where it does not fit."""
    dimensions = described.dimensions
    if dimensions.side <= _ONE_LAYER.kernel_size:
        return None
    wanted = parameters(weight_shapes(Convolutional(), dimensions))

    def difference(model: Convolutional) -> int:
        return abs(parameters(weight_shapes(model, dimensions)) - wanted)

    if difference(_ONE_LAYER) <= WITHIN * wanted:
        return _ONE_LAYER
    candidates = (
        _ONE_LAYER.model_copy(update={"filters": (filters,)})
        for filters in range(1, MOST_FILTERS + 1)
    )
    return min(candidates, key=difference)


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.
    """
    one_layer = _one_layer(described)
    conditions = [
        Condition("two layers", Convolutional()),
        Condition("two frozen layers", Convolutional(frozen=True)),
    ]
    contrasts = [
        PlannedContrast(
            name="training-the-kernels",
            question="Are trained kernels more accurate than random ones with a trained head?",
            treatment="two layers",
            baseline="two frozen layers",
            quantity=TEST_ACCURACY,
        ),
        PlannedContrast(
            name="edges-over-random",
            question="Is more of the first filters' energy oriented edges than without training?",
            treatment="two layers",
            baseline="two frozen layers",
            quantity=EDGES,
        ),
        PlannedContrast(
            name="probe-over-random",
            question="Are linear probes of the last maps more accurate than those of random maps?",
            treatment="two layers",
            baseline="two frozen layers",
            quantity=LAST_PROBE,
        ),
    ]
    left_out = ()
    if one_layer is None:
        reason = f"its 9x9 kernels would be wider than the {described.side} pixels of the images"
        left_out = (f"One layer with the field of two: {reason}.",)
    else:
        # One 9x9 convolution and one pooling see 10 x 10 pixels, as two 3x3 with two poolings do.
        conditions.insert(1, Condition("one layer", one_layer, rate_of=_ONE_LAYER))
        contrasts.insert(
            0,
            PlannedContrast(
                name="depth-at-equal-field",
                question="Are two layers more accurate than one of the same field and size?",
                treatment="two layers",
                baseline="one layer",
                quantity=TEST_ACCURACY,
            ),
        )
    return Experiment(
        name="hierarchy",
        title="Edges, then shapes?",
        question=(
            "Are the first filters more edge-like than random filters? Do linear probes of later"
            " layers predict the class more accurately than those of earlier ones? Does depth help"
            " at an equal receptive field and number of parameters?"
        ),
        conditions=tuple(conditions),
        contrasts=tuple(contrasts),
        control=(
            "Frozen kernels keep their initial values, up to the rounding of the last bit on"
            " another device, and their edge energy is that of random filters."
        ),
        measures=("linear_probe", "oriented_filters"),
        not_shown=(
            "A linear probe shows what a layer contains, not what the network uses. Filters of 3x3"
            " pixels can be little else than edges, bars and blobs."
        ),
        short_question="edges first, then shapes? probes, filters, depth",
        short_control="frozen kernels, and chance",
        positive_control=PositiveControl(
            because="training the kernels must make the network more accurate",
            treatment="two layers",
            baseline="two frozen layers",
            quantity=TEST_ACCURACY,
        ),
        left_out=left_out,
    )
