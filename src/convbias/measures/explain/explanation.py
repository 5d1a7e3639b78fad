"""Explain what networks make of one image, with all methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
from scipy import special

from convbias.measures.explain.class_map import ClassMap, class_map
from convbias.measures.explain.feature_maps import feature_maps
from convbias.measures.explain.integrated_gradients import IntegratedGradients, integrated_gradients
from convbias.measures.explain.occlusion import occlusion_map
from convbias.networks.forward import Forward


@dataclass(frozen=True, eq=False)
class Explanation:
    """All explanations of a network's decision on an image.

    Args:
        name: The network's name in tables and figures.
        logits: float64 (classes,).
        class_map: Every class's logit as an exact sum over pixels.
        occlusion: float32 (classes, height, width), the drop of each logit when a square is
            covered.
        gradients: Integrated gradients of the explained classes, by label.
        feature_maps: Layer name to float32 (height, width, filters).
    """

    name: str
    logits: np.ndarray
    class_map: ClassMap
    occlusion: np.ndarray
    gradients: Mapping[int, IntegratedGradients]
    feature_maps: Mapping[str, np.ndarray]

    @property
    def probabilities(self) -> np.ndarray:
        """float64 (classes,)."""
        return special.softmax(self.logits)

    @property
    def predicted(self) -> int:
        """The most probable class."""
        return int(self.logits.argmax())


def explain(
    networks: Mapping[str, keras.Model], pixels: np.ndarray, label: int | None
) -> list[Explanation]:
    """Explain what networks make of an image.

    The same classes are explained for all networks: every class that one of them predicts, and the
    image's class where it is known.

    Args:
        networks: The networks by name.
        pixels: uint8 (side, side), or (side, side, 3) in colour.
        label: The image's class, or None.

    Returns:
        One explanation per network, in their order.
    """
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    image = pixels.astype(np.float32) / 255
    forwards = {name: Forward(network) for name, network in networks.items()}
    logits = {name: one.logits(image[None])[0] for name, one in forwards.items()}
    asked = [int(one.argmax()) for one in logits.values()]
    labels = list(dict.fromkeys(asked if label is None else [label, *asked]))
    return [
        Explanation(
            name=name,
            logits=logits[name].astype(np.float64),
            class_map=class_map(forward, image),
            occlusion=occlusion_map(forward, pixels),
            gradients={label: integrated_gradients(forward, image, label) for label in labels},
            feature_maps=feature_maps(forward, image),
        )
        for name, forward in forwards.items()
    ]
