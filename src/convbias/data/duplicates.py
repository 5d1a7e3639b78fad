"""Images that occur twice: equal in every pixel, or the same picture stored in another way."""

from __future__ import annotations

import hashlib

import numpy as np

# Integers (n, 2): two images' indices, the smaller first, in ascending order.
Pairs = np.ndarray

SAME_FROM = 0.995  # correlation of two reduced images
REDUCED_SIDE = 16  # pixels
FLAT_BELOW = 1.0  # standard deviation in grey values; such images show nothing
DIRECTIONS = 24  # in which pairs are compared first
ROWS_AT_A_TIME = 512
MOST_PAIRS = 1_000_000  # of images that are all alike there would be billions


def equal_images(images: np.ndarray) -> Pairs:
    """Find images that are equal in every pixel.

    Args:
        images: uint8 (n, side, side, channels).

    Returns:
        Each image that occurred before, with the first one that is equal.
    """
    first: dict[bytes, int] = {}
    pairs = []
    for index, image in enumerate(images):
        digest = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
        before = first.setdefault(digest, index)
        if before != index:
            pairs.append((before, index))
    return _ordered(pairs)


def similar_images(images: np.ndarray) -> Pairs:
    """Find images that differ in little more than how they were stored.

    Images are made grey and reduced to 16 x 16 mean values; two are similar where the correlation
    of these is at least 0.995, whatever their brightness and contrast. Flat images are left out.
    Only images that are near in the 24 directions in which most differ are compared in full. The
    time grows with the square of the number of images: seconds for 60,000.

    Args:
        images: uint8 (n, side, side, channels).

    Returns:
        All pairs, but at most a million.
    """
    signatures, places = _signatures(images)
    if len(signatures) < 2:
        return _ordered([])
    # Unit vectors of correlation r are sqrt(2 - 2 r) apart, and no more in any directions of space:
    # few numbers rule most pairs out.
    farthest = np.sqrt(2 - 2 * SAME_FROM) + 1e-5
    near = _principal(signatures)
    order = np.argsort(near[:, 0], kind="stable")
    signatures, near, places = signatures[order], near[order], places[order]
    ends = np.searchsorted(near[:, 0], near[:, 0] + farthest, side="right")
    lengths = (near**2).sum(axis=1)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(signatures), ROWS_AT_A_TIME):
        stop = min(start + ROWS_AT_A_TIME, len(signatures))
        end = int(ends[stop - 1])
        products = near[start:stop] @ near[start:end].T
        products *= -2
        products += lengths[start:stop, np.newaxis]
        products += lengths[start:end]
        row, column = np.nonzero(products <= farthest**2)
        row, column = row[column > row] + start, column[column > row] + start
        same = np.einsum("ij,ij->i", signatures[row], signatures[column]) >= SAME_FROM
        one, other = places[row[same]], places[column[same]]
        pairs += zip(np.minimum(one, other).tolist(), np.maximum(one, other).tolist(), strict=True)
        if len(pairs) > MOST_PAIRS:
            break
    return _ordered(pairs[:MOST_PAIRS])


def _principal(signatures: np.ndarray) -> np.ndarray:
    """Positions along the directions in which most signatures differ, the first one first."""
    centred = signatures - signatures.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    return centred @ directions[:, : -1 - DIRECTIONS : -1]


def _signatures(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reduced images as vectors of mean 0 and length 1, and the indices of those not left out."""
    side = images.shape[1]
    reduced = min(side, REDUCED_SIDE)
    averaging = _averaging(side, reduced)
    vectors = np.empty((len(images), reduced**2), dtype=np.float32)
    for start in range(0, len(images), 2_000):
        grey = images[start : start + 2_000].mean(axis=-1, dtype=np.float32)
        small = averaging @ grey @ averaging.T
        vectors[start : start + 2_000] = small.reshape(len(small), -1)
    vectors -= vectors.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.mean(vectors**2, axis=1))
    places = np.flatnonzero(spread >= FLAT_BELOW)
    chosen = vectors[places] / (spread[places, np.newaxis] * reduced)
    return chosen, places


def _averaging(side: int, reduced: int) -> np.ndarray:
    """float32 (reduced, side): means over equal intervals of a line; pixels may be divided."""
    edges = np.linspace(0, side, reduced + 1)
    starts = np.arange(side)
    overlap = np.minimum(edges[1:, np.newaxis], starts + 1) - np.maximum(
        edges[:-1, np.newaxis], starts
    )
    return (np.maximum(overlap, 0) * reduced / side).astype(np.float32)


def _ordered(pairs: list[tuple[int, int]]) -> Pairs:
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
