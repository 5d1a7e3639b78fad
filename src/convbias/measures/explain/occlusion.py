"""Occlusion maps: the drop of each class's logit when a part of the image is covered."""

from __future__ import annotations

import numpy as np

from convbias.data.transforms import occlude
from convbias.networks.forward import Forward

SQUARE = 5  # pixels per side
GREY = 0  # the background of the images


def occlusion_map(
    forward: Forward, image: np.ndarray, side: int = SQUARE, stride: int = 1, grey: int = GREY
) -> np.ndarray:
    """Slide a square over an image and record each class's drop (Zeiler and Fergus 2013).

    The source, arXiv 1311.2901 (section 4.2), uses probabilities; logits show a drop even where
    the network stays nearly certain.

    Args:
        forward: The network's forward pass.
        image: uint8 (height, width, channels).
        side: Pixels per side of the square.
        stride: Pixels between one position and the next.
        grey: Grey value of the square, 0 to 255. With 0, covering the black background changes
            nothing, so the map shows the garment alone.

    Returns:
        float32 (classes, ceil(height / stride), ceil(width / stride)): the logit of the whole image
        minus that of the covered one, the square's middle being at row and column `stride` times
        the map's. The square may lie partly outside the image.
    """
    height, width, _ = image.shape
    rows, columns = range(0, height, stride), range(0, width, stride)
    covered = [
        occlude(image[None], row - side // 2, column - side // 2, side, grey)
        for row in rows
        for column in columns
    ]
    logits = forward.logits(np.concatenate([image[None], *covered]).astype(np.float32) / 255)
    drops = logits[0] - logits[1:]
    return drops.reshape(len(rows), len(columns), -1).transpose(2, 0, 1)
