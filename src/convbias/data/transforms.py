"""Transformations of images that each remove one property: shuffled, shifted, noisy or covered.

Every function returns new uint8 images and does not change its argument. Random numbers depend on
a seed that the caller passes, so that two arms can share them.
"""

from __future__ import annotations

import numpy as np

from convbias.errors import InputError
from convbias.spec.streams import Stream, generator


def pixel_permutation(side: int, seed: int) -> np.ndarray:
    """A permutation of all pixels of a square image.

    Args:
        side: Pixels per side.
        seed: Random seed of the permutation.

    Returns:
        int64 (side * side,): the new image's pixel i is the old one's pixel `permutation[i]`.
    """
    return block_permutation(side, 1, seed)


def block_permutation(side: int, block: int, seed: int) -> np.ndarray:
    """A permutation of the pixels that moves square blocks and keeps the order within each block.

    Args:
        side: Pixels per side.
        block: Pixels per side of a block, a divisor of `side`; with 1 every pixel moves alone,
            with `side` nothing moves.
        seed: Random seed of the permutation.

    Returns:
        int64 (side * side,): the new image's pixel i is the old one's pixel `permutation[i]`.

    Raises:
        InputError: The blocks do not fill the image.
    """
    if block < 1 or side % block:
        divisors = [size for size in range(1, side + 1) if side % size == 0]
        raise InputError(
            f"blocks of {block} pixels do not fill an image of {side}",
            f"one of {', '.join(map(str, divisors))}",
        )
    count = side // block
    order = generator(seed, Stream.SHUFFLED_BLOCKS).permutation(count * count)
    pixels = np.arange(side * side).reshape(count, block, count, block)
    blocks = pixels.transpose(0, 2, 1, 3).reshape(count * count, block, block)[order]
    shuffled = blocks.reshape(count, count, block, block).transpose(0, 2, 1, 3)
    return shuffled.reshape(-1)


def permute(images: np.ndarray, permutation: np.ndarray) -> np.ndarray:
    """Reorder the pixels of every image in the same way.

    Args:
        images: uint8 (n, height, width, channels).
        permutation: int (height * width,), see `block_permutation`.

    Returns:
        uint8 (n, height, width, channels).

    Example:
        >>> import numpy as np
        >>> image = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
        >>> permute(image, np.array([3, 2, 1, 0])).ravel().tolist()
        [3, 2, 1, 0]
    """
    n, height, width, channels = images.shape
    flat = images.reshape(n, height * width, channels)
    return flat[:, permutation].reshape(images.shape)


def on_canvas(images: np.ndarray, side: int, rows: int = 0, columns: int = 0) -> np.ndarray:
    """Put every image onto a larger black canvas, shifted from its middle, without losing a pixel.

    Shifting inside the frame would confound the shift with lost content: nearly all images of
    Fashion-MNIST touch the border.

    Args:
        images: uint8 (n, height, width, channels).
        side: Pixels per side of the canvas.
        rows: Pixels downwards; negative is upwards.
        columns: Pixels to the right; negative is to the left.

    Returns:
        uint8 (n, side, side, channels).

    Raises:
        InputError: The shifted image would leave the canvas.
    """
    n, height, width, channels = images.shape
    top, left = (side - height) // 2 + rows, (side - width) // 2 + columns
    if min(top, left) < 0 or top + height > side or left + width > side:
        raise InputError(
            f"an image of {height} x {width} pixels, shifted by {rows} rows and {columns} columns,"
            f" leaves a canvas of {side} x {side}",
            "a shift that keeps it inside",
            "use a larger canvas or a smaller shift",
        )
    canvas = np.zeros((n, side, side, channels), dtype=images.dtype)
    canvas[:, top : top + height, left : left + width] = images
    return canvas


def at_random_places(
    images: np.ndarray, side: int, largest: int, seed: int, *, left: bool = False
) -> np.ndarray:
    """Put every image onto a canvas, each with its own random shift.

    Args:
        images: uint8 (n, height, width, channels).
        side: Pixels per side of the canvas.
        largest: Shifts are uniform from -largest to +largest, along both axes.
        seed: Random seed of the shifts.
        left: Whether shifts along the rows are uniform from -largest to -1 instead.

    Returns:
        uint8 (n, side, side, channels).

    Raises:
        InputError: Some shifted image would leave the canvas.
    """
    n, height, width, channels = images.shape
    on_canvas(images[:0], side, largest, largest)  # raises where the largest shift does not fit
    on_canvas(images[:0], side, -largest, -largest)
    random = generator(seed, Stream.SHIFTED_PLACES)
    shifts = random.integers(-largest, largest + 1, size=(n, 2))
    if left:
        shifts[:, 1] = random.integers(-largest, 0, size=n)
    tops, lefts = (side - height) // 2 + shifts[:, 0], (side - width) // 2 + shifts[:, 1]
    canvas = np.zeros((n, side, side, channels), dtype=images.dtype)
    rows = tops[:, None, None] + np.arange(height)[:, None]
    columns = lefts[:, None, None] + np.arange(width)
    canvas[np.arange(n)[:, None, None], rows, columns] = images
    return canvas


def shift_inside_frame(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Shift every image within its borders: content that leaves is lost, and black enters.

    `on_canvas` shifts without losing content.

    Args:
        images: uint8 (n, height, width, channels).
        rows: Pixels downwards; negative is upwards.
        columns: Pixels to the right; negative is to the left.

    Returns:
        uint8 (n, height, width, channels).

    Example:
        >>> import numpy as np
        >>> image = np.array([[1, 2], [3, 4]], dtype=np.uint8).reshape(1, 2, 2, 1)
        >>> shift_inside_frame(image, 1, 0)[0, :, :, 0].tolist()
        [[0, 0], [1, 2]]
    """
    height, width = images.shape[1:3]
    down, right = np.clip(rows, -height, height), np.clip(columns, -width, width)
    moved = np.zeros_like(images)
    target = (_part(down, height), _part(right, width))
    source = (_part(-down, height), _part(-right, width))
    moved[:, *target] = images[:, *source]
    return moved


def _part(shift: int, length: int) -> slice:
    """The pixels along one axis that are still inside after a shift."""
    return slice(max(shift, 0), length + min(shift, 0))


def add_noise(images: np.ndarray, standard_deviation: float, seed: int) -> np.ndarray:
    """Add independent Gaussian noise to every pixel.

    The result is rounded and clipped to 0 to 255. Clipping makes a black background brighter on
    average, and the pixels vary less than the noise that was added.

    Args:
        images: uint8 (n, height, width, channels).
        standard_deviation: The noise's standard deviation, in grey values (0 to 255).
        seed: Random seed of the noise; every standard deviation scales the same noise.

    Returns:
        uint8 (n, height, width, channels).
    """
    random = generator(seed, Stream.NOISE)
    noise = random.standard_normal(images.shape, dtype=np.float32)
    noisy = images + np.float32(standard_deviation) * noise
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def occlude(images: np.ndarray, top: int, left: int, side: int, grey: int = 0) -> np.ndarray:
    """Cover a square of every image.

    Args:
        images: uint8 (n, height, width, channels).
        top: First covered row; the part outside the image is ignored.
        left: First covered column.
        side: Pixels per side of the square.
        grey: Grey value of the square, 0 to 255.

    Returns:
        uint8 (n, height, width, channels).
    """
    covered = images.copy()
    covered[:, max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = grey
    return covered
