"""How much the first layer's filters resemble oriented edges and bars, compared with chance."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from convbias.errors import InputError
from convbias.measures.base import MeasureValues, Subject

SMALLEST_KERNEL = 3  # a second difference takes three pixels

# Below this share of a filter's energy, what is left without its mean is float32 rounding.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Filters:
    """Shares of energy and orientation of each filter.

    Args:
        edge: float64 (filters,), share of the mean-free filter's energy (0 to 1) that is an edge.
        bar: float64 (filters,), likewise a bar.
        orientation: float64 (filters,), the direction in degrees in which the edge brightens: 0 to
            the right, 90 upwards, -90 downwards, 180 to the left; NaN without an edge.
    """

    edge: np.ndarray
    bar: np.ndarray
    orientation: np.ndarray


def edge_basis(size: int) -> np.ndarray:
    """The two first derivatives of a smooth brightness: Sobel's operators, for any size.

    Each is a binomial along one axis times its first central difference along the other. They span
    the edges of all orientations: cos(a) of the first plus sin(a) of the second is the edge that
    brightens at angle a (Freeman and Adelson 1991, "The design and use of steerable filters").

    Args:
        size: Pixels per side, at least 3.

    Returns:
        float64 (2, size * size), orthonormal: brightening to the right, and upwards.

    Example:
        >>> (edge_basis(3)[0].reshape(3, 3) * 12**0.5).round(6).tolist()
        [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]
    """
    smooth, first, _ = _derivatives(size)
    basis = np.stack([np.outer(smooth, first).ravel(), np.outer(-first, smooth).ravel()])
    return basis / np.linalg.norm(basis, axis=1, keepdims=True)


def bar_basis(size: int) -> np.ndarray:
    """An orthonormal basis of the three second derivatives of a smooth brightness.

    They span the bars of all orientations, and with them the round blob, which is the sum of a
    horizontal and a vertical bar.

    Args:
        size: Pixels per side, at least 3.

    Returns:
        float64 (3, size * size), orthonormal, and orthogonal to `edge_basis`.
    """
    smooth, first, second = _derivatives(size)
    bars = [np.outer(smooth, second), np.outer(second, smooth), np.outer(first, first)]
    orthonormal, _ = np.linalg.qr(np.stack([bar.ravel() for bar in bars], axis=1))
    return orthonormal.T


def _derivatives(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A binomial of `size` taps, and the first and second difference of a narrower one."""
    narrow = np.ones(1)
    for _ in range(size - SMALLEST_KERNEL):
        narrow = np.convolve(narrow, [1, 1])
    smooth, first, second = ([1, 2, 1], [-1, 0, 1], [1, -2, 1])
    return np.convolve(narrow, smooth), np.convolve(narrow, first), np.convolve(narrow, second)


def describe_filters(kernels: np.ndarray) -> Filters:
    """Split the energy of each filter into edge, bar and the rest.

    The mean of a filter is subtracted first: it is the response to uniform brightness and says
    nothing about the filter's shape. A constant filter has no energy left and counts as 0 edge and
    0 bar.

    Args:
        kernels: float (size, size, channels, filters), as Keras stores them, size at least 3. The
            energies of a filter's channels are added up; its orientation is that of their sum.

    Returns:
        The shares and orientation of each filter.

    Raises:
        InputError: The kernels have another shape.
    """
    if kernels.ndim != 4 or kernels.shape[0] != kernels.shape[1]:
        raise InputError(f"kernels are {kernels.shape}", "(size, size, channels, filters)")
    size, channels = kernels.shape[0], kernels.shape[2]
    if size < SMALLEST_KERNEL:
        raise InputError(
            f"kernels of {size} x {size} pixels have no room for an edge and a bar",
            f"{SMALLEST_KERNEL} x {SMALLEST_KERNEL} or larger",
        )
    # Along its axes: filters, channels and pixels.
    filters = kernels.reshape(size * size, channels, -1).transpose(2, 1, 0).astype(np.float64)
    shapes = filters - filters.mean(axis=2, keepdims=True)
    energy = np.square(shapes).sum(axis=(1, 2))
    constant = energy <= ROUNDING * np.square(filters).sum(axis=(1, 2))
    divisor = np.where(constant, np.inf, energy)
    edges, bars = shapes @ edge_basis(size).T, shapes @ bar_basis(size).T
    edge = np.square(edges).sum(axis=(1, 2)) / divisor
    along = edges.sum(axis=1)
    direction = np.degrees(np.arctan2(along[:, 1], along[:, 0]))
    return Filters(
        edge=edge,
        bar=np.square(bars).sum(axis=(1, 2)) / divisor,
        orientation=np.where(edge <= ROUNDING, np.nan, direction),
    )


