"""`convbias predict`: classify images in process, over HTTP or with SageMaker."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

from cyclopts import Parameter

from convbias import data
from convbias.cli.console import messages, percent, print_table, results, warn
from convbias.cli.serve import ARCHIVE
from convbias.errors import ConvbiasError, InputError
from convbias.shipping.aws import Aws
from convbias.shipping.export.archive import read
from convbias.shipping.export.signature import Signature, signature_of
from convbias.shipping.predict.clients import (
    Client,
    Prediction,
    endpoint_client,
    http_client,
    local_client,
    parse_predictions,
)
from convbias.shipping.predict.images import (
    FailedRequestError,
    RejectedRequestError,
    Target,
    image_requests,
)
from convbias.shipping.serve import TOKEN_VARIABLE
from convbias.spec.datasets import FASHION_MNIST_FORM, DatasetName, description_of


class Row(NamedTuple):
    """An image's prediction.

    Args:
        image: name of the image.
        prediction: its prediction.
        label: class of a test image.
        remarks: what limits how far the prediction can be trusted.
    """

    image: str
    prediction: Prediction
    label: str | None
    remarks: Sequence[str]


def predict(
    image: tuple[str, ...],
    /,
    *,
    archive: Path | None = None,
    server: str | None = None,
    endpoint: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    dataset: DatasetName | None = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Classify images with an archive, a server or a SageMaker endpoint.

    Images that are rejected or fail are reported on standard error, and all others are classified.
    The exit code is then 2 for rejected images, and 1 if any image failed otherwise.

    Example: `convbias predict 0 1 2 --server http://127.0.0.1:8080`

    Args:
        image: Pictures (PNG, JPEG, WebP, BMP, TIFF or GIF) and .npy files; folders of such files;
            indices of test images, whose true classes are printed too.
        archive: Archive written by `convbias package`; default fashion_mnist_model.tar.gz unless a
            server or endpoint is given. Its code is executed: use only archives that you trust.
        server: URL of a server. Its token is read from the environment variable CONVBIAS_TOKEN.
        endpoint: Name of a SageMaker endpoint; set AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME to use a
            local `convbias serve` instead of AWS.
        profile: Profile of ~/.aws for the endpoint; default AWS_ACCESS_KEY_ID and
            AWS_SECRET_ACCESS_KEY.
        region: Region of the endpoint; default the profile's, or AWS_DEFAULT_REGION.
        dataset: Data set of the test images; default the archive's, for a server or an endpoint
            fashion-mnist.
        as_json: Print a JSON array with all probabilities, and with remarks where a picture is
            unlike the training images, instead of a table.
    """
    if dataset is not None:
        description_of(dataset)  # before anything is opened
    name, opened, trained_on = _client(archive, server, endpoint, profile, region)
    form = FASHION_MNIST_FORM if trained_on is None else trained_on.form
    shown = dataset or ("fashion-mnist" if trained_on is None else trained_on.dataset)
    if dataset is not None and trained_on is None:
        form = description_of(dataset).input_form
    # The container behind an endpoint may be unable to read pictures.
    target = Target(form, shown, convert_pictures=endpoint is not None)
    load = partial(data.load, shown)
    requests = image_requests(image, load, target)
    rows: list[Row] = []
    errors: list[ConvbiasError] = []
    try:
        with opened as client:
            for request in requests:
                try:
                    body = client(request.body(), request.content_type)
                    predictions = parse_predictions(body, request.name)
                except (RejectedRequestError, FailedRequestError) as error:
                    errors.append(error)
                    messages().print(f"{request.name}: {error}", style="red", soft_wrap=True)
                    continue
                remarks = request.remarks()
                rows += [
                    Row(each, prediction, _class(shown, request.label), remarks)
                    for each, prediction in predictions.items()
                ]
    finally:
        # Also when the connection breaks, so that earlier predictions are not lost.
        if as_json:
            results().print(json.dumps([_record(row) for row in rows]), soft_wrap=True)
        elif rows:
            _print(f"Predictions of {name}", rows)
    return min((error.exit_code for error in errors), default=0)


def _class(dataset: DatasetName, label: int | None) -> str | None:
    return None if label is None else description_of(dataset).class_names[label]


def _client(
    archive: Path | None,
    server: str | None,
    endpoint: str | None,
    profile: str | None,
    region: str | None,
) -> tuple[str, AbstractContextManager[Client], Signature | None]:
    """Name and client of the archive, server or endpoint, and what an archive's network takes."""
    given = {"--archive": archive, "--server": server, "--endpoint": endpoint}
    named = [option for option, value in given.items() if value is not None]
    if len(named) > 1:
        raise InputError(
            f"{' and '.join(named)} exclude one another", "only one of them", "omit the others"
        )
    if server is not None:
        return server, http_client(server, os.environ.get(TOKEN_VARIABLE) or None), None
    if endpoint is not None:
        return f"the endpoint {endpoint}", endpoint_client(endpoint, Aws(profile, region)), None
    verified = read(archive or ARCHIVE)
    signature = signature_of(verified.manifest.identity)
    return str(verified.path), local_client(verified), signature


def _record(row: Row) -> dict[str, object]:
    record: dict[str, object] = {"image": row.image, **row.prediction.model_dump(by_alias=True)}
    if row.label is not None:
        record["label"] = row.label
    if row.remarks:
        record["remarks"] = row.remarks
    return record


def _print(title: str, rows: Sequence[Row]) -> None:
    words = ["image", "class"]
    cells = [
        [row.image, row.prediction.class_name, percent(row.prediction.confidence)] for row in rows
    ]
    labels = [row.label for row in rows]
    columns = [*words, "confidence"]
    if any(label is not None for label in labels):
        columns.append("true class")
        for row, label in zip(cells, labels, strict=True):
            row.append(label or "")
    print_table(title, columns, cells, words=(*words, "true class"))
    for row in rows:
        for remark in row.remarks:
            warn(f"Note: {row.image}: {remark}")
