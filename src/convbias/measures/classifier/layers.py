"""What needs a look inside a classifier: equivariance of its layers, and receptive fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import jax.numpy as jnp
import numpy as np

from convbias.errors import InputError
from convbias.measures.classifier.base import Found, LabelledImages, Place, Score
from convbias.measures.equivariance_error import moved_maps
from convbias.measures.receptive_field import field_numbers
from convbias.networks.adapters import Classifier, Inside
from convbias.networks.adapters.fields import EVERYTHING
from convbias.spec.arithmetic import Field
from convbias.spec.quantities import Quantity

PIXELS = 1  # of the shift
MAPS_BYTES = 12_000_000  # of all layers' maps that are held at once, of images in one position
FEWEST, MOST = 4, 64  # images whose maps are held at once


def _ratio(name: str, noun: str) -> Quantity:
    return Quantity(
        name=name,
        noun=noun,
        unit="",
        long_unit="share of the maps' size",
        value_unit="share of the maps' size",
        scale=1,
        digits=3,
        margin=0.01,
        higher_is_better=False,
    )


def _pixels(name: str, noun: str) -> Quantity:
    return Quantity(
        name=name,
        noun=noun,
        unit="pixels",
        long_unit="pixels per side",
        value_unit="pixels per side",
        scale=1,
        digits=1,
        margin=0.5,
    )


LAST = _ratio("equivariance_error", "equivariance error of the last maps")
THEORETICAL = _pixels("theoretical_field", "theoretical receptive field of the last maps")
EFFECTIVE = _pixels("effective_field_50", "square that holds half of the last maps' field")


def equivariance(classifier: Classifier, data: LabelledImages) -> Found:
    """Compare each layer's maps of shifted images with its shifted maps of the images.

    See `convbias.measures.equivariance_error`; the network keeps its padding, whose effects at
    the border count, and the shift is a circular one by one pixel, downwards and to the right.

    Args:
        classifier: One whose layers can be seen.
        data: Images.

    Returns:
        `equivariance_error` of the last maps, and that of every layer with maps.
    """
    inside = _seen(classifier)
    if isinstance(inside, str):
        return Found(reason=inside)
    strides = _strides(classifier)
    errors, norms = dict.fromkeys(strides, 0.0), dict.fromkeys(strides, 0.0)
    of_one = inside.maps(classifier.taken(data.images[:1])).values()
    batch = min(max(MAPS_BYTES // sum(each.nbytes for each in of_one), FEWEST), MOST)
    for start in range(0, len(data.images), batch):
        pixels = data.images[start : start + batch].astype(np.float32) / 255
        for name, error, norm in _moved(classifier, inside, strides, pixels):
            errors[name] += error
            norms[name] += norm
    ratios = {
        name: float(np.sqrt(errors[name] / norms[name])) if norms[name] > 0 else 0.0
        for name in strides
        if name in inside.names
    }
    if not ratios:
        return Found(reason="of no layer is it known how many pixels its units are apart")
    scores = [
        Score(_ratio(f"equivariance_error_{name}", name), error, place=Place("layers", name))
        for name, error in ratios.items()
    ]
    last = list(ratios.values())[-1]
    return Found((Score(LAST, last), *scores), len(data.images))


def _moved(
    classifier: Classifier, inside: Inside, strides: Mapping[str, int], pixels: np.ndarray
) -> Iterator[tuple[str, float, float]]:
    """Each layer's name, the squared error of its maps, mean over both directions, and its norm."""
    before = inside.maps(classifier.taken(pixels))
    after = [inside.maps(classifier.taken(np.roll(pixels, PIXELS, axis))) for axis in (1, 2)]
    for name, maps in before.items():
        if name in strides:
            error = 0.0
            for axis, moved in zip((1, 2), after, strict=True):
                difference = _moved_by(maps, PIXELS / strides[name], axis)
                difference -= moved[name]
                error += _sum_of_squares(difference) / 2
            yield name, error, _sum_of_squares(maps)


