"""What the figures of `shape` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.shape.question import (
    CNN,
    DENSE,
    SHAPE_BIAS,
    SILHOUETTES,
    TEXTURES,
)
from convbias.findings.headlines import mean_percent, shortened, supports
from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.findings.values import by_seed
from convbias.spec.quantities import Quantity
from convbias.statistics import Contrast


def headlines(
    results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """Whether the CNN goes by the silhouette, and what silhouettes and textures alone tell."""
    [by_shape] = outcome.statements
    cnn, dense = _both(results, SHAPE_BIAS)
    return {
        "bias": shortened(
            by_shape,
            "The CNN goes by the silhouette more often than by the texture: in"
            f" {cnn} % of the answers that name either, the dense network in {dense} %.",
        ),
        "silhouettes": Statement(
            "The CNN recognises more plain silhouettes than the dense network: "
            f"{' and '.join(_both(results, SILHOUETTES))} %.",
            supports(contrasts.get("cnn-over-dense-on-silhouettes")),
        ),
        "textures": Statement(
            "The CNN recognises more textures without outline than the dense network: "
            f"{' and '.join(_both(results, TEXTURES))} %.",
            supports(contrasts.get("cnn-over-dense-on-textures")),
        ),
    }


def _both(results: Results, quantity: Quantity) -> tuple[str, str]:
    """Means of the CNN and of the dense network in percent."""
    cnn, dense = (
        mean_percent(by_seed(results, model.name, quantity.name).values()) for model in (CNN, DENSE)
    )
    return cnn, dense
