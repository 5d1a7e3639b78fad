"""Check a network's answers on a few images, before hours are spent on measuring them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convbias.errors import InputError
from convbias.networks.adapters.classifier import Classifier, Outputs

CLOSE = 1e-3  # what probabilities of half precision leave a sum of 1 by


def checked(classifier: Classifier, images: np.ndarray, labels: np.ndarray | None) -> Classifier:
    """Find out whether a network gives logits or probabilities, and whether it seems to classify.

    Args:
        classifier: Just opened.
        images: A few, as `Classifier.logits` takes them.
        labels: int (m,), of the first m images at most; None where they are not known.

    Returns:
        The same classifier, with what it gives and with remarks.

    Raises:
        InputError: Its answers have another shape, are not finite, are neither logits nor
            probabilities, or contradict what its settings say.
    """
    found = classifier.network.outputs(classifier.taken(images))
    classes = classifier.dimensions.classes
    if found.ndim != 2 or found.shape[0] != len(images):
        raise InputError(
            f"{classifier.name} gives {found.shape} for {len(images)} images",
            f"({len(images)}, {classes}), a score per image and class",
            "pass the output after the last dense layer, without axes of places",
        )
    if found.shape[1] != classes:
        raise InputError(
            f"{classifier.name} gives {found.shape[1]} scores per image, the images have {classes}"
            " classes",
            f"{classes} scores",
            "name the images that it was trained on, or the network for these images",
        )
    if not np.isfinite(found).all():
        raise InputError(
            f"{classifier.name} gives {np.count_nonzero(~np.isfinite(found))} of {found.size}"
            " scores that are not finite",
            "finite numbers",
            "check its weights, and its pixels: --highest 255 where it takes them from 0 to 255",
        )
    outputs = _kind(classifier, found)
    remarks = []
    if np.ptp(found, axis=0).max() == 0 and len(images) > 1:
        remarks.append("It gives the same scores for every image.")
    elif labels is not None:
        few = found[: len(labels)].argmax(axis=1) == labels[: len(found)]
        if few.mean() <= 1.5 / classes:
            remarks.append(
                f"Of the first {len(few)} images it classifies {100 * few.mean():.0f} % correctly,"
                f" and guessing {100 / classes:.0f} %. If it is better than that, it may take"
                " other pixels (--highest 255, --mean, --deviation), its channels elsewhere"
                " (--channels), or number the classes in another order."
            )
    return replace(classifier, outputs=outputs, remarks=tuple(remarks))


def _kind(classifier: Classifier, found: np.ndarray) -> Outputs:
    between = bool((found >= -CLOSE).all() and (found <= 1 + CLOSE).all())
    sums = bool(np.allclose(found.sum(axis=1), 1, atol=CLOSE))
    stated = classifier.settings.outputs
    if stated == "probabilities" and not (between and sums):
        raise InputError(
            f"{classifier.name} gives from {found.min():.3g} to {found.max():.3g}, in sums of"
            f" {found.sum(axis=1).min():.3g} to {found.sum(axis=1).max():.3g}",
            "probabilities: from 0 to 1, with a sum of 1",
            "leave --outputs out, or state --outputs logits",
        )
    if stated:
        return stated
    if between and sums:
        return "probabilities"
    if between and len(found) > 1:
        raise InputError(
            f"{classifier.name} gives scores between 0 and 1 whose sums are"
            f" {found.sum(axis=1).min():.3g} to {found.sum(axis=1).max():.3g}: these are neither"
            " probabilities of one class nor look like logits",
            "logits, or probabilities with a sum of 1",
            "end the network in a softmax, or in no activation; state --outputs logits if they are",
        )
    return "logits"
