"""uvicorn's HTTP protocol with two changes.

A request's headers have a time limit. The application limits everything after them, but uvicorn
waits for headers without limit, so that clients could keep connections open without a request.

A response is sent as one packet. uvicorn writes headers and body separately, which takes a second
system call and wakes the client twice.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 5.0

_TIMEOUT = b'{"error": "the request headers did not arrive in time; expected them at once"}'
_RESPONSE = b"\r\n".join(
    (
        b"HTTP/1.1 408 Request Timeout",
        b"content-type: application/json",
        b"content-length: %d" % len(_TIMEOUT),
        b"connection: close",
        b"",
        _TIMEOUT,
    )
)


class _BufferedTransport:
    """A transport that sends everything written in one loop iteration at once."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> None:
        self._parts.append(part)
        if len(self._parts) == 1:
            self._loop.call_soon(self._send)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        parts, self._parts = self._parts, []
        if parts:
            self._transport.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the transport
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """One connection."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - an asyncio.Transport
        """Start the time limit of the first request's headers."""
        super().connection_made(_BufferedTransport(transport, self.loop))  # pyright: ignore[reportArgumentType]
        self._start_limit()

    def on_message_begin(self) -> None:
        """Start the time limit of the remaining headers."""
        super().on_message_begin()
        self._start_limit()

    def on_headers_complete(self) -> None:
        """Stop the time limit."""
        self._stop_limit()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limit."""
        self._stop_limit()
        super().connection_lost(exc)

    def _start_limit(self) -> None:
        self._stop_limit()
        self._limit = self.loop.call_later(HEADER_SECONDS, self._time_out)

    def _stop_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _time_out(self) -> None:
        self.transport.write(_RESPONSE)
        self.transport.close()
