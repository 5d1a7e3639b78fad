"""Responses of the application, and those that a connection or the supervisor writes itself."""

from __future__ import annotations

import json

from starlette.responses import JSONResponse, Response

RETRY_SECONDS = 1


def complete(status: str, message: str, *headers: str) -> bytes:
    """A whole response with an error, after which the connection is closed.

    Args:
        status: status code and phrase.
        message: what happened, and what was expected.
        *headers: further header lines.
    """
    body = json.dumps({"error": message}).encode()
    lines = [
        f"HTTP/1.1 {status}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def unavailable(what: str) -> bytes:
    """A response that asks the client to send its request again in a moment."""
    message = f"{what}; expected the same request again in a moment"
    return complete("503 Service Unavailable", message, f"retry-after: {RETRY_SECONDS}")


class RejectedError(Exception):
    """A request that gets an error response.

    Args:
        status: of the response.
        message: what happened, and what was expected.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def prediction(content: bytes, kind: str) -> Response:
    """The response with probabilities.

    Args:
        content: the body.
        kind: its content type.
    """
    # As a header: Starlette would add a charset to a media type.
    return Response(content, headers={"content-type": kind})


def error_response(status: int, message: str) -> JSONResponse:
    """The response to a request that is refused.

    Args:
        status: of the response.
        message: what happened, and what was expected.
    """
    headers = {}
    if status == 401:
        headers = {"www-authenticate": "Bearer"}
    if status == 503:
        headers = {"retry-after": str(RETRY_SECONDS)}
    # Text of a request may have characters that are no UTF-8.
    readable = message.encode("utf-8", "backslashreplace").decode()
    return JSONResponse({"error": readable}, status, headers=headers)


def runtime_error(kind: str, status: int, body: dict[str, object]) -> JSONResponse:
    """An error as SageMaker's runtime tells it.

    Args:
        kind: the name of the error.
        status: of the response.
        body: of the response.
    """
    return JSONResponse(body, status, headers={"x-amzn-errortype": kind})
