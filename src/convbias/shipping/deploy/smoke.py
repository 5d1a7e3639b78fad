"""Smoke test: compare an endpoint's predictions with those of its archive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from convbias.data.conversion import convert
from convbias.data.drawn import drawn
from convbias.errors import ConvbiasError, RunError
from convbias.shipping.aws import Aws
from convbias.shipping.export.archive import Archive
from convbias.shipping.export.signature import signature_of
from convbias.shipping.predict.clients import (
    Client,
    Prediction,
    endpoint_client,
    local_client,
    parse_predictions,
)
from convbias.shipping.predict.images import NPY, npy_bytes

IMAGES = 10  # drawn garments, one of each class: reproducible, without any download
# TensorFlow Serving and onnxruntime add floating-point numbers in different orders.
LARGEST_DIFFERENCE = 1e-4


@dataclass(frozen=True)
class SmokeTestResult:
    """A smoke test that passed.

    Args:
        images: number of images.
        difference: largest absolute difference between two probabilities.
    """

    images: int
    difference: float


def smoke_test(name: str, archive: Archive, aws: Aws) -> SmokeTestResult:
    """Send known images to an endpoint, and compare with the archive's own predictions.

    Args:
        name: the endpoint's name.
        archive: a verified archive; its code runs in this process.
        aws: account and region.

    Raises:
        InputError: The endpoint cannot be reached, or the archive cannot be loaded here.
        RunError: The endpoint fails, or its predictions differ from the archive's.
    """
    form = signature_of(archive.manifest.identity).form
    garments = drawn(n_train=1, n_test=IMAGES)[2][..., 0]
    images = np.stack([convert(Image.fromarray(each), form).pixels for each in garments])
    with local_client(archive) as client:
        expected = _predictions(client, images)
    try:
        with endpoint_client(name, aws) as client:
            found = _predictions(client, images)
    except ConvbiasError as error:
        fix = error.fix or "read the container's log in CloudWatch"
        raise type(error)(f"the smoke test failed: {error.what}", error.expected, fix) from error
    classes = [prediction.class_name for prediction in expected]
    difference = float(np.abs(_probabilities(found) - _probabilities(expected)).max())
    found_classes = [prediction.class_name for prediction in found]
    if found_classes != classes or difference > LARGEST_DIFFERENCE:
        raise RunError(
            f"the smoke test failed: the endpoint {name} predicts {found_classes}, with"
            f" probabilities that differ by up to {difference:.2g}",
            f"the archive's own predictions, {classes}, within {LARGEST_DIFFERENCE:g}",
            "check with `convbias deploy status` which archive is deployed; apply it again",
        )
    return SmokeTestResult(len(images), difference)


def _predictions(client: Client, images: np.ndarray) -> list[Prediction]:
    response = client(npy_bytes(images), NPY)
    predictions = list(parse_predictions(response, "the smoke test").values())
    if len(predictions) != len(images):
        raise RunError(
            f"{len(predictions)} predictions came back", f"{len(images)}, one for each image"
        )
    return predictions


def _probabilities(predictions: list[Prediction]) -> np.ndarray:
    """Probability of each image and class, float64 (n, classes)."""
    return np.array([list(prediction.probabilities.values()) for prediction in predictions])
