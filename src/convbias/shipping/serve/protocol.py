"""HTTP as uvicorn speaks it, but for two things.

The head of a request may take only so long: everything behind it is limited by the application, but
uvicorn itself waits for heads for ever, and a client could keep connections open without asking
anything. And an answer leaves as one packet: uvicorn writes head and body one after the other,
which costs a system call more here and wakes the client twice.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 5.0

_LATE = b'{"error": "the head of the request was not there in time; expected it at once"}'
_ANSWER = b"\r\n".join(
    (
        b"HTTP/1.1 408 Request Timeout",
        b"content-type: application/json",
        b"content-length: %d" % len(_LATE),
        b"connection: close",
        b"",
        _LATE,
    )
)


class _Joined:
    """A transport that sends at once what is written at one moment."""

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

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else that a transport has
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """One connection."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - an asyncio.Transport
        """Start waiting for the first request."""
        super().connection_made(_Joined(transport, self.loop))  # pyright: ignore[reportArgumentType]
        self._wait()

    def on_message_begin(self) -> None:
        """Start waiting for the rest of a head."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """It is there."""
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._stop()
        self._limit = self.loop.call_later(HEAD_SECONDS, self._refuse)

    def _stop(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _refuse(self) -> None:
        self.transport.write(_ANSWER)
        self.transport.close()
