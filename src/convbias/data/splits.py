"""Fixed stratified splits of the training images, and nested subsets of them."""

from __future__ import annotations

import numpy as np

from convbias.errors import InputError
from convbias.spec.streams import Stream, generator


def split(
    labels: np.ndarray, seed: int, validation_images: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Split training images into a part to train on and a part to validate on.

    Both parts have the classes in the proportions of the whole: of classes of equal size, the
    validation part has the same numbers to within one image; of others, those of Webster's method.

    Args:
        labels: Integers (n,).
        seed: The run's seed, 0 or more.
        validation_images: How many are held out; by default a tenth, which is 6,000 of
            Fashion-MNIST's 60,000.

    Returns:
        Indices int64 of the training part and of the validation part, each ascending.

    Raises:
        InputError: No image would be left in one of the parts, or the seed is negative.

    Example:
        >>> train, validation = split(np.repeat(np.arange(10), 20), seed=0)
        >>> len(train), len(validation)
        (180, 20)
    """
    n = len(labels)
    if validation_images is None:
        validation_images = n // 10
    if not 0 < validation_images < n:
        raise InputError(
            f"{validation_images} of {n} images cannot be set aside for validation",
            "at least 1 and fewer than there are",
            "choose another number, or use more images",
        )
    order = _stratified_order(labels, seed, Stream.SPLIT)
    return np.sort(order[validation_images:]), np.sort(order[:validation_images])


def subset(indices: np.ndarray, labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Choose images of a training split; a larger subset holds every smaller one.

    The classes are in the proportions of the split: of classes of equal size, none has more than
    one image more than another; of others, their numbers are those of Webster's method.

    Args:
        indices: Integers, the split's indices into `labels`.
        labels: Integers (m,), of all images.
        n: How many to choose.
        seed: The run's seed, 0 or more.

    Returns:
        int64 (n,), ascending, chosen from `indices`.

    Raises:
        InputError: The split has fewer images, n is below 1, or the seed is negative.

    Example:
        >>> chosen = subset(np.arange(100, 200), np.arange(200) % 10, n=20, seed=0)
        >>> np.bincount(chosen % 10).tolist()
        [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
    """
    if not 1 <= n <= len(indices):
        raise InputError(
            f"{n} images cannot be chosen from {len(indices)}",
            f"a number from 1 to {len(indices)}",
            "choose fewer training images",
        )
    order = _stratified_order(labels[indices], seed, Stream.SUBSET)
    return np.sort(indices[order[:n]])


def halves(indices: np.ndarray, labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a training split into two halves, each with the classes in the split's proportions.

    Args:
        indices: Integers, the split's indices into `labels`.
        labels: Integers (m,), of all images.
        seed: The run's seed, 0 or more.

    Returns:
        int64 indices of both halves, each ascending; they have no index in common. Of an odd number
        the second half has the odd one.

    Example:
        >>> first, second = halves(np.arange(100, 200), np.arange(200) % 10, seed=0)
        >>> len(first), len(second), len(set(first) & set(second))
        (50, 50, 0)
    """
    order = _stratified_order(labels[indices], seed, Stream.HALVES)
    middle = len(indices) // 2
    return np.sort(indices[order[:middle]]), np.sort(indices[order[middle:]])


def folds(labels: np.ndarray, seed: int, count: int) -> list[np.ndarray]:
    """Divide rows into folds, each with the classes in the proportions of the whole.

    Args:
        labels: Integers (n,).
        seed: The run's seed, 0 or more.
        count: How many folds; their sizes differ by one row at most.

    Returns:
        int64 indices of each fold, ascending; every index is in one fold.

    Example:
        >>> labels = np.arange(20) % 2
        >>> [np.bincount(labels[fold]).tolist() for fold in folds(labels, seed=0, count=5)]
        [[2, 2], [2, 2], [2, 2], [2, 2], [2, 2]]
    """
    parts = np.array_split(_stratified_order(labels, seed, Stream.SPLIT), count)
    return [np.sort(part) for part in parts]


def chosen_once(labels: np.ndarray, n: int, stream: Stream) -> np.ndarray:
    """Choose images once for all seeds, with the classes in the proportions of the whole.

    Args:
        labels: Integers (m,).
        n: How many to choose, at most m.
        stream: What they are chosen for.

    Returns:
        int64 (n,), ascending.

    Example:
        >>> labels = np.arange(20) % 2
        >>> np.bincount(labels[chosen_once(labels, 4, Stream.OWN_TEST)]).tolist()
        [2, 2]
    """
    return np.sort(_stratified_order(labels, 0, stream)[:n])


def _stratified_order(labels: np.ndarray, seed: int, stream: Stream) -> np.ndarray:
    """Order images at random, with the classes in proportion in every first part.

    The k-th image of a class of m stands at (k + 1/2) / m of the way; ties, which are the rule for
    classes of equal size, are broken at random. The first parts of one order are nested.
    """
    if seed < 0:
        raise InputError(f"the seed is {seed}", "0 or more", "choose another seed")
    random = generator(seed, stream)
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.lexsort((random.random(len(labels)), position))
