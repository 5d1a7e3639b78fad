"""Convolution in NumPy, written as the sum in its definition."""

from __future__ import annotations

import numpy as np


def direct_sum(images: np.ndarray, kernel: np.ndarray, dilation: int = 1) -> np.ndarray:
    """Cross-correlate with same padding and stride 1.

    Args:
        images: (height, width, channels_in, n).
        kernel: (k, k, channels_in, channels_out), k odd.
        dilation: Pixels from each tap of the kernel to the next.

    Returns:
        float64 (height, width, channels_out, n).
    """
    height, width, _, count = images.shape
    size, _, _, channels_out = kernel.shape
    pad = dilation * (size // 2)
    padded = np.pad(images, ((pad, pad), (pad, pad), (0, 0), (0, 0)))
    outputs = np.zeros((height, width, channels_out, count))
    for row, column in np.ndindex(size, size):
        down, right = dilation * row, dilation * column
        window = padded[down : down + height, right : right + width]
        outputs += np.einsum("hwin,io->hwon", window, kernel[row, column])
    return outputs
