"""Outlines of ten garments, in the order of Fashion-MNIST's classes, with random proportions.

The sleeves, lengths and details of T-shirt, pullover, coat and shirt overlap on purpose, as in
Fashion-MNIST.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from convbias.data.sketch import Pick, Sketch


def _upper_body(
    sketch: Sketch,
    pick: Pick,
    *,
    shoulder: float,
    waist: float,
    hem: float,
    length: float,
    sleeve: float,
    spread: float,
    neck: float,
) -> None:
    """Draw a torso with two sleeves.

    Args:
        sketch: The image to draw on.
        pick: Draws a random number between two bounds.
        shoulder: Half width at the shoulders.
        waist: Half width at the waist.
        hem: Half width at the hem.
        length: Where the hem is.
        sleeve: Length of a sleeve.
        spread: Angle between sleeve and body in radians.
        neck: Half width of the neckline.
    """
    top = -0.88
    if sleeve > 0:
        thickness = pick(0.26, 0.36)
        cuff = thickness * (pick(0.8, 1.0) if sleeve < 0.9 else pick(0.55, 0.75))
        along = (math.sin(spread), math.cos(spread))
        across = (-math.cos(spread), math.sin(spread))
        outer = (shoulder - 0.03, top + 0.09)
        end = (outer[0] + sleeve * along[0], outer[1] + sleeve * along[1])
        arm = [
            (shoulder - 0.3, top + 0.02),
            outer,
            end,
            (end[0] + cuff * across[0], end[1] + cuff * across[1]),
            (shoulder - 0.12, top + 0.16 + thickness),
        ]
        sketch.both(arm, pick(0.72, 0.98))
    armpit = (shoulder - 0.08, top + 0.42)
    middle = (waist, (top + 0.42 + length) / 2)
    outline = [(neck, top), (shoulder, top + 0.12), armpit, middle, (hem, length)]
    sketch.symmetric(outline, pick(0.88, 1))


def _neckline(sketch: Sketch, pick: Pick, half_width: float, depth: float) -> None:
    """Cut a round or pointed neckline and let the inside of the back show."""
    inside = pick(0, 0.45)
    if pick(0, 1) < 0.7:
        bends = (math.pi / 2 * step / 5 for step in range(6))
        arc = [(half_width * math.cos(bend), depth * math.sin(bend) - 0.9) for bend in bends]
        sketch.symmetric(arc, inside)
    else:
        sketch.symmetric([(half_width, -0.9), (0.02, -0.88 + depth * 1.3)], inside)


def _t_shirt(sketch: Sketch, pick: Pick) -> None:
    waist = pick(0.44, 0.62)
    neck = pick(0.2, 0.34)
    _upper_body(
        sketch,
        pick,
        shoulder=pick(0.54, 0.66),
        waist=waist,
        hem=waist + pick(-0.02, 0.1),
        length=pick(0.68, 0.96),
        sleeve=pick(0.28, 0.62),
        spread=pick(0.35, 0.9),
        neck=neck,
    )
    _neckline(sketch, pick, neck, pick(0.12, 0.34))
    if pick(0, 1) < 0.3:
        sketch.ellipse((0, pick(-0.3, 0)), (pick(0.12, 0.26), pick(0.1, 0.25)), pick(0.3, 0.8))


def _trouser(sketch: Sketch, pick: Pick) -> None:
    hip, ankle, inner = pick(0.36, 0.5), pick(0.17, 0.3), pick(0.05, 0.2)
    crotch = pick(-0.5, -0.2)
    bottom = 0.95 if pick(0, 1) < 0.8 else pick(0.1, 0.5)
    leg = [(0, -0.92), (hip - 0.06, -0.92), (hip, -0.5), (inner + ankle, bottom), (inner, bottom)]
    leg.append((0, crotch))
    sketch.both(leg, pick(0.85, 1))
    if pick(0, 1) < 0.7:
        sketch.line((-hip + 0.06, -0.82), (hip - 0.06, -0.82), 0.05, pick(0.3, 0.7))
    if pick(0, 1) < 0.5:
        sketch.line((0, -0.9), (0, crotch), 0.05, pick(0.2, 0.6))


def _pullover(sketch: Sketch, pick: Pick) -> None:
    waist, length = pick(0.44, 0.6), pick(0.62, 0.9)
    neck = pick(0.18, 0.3)
    hem = waist + pick(-0.06, 0.06)
    _upper_body(
        sketch,
        pick,
        shoulder=pick(0.52, 0.64),
        waist=waist,
        hem=hem,
        length=length,
        sleeve=pick(1.25, 1.6),
        spread=pick(0.1, 0.32),
        neck=neck,
    )
    _neckline(sketch, pick, neck, pick(0.08, 0.24))
    if pick(0, 1) < 0.65:
        ribs = pick(0.08, 0.14)
        sketch.line((-hem, length - ribs), (hem, length - ribs), 0.05, pick(0.4, 0.75))
    if pick(0, 1) < 0.25:
        sketch.ellipse((0, pick(-0.25, 0)), (pick(0.12, 0.28), pick(0.1, 0.2)), pick(0.3, 0.8))


def _dress(sketch: Sketch, pick: Pick) -> None:
    shoulder, waist = pick(0.28, 0.42), pick(0.2, 0.34)
    hem = waist + pick(0.06, 0.4)
    kind = pick(0, 1)
    sleeve = 0.0 if kind < 0.5 else pick(0.25, 0.5) if kind < 0.8 else pick(0.9, 1.3)
    neck = pick(0.16, 0.26)
    seam = pick(-0.3, 0.05)
    if sleeve > 0:
        arm = [
            (shoulder - 0.16, -0.9),
            (shoulder, -0.82),
            (shoulder + 0.24 * sleeve + 0.04, -0.8 + sleeve),
            (shoulder + 0.24 * sleeve - 0.12, -0.78 + sleeve),
            (shoulder - 0.1, -0.5),
        ]
        sketch.both(arm, pick(0.7, 0.95))
    bodice = [(neck, -0.94), (shoulder, -0.86), (shoulder - 0.04, -0.55), (waist, seam)]
    skirt = [(hem * 0.8 + waist * 0.2, (seam + 0.95) / 2), (hem, pick(0.84, 0.98))]
    sketch.symmetric([*bodice, *skirt], pick(0.88, 1))
    _neckline(sketch, pick, neck, pick(0.12, 0.36))
    if pick(0, 1) < 0.5:
        sketch.line((-waist, seam), (waist, seam), pick(0.04, 0.1), pick(0.2, 0.7))


def _coat(sketch: Sketch, pick: Pick) -> None:
    waist, length = pick(0.46, 0.62), pick(0.76, 0.99)
    hem = waist + pick(-0.02, 0.14)
    _upper_body(
        sketch,
        pick,
        shoulder=pick(0.52, 0.64),
        waist=waist,
        hem=hem,
        length=length,
        sleeve=pick(1.3, 1.65),
        spread=pick(0.1, 0.3),
        neck=pick(0.18, 0.3),
    )
    depth = pick(0.15, 0.7)
    if pick(0, 1) < 0.75:
        sketch.symmetric([(pick(0.12, 0.24), -0.92), (0.01, -0.88 + depth)], pick(0, 0.4))
        sketch.both([(0.2, -0.92), (0.36, -0.72), (0.03, -0.86 + depth)], pick(0.55, 0.8))
    else:
        _neckline(sketch, pick, pick(0.16, 0.26), pick(0.08, 0.2))
    if pick(0, 1) < 0.85:
        sketch.line((0, -0.88 + depth), (0, length), pick(0.04, 0.09), pick(0.05, 0.5))
    if pick(0, 1) < 0.3:
        sketch.line((-waist, 0.05), (waist, 0.05), 0.1, pick(0.35, 0.65))
    if pick(0, 1) < 0.4:
        pocket = pick(0.25, 0.45)
        sketch.both(
            [(0.18, pocket), (0.36, pocket), (0.36, pocket + 0.06), (0.18, pocket + 0.06)], 0.4
        )


def _sandal(sketch: Sketch, pick: Pick) -> None:
    heel = pick(0, 0.75) if pick(0, 1) < 0.5 else pick(0, 0.12)
    ground, thickness = 0.5, pick(0.1, 0.2)
    rise = ground - heel
    sole = [(-0.95, ground), (-0.9, ground - thickness), (-0.2, ground - thickness)]
    sole += [(0.3, rise - thickness), (0.85, rise - thickness - 0.03), (0.92, rise)]
    sole += [(0.35, rise + 0.02), (-0.25, ground)]
    if heel > 0.15:
        wide = pick(0.1, 0.45)
        sketch.polygon(
            [(0.9 - wide, rise - 0.05), (0.92, rise), (0.86, ground), (0.76, ground)], 0.85
        )
    else:
        sketch.polygon([(0.3, rise), (0.92, rise), (0.92, ground), (0.3, ground)], 0.8)
    strap = pick(0.08, 0.14)
    top = ground - thickness - pick(0.28, 0.42)
    sketch.line((-0.75, ground - 0.1), (-0.35, top), strap, pick(0.7, 1))
    sketch.line((-0.35, top), (-0.1, ground - 0.1), strap, pick(0.7, 1))
    if pick(0, 1) < 0.6:
        sketch.line((-0.35, top), (0.35, rise - 0.45), strap, pick(0.6, 1))
    if pick(0, 1) < 0.75:
        ankle = rise - thickness - pick(0.35, 0.6)
        sketch.line((0.8, rise - 0.05), (0.72, ankle), strap, pick(0.7, 1))
        sketch.line((0.72, ankle), (0.25, ankle + pick(0, 0.15)), strap, pick(0.7, 1))
        sketch.line((0.28, ankle + 0.05), (0.4, rise - thickness), strap, pick(0.6, 0.9))
    sketch.polygon(sole, pick(0.8, 1))


def _shirt(sketch: Sketch, pick: Pick) -> None:
    waist, length = pick(0.42, 0.6), pick(0.7, 0.97)
    long_sleeves = pick(0, 1) < 0.6
    _upper_body(
        sketch,
        pick,
        shoulder=pick(0.52, 0.64),
        waist=waist,
        hem=waist + pick(-0.02, 0.1),
        length=length,
        sleeve=pick(1.2, 1.6) if long_sleeves else pick(0.3, 0.65),
        spread=pick(0.1, 0.32) if long_sleeves else pick(0.3, 0.7),
        neck=pick(0.18, 0.26),
    )
    depth = pick(0.12, 0.3)
    if pick(0, 1) < 0.75:
        sketch.symmetric([(0.15, -0.93), (0.01, -0.88 + depth)], pick(0.1, 0.5))
        sketch.both(
            [(0.13, -0.97), (0.27, -0.84), (0.16, -0.84 + depth), (0.02, -0.9 + depth)], 0.75
        )
    else:
        _neckline(sketch, pick, pick(0.16, 0.28), depth)
    if pick(0, 1) < 0.7:
        sketch.line((0, -0.85 + depth), (0, length), 0.05, pick(0.45, 0.75))
    if pick(0, 1) < 0.35:
        sketch.polygon([(0.18, -0.4), (0.38, -0.4), (0.38, -0.18), (0.18, -0.18)], pick(0.6, 0.85))


def _sneaker(sketch: Sketch, pick: Pick) -> None:
    ground, thickness = 0.48, pick(0.1, 0.2)
    collar = pick(-0.42, -0.1)
    upper = [(-0.95, ground - 0.05), (-0.92, ground - pick(0.28, 0.4)), (-0.55, ground - 0.5)]
    upper += [(-0.05, collar), (0.25, collar + 0.04), (0.55, collar + pick(0, 0.12))]
    upper += [(0.85, collar - pick(0, 0.12)), (0.95, ground - 0.2), (0.95, ground)]
    sketch.polygon(upper, pick(0.75, 1))
    if pick(0, 1) < 0.75:
        lace = pick(0.2, 0.6)
        for step in (0.0, 0.33, 0.66):
            x, y = -0.5 + 0.42 * step, ground - 0.46 + (collar - ground + 0.5) * step
            sketch.line((x, y), (x + 0.16, y + 0.15), 0.05, lace)
    if pick(0, 1) < 0.5:
        start = pick(-0.1, 0.2)
        sketch.line(
            (start, ground - 0.12), (start + pick(0.2, 0.5), ground - 0.5), 0.09, pick(0.2, 0.6)
        )
    sole = [
        (-0.98, ground),
        (-0.95, ground - thickness),
        (0.95, ground - thickness),
        (0.98, ground),
    ]
    sketch.polygon(sole, pick(0.35, 1))


def _bag(sketch: Sketch, pick: Pick) -> None:
    half_width, top, bottom = pick(0.6, 0.95), pick(-0.35, 0.05), pick(0.6, 0.92)
    flare = pick(-0.16, 0.1)
    handle = pick(0, 1)
    if handle < 0.8:
        reach, rise, band = pick(0.2, 0.55) * half_width / 0.8, pick(0.3, 0.6), pick(0.07, 0.13)
        sketch.ellipse((0, top), (reach + band, rise), pick(0.65, 1))
        sketch.ellipse((0, top), (reach, rise - band), 0)
    body = [(half_width + flare, top), (half_width, top + 0.2), (half_width, bottom - 0.06)]
    sketch.symmetric([*body, (half_width - 0.06, bottom)], pick(0.82, 1))
    if pick(0, 1) < 0.6:
        flap = top + pick(0.15, 0.45)
        sketch.line((-half_width, flap), (half_width, flap), 0.06, pick(0.2, 0.65))
    if pick(0, 1) < 0.5:
        sketch.ellipse((0, top + pick(0.2, 0.4)), (0.09, 0.09), pick(0.1, 0.5))


def _ankle_boot(sketch: Sketch, pick: Pick) -> None:
    ground, heel = 0.88, pick(0, 0.3)
    top, front = pick(-0.92, -0.35), pick(-0.1, 0.2)
    boot = [(-0.92, ground), (-0.95, ground - pick(0.22, 0.34)), (-0.55, ground - 0.5)]
    boot += [(front - 0.08, ground - pick(0.62, 0.8)), (front, top), (0.82, top - pick(-0.05, 0.1))]
    boot += [(pick(0.74, 0.9), 0.2), (0.88, ground - heel), (0.3, ground - heel), (0.1, ground)]
    sketch.polygon(boot, pick(0.8, 1))
    sketch.polygon(
        [
            (pick(0.4, 0.62), ground - heel - 0.03),
            (0.88, ground - heel - 0.03),
            (0.86, ground),
            (0.55, ground),
        ],
        pick(0.6, 0.95),
    )
    if pick(0, 1) < 0.6:
        sketch.line((-0.92, ground - 0.06), (0.15, ground - 0.06), 0.1, pick(0.3, 0.7))
    if pick(0, 1) < 0.4:
        sketch.line((front + 0.25, top), (front + 0.2, 0.3), 0.06, pick(0.3, 0.6))
    if pick(0, 1) < 0.3:
        sketch.line((front, top + 0.15), (0.82, top + 0.12), 0.07, pick(0.3, 0.7))


Garment = Callable[[Sketch, Pick], None]

# In the order of the labels.
GARMENTS: dict[str, Garment] = {
    "T-shirt": _t_shirt,
    "Trouser": _trouser,
    "Pullover": _pullover,
    "Dress": _dress,
    "Coat": _coat,
    "Sandal": _sandal,
    "Shirt": _shirt,
    "Sneaker": _sneaker,
    "Bag": _bag,
    "Ankle Boot": _ankle_boot,
}
