"""Explanation of one image: probabilities, attribution maps and feature maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from convbias.data.reading import Picture
from convbias.figures.arms import with_remark
from convbias.figures.figure import Figure
from convbias.figures.panels import ColourScale, Panel
from convbias.figures.sheets import (
    WIDTH,
    PanelRows,
    ShareTable,
    Sheet,
    SheetSection,
    probability_text,
)
from convbias.measures.explain.class_map import ClassMap
from convbias.measures.explain.explanation import Explanation
from convbias.measures.explain.integrated_gradients import STEPS
from convbias.measures.explain.occlusion import SQUARE

# Percentile of the absolute values that the scale covers: a few pixels must not set it.
WITHIN_SCALE = 99.5
MAP_SIDE, MAP_SLOT = 190, 258
FILTER_SIDE, FILTER_SLOT = 50, 56

COLUMNS = ("Exact contributions", "Integrated gradients", "Occlusion")


def explanation(
    picture: Picture,
    explanations: Sequence[Explanation],
    class_names: Sequence[str],
    remark: str | None,
) -> Figure:
    """Draw the steps from an image to the networks' input, their probabilities, and their causes.

    Args:
        picture: the image.
        explanations: one explanation per network, at least one.
        class_names: one name per label.
        remark: remark about the networks' training data.

    Returns:
        The figure.
    """
    said = "; ".join(
        f"{one.name}: {class_names[one.predicted]}, {100 * one.probabilities[one.predicted]:.1f} %"
        for one in explanations
    )
    sections = (
        _steps(picture),
        _probabilities(explanations, class_names),
        *(
            _class_section(picture, explanations, label, class_names[label])
            for label in explanations[0].gradients
        ),
        *(section for one in explanations for section in _filters(one)),
    )
    truth = "" if picture.label is None else f" Its class is {class_names[picture.label]}."
    caption = (
        f"{said}.{truth} Green: evidence for the class; purple: evidence against it; the middle of"
        " each scale is zero. Integrated gradients and occlusion share one scale across networks;"
        " exact contributions have one scale per network, because their pixels differ in size."
    )
    return Figure(
        name="explanation",
        title=f"Explanation of {picture.name}",
        subtitle=with_remark(said, remark),
        caption=caption,
        description=_description(picture, explanations, class_names, said),
        drawing=Sheet(sections),
    )


def _steps(picture: Picture) -> SheetSection:
    steps = picture.converted.steps
    height, width, *colour = picture.converted.pixels.shape
    note = (
        f"Conversion to the networks' input: {height} × {width} pixels,"
        f" {'in colour' if colour else 'grey'}."
        + "".join(f" Note: {remark}." for remark in picture.converted.remarks)
    )
    panels = tuple(
        Panel(step.picture, (f"{number}. {step.words}",))
        for number, step in enumerate(steps, start=1)
    )
    if len(steps) == 1:
        panels = (Panel(picture.converted.pixels, (steps[0].words,)),)
    return PanelRows("The image", note, (((), panels),), slot=182 if len(steps) > 1 else WIDTH)


def _probabilities(explanations: Sequence[Explanation], class_names: Sequence[str]) -> SheetSection:
    return ShareTable(
        "Probabilities",
        "Predicted probability of each class, by network.",
        tuple(class_names),
        tuple((one.name, tuple(one.probabilities.tolist())) for one in explanations),
    )


def _class_section(
    picture: Picture, explanations: Sequence[Explanation], label: int, name: str
) -> SheetSection:
    pixels = picture.converted.pixels
    outline = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    gradients = [one.gradients[label].attributions for one in explanations]
    occlusions = [one.occlusion[label] for one in explanations]
    of_gradients = _scale(gradients, "logits per pixel")
    of_occlusions = _scale(occlusions, "decrease in logits")
    rows = []
    for one, gradient, occlusion in zip(explanations, gradients, occlusions, strict=True):
        contributions = one.class_map.contributions[label]
        integrated = one.gradients[label]
        panels = (
            Panel(
                contributions,
                (
                    f"pixels {_signed(contributions.sum())},",
                    f"constant {_signed(one.class_map.constants[label])}; the sum is the logit",
                ),
                _scale([contributions], f"logits per {_pixel(one.class_map)}"),
                outline,
            ),
            Panel(
                gradient,
                (
                    f"sum {_signed(gradient.sum())}; logit minus that",
                    f"of a black image {_signed(integrated.difference)}",
                ),
                of_gradients,
                outline,
            ),
            Panel(
                occlusion,
                (f"maximum {_signed(occlusion.max())}, minimum {_signed(occlusion.min())}",),
                of_occlusions,
                outline,
            ),
        )
        names = (
            one.name,
            probability_text(one.probabilities[label]),
            f"logit {_signed(one.logits[label])}",
        )
        rows.append((names, panels))
    return PanelRows(
        f"Evidence for {name}",
        "Green: for the class. Purple: against it. Grey lines: outline of the image. Exact"
        " contributions plus a constant sum to the class's logit. Integrated gradients:"
        f" {STEPS} steps from a black image. Occlusion: decrease of the logit when a black square"
        f" of {SQUARE} × {SQUARE} pixels covers the pixel's neighbourhood.",
        tuple(rows),
        COLUMNS,
        MAP_SIDE,
        MAP_SLOT,
    )


def _signed(value: float) -> str:
    return f"{value:+z.2f}".replace("-", "−")


def _pixel(account: ClassMap) -> str:
    if account.layer is None:
        return "pixel of the image"
    _, height, width = account.contributions.shape
    return f"pixel of {account.layer} ({height} × {width})"


def _scale(
    maps: Iterable[np.ndarray],
    unit: str,
    kind: Literal["diverging", "sequential"] = "diverging",
) -> ColourScale:
    magnitudes = np.abs(np.concatenate([one.ravel() for one in maps]))
    limit = float(np.percentile(magnitudes, WITHIN_SCALE)) or float(magnitudes.max()) or 1.0
    return ColourScale(kind, limit, unit, clipped=bool(magnitudes.max() > limit))


def _filters(one: Explanation) -> Iterable[SheetSection]:
    for layer, maps in one.feature_maps.items():
        height, width, filters = maps.shape
        scale = _scale([maps], "activation", "sequential")
        silent = int(np.count_nonzero(maps.max(axis=(0, 1)) == 0))
        yield PanelRows(
            f"Feature maps of {one.name}, layer {layer}",
            f"{filters} filters in the network's order, {height} × {width} pixels each, after ReLU;"
            f" {silent} of them zero everywhere.",
            (((), tuple(Panel(maps[:, :, index], (), scale) for index in range(filters))),),
            side=FILTER_SIDE,
            slot=FILTER_SLOT,
            common=scale,
        )


def _description(
    picture: Picture,
    explanations: Sequence[Explanation],
    class_names: Sequence[str],
    said: str,
) -> str:
    parts = [f"The image, {picture.name}, as converted for the networks. Predictions: {said}."]
    for label in explanations[0].gradients:
        for one in explanations:
            drops = one.occlusion[label]
            row, column = np.unravel_index(drops.argmax(), drops.shape)
            parts.append(
                f"For {class_names[label]}, the logit of {one.name} decreases most, by"
                f" {drops.max():.1f}, when a square around row {row + 1},"
                f" column {column + 1} is covered."
            )
    maps = [f"{one.name} {layer}" for one in explanations for layer in one.feature_maps]
    if maps:
        parts.append(f"Below, the feature maps of {' and '.join(maps)}.")
    return " ".join(parts)
