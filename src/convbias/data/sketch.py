"""Draw polygons in a random pose."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw

SIDE = 28
OVERSAMPLING = 4  # drawn this much larger and averaged down, which smooths the edges
UNIT = 13  # pixels from the middle to where sketch coordinates reach 1

Point = tuple[float, float]
Pick = Callable[[float, float], float]  # a number between two, at random


class Sketch:
    """A black image with a random pose: rotated, shifted, scaled and mirrored half of the time.

    Its coordinates run from -1 to 1, x to the right and y downwards.

    Args:
        pick: Draws a random number between two bounds.
    """

    def __init__(self, pick: Pick) -> None:
        side = SIDE * OVERSAMPLING
        self._sheet = Image.new("L", (side, side))
        self._draw = ImageDraw.Draw(self._sheet)
        angle = math.radians(pick(-6, 6) + pick(-6, 6))
        width = UNIT * OVERSAMPLING * pick(0.84, 1.1) * (1 if pick(0, 1) < 0.5 else -1)
        height = UNIT * OVERSAMPLING * pick(0.84, 1.06)
        self._x = (width * math.cos(angle), -height * math.sin(angle))
        self._y = (width * math.sin(angle), height * math.cos(angle))
        self._middle = (side / 2 + pick(-7, 7), side / 2 + pick(-6, 6))

    def polygon(self, points: Iterable[Point], shade: float) -> None:
        """Fill a polygon; shade 0 is black and 1 is white."""
        (xx, xy), (yx, yy), (x0, y0) = self._x, self._y, self._middle
        placed = [(x0 + xx * x + xy * y, y0 + yx * x + yy * y) for x, y in points]
        self._draw.polygon(placed, fill=round(255 * shade))

    def symmetric(self, right: Sequence[Point], shade: float) -> None:
        """Fill the polygon whose right half, from top to bottom, is given."""
        self.polygon([*right, *((-x, y) for x, y in reversed(right))], shade)

    def both(self, right: Sequence[Point], shade: float) -> None:
        """Fill a polygon and its mirror image."""
        self.polygon(right, shade)
        self.polygon([(-x, y) for x, y in right], shade)

    def line(self, start: Point, end: Point, width: float, shade: float) -> None:
        """Draw a straight band."""
        (ax, ay), (bx, by) = start, end
        length = math.hypot(bx - ax, by - ay)
        dx, dy = width / 2 * (by - ay) / length, width / 2 * (ax - bx) / length
        corners = ((ax + dx, ay + dy), (bx + dx, by + dy), (bx - dx, by - dy), (ax - dx, ay - dy))
        self.polygon(corners, shade)

    def ellipse(self, middle: Point, radii: Point, shade: float) -> None:
        """Fill an ellipse."""
        turns = (2 * math.pi * step / 20 for step in range(20))
        self.polygon(
            [
                (middle[0] + radii[0] * math.cos(t), middle[1] + radii[1] * math.sin(t))
                for t in turns
            ],
            shade,
        )

    def pixels(self) -> np.ndarray:
        """The drawing, uint8 (28, 28)."""
        return np.asarray(self._sheet.reduce(OVERSAMPLING))
