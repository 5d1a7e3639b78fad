"""Effective receptive field: how much of its theoretical field a unit uses."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax
from scipy import optimize

from convbias.errors import InputError
from convbias.measures.base import MeasureValues, Subject
from convbias.measures.theoretical_field import theoretical_fields
from convbias.networks.forward import Apply, compiled
from convbias.spec.arithmetic import Field

SHARES = (20, 30, 50, 99)  # per cent, those of Ding et al. 2022

# Number of images whose intermediate results are held at once.
BATCH = 64

# The first images of the test set, which is in random order, the same for all networks; as many as
# one core takes half a minute for, before and after training.
TEST_IMAGES = 1_000


def influence_map(network: keras.Model, images: np.ndarray, layer: str) -> np.ndarray:
    """How strongly each pixel influences the central unit of a feature map.

    The mean over images and the layer's channels of the absolute gradient of the unit with respect
    to the pixel (Luo et al. 2016, arXiv 1701.04128, who send a gradient back from the central
    unit). Absolute, so that channels of opposite sign do not cancel, and not squared, so that a
    pixel with half the gradient has half the share; channels of the image are added up.

    Args:
        network: Trained or not.
        images: uint8 (n, height, width, channels); the gradient of a network with ReLU or
            max-pooling depends on the image.
        layer: Name of a layer whose output is (n, rows, columns, channels); with an even number of
            rows or columns, the central unit is the later of the two middle ones.

    Returns:
        float64 (height, width), at least 0, with sum 1. Outside the theoretical field it is 0 but
        for rounding: all of it together less than 1e-6.

    Raises:
        InputError: No image gives any gradient.
    """
    part = keras.Model(network.inputs, network.get_layer(layer).output)
    _, rows, columns, channels = part.output_shape

    def influences(apply: Apply, images: jax.Array) -> jax.Array:
        """(n, height, width): absolute gradients, added up over both layers' channels."""
        _, pull_back = jax.vjp(lambda images: apply(images)[:, rows // 2, columns // 2], images)

        def add(total: jax.Array, channel: jax.Array) -> tuple[jax.Array, None]:
            (gradient,) = pull_back(jnp.tile(channel, (len(images), 1)))
            return total + jnp.abs(gradient).sum(axis=3), None

        return lax.scan(add, jnp.zeros(images.shape[:3]), jnp.eye(channels))[0]

    maps = compiled(part, influences, largest=BATCH)(images)
    total = maps.sum(axis=0, dtype=np.float64)
    if not total.sum() > 0:
        raise InputError(
            f"no pixel of {len(images)} images moves the central unit of {layer}",
            "a gradient other than zero",
            "pass other images, or another layer: these units may never be active",
        )
    return total / total.sum()


def share_within(influence: np.ndarray, side: float, centre: tuple[float, float]) -> float:
    """Share of a map inside a square, each pixel's value spread evenly over its area.

    Args:
        influence: float (height, width), at least 0, with sum 1.
        side: Side of the square in pixels, at least 0.
        centre: Position in pixels from the map's upper left corner.

    Returns:
        The share, 0 to 1.

    Example:
        >>> round(share_within(np.full((10, 10), 0.01), 5, (5, 5)), 6)
        0.25
    """
    rows, columns = (
        np.minimum(edges + 1, middle + side / 2) - np.maximum(edges, middle - side / 2)
        for edges, middle in zip(map(np.arange, influence.shape), centre, strict=True)
    )
    return float(np.clip(rows, 0, None) @ influence @ np.clip(columns, 0, None))


def square_holding(influence: np.ndarray, share: float, centre: tuple[float, float]) -> float:
    """Side of the smallest square around a point that holds a share of a map.

    Each pixel's value counts as spread evenly over its area, so the side is a real number: a
    square may cut through pixels.

    Args:
        influence: float (height, width), at least 0, with sum 1.
        share: The share, more than 0 and less than 1.
        centre: Position in pixels from the map's upper left corner, inside the map.

    Returns:
        The side in pixels.

    Example:
        >>> round(square_holding(np.full((10, 10), 0.01), 0.25, (5, 5)), 6)
        5.0
    """
    # The share grows with the side, so bisection finds where it first reaches the one asked for.
    widest = 2.0 * max(influence.shape)
    return optimize.bisect(
        lambda side: 0.5 if share_within(influence, side, centre) >= share else -0.5, 0.0, widest
    )


def receptive_field(
    network: keras.Model, images: np.ndarray, layer: str | None = None
) -> tuple[np.ndarray, dict[str, float]]:
    """Compare the effective with the theoretical receptive field of a layer's central unit.

    Args:
        network: Trained or not, a `keras.Sequential`.
        images: uint8 (n, height, width, channels), the same for networks to be compared.
        layer: The layer's name; None means the last layer whose output is a map.

    Returns:
        The map of `influence_map`, and: `theoretical_field` (pixels per side, not cut at the
        image's frame); for each p of 20, 30, 50 and 99 `effective_field_p`, the side in pixels of
        the smallest square around the theoretical field's middle that holds p % of the map
        (interpolated, see `square_holding`; after Ding et al. 2022, arXiv 2203.06717, whose squares
        grow by whole pixels), and `effective_share_p`, that side as a share of the theoretical one;
        `influence_outside`, the share of the map outside the theoretical field: 0 but for rounding.

    Raises:
        InputError: The layer has no map, or `theoretical_fields` does not support the network.
    """
    fields = theoretical_fields(network)
    if not fields or (layer is not None and layer not in fields):
        raise InputError(
            f"{layer or network.name} has no units in place",
            f"one of {', '.join(fields)}" if fields else "a network with a feature map",
        )
    layer = layer or list(fields)[-1]
    field = fields[layer]
    influence = influence_map(network, images, layer)
    _, rows, columns, _ = network.get_layer(layer).output.shape
    return influence, field_numbers(influence, field, field.centre(rows // 2, columns // 2))


def field_numbers(
    influence: np.ndarray, field: Field, centre: tuple[float, float]
) -> dict[str, float]:
    """The numbers of `receptive_field`, from a map of influence.

    Args:
        influence: float (height, width), at least 0, with sum 1.
        field: The theoretical field.
        centre: Its middle in pixels from the map's upper left corner.
    """
    numbers = {
        "theoretical_field": float(field.side),
        "influence_outside": max(0.0, 1 - share_within(influence, field.side, centre)),
    }
    for share in SHARES:
        side = square_holding(influence, share / 100, centre)
        numbers[f"effective_field_{share}"] = side
        numbers[f"effective_share_{share}"] = side / field.side
    return numbers


def measure(subject: Subject) -> MeasureValues:
    """The last feature map's receptive field, after training and before.

    Args:
        subject: A network; one without a feature map has no numbers.

    Returns:
        The numbers of `receptive_field` on the first test images, those of the same network before
        training as `untrained_...`; and the maps `influence` and `untrained_influence`,
        (height, width), with sum 1.
    """
    if not theoretical_fields(subject.network):
        return MeasureValues({})
    dataset = subject.dataset
    images = dataset.test_images[subject.first(TEST_IMAGES, dataset.test_labels)]
    influence, numbers = receptive_field(subject.network, images)
    before, untrained = receptive_field(subject.untrained(), images)
    return MeasureValues(
        numbers | {f"untrained_{name}": value for name, value in untrained.items()},
        {"influence": influence, "untrained_influence": before},
        images=len(images),
    )
