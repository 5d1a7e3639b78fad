"""Prediction clients: an archive in this process, an HTTP server, a SageMaker endpoint."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from convbias.data.download import reason
from convbias.errors import ConvbiasError, InputError
from convbias.shipping.aws import ANSWER_SECONDS, CONNECTION_SECONDS, HIDDEN, Aws
from convbias.shipping.export.archive import Archive
from convbias.shipping.predict.images import FailedRequestError, RejectedRequestError
from convbias.spec.extras import check_installed

if TYPE_CHECKING:
    import requests

# Sends a body of a content type, and returns the response: JSON with all probabilities. It raises
# RejectedRequestError or FailedRequestError if others may succeed, and other errors if all would
# fail.
Client = Callable[[bytes, str], bytes]

ACCEPT = "application/json;verbose=true"
LONGEST_MESSAGE = 300  # characters; other servers may respond with whole pages
# Bytes of a response; those for 1,024 images with all probabilities take less than one megabyte.
LARGEST_RESPONSE = 16 * 2**20

# Bad request, timeout, content too large, unsupported media type. Other statuses do not depend on
# the image, for instance those for a missing token or a wrong address.
REJECTED_STATUSES = (400, 408, 413, 415)

_PART = 2**16

_Share = Annotated[float, Field(ge=0, le=1)]


class Prediction(BaseModel, frozen=True):
    """The network's prediction for one image.

    Args:
        class_name: the class with the largest probability; `class` in JSON.
        confidence: that probability.
        probabilities: class name to probability.
    """

    class_name: str = Field(alias="class")
    confidence: _Share
    probabilities: dict[str, _Share]


# The response for one image is an object, that for several images a list.
_RESPONSE = TypeAdapter(Prediction | Annotated[list[Prediction], Field(min_length=1)])


def parse_predictions(body: bytes, name: str) -> dict[str, Prediction]:
    """Parse the response to one request.

    Args:
        body: JSON.
        name: name of the request.

    Returns:
        Image name to prediction: `name` for one image; `name[0]`, `name[1]` and so on for several.

    Raises:
        FailedRequestError: The body is not such a response.
    """
    try:
        predictions = _RESPONSE.validate_json(body)
    except ValidationError as error:
        # Without the body, which may repeat the request, and with it a token.
        reason = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise FailedRequestError(
            f"the response for {name} cannot be read: {reason}",
            "JSON with class, confidence and probabilities",
            "check that the server is `convbias serve`, or a container with an archive",
        ) from error
    if isinstance(predictions, Prediction):
        return {name: predictions}
    return {f"{name}[{number}]": each for number, each in enumerate(predictions)}


@contextmanager
def local_client(archive: Archive) -> Iterator[Client]:
    """Run an archive in this process.

    Args:
        archive: a verified archive; its code is run.

    Raises:
        InputError: The network cannot be loaded.
    """
    check_installed("serve", ["onnxruntime"])
    from convbias.shipping.serve.predictor import Predictor, unpacked

    with unpacked(archive) as folder:
        predictor = Predictor(folder)

        def send(body: bytes, content_type: str) -> bytes:
            try:
                images = predictor.read(body, content_type)
            except predictor.request_error as error:
                raise RejectedRequestError(str(error)) from None
            try:
                return predictor.write(predictor.predict(images), ACCEPT)[0]
            except Exception as error:  # the archive's code may raise anything
                raise FailedRequestError(
                    f"the archive's code failed: {type(error).__name__}: {error}",
                    "an archive that predicts one of its classes for every image",
                    "export and package the run again",
                ) from error

        yield send


@contextmanager
def http_client(address: str, token: str | None) -> Iterator[Client]:
    """Send requests to a server.

    Args:
        address: address of the server's root, such as http://127.0.0.1:8080.
        token: bearer token that the server requires; None if it requires none.

    Raises:
        InputError: The token cannot be sent in a header.
    """
    import requests
    from urllib3.exceptions import HTTPError

    if token is not None and not (token.isascii() and token.isprintable()):
        # Checked here, because the libraries' own errors print the token.
        raise InputError(
            "the token has characters that cannot be sent in a header",
            "printable ASCII characters without a line break",
            "set CONVBIAS_TOKEN to such a token, both here and for the server",
        )

    def add_token(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if token is not None:
            request.headers["authorization"] = f"Bearer {token}"
        return request

    with requests.Session() as session:
        # Not a plain header, which a user's .netrc file would override.
        session.auth = add_token
        session.headers["accept"] = ACCEPT
        # Also without following a redirect, requests would read all of its body.
        session.get_redirect_target = lambda resp: None  # noqa: ARG005
        # A compressed response could become a thousand times as large here.
        session.headers["accept-encoding"] = "identity"

        def send(body: bytes, content_type: str) -> bytes:
            try:
                with session.post(
                    f"{address.rstrip('/')}/invocations",
                    data=body,
                    headers={"content-type": content_type},
                    timeout=(CONNECTION_SECONDS, ANSWER_SECONDS),
                    stream=True,
                ) as response:
                    content = _content(address, response)
            except (requests.RequestException, HTTPError, ValueError) as error:
                # urllib3 raises a ValueError of its own for some invalid addresses.
                raise InputError(
                    f"{address} does not respond: {reason(error)}",
                    "the address of a running server, such as http://127.0.0.1:8080",
                    "start a server with `convbias serve`",
                ) from error
            if response.status_code == requests.codes.unauthorized:
                raise InputError(
                    f"{address} rejects the token, or requires one",
                    "the token that the server was started with",
                    "set the environment variable CONVBIAS_TOKEN to it",
                )
            if response.status_code != requests.codes.ok:
                text = content.decode(errors="replace")
                if token:
                    text = text.replace(token, HIDDEN)
                raise _failure(address, response.status_code, text)
            return content

        yield send


def _content(target: str, response: requests.Response) -> bytes:
    """The body of a response, limited in size and time.

    Args:
        target: the server, for messages.
        response: response whose body was not read yet.

    Raises:
        FailedRequestError: The body is too large, compressed, or takes too long.
    """
    expected = f"at most {LARGEST_RESPONSE:,} uncompressed bytes within {ANSWER_SECONDS:g} seconds"
    fix = "check that the address is that of `convbias serve`, or of a container with an archive"
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise FailedRequestError(f"{target} sends a compressed response", expected, fix)
    content = bytearray()
    started = time.monotonic()
    # Each part is what has arrived; `iter_content` would wait for whole parts.
    while part := response.raw.read1(_PART):
        content += part
        if len(content) > LARGEST_RESPONSE:
            raise FailedRequestError(f"the response of {target} is too large", expected, fix)
        if time.monotonic() - started > ANSWER_SECONDS:
            raise FailedRequestError(f"the response of {target} takes too long", expected, fix)
    return bytes(content)


@contextmanager
def endpoint_client(name: str, aws: Aws) -> Iterator[Client]:
    """Send requests to a SageMaker endpoint.

    Args:
        name: the endpoint's name.
        aws: account and region.

    Raises:
        InputError: A variable AWS_... has an invalid value.
    """
    from botocore.exceptions import ClientError

    target = f"the endpoint {name}"
    runtime = aws.client("sagemaker-runtime")

    def send(body: bytes, content_type: str) -> bytes:
        with aws.translate_errors(f"{target} does not respond"):
            try:
                response = runtime.invoke_endpoint(
                    EndpointName=name, Body=body, ContentType=content_type, Accept=ACCEPT
                )
            except ClientError as error:
                _raise_model_error(target, error.response, aws)
                raise
            content = response["Body"].read(LARGEST_RESPONSE + 1)
        if len(content) > LARGEST_RESPONSE:
            raise FailedRequestError(
                f"the response of {target} is too large",
                f"at most {LARGEST_RESPONSE:,} bytes",
                "check that the endpoint runs an archive of `convbias package`",
            )
        return content

    yield send


def _raise_model_error(target: str, response: dict, aws: Aws) -> None:
    """Raise an error of the model behind the endpoint, or of this one request.

    Args:
        target: the endpoint, for messages.
        response: error response as botocore parsed it.
        aws: account and region.
    """
    message = aws.redacted(str(response["Error"].get("Message")))
    if response["Error"].get("Code") == "ModelError":
        # 0 if the model did not respond in time.
        original = response.get("OriginalStatusCode", 0)
        text = aws.redacted(response.get("OriginalMessage") or "")
        raise _failure(target, original or 504, text or message)
    if response["ResponseMetadata"]["HTTPStatusCode"] == 413:
        # Too large for SageMaker's runtime, which did not pass it to the model.
        raise RejectedRequestError(message)


def _failure(target: str, status: int, text: str) -> ConvbiasError:
    """The error for a response without a prediction.

    Args:
        target: the server or endpoint, for messages.
        status: HTTP status.
        text: body of the response; `convbias serve` gives the reason as JSON.
    """
    with suppress(ValueError, LookupError, TypeError):
        text = str(json.loads(text)["error"])
    message = textwrap.shorten(text, LONGEST_MESSAGE)
    if status in REJECTED_STATUSES:
        return RejectedRequestError(message)
    if status >= 500:
        return FailedRequestError(
            f"{target} failed with status {status}: {message}", fix="read its log"
        )
    return InputError(
        f"{target} responds with status {status}: {message}",
        "a server started by `convbias serve`, or a container with an archive",
        "check the address",
    )
