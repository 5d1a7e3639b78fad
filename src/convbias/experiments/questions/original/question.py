"""The original study's comparison: dense baseline against CNN, and the sweep of kernel size."""

from __future__ import annotations

from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import DatasetDescription
from convbias.spec.experiment import Experiment, PlannedContrast, conditions_of
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS


def experiment(_described: DatasetDescription) -> Experiment:
    """The experiment, which is the same on all data sets."""
    return Experiment(
        name="original",
        title="The original comparison",
        question=(
            "How much does convolution improve on a dense network, and which kernel size is best?"
        ),
        conditions=conditions_of(
            (
                Dense(),
                Convolutional(kernel_size=3),
                Convolutional(kernel_size=5),
                Convolutional(kernel_size=7),
            )
        ),
        contrasts=(
            PlannedContrast(
                name="cnn-over-dense-accuracy",
                question=(
                    "Does the 3x3 CNN classify more test images correctly than the dense network?"
                ),
                treatment="cnn-3x3",
                baseline="dense",
                quantity=TEST_ACCURACY,
                claim="cnn-more-accurate",
            ),
            PlannedContrast(
                name="cnn-over-dense-loss",
                question="Does the 3x3 CNN reach a lower test loss than the dense network?",
                treatment="cnn-3x3",
                baseline="dense",
                quantity=TEST_LOSS,
                claim="cnn-lower-loss",
            ),
            PlannedContrast(
                name="5x5-over-3x3-accuracy",
                question="Is a 5x5 kernel more accurate than a 3x3 kernel?",
                treatment="cnn-5x5",
                baseline="cnn-3x3",
                quantity=TEST_ACCURACY,
                claim="kernel-5x5-optimal",
            ),
            PlannedContrast(
                name="5x5-over-7x7-accuracy",
                question="Is a 5x5 kernel more accurate than a 7x7 kernel?",
                treatment="cnn-5x5",
                baseline="cnn-7x7",
                quantity=TEST_ACCURACY,
                claim="kernel-5x5-optimal",
            ),
        ),
        control="Every model's parameter count equals the arithmetic done by hand.",
        short_question="dense baseline or CNN, and which kernel size?",
        short_control="parameter counts by hand",
    )
