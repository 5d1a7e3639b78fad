"""HTTP as uvicorn speaks it, with a limit on the time that a request's head may take.

Everything behind the head is limited by the application; uvicorn itself waits for heads for ever,
so that a client could keep connections open without asking anything.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0

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


class Protocol(HttpToolsProtocol):
    """One connection."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Start waiting for the first request."""
        super().connection_made(transport)
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
        if not self.transport.is_closing():
            self.transport.write(_ANSWER)
            self.transport.close()
