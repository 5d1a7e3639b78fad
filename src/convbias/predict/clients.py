"""Three places to ask: an archive in this process, a server, an endpoint of SageMaker."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

from convbias.download import reason
from convbias.errors import ConvbiasError, InputError, RunError
from convbias.export.archive import Archive
from convbias.extras import check_installed
from convbias.predict.images import RefusedError

# From a body and its content type to the answer, JSON with all probabilities. It raises
# RefusedError where the fault is with this one body, and other errors where asking on is futile.
Ask = Callable[[bytes, str], bytes]

ACCEPT = "application/json;verbose=true"
CONNECTION_SECONDS = 10.0
ANSWER_SECONDS = 70.0  # SageMaker gives a container 60
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
    from convbias.serve.served import Served, unpacked

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
def at_endpoint(name: str) -> Iterator[Ask]:
    """Ask an endpoint of SageMaker, with the credentials and the region that boto3 finds.

    Args:
        name: Of the endpoint.

    Raises:
        InputError: boto3 finds no region, or an address that is none.
    """
    check_installed("aws", ["boto3"])
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    place = f"the endpoint {name}"
    limits = Config(connect_timeout=CONNECTION_SECONDS, read_timeout=ANSWER_SECONDS)
    try:
        # A session of its own, because the shared one remembers earlier credentials.
        client = boto3.Session().client("sagemaker-runtime", config=limits)
    except (BotoCoreError, ValueError) as error:
        # A ValueError, where AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME is no address.
        raise _not_asked(place, error) from error

    def ask(body: bytes, content_type: str) -> bytes:
        try:
            answer = client.invoke_endpoint(
                EndpointName=name, Body=body, ContentType=content_type, Accept=ACCEPT
            )
            return answer["Body"].read()
        except ClientError as error:
            raise _runtime_failure(place, error.response) from error
        except BotoCoreError as error:
            raise _not_asked(place, error) from error

    with closing(client):
        yield ask


def _not_asked(place: str, error: Exception) -> InputError:
    mends = {
        "NoCredentialsError": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        "NoRegionError": "set AWS_DEFAULT_REGION to the region of the endpoint",
    }
    return InputError(
        f"{place} cannot be asked: {error}",
        "credentials and a region as boto3 finds them, and a connection",
        mends.get(
            type(error).__name__,
            "check the network, the variables AWS_... and the files in ~/.aws",
        ),
    )


def _runtime_failure(place: str, response: dict) -> ConvbiasError:
    """What SageMaker's runtime answers in place of the model, or on the model's behalf.

    Args:
        place: What was asked.
        response: As botocore read it.
    """
    code, message = response["Error"].get("Code"), response["Error"].get("Message")
    if code == "ModelError":
        # 0 where the model did not answer in time.
        original = response.get("OriginalStatusCode", 0)
        return _failure(place, original or 504, response.get("OriginalMessage") or message)
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    if status == 413:  # too large for the runtime, which therefore asked no model
        return RefusedError(str(message))
    if status >= 500:
        return RunError(f"{place} failed: {code}: {message}", mend="ask again later")
    return InputError(
        f"{place} cannot be asked: {code}: {message}",
        "an endpoint that is in service in this region, and credentials that may call it",
        "check its name, AWS_DEFAULT_REGION and the credentials",
    )


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
        return RunError(f"{place} failed with status {status}: {words}", mend="look into its log")
    return InputError(
        f"{place} answers with status {status}: {words}",
        "answers of a server that `convbias serve` started, or of a container like it",
        "check the address",
    )
