"""Corruption: which networks lose accuracy to noise, blur, lost contrast and covered squares."""

from __future__ import annotations

from convbias.spec.arms import Convolutional, Dense
from convbias.spec.datasets import DatasetDescription
from convbias.spec.experiment import Experiment, PlannedContrast, conditions_of
from convbias.spec.quantities import Quantity, share

MARGIN = 0.01

# Words for the names of `convbias.measures.corruption`.
KINDS = {
    "noise": "noise",
    "blur": "blur",
    "contrast": "lost contrast",
    "occlusion": "covered squares",
}


def lost_to(kind: str) -> Quantity:
    """The accuracy that a network loses to a corruption, averaged over its strengths."""
    noun = f"loss of accuracy to {KINDS[kind]}"
    return share(f"lost_to_{kind}", noun, MARGIN, higher_is_better=False)


FINE_OVER_COARSE = share(
    "lost_to_fine_over_coarse_noise",
    "loss of accuracy to fine noise minus that to coarse noise",
    MARGIN,
    higher_is_better=False,
)
FINE_GRADIENT = share(
    "fine_gradient_share",
    "share of fine detail in the gradient",
    margin=0.02,
    higher_is_better=False,
)

DENSE, CNN, FLATTENED = Dense(), Convolutional(), Convolutional(head="flatten")
LARGEST = Convolutional(kernel_size=7)


def experiment(_described: DatasetDescription) -> Experiment:
    """The experiment, which is the same on all data sets: its measure adapts to the images."""
    return Experiment(
        name="corruption",
        title="Corruption: noise, blur, contrast and occlusion",
        question=(
            "Which networks lose the most accuracy when the test images are noisy, blurred, pale or"
            " partly covered? None was trained on such images."
        ),
        conditions=conditions_of(
            (
                DENSE,
                Convolutional(kernel_size=1),
                CNN,
                FLATTENED,
                Convolutional(kernel_size=5),
                LARGEST,
            )
        ),
        contrasts=(
            *(
                PlannedContrast(
                    name=f"cnn-over-dense-under-{kind}",
                    question=f"Does the CNN lose less accuracy to {words} than the dense network?",
                    treatment=CNN.name,
                    baseline=DENSE.name,
                    quantity=lost_to(kind),
                )
                for kind, words in KINDS.items()
            ),
            PlannedContrast(
                name="7x7-over-3x3-under-noise",
                question="Does a larger kernel, which averages more pixels, lose less to noise?",
                treatment=LARGEST.name,
                baseline=CNN.name,
                quantity=lost_to("noise"),
            ),
            PlannedContrast(
                name="flatten-over-average-under-noise",
                question="Does the CNN lose less to noise without the average over all positions?",
                treatment=FLATTENED.name,
                baseline=CNN.name,
                quantity=lost_to("noise"),
            ),
            PlannedContrast(
                name="cnn-over-dense-under-fine-noise",
                question=(
                    "Of noise of equal energy, does the fine one cost the CNN less, compared with"
                    " the coarse one, than the dense network?"
                ),
                treatment=CNN.name,
                baseline=DENSE.name,
                quantity=FINE_OVER_COARSE,
            ),
            PlannedContrast(
                name="cnn-over-dense-in-fine-gradients",
                question="Is less of the CNN's gradient fine detail than of the dense network's?",
                treatment=CNN.name,
                baseline=DENSE.name,
                quantity=FINE_GRADIENT,
            ),
        ),
        control=(
            "At strength 0 every network classifies exactly as many images correctly as without"
            " corruption (an identity). Every network must lose more to the strongest corruption of"
            " a kind than to the weakest (a positive control)."
        ),
        measures=("corruption",),
        not_shown=(
            "A network trained on corrupted images may rank otherwise. The loss is a mean over four"
            " strengths that were chosen, and the intervals cover seeds and draws of the noise, but"
            " not other test images."
        ),
        short_question="which networks lose accuracy to noise, blur, lost contrast and occlusion?",
        short_control="strength 0: clean accuracy; the strongest must cost more than the weakest",
    )
