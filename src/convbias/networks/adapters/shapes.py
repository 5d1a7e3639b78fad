"""Whether a network takes images of a size, and where its channels are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convbias.errors import InputError
from convbias.networks.adapters.classifier import Order
from convbias.spec.datasets import Dimensions


def fitting_order(
    what: str,
    shape: Sequence[Any],
    dimensions: Dimensions,
    order: Order | None,
    preferred: Order = "first",
) -> Order:
    """The order of axes in which images fit the shape of a network's input.

    Args:
        what: What sentences call the network.
        shape: Of its input: images, then three more; what is no whole number is free.
        dimensions: Of the images.
        order: The order that was asked for; None: either.
        preferred: Which one where both fit.

    Returns:
        The order.

    Raises:
        InputError: The images do not fit, or not in the order that was asked for.

    Example:
        >>> fitting_order("it", ("n", 3, 32, 32), Dimensions(32, 3, 10), None)
        'first'
    """
    side, channels = dimensions.side, dimensions.channels
    shapes: dict[Order, tuple[int, ...]] = {
        "first": (channels, side, side),
        "last": (side, side, channels),
    }
    fitting: list[Order] = [
        name
        for name, wanted in shapes.items()
        if len(shape) == 4
        and all(
            not isinstance(has, int) or has == wants
            for has, wants in zip(shape[1:], wanted, strict=True)
        )
    ]
    if not fitting or (order is not None and order not in fitting):
        written = " x ".join("n" if each is None else str(each) for each in shape)
        asked = f", with channels {order}" if order else ""
        raise InputError(
            f"{what} takes {written}; the images are {side} x {side} with {channels} channels"
            f"{asked}",
            f"an input of n x {channels} x {side} x {side} or n x {side} x {side} x {channels}",
            "bring your own images to its size with --side, or state where its channels are with"
            " --channels first or --channels last",
        )
    return order or (preferred if preferred in fitting else fitting[0])
