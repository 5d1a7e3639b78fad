"""The rules by which experiments adapt to a data set, in sentences.

Every question is a function of the description of a data set; here is what these functions do.
"""

from __future__ import annotations

from convbias.experiments.canvas import OF_SIDE, SIDE
from convbias.experiments.questions.data_efficiency.question import SUBSETS
from convbias.experiments.questions.hierarchy.question import WITHIN as ONE_LAYER_WITHIN
from convbias.experiments.questions.kernel_size.question import WITHIN as KERNELS_WITHIN
from convbias.experiments.questions.sharing.question import MOST_MULTIPLY_ADDS
from convbias.experiments.questions.sharing.question import WITHIN as SHARING_WITHIN
from convbias.spec.experiment import LEAST_PER_EPOCH

RULES: tuple[str, ...] = (
    (
        "Blocks that are shuffled divide the side of the images; each is at least one and a half"
        " times as wide as the one before."
    ),
    (
        f"The canvas of shifts and corners has {SIDE}/{OF_SIDE} of the side, to the nearest"
        " multiple of 4, and images are shifted as far as it has room."
    ),
    "In the test of position, the two classes with the most training images are in the corners.",
    (
        f"The subsets of data efficiency have {', '.join(f'{size:,}' for size in SUBSETS)} images,"
        " as far as they are smaller than the training split and have at least one image per class,"
        " and the whole."
    ),
    (
        "Kernels are smaller than the images, so that every weight meets some pixel, after the"
        " first pooling, too; a network that pooling would leave no pixel is left out."
    ),
    (
        "Where networks are held equal, numbers of filters are searched that make them so on these"
        f" images: to within {100 * SHARING_WITHIN:g} % of the dense network’s parameters, to"
        f" within {100 * KERNELS_WITHIN['equal parameters']:g} and"
        f" {100 * KERNELS_WITHIN['equal multiply-adds']:g} % of the 3x3 CNN’s parameters and"
        f" multiply-adds, and with one layer to within {100 * ONE_LAYER_WITHIN:g} %. More than"
        f" {MOST_MULTIPLY_ADDS / 1e6:,.0f} million multiply-adds per image are too many."
    ),
    "Blur and covered squares are in proportion to the side; noise and contrast are as they are.",
    (
        "Silhouettes need grey images on black; experiments on tables, graphs, sequences and text"
        " are not about these images."
    ),
    (
        f"Of fewer than {LEAST_PER_EPOCH:,} images to train on, an epoch is as many passes as make"
        f" {LEAST_PER_EPOCH:,}, or else networks would take too few steps."
    ),
    (
        "Learning rates are those of Fashion-MNIST, of networks with other filters those of the"
        " published filters, unless `convbias tune` has searched on these images."
    ),
    "Measures that take a part of the test images draw it once, the same for all networks.",
)
