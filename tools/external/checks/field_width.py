"""Does the effective receptive field widen with the root of the depth?

Published: Luo et al. 2016, "Understanding the Effective Receptive Field in Deep Convolutional
Neural Networks" (arXiv 1701.04128). Of L convolutions with k x k kernels of equal weights, the
gradient of a unit with respect to the pixels is the L-fold convolution of a uniform distribution,
whose standard deviation is sqrt(L (k^2 - 1) / 12) pixels along each axis. With random weights of
mean zero the same holds for the variance of the gradient, and also with ReLU between the layers, if
its derivatives are independent of the weights.

Measured: with `convbias.measures.receptive_field.influence_map`, the code of the study's receptive
fields, on networks of L = 5, 10, 20 and 40 convolutions of 3 x 3 without padding, on images as
large as the theoretical field, which `theoretical_fields` gives. Equal weights: one channel. Random
weights: 16 channels between one input and one output channel, normal with mean zero. The map holds
absolute gradients, so it is squared to give the variance's shape. ReLU depends on the image: one
image of normal noise per seed.

Rule: a row agrees if the interval of the mean ratio of the measured to the published standard
deviation lies within 5 % of 1, and disagrees if it lies outside.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
from benchmarks.harness import Plan, Record

from convbias.measures.receptive_field import influence_map
from convbias.measures.theoretical_field import theoretical_fields
from convbias.statistics import Interval
from tools.external.check import Check, Comparison, over_seeds

SIZE = 3
MARGIN = 0.05
EXACT = 1e-4  # rounding of float32
KINDS = ("equal weights", "random weights", "random weights, ReLU")
SETTING = {"depths": [5, 10, 20, 40], "channels": 16, "seeds": 40}


def published_width(depth: int, size: int) -> float:
    """Standard deviation of the field along an axis, in pixels.

    Example:
        >>> published_width(18, 3)
        3.4641016151377544
    """
    return (depth * (size**2 - 1) / 12) ** 0.5


def width(weights: np.ndarray) -> float:
    """Standard deviation of a map around its own middle, the mean of both axes' variances.

    Args:
        weights: float (side, side), at least 0, not all 0.
    """
    distance = np.arange(len(weights)) - (len(weights) - 1) / 2
    shares = weights / weights.sum()
    return float(np.sqrt((shares.sum(axis=0) + shares.sum(axis=1)) @ distance**2 / 2))


def stack(kind: str, depth: int, channels: int, seed: int) -> keras.Sequential:
    """Convolutions whose last map is a single unit.

    Args:
        kind: One of `KINDS`.
        depth: How many.
        channels: Of the maps between them; one with equal weights.
        seed: Of the weights.
    """
    random = np.random.default_rng([seed, depth])
    side = depth * (SIZE - 1) + 1
    between = 1 if kind == "equal weights" else channels
    relu = kind.endswith("ReLU")
    layers = [
        keras.layers.Conv2D(
            1 if number == depth else between,
            SIZE,
            activation="relu" if relu and number < depth else None,
            use_bias=False,
            name=f"conv_{number}",
        )
        for number in range(1, depth + 1)
    ]
    network = keras.Sequential([keras.Input((side, side, 1)), *layers])
    for layer in layers:
        [kernel] = layer.get_weights()
        inputs = SIZE * SIZE * kernel.shape[2]
        scale = (2 / inputs) ** 0.5 if relu else inputs**-0.5  # so that no gradient underflows
        drawn = random.standard_normal(kernel.shape) * scale
        layer.set_weights([np.full(kernel.shape, 1 / inputs) if between == 1 else drawn])
    return network


def run(setting: dict[str, Any], kind: str, depth: int, seed: int) -> dict[str, float]:
    """Measure one network.

    Returns:
        `width`, the standard deviation in pixels along an axis, of the map of gradients with equal
        weights and of their squares with random ones; and `field`, the theoretical field's side.
    """
    network = stack(kind, depth, setting["channels"], seed)
    last = f"conv_{depth}"
    side = theoretical_fields(network)[last].side
    image = np.random.default_rng([seed, depth, 1]).standard_normal((1, side, side, 1))
    influence = influence_map(network, image.astype(np.float32), last)
    shape = influence if kind == "equal weights" else influence**2
    return {"width": round(width(shape), 6), "field": side}


def plan(setting: dict[str, Any]) -> Plan:
    """One network per kind, depth and seed; with equal weights there is nothing to draw."""
    for depth in setting["depths"]:
        for kind in KINDS:
            for seed in range(1 if kind == "equal weights" else setting["seeds"]):
                keys = {"kind": kind, "depth": depth, "seed": seed}
                yield keys, partial(run, setting, **keys)


def compare(record: Record) -> list[Comparison]:
    """The ratio of the measured to the published width: of all depths, then of each."""
    return [row for kind in KINDS for row in _rows_of(record, kind)]


def _rows_of(record: Record, kind: str) -> list[Comparison]:
    depths = record.kinds("depth")
    ratios = np.array(
        [
            np.array(record.values("width", kind=kind, depth=depth)) / published_width(depth, SIZE)
            for depth in depths
        ]
    )
    single = [
        _row(f"{kind}, {depth} layers", each) for depth, each in zip(depths, ratios, strict=True)
    ]
    together = _row(f"{kind}: measured over published width", ratios.mean(axis=0))
    return [together, *(replace(each, detail=True) for each in single)]


def _row(what: str, ratios: np.ndarray) -> Comparison:
    if len(ratios) > 1:
        ours, interval = over_seeds(list(ratios))
        margin, count = MARGIN, f"{len(ratios)} seeds"
    else:
        ours = float(ratios[0])
        interval = Interval(ours, ours, 1.0, "exact")
        margin, count = EXACT, "exact"
    return Comparison(
        what=what,
        published="1",
        ours=ours,
        interval=interval,
        count=count,
        agreeing=(1 - margin, 1 + margin),
        digits=3,
    )


def about(record: Record) -> str:
    """What was done and how it differs."""
    depths = [str(depth) for depth in record.kinds("depth")]
    widths = [f"{published_width(int(depth), SIZE):.2f}" for depth in depths]
    fields = [str(int(record.values("field", depth=int(depth))[0])) for depth in depths]
    return f"""`measures.receptive_field.influence_map` was applied to stacks of
{", ".join(depths)} convolutions of 3 x 3, whose fields have {", ".join(fields)} pixels per
side; the published standard deviation along an axis is {", ".join(widths)} pixels. With equal
weights the law is exact, a control of the measuring code. With random weights the paper's
statement is about the variance of the gradient over weights, so the map of one unit's absolute
gradients is squared; the map itself, which the study reports, is wider by up to the square root
of 2. The paper shows these cases as pictures; here they have numbers. ReLU stands before every
layer but the first, with one image of normal noise per seed. The paper assumes that its
derivatives do not depend on the weights, which holds only roughly. The law is about the mean of
squares over all weights; the width of a single network's map, which is averaged here, exceeds it
by a little where few pixels carry the map."""


CHECK = Check(
    name="field_width",
    title="Does the effective receptive field widen with the root of the depth?",
    paper="Luo et al. 2016",
    arxiv="1701.04128",
    setting=SETTING,
    plan=plan,
    compare=compare,
    about=about,
    small={"depths": [2, 3], "channels": 4, "seeds": 2},
)
