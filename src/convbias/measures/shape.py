"""Whether a network answers by a garment's silhouette or by its texture."""

from __future__ import annotations

import keras
import numpy as np

from convbias.data.hybrids import cut_out, mean_grey, partners, silhouettes, textures
from convbias.measures.base import MeasureValues, Subject
from convbias.networks.forward import compiled

EXAMPLES = 4


def shape_and_texture(
    network: keras.Model, images: np.ndarray, labels: np.ndarray, seed: int
) -> tuple[dict[str, float], np.ndarray]:
    """Classify silhouettes, textures, and silhouettes filled with another class's texture.

    Args:
        network: Takes float32 (n, height, width, 1) in [0, 1], returns a score per class.
        images: uint8 (n, height, width, 1), garments on black, at least 6 pixels per side.
        labels: int (n,), of at least two classes.
        seed: Random seed of whose texture fills whose silhouette, the same for all networks.

    Returns:
        Shares of the images, 0 to 1:

        - `silhouette_accuracy`: silhouettes in one grey that get their class,
        - `texture_accuracy`: textures without silhouette that get their class,
        - `shape_answers` and `texture_answers`: hybrids that get their silhouette's class and their
          texture's,
        - `shape_bias`: the former as a share of both (Geirhos et al. 2019, arXiv 1811.12231); not
          among the values where there are none,
        - `accuracy_whole` and `accuracy_cut_out`: images as they are, and without what is outside
          their silhouettes;

        and `answers_to_black`, the number of different answers to silhouettes filled with black.
        Then uint8 (5, examples, height, width): images, their silhouettes, the other images, their
        textures, and the hybrids.
    """
    classify = compiled(network)

    def answers(stimuli: np.ndarray) -> np.ndarray:
        return classify(stimuli).argmax(axis=1)

    masks = silhouettes(images)
    others = partners(labels, seed)
    patterns = textures(images, masks)
    hybrids = cut_out(masks, patterns[others])
    grey = cut_out(masks, mean_grey(images, masks))
    of_hybrids = answers(hybrids)
    by_shape = float((of_hybrids == labels).mean())
    by_texture = float((of_hybrids == labels[others]).mean())
    values = {
        "accuracy_whole": float((answers(images) == labels).mean()),
        "accuracy_cut_out": float((answers(cut_out(masks, images)) == labels).mean()),
        "silhouette_accuracy": float((answers(grey) == labels).mean()),
        "texture_accuracy": float((answers(patterns) == labels).mean()),
        "shape_answers": by_shape,
        "texture_answers": by_texture,
        "answers_to_black": float(len(np.unique(answers(cut_out(masks, 0))))),
    }
    if by_shape + by_texture > 0:
        values["shape_bias"] = by_shape / (by_shape + by_texture)
    kinds = (images, grey, images[others], patterns[others], hybrids)
    return values, np.stack([each[:EXAMPLES, :, :, 0] for each in kinds])


def measure(subject: Subject) -> MeasureValues:
    """The numbers of `shape_and_texture` on all test images.

    Args:
        subject: Any network.

    Returns:
        The numbers, and the picture `shape_examples`, uint8 values.
    """
    images, labels = subject.dataset.test_images, subject.dataset.test_labels
    values, examples = shape_and_texture(subject.network, images, labels, subject.seed)
    return MeasureValues(values, {"shape_examples": examples}, images=len(images))
