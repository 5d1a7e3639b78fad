"""Integrated gradients: each pixel's part in a logit's difference from that of a black image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convbias.networks.forward import Forward

STEPS = 512


@dataclass(frozen=True, eq=False)
class IntegratedGradients:
    """The attributions of one class.

    Args:
        attributions: float64 (height, width), in logits.
        difference: The class's logit of the image minus that of a black one: what the attributions
            would sum up to if the integral were exact (completeness).
    """

    attributions: np.ndarray
    difference: float

    @property
    def error(self) -> float:
        """The sum of the attributions minus the difference, in logits."""
        return float(self.attributions.sum()) - self.difference


def integrated_gradients(
    forward: Forward, image: np.ndarray, label: int, steps: int = STEPS
) -> IntegratedGradients:
    """Integrate a logit's gradient from black to the image (Sundararajan et al. 2017).

    The source is arXiv 1703.01365, equations 1 and 3, and proposition 1 for completeness. The
    integral is a midpoint sum. The gradient jumps wherever a unit crosses zero on the path, so the
    error falls with the number of steps; it is reported.

    Args:
        forward: The network's forward pass.
        image: float32 (height, width, channels) in [0, 1].
        label: The class.
        steps: Number of images on the path.

    Returns:
        The attributions, summed over the channels; a black pixel's is 0, since it does not change
        on the path.
    """
    way = (np.arange(steps, dtype=np.float32) + 0.5) / steps
    gradients = forward.gradients(way[:, None, None, None] * image, label)
    mean = gradients.astype(np.float64).mean(axis=0)
    of_image, of_black = forward.logits(np.stack([image, np.zeros_like(image)]))[:, label]
    return IntegratedGradients((image * mean).sum(axis=2), float(of_image) - float(of_black))