def _moved_by(maps: np.ndarray, pixels: float, axis: int) -> np.ndarray:
    """Maps, circularly shifted along an axis as `moved_maps` does it."""
    length = maps.shape[axis]
    # A product with a small matrix takes a third of the time of Fourier transforms.
    matrix = _shift_matrix(length, pixels)
    if axis == 1:
        return np.matmul(matrix, maps.reshape(len(maps), length, -1)).reshape(maps.shape)
    return np.matmul(matrix, maps)


@lru_cache
def _shift_matrix(length: int, pixels: float) -> np.ndarray:
    """What a column of units is multiplied with, float32 (length, length)."""
    units = np.eye(length, dtype=np.float32)[..., np.newaxis, np.newaxis]
    return np.asarray(moved_maps(jnp.asarray(units), pixels, axis=1))[..., 0, 0].T.copy()


def _sum_of_squares(maps: np.ndarray) -> float:
    return float(np.linalg.norm(maps)) ** 2


def receptive_field(classifier: Classifier, data: LabelledImages) -> Found:
    """Compare the effective with the theoretical receptive field of the last feature maps.

    The theoretical one follows from the graph: skips (the longest path decides), dilation, strides
    and padding included. The effective one is the mean absolute gradient of the central unit (Luo
    et al. 2016, arXiv 1701.04128), see `convbias.measures.receptive_field`.

    Args:
        classifier: One with a graph.
        data: Images.

    Returns:
        `theoretical_field` and, where the framework gives gradients of layers,
        `effective_field_50`, the side of the square that holds half of the influence.
    """
    fields = _fields(classifier)
    if isinstance(fields, str):
        return Found(reason=fields)
    known = {name: each for name, each in fields.items() if isinstance(each, Field)}
    if not known:
        return Found(reason=_first_reason(fields))
    inside = _seen(classifier)
    shared = [name for name in known if not isinstance(inside, str) and name in inside.names]
    name = shared[-1] if shared else list(known)[-1]
    theoretical = Score(THEORETICAL, float(known[name].side))
    if isinstance(inside, str) or not shared:
        why = inside if isinstance(inside, str) else "no layer with a field can be seen"
        return Found((theoretical,), remark=f"Of {name}. No effective field: {why}.")
    taken = classifier.taken(data.images)
    rows, columns = inside.maps(taken[:1])[name].shape[1:3]
    total = np.asarray(inside.influence(taken, name)).sum(axis=0, dtype=np.float64)
    if not total.sum() > 0:
        return Found((theoretical,), remark=f"Of {name}, whose central unit no image moves.")
    influence = total / total.sum()
    centre = known[name].centre(rows // 2, columns // 2)
    numbers = field_numbers(influence, known[name], centre)
    return Found(
        scores=(theoretical, Score(EFFECTIVE, numbers["effective_field_50"])),
        images=len(taken),
        picture=influence,
        remark=f"Of the central unit of {name}; outside of the theoretical field is"
        f" {100 * numbers['influence_outside']:.4f} % of the influence.",
    )


def _strides(classifier: Classifier) -> dict[str, int]:
    fields = _fields(classifier)
    if isinstance(fields, str):
        return {}
    return {name: each.stride for name, each in fields.items() if isinstance(each, Field)}


def _first_reason(fields: Mapping[str, Field | str]) -> str:
    reasons = [each for each in fields.values() if isinstance(each, str)]
    if not reasons or set(reasons) == {EVERYTHING}:
        return "it has no feature maps: every unit sees the whole image"
    return next(each for each in reasons if each != EVERYTHING)


def _fields(classifier: Classifier) -> Mapping[str, Field | str] | str:
    network = classifier.network
    if network.fields is None:
        return f"{network.framework} shows no graph of layers"
    try:
        return network.fields()
    except InputError as error:
        return error.what


def _seen(classifier: Classifier) -> Inside | str:
    network = classifier.network
    if network.inside is None:
        return f"{network.framework} shows no layers"
    try:
        found = network.inside()
    except InputError as error:
        return error.what
    return found if found.names else "it has no feature maps, which have rows and columns"
