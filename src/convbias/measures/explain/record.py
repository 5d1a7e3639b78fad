"""Convert explanations to lists and dictionaries for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convbias.data.reading import Picture
from convbias.measures.explain.explanation import Explanation
from convbias.measures.explain.occlusion import GREY, SQUARE

DIGITS = 7  # significant digits, about those of float32


def record(
    picture: Picture, explanations: Sequence[Explanation], class_names: Sequence[str]
) -> dict[str, Any]:
    """Convert explanations to lists and dictionaries for JSON.

    Args:
        picture: The image.
        explanations: The explanation of each network.
        class_names: One per label.

    Returns:
        `classes`; `image` with name, class, steps, remarks and the pixels; `networks`
        with probabilities and logits by class, the exact class map of every class, occlusion maps
        and integrated gradients of the explained classes, all maps in logits, row by row. Feature
        maps, which are large, are in the figure alone.
    """
    label = picture.label
    return {
        "classes": list(class_names),
        "image": {
            "name": picture.name,
            "class": None if label is None else class_names[label],
            "steps": [step.words for step in picture.converted.steps],
            "remarks": list(picture.converted.remarks),
            "pixels": picture.converted.pixels.tolist(),
        },
        "networks": [_network(one, class_names) for one in explanations],
    }


def _network(one: Explanation, class_names: Sequence[str]) -> dict[str, Any]:
    account = one.class_map
    return {
        "name": one.name,
        "predicted": class_names[one.predicted],
        "probabilities": dict(zip(class_names, _numbers(one.probabilities), strict=True)),
        "logits": dict(zip(class_names, _numbers(one.logits), strict=True)),
        "class_map": {
            "pixels_of": account.layer or "image",
            "contributions": dict(
                zip(class_names, map(_numbers, account.contributions), strict=True)
            ),
            "constants": dict(zip(class_names, _numbers(account.constants), strict=True)),
        },
        "occlusion": {
            "square": SQUARE,
            "stride": 1,
            "grey": GREY,
            "logit_drop": {
                class_names[label]: _numbers(one.occlusion[label]) for label in one.gradients
            },
        },
        "integrated_gradients": {
            class_names[label]: {
                "attributions": _numbers(integrated.attributions),
                "logit_difference": integrated.difference,
                "error": integrated.error,
            }
            for label, integrated in one.gradients.items()
        },
    }


def _numbers(values: np.ndarray) -> Any:  # noqa: ANN401 - as nested as the array
    if values.ndim:
        return [_numbers(value) for value in values]
    return float(f"{float(values):.{DIGITS}g}")
