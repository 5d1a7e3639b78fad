"""Shift: how feature maps and answers change when the image is shifted."""

from __future__ import annotations

from convbias.experiments.canvas import canvas_of, largest_shift_of
from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import DatasetDescription
from convbias.spec.experiment import Condition, Experiment, PlannedContrast, PositiveControl
from convbias.spec.formatting import in_words
from convbias.spec.quantities import share

CONSISTENCY = share("shift_consistency", "consistency under shifts", margin=0.01)


def experiment(described: DatasetDescription) -> Experiment:
    """The experiment on a data set.

    Args:
        described: The data set.
    """
    thing, largest = described.thing, largest_shift_of(described)
    canvas = {"canvas": canvas_of(described)}
    shifted = {**canvas, "largest_shift": largest}
    return Experiment(
        name="shift",
        title=f"Shift: is a shifted {thing} recognised?",
        question=(
            f"Do feature maps and answers follow, or ignore, a shift of the {thing} by one to"
            f" {in_words(largest)} pixels? The canvas is larger than the image, so that nothing is"
            " cut off."
        ),
        conditions=(
            Condition("dense", Dense(), canvas),
            Condition("dense trained with shifts", Dense(), shifted),
            Condition("cnn", Convolutional(), canvas),
            Condition("cnn trained with shifts", Convolutional(), shifted),
            Condition("circular cnn", Convolutional(padding="circular"), canvas),
            Condition("cnn with strides", Convolutional(downsampling="stride"), canvas),
            Condition("cnn with blur-pool", Convolutional(downsampling="blur"), canvas),
            Condition(
                "circular polyphase cnn",
                Convolutional(padding="circular", downsampling="polyphase"),
                canvas,
            ),
        ),
        contrasts=(
            PlannedContrast(
                name="cnn-more-consistent",
                question=(
                    "Does the CNN keep its answer under shifts more often than the dense network?"
                ),
                treatment="cnn",
                baseline="dense",
                quantity=CONSISTENCY,
                claim="equivariance-relearn",
            ),
            PlannedContrast(
                name="cnn-over-shift-trained-dense",
                question=(
                    "Does it do so more often than a dense network that was trained with shifts,"
                    " too?"
                ),
                treatment="cnn",
                baseline="dense trained with shifts",
                quantity=CONSISTENCY,
            ),
            PlannedContrast(
                name="pooling-over-strides",
                question="Does pooling keep more answers than convolutions with a stride do?",
                treatment="cnn",
                baseline="cnn with strides",
                quantity=CONSISTENCY,
                claim="equivariance-pooling",
            ),
            PlannedContrast(
                name="blur-over-max-pooling",
                question="Does a low-pass filter before subsampling keep more answers?",
                treatment="cnn with blur-pool",
                baseline="cnn",
                quantity=CONSISTENCY,
            ),
            PlannedContrast(
                name="polyphase-over-circular",
                question="Does choosing the phase of the grid by the image keep more answers?",
                treatment="circular polyphase cnn",
                baseline="circular cnn",
                quantity=CONSISTENCY,
            ),
        ),
        control=(
            "The same weights with circular padding and without subsampling before the global"
            " average never change their answer under a shift. The Lie derivative is checked"
            " against finite differences in the package's tests, on small networks, not on these"
            " runs."
        ),
        measures=("shift_consistency", "equivariance_error", "lie_derivative"),
        not_shown=(
            "Only shifts are tested: rotation and scale are other symmetries. Unshifted test"
            f" {described.kind} are in the middle of the canvas."
        ),
        short_question="how consistent and equivariant is each layer under shifts?",
        short_control="stride 1, circular padding: exactly consistent",
        positive_control=PositiveControl(
            because="training with shifts must make the dense network more consistent",
            treatment="dense trained with shifts",
            baseline="dense",
            quantity=CONSISTENCY,
        ),
    )
