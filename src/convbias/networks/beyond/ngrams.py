"""N-grams: probabilities of a text's characters from counts of what follows short contexts."""

from __future__ import annotations

import numpy as np


def log_probabilities(
    training: np.ndarray, text: np.ndarray, order: int, characters: int
) -> np.ndarray:
    """Tell every character of a text from the `order - 1` before it, by counts of another text.

    Contexts of all lengths are interpolated by Witten and Bell's method. Where a context h was seen
    n times in training and followed by t different characters, and by c in k of the n cases,

        P(c | h) = (k + t * P(c | h without its first character)) / (n + t),

    and P(c | h) is that of the shorter context where h was never seen. Below the empty context all
    characters are equally probable. Nothing is drawn, and nothing is tuned.

    Source: Witten and Bell, "The zero-frequency problem", 1991, method C; interpolated as in Chen
    and Goodman, "An empirical study of smoothing techniques for language modeling", 1998.

    Args:
        training: int (n,), the counted text, by numbers of its characters; at least `order`.
        text: int (m,), the text to tell.
        order: From 1, for counts of single characters, to 9.
        characters: How many different characters there are, at most 127.

    Returns:
        float64 (m - order + 1, characters): log-probabilities in nats of what each of the text's
        characters could be, from the first that has `order - 1` before it.

    Example:
        >>> seen = np.array([0, 0, 0, 1])  # P(0) = (3 + 2 / 2) / (4 + 2), P(1) = (1 + 2 / 2) / 6
        >>> np.exp(log_probabilities(seen, np.array([0]), order=1, characters=2)).round(3).tolist()
        [[0.667, 0.333]]
    """
    found = np.full((len(text) - order + 1, characters), 1 / characters)
    for length in range(order):
        counted = _windows(training, length + 1, characters)
        grams, times = np.unique(counted, return_counts=True)
        # The last digit of a gram's number is its character, the others are its context.
        contexts, first = np.unique(grams // characters, return_index=True)
        seen = np.add.reduceat(times, first)
        different = np.diff(np.append(first, len(grams)))
        before = _windows(text, length, characters)[order - 1 - length : len(text) - length]
        n, t = (_looked_up(contexts, each, before)[:, None] for each in (seen, different))
        asked = before[:, None] * characters + np.arange(characters)
        k = _looked_up(grams, times, asked)
        found = np.where(n > 0, (k + t * found) / np.maximum(n + t, 1), found)
    return np.log(found)


def _windows(text: np.ndarray, length: int, characters: int) -> np.ndarray:
    """The number of every window of a text, its characters as digits: int64 (n - length + 1,)."""
    count = len(text) - length + 1
    numbers = np.zeros(count, dtype=np.int64)
    for place in range(length):
        numbers = numbers * characters + text[place : place + count]
    return numbers


def _looked_up(keys: np.ndarray, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The values of the asked keys; 0 where a key is not among the sorted ones."""
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, values[place], 0)
