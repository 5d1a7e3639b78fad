"""The 8 x 8 digits that come with scikit-learn, with a test split."""

from __future__ import annotations

import numpy as np

from convbias.data.splits import chosen_once
from convbias.spec.extras import check_installed
from convbias.spec.streams import Stream

TEST_IMAGES = 297  # of 1,797; they are published without a split
WHITE = 16  # the largest of their grey values


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The digits of E. Alpaydin and C. Kaynak (1998), as scikit-learn has them.

    Returns:
        Training images uint8 (1500, 8, 8, 1), training labels uint8 (1500,), test images and test
        labels, 297 of them, drawn once with the classes in proportion.

    Raises:
        InputError: scikit-learn is not installed.
    """
    check_installed("tables", ["sklearn"])
    # Imported here, because only this needs the extra.
    from sklearn.datasets import load_digits

    values, numbers = load_digits(return_X_y=True)
    images = np.rint(np.asarray(values) * (255 / WHITE)).astype(np.uint8).reshape(-1, 8, 8, 1)
    labels = np.asarray(numbers, dtype=np.uint8)
    test = chosen_once(labels, TEST_IMAGES, Stream.DIGITS_TEST)
    train = np.setdiff1d(np.arange(len(labels)), test)
    return images[train], labels[train], images[test], labels[test]