def energy_by_chance(
    size: int, dimensions: int, filters: int, channels: int = 1
) -> tuple[float, float]:
    """Share of a random filter's energy that falls into a fixed subspace of mean-free filters.

    For a direction uniform on the sphere, as that of independent normal weights, the share has a
    beta distribution with parameters d / 2 and (m - d) / 2, m = size * size - 1; with c channels
    both are multiplied by c.

    Args:
        size: Pixels per side.
        dimensions: Dimension d of the subspace: 2 for edges, 3 for bars.
        filters: Number of independent filters in the mean.
        channels: Channels of every filter, whose energies are added up.

    Returns:
        Expectation of the mean, d / m, and its standard error.

    Example:
        >>> energy_by_chance(size=3, dimensions=2, filters=32)[0]
        0.25
    """
    room = (size * size - 1) * channels
    dimensions *= channels
    variance = 2 * dimensions * (room - dimensions) / (room**2 * (room + 2))
    return dimensions / room, (variance / filters) ** 0.5


def oriented_filters(network: keras.Model) -> dict[str, float]:
    """How much of the first layer's filters are edges and bars, compared with chance.

    Args:
        network: Its first convolution has kernels of at least 3 x 3.

    Returns:
        `edge_energy` and `bar_energy` (mean share over the filters, 0 to 1), and for each the
        expectation for random filters of that size, `..._by_chance`, with the standard error of a
        mean over as many random filters, `..._chance_error`, and by how many of these the energy
        lies above, `..._standard_errors_from_chance`.

    Raises:
        InputError: There is no convolution, or its kernels have another shape.
    """
    kernels = first_kernels(network)
    found = describe_filters(kernels)
    numbers: dict[str, float] = {}
    shares = {"edge": (found.edge, edge_basis), "bar": (found.bar, bar_basis)}
    for name, (energy, basis) in shares.items():
        size, channels, filters = kernels.shape[1:]
        expected, error = energy_by_chance(size, len(basis(size)), filters, channels)
        mean = float(energy.mean())
        numbers[f"{name}_energy"] = mean
        numbers[f"{name}_energy_by_chance"] = expected
        numbers[f"{name}_energy_chance_error"] = error
        numbers[f"{name}_energy_standard_errors_from_chance"] = (mean - expected) / error
    return numbers


def first_kernels(network: keras.Model) -> np.ndarray:
    """Kernels of a network's first convolution.

    Returns:
        float (size, size, channels, filters).

    Raises:
        InputError: The network has no convolution.
    """
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            return np.asarray(layer.get_weights()[0])
    raise InputError(
        f"{network.name} has no convolution", "a network with a Conv2D layer", "choose another one"
    )


def measure(subject: Subject) -> MeasureValues:
    """The numbers of `oriented_filters`, and how far training moved the filters.

    Args:
        subject: A network; one without such filters has no numbers.

    Returns:
        The numbers of `oriented_filters`, and `kernels_moved`, the largest absolute difference
        between a weight of these filters and its initial value: for frozen filters exactly 0 on
        the device that drew them, and at most the last bit elsewhere. Pictures: `kernels`
        (size, size, filters), for coloured images (size, size, 3, filters), and `edge_shares`
        (filters,), the share (0 to 1) of each filter's energy that is an edge.
    """
    try:
        numbers = oriented_filters(subject.network)
    except InputError:
        return MeasureValues({})
    kernels = first_kernels(subject.network)
    moved = np.abs(kernels - first_kernels(subject.untrained())).max()
    return MeasureValues(
        numbers | {"kernels_moved": float(moved)},
        {
            "kernels": kernels[:, :, 0] if kernels.shape[2] == 1 else kernels,
            "edge_shares": describe_filters(kernels).edge,
        },
    )
