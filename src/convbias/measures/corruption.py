"""Accuracy on corrupted images, and whether fine or coarse detail moves a network's answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import keras
import numpy as np

from convbias.data.corruptions import (
    blur,
    fine_frequencies,
    noise_in_band,
    occlude_at_random,
    reduce_contrast,
)
from convbias.data.transforms import add_noise
from convbias.measures.base import MeasureValues, Subject
from convbias.measures.robustness import DEVIATIONS
from convbias.networks.forward import Apply, compiled, to_logits
from convbias.spec.datasets import FASHION_MNIST


@dataclass(frozen=True)
class Corruption:
    """A corruption at several strengths.

    Args:
        name: Its name in values and figures.
        strengths: Ascending, above 0; strength 0 changes no image. Noise has grey values, blur and
            occlusion have pixels, contrast has a share.
        apply: From uint8 images, a strength and a seed to uint8 images.
    """

    name: str
    strengths: tuple[float, ...]
    apply: Callable[[np.ndarray, float, int], np.ndarray]


# Those of images of 28 pixels.
CORRUPTIONS = (
    Corruption("noise", DEVIATIONS, add_noise),
    Corruption(
        "blur",
        (0.5, 1.0, 1.5, 2.0),
        lambda images, strength, _: blur(images, strength),
    ),
    Corruption(
        "contrast",
        (0.25, 0.5, 0.75, 0.9),
        lambda images, strength, _: reduce_contrast(images, strength),
    ),
    Corruption(
        "occlusion",
        (4, 8, 12, 16),
        lambda images, strength, seed: occlude_at_random(images, int(strength), seed),
    ),
)
IN_PIXELS = ("blur", "occlusion")


def corruptions_of(side: int) -> tuple[Corruption, ...]:
    """The corruptions of images, blur and covered squares in proportion to their side.

    Args:
        side: Pixels per side of the images.

    Example:
        >>> [each.strengths for each in corruptions_of(56) if each.name in ("blur", "occlusion")]
        [(1.0, 2.0, 3.0, 4.0), (8, 16, 24, 32)]
    """
    scale = side / FASHION_MNIST.side
    return tuple(
        replace(
            each, strengths=tuple(_scaled(strength * scale, each) for strength in each.strengths)
        )
        if each.name in IN_PIXELS
        else each
        for each in CORRUPTIONS
    )


def _scaled(strength: float, corruption: Corruption) -> float:
    return max(1, round(strength)) if corruption.name == "occlusion" else round(strength, 2)


# Grey values. Weaker noise costs too little to compare bands, stronger leaves chance.
BAND_DEVIATIONS = (16, 32)


def corrupted_accuracies(
    network: keras.Model, images: np.ndarray, labels: np.ndarray, seed: int
) -> dict[str, float]:
    """Classify all images once with every corruption at every strength.

    Args:
        network: Takes float32 (n, height, width, channels) in [0, 1], returns a score per class.
        images: uint8 (n, height, width, channels), n at least 1.
        labels: int (n,).
        seed: Random seed of the noise and of the covered places, which are the same for all
            networks.

    Returns:
        Shares of the images classified correctly: `accuracy_clean`; `accuracy_at_strength_0`, with
        every corruption at strength 0, one after the other, so the same to the last image;
        `accuracy_NAME_STRENGTH`; and for each corruption `lost_to_NAME`, the clean accuracy minus
        the mean over its strengths.

        `lost_to_fine_noise` and `lost_to_coarse_noise` are likewise the losses, averaged over two
        strengths, to noise of the same energy whose periods are shorter and longer than four
        pixels; and `lost_to_fine_over_coarse_noise` the first minus the second. This noise is not
        clipped, because a clipped one has other frequencies, too.
    """
    scores = compiled(network)

    def accuracy(changed: np.ndarray) -> float:
        return float((scores(changed).argmax(axis=1) == labels).mean())

    unchanged = images
    corruptions = corruptions_of(images.shape[1])
    for each in corruptions:
        unchanged = each.apply(unchanged, 0, seed)
    clean = accuracy(images)
    values = {"accuracy_clean": clean, "accuracy_at_strength_0": accuracy(unchanged)}
    answers = answers_by_corruption(
        lambda changed: scores(changed).argmax(axis=1), images, corruptions, seed
    )
    for each in corruptions:
        found = [float((answer == labels).mean()) for answer in answers[each.name]]
        values |= {
            f"accuracy_{each.name}_{strength:g}": value
            for strength, value in zip(each.strengths, found, strict=True)
        }
        values[f"lost_to_{each.name}"] = clean - float(np.mean(found))
    pixels = images.astype(np.float32) / 255
    for band in ("fine", "coarse"):
        noise = noise_in_band(images.shape, band, seed) / 255
        found = [accuracy(pixels + np.float32(by) * noise) for by in BAND_DEVIATIONS]
        values[f"lost_to_{band}_noise"] = clean - float(np.mean(found))
    values["lost_to_fine_over_coarse_noise"] = (
        values["lost_to_fine_noise"] - values["lost_to_coarse_noise"]
    )
    return values


def answers_by_corruption(
    classify: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    corruptions: Sequence[Corruption],
    seed: int,
) -> dict[str, np.ndarray]:
    """Classify all images once with every corruption at every strength.

    Args:
        classify: From uint8 images to int (n,), their most probable classes.
        images: uint8 (n, height, width, channels), n at least 1.
        corruptions: From `corruptions_of`.
        seed: As for `corrupted_accuracies`.

    Returns:
        Corruption to int (strengths, n).
    """
    return {
        each.name: np.stack(
            [classify(each.apply(images, strength, seed)) for strength in each.strengths]
        )
        for each in corruptions
    }


def fine_gradient_share(network: keras.Model, images: np.ndarray) -> float:
    """How much of what moves a network's answers to first order is fine detail.

    The margin is the logit of the answer minus the next largest one. Its gradient with respect to
    the pixels is the smallest change that moves it by a given amount.

    Args:
        network: From float32 (n, height, width, channels) in [0, 1] to probabilities by a softmax.
        images: uint8 (n, height, width, channels), n at least 1.

    Returns:
        The share of the gradient's energy in periods below four pixels, mean over the images whose
        gradient is not zero: 0 to 1, and 0.81 for white noise of 28 x 28 pixels; NaN if all are
        zero.
    """
    fine = jnp.asarray(fine_frequencies(*images.shape[1:3]))

    def energies(apply: Apply, pixels: jax.Array) -> jax.Array:
        """(n, 2): energy of the gradient in fine detail, and in all."""

        def margin(pixels: jax.Array) -> jax.Array:
            largest, _ = jax.lax.top_k(apply(pixels), 2)
            return (largest[:, 0] - largest[:, 1]).sum()

        gradient = jax.grad(margin)(pixels)
        energy = jnp.square(jnp.abs(jnp.fft.fft2(gradient, axes=(1, 2)))).sum(axis=3)
        return jnp.stack([(energy * fine).sum(axis=(1, 2)), energy.sum(axis=(1, 2))], axis=1)

    of_fine, of_all = compiled(to_logits(network), energies)(images).T
    seen = of_all > 0
    return float((of_fine[seen] / of_all[seen]).mean()) if seen.any() else float("nan")


def measure(subject: Subject) -> MeasureValues:
    """The numbers of `corrupted_accuracies`, and `fine_gradient_share`, on all test images.

    Args:
        subject: Any network.
    """
    images, labels = subject.dataset.test_images, subject.dataset.test_labels
    values = corrupted_accuracies(subject.network, images, labels, subject.seed)
    values["fine_gradient_share"] = fine_gradient_share(subject.network, images)
    return MeasureValues(values, images=len(images))
