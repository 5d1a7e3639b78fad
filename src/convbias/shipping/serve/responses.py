"""Responses that are written without the application, by a connection or by the supervisor."""

from __future__ import annotations

import json

RETRY_SECONDS = 1


def complete(status: str, error: str, *headers: str) -> bytes:
    """A whole response with an error, after which the connection is closed.

    Args:
        status: status code and phrase.
        error: what happened, and what was expected.
        *headers: further header lines.
    """
    body = json.dumps({"error": error}).encode()
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
    error = f"{what}; expected the same request again in a moment"
    return complete("503 Service Unavailable", error, f"retry-after: {RETRY_SECONDS}")
