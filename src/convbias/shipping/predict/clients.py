"""Three places to ask: an archive in this process, a server, an endpoint of SageMaker."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from convbias.data.download import reason
from convbias.errors import ConvbiasError, InputError, RunError
from convbias.shipping.aws import ANSWER_SECONDS, CONNECTION_SECONDS, Aws
from convbias.shipping.export.archive import Archive
from convbias.shipping.extras import check_installed
from convbias.shipping.predict.images import RefusedError

# From a body and its content type to the answer, JSON with all probabilities. It raises
# RefusedError where the fault is with this one body, and other errors where asking on is futile.
Ask = Callable[[bytes, str], bytes]

ACCEPT = "application/json;verbose=true"
LONGEST_WORDS = 300  # letters; strange servers answer with whole pages

# Bad request, timeout, content too large, unsupported media type. All others are not about the
# image: a missing token, a wrong address.
ABOUT_THE_IMAGE = (400, 408, 413, 415)


@contextmanager
def in_process(archive: Archive) -> Iterator[Ask]:
    """Ask an archive without any server.

    Args:
        archive: Verified. Its code is run.

    Raises:
        InputError: The network cannot be loaded here.
    """
    check_installed("serve", ["onnxruntime"])
    from convbias.shipping.serve.served import Served, unpacked

    with unpacked(archive) as folder:
        served = Served(folder)

        def ask(body: bytes, content_type: str) -> bytes:
            try:
                images = served.read(body, content_type)
            except served.request_error as error:
                raise RefusedError(str(error)) from None
            return served.write(served.ask(images), ACCEPT)[0]

        yield ask


@contextmanager
def at_server(address: str, token: str | None) -> Iterator[Ask]:
    """Ask a server.

    Args:
        address: Of its root, such as http://127.0.0.1:8080.
        token: That it wants, if it does.

    Raises:
        InputError: The token cannot be sent.
    """
    import requests

    if token is not None and not (token.isascii() and token.isprintable()):
        # Said here, because the libraries' own errors print it.
        raise InputError(
            "the token holds letters that no request can carry",
            "printable ASCII letters, without a line break",
            "set CONVBIAS_TOKEN to such a token, here and where the server is started",
        )

    def bring_token(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if token is not None:
            request.headers["authorization"] = f"Bearer {token}"
        return request

    with requests.Session() as session:
        # No mere header, which a user's .netrc would overrule.
        session.auth = bring_token
        session.headers["accept"] = ACCEPT

        def ask(body: bytes, content_type: str) -> bytes:
            try:
                answer = session.post(
                    f"{address.rstrip('/')}/invocations",
                    data=body,
                    headers={"content-type": content_type},
                    timeout=(CONNECTION_SECONDS, ANSWER_SECONDS),
                    allow_redirects=False,  # where a question would become a GET
                )
            except (requests.RequestException, ValueError) as error:
                # Of some addresses urllib3 raises a ValueError of its own.
                raise InputError(
                    f"{address} cannot be asked: {reason(error)}",
                    "the address of a running server, such as http://127.0.0.1:8080",
                    "start one with `convbias serve`",
                ) from error
            if answer.status_code == requests.codes.unauthorized:
                raise InputError(
                    f"{address} wants a token, or another one",
                    "the token that the server was started with",
                    "set the environment variable CONVBIAS_TOKEN to it",
                )
            if answer.status_code != requests.codes.ok:
                raise _failure(address, answer.status_code, answer.text)
            return answer.content

        yield ask


@contextmanager
def at_endpoint(name: str, aws: Aws) -> Iterator[Ask]:
    """Ask an endpoint of SageMaker.

    Args:
        name: Of the endpoint.
        aws: Its account and region.

    Raises:
        InputError: A variable AWS_... holds what it cannot.
    """
    from botocore.exceptions import ClientError

    place = f"the endpoint {name}"
    client = aws.client("sagemaker-runtime")

    def ask(body: bytes, content_type: str) -> bytes:
        with aws.told(f"{place} cannot be asked"):
            try:
                answer = client.invoke_endpoint(
                    EndpointName=name, Body=body, ContentType=content_type, Accept=ACCEPT
                )
            except ClientError as error:
                _raise_about_the_image(place, error.response)
                raise
            return answer["Body"].read()

    yield ask


def _raise_about_the_image(place: str, response: dict) -> None:
    """Raise what SageMaker's runtime passes on from the model, or says of the one request.

    Args:
        place: What was asked.
        response: As botocore read it.
    """
    message = response["Error"].get("Message")
    if response["Error"].get("Code") == "ModelError":
        # 0 where the model did not answer in time.
        original = response.get("OriginalStatusCode", 0)
        raise _failure(place, original or 504, response.get("OriginalMessage") or message)
    if response["ResponseMetadata"]["HTTPStatusCode"] == 413:
        # Too large for the runtime, which therefore asked no model.
        raise RefusedError(str(message))


def _failure(place: str, status: int, text: str) -> ConvbiasError:
    """What a model's server answers where it has no answer.

    Args:
        place: What was asked.
        status: Of the answer, in HTTP's numbers.
        text: Of the answer; `convbias serve` gives the reason as JSON.
    """
    with suppress(ValueError, LookupError, TypeError):
        text = str(json.loads(text)["error"])
    words = textwrap.shorten(text, LONGEST_WORDS)
    if status in ABOUT_THE_IMAGE:
        return RefusedError(words)
    if status >= 500:
        return RunError(f"{place} failed with status {status}: {words}", fix="look into its log")
    return InputError(
        f"{place} answers with status {status}: {words}",
        "answers of a server that `convbias serve` started, or of a container like it",
        "check the address",
    )
