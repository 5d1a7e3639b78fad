"""Whether an endpoint gives the answers of the archive that it was made from."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from convbias.data.drawn import drawn
from convbias.errors import ConvbiasError, RunError
from convbias.shipping.aws import Aws
from convbias.shipping.export.archive import Archive
from convbias.shipping.predict.answers import Answer, read_answers
from convbias.shipping.predict.clients import Ask, at_endpoint, in_process
from convbias.shipping.predict.images import NPY

IMAGES = 10  # drawn garments, one of each class: the same everywhere, and nothing to download
# Of probabilities. TensorFlow Serving and onnxruntime add up in another order.
LARGEST_DIFFERENCE = 1e-4


@dataclass(frozen=True)
class Smoke:
    """A smoke test that has been passed.

    Args:
        images: That were asked about.
        difference: The largest, between two probabilities.
    """

    images: int
    difference: float


def smoke(name: str, archive: Archive, aws: Aws) -> Smoke:
    """Ask an endpoint about known images, and compare with the archive's own answers.

    Args:
        name: Of the endpoint.
        archive: Verified. Its code is run here.
        aws: Account and region.

    Raises:
        InputError: The endpoint cannot be asked, or the archive not run here.
        RunError: It does not answer, or otherwise than the archive.
    """
    images = drawn(n_train=1, n_test=IMAGES)[2]
    with in_process(archive) as ask:
        expected = _answers(ask, images)
    try:
        with at_endpoint(name, aws) as ask:
            found = _answers(ask, images)
    except ConvbiasError as error:
        fix = error.fix or "look into the container's log in CloudWatch"
        raise type(error)(f"the smoke test failed: {error.what}", error.expected, fix) from error
    classes = [answer.chosen for answer in expected]
    difference = float(np.abs(_probabilities(found) - _probabilities(expected)).max())
    if [answer.chosen for answer in found] != classes or difference > LARGEST_DIFFERENCE:
        raise RunError(
            f"the smoke test failed: the endpoint {name} answers"
            f" {[answer.chosen for answer in found]}, probabilities up to {difference:.2g} off",
            f"the archive's own answers, {classes}, within {LARGEST_DIFFERENCE:g}",
            "check with `convbias deploy status` which archive answers; apply it again",
        )
    return Smoke(len(images), difference)


def _answers(ask: Ask, images: np.ndarray) -> list[Answer]:
    file = io.BytesIO()
    np.save(file, images)
    answers = list(read_answers(ask(file.getvalue(), NPY), "the smoke test").values())
    if len(answers) != len(images):
        raise RunError(f"{len(answers)} answers came back", f"{len(images)}, one for each image")
    return answers


def _probabilities(answers: list[Answer]) -> np.ndarray:
    """Of each image and class, float64 (n, classes)."""
    return np.array([list(answer.probabilities.values()) for answer in answers])
