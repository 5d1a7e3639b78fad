"""One image and what networks make of it, on one sheet."""

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
    percent,
)
from convbias.measures.explain.class_map import ClassMap
from convbias.measures.explain.explanation import Explanation
from convbias.measures.explain.integrated_gradients import STEPS
from convbias.measures.explain.occlusion import SQUARE

# Single pixels would otherwise set the scale and pale all others.
WITHIN_SCALE = 99.5  # per cent of the values, by magnitude
MAP_SIDE, MAP_SLOT = 190, 258
FILTER_SIDE, FILTER_SLOT = 50, 56

COLUMNS = ("Exact contributions", "Integrated gradients", "Occlusion")


def explanation(
    picture: Picture,
    explanations: Sequence[Explanation],
    class_names: Sequence[str],
    remark: str | None,
) -> Figure:
    """Draw an image's way to the networks, their probabilities, and what these come from.

    Args:
        picture: The image.
        explanations: Of the networks, at least one.
        class_names: One per label.
        remark: What must be known about the networks' training data.

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
        f"{said}.{truth} Green parts speak for the class, purple ones against it; the middle of"
        " each scale is zero. Integrated gradients and occlusion have one scale for all networks;"
        " exact contributions have one each, because their pixels are of different size."
    )
    return Figure(
        name="explanation",
        title=f"What the networks see in {picture.name}",
        subtitle=with_remark(said, remark),
        caption=caption,
        description=_description(picture, explanations, class_names, said),
        drawing=Sheet(sections),
    )


def _steps(picture: Picture) -> SheetSection:
    steps = picture.converted.steps
    note = (
        "From what was given to what the networks take: 28 × 28 grey, a light garment on black."
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
        "What each network takes the image for.",
        tuple(class_names),
        tuple((one.name, tuple(one.probabilities.tolist())) for one in explanations),
    )


def _class_section(
    picture: Picture, explanations: Sequence[Explanation], label: int, name: str
) -> SheetSection:
    pixels = picture.converted.pixels
    gradients = [one.gradients[label].attributions for one in explanations]
    occlusions = [one.occlusion[label] for one in explanations]
    of_gradients = _scale(gradients, "logits per pixel")
    of_occlusions = _scale(occlusions, "logits lost")
    rows = []
    for one, gradient, occlusion in zip(explanations, gradients, occlusions, strict=True):
        contributions = one.class_map.contributions[label]
        integrated = one.gradients[label]
        panels = (
            Panel(
                contributions,
                (
                    f"pixels {_signed(contributions.sum())},",
                    f"constant {_signed(one.class_map.constants[label])}, in all the logit",
                ),
                _scale([contributions], f"logits per {_pixel(one.class_map)}"),
                pixels,
            ),
            Panel(
                gradient,
                (
                    f"sum {_signed(gradient.sum())}; logit gained",
                    f"over a black image {_signed(integrated.difference)}",
                ),
                of_gradients,
                pixels,
            ),
            Panel(
                occlusion,
                (f"most {_signed(occlusion.max())}, least {_signed(occlusion.min())}",),
                of_occlusions,
                pixels,
            ),
        )
        names = (one.name, percent(one.probabilities[label]), f"logit {_signed(one.logits[label])}")
        rows.append((names, panels))
    return PanelRows(
        f"What speaks for {name}",
        "Green: for the class. Purple: against it. Grey lines: the garment's outline. Exact"
        " contributions and a constant sum up to the class's logit. Integrated gradients:"
        f" {STEPS} steps from a black image. Occlusion: what a black square of {SQUARE} × {SQUARE}"
        " pixels around each pixel takes from the logit.",
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
            f" {silent or 'none'} without any response.",
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
    parts = [
        f"The image, {picture.name}, as the networks take it, and their probabilities: {said}."
    ]
    for label in explanations[0].gradients:
        for one in explanations:
            row, column = np.unravel_index(one.occlusion[label].argmax(), (28, 28))
            parts.append(
                f"For {class_names[label]}, {one.name} loses most,"
                f" {one.occlusion[label].max():.1f} logits, where a square around row {row + 1},"
                f" column {column + 1} is covered."
            )
    maps = [f"{one.name} {layer}" for one in explanations for layer in one.feature_maps]
    if maps:
        parts.append(f"Below, the feature maps of {' and '.join(maps)}.")
    return " ".join(parts)
