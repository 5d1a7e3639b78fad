"""A connection's transport that sends a response as one packet, and closes within a time limit.

uvicorn writes headers and body separately, which takes a second system call and wakes the client
twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

LINGER_SECONDS = 2.0  # for a refused client to stop sending its body
READ_SECONDS = 30.0  # for a client to read a response


class BufferedTransport:
    """A transport that sends everything written in one loop iteration at once.

    Closing it waits for what is written, but not for ever.

    Args:
        transport: the connection's.
        loop: its event loop.
        is_receiving: whether the client is still sending a body.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        is_receiving: Callable[[], bool],
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._is_receiving = is_receiving
        self._parts: list[bytes] = []
        self._end: asyncio.TimerHandle | None = None

    def write(self, part: bytes) -> None:
        """Send a part of a response at the end of this iteration of the loop."""
        if self._end is not None:
            return  # a response that comes after the connection was given up
        self._parts.append(part)
        if len(self._parts) == 1:
            self._loop.call_soon(self._send)

    def write_whole(self, response: bytes) -> None:
        """Send a whole response now, after what is written."""
        if self._end is None:
            self._parts.append(response)
            self._send()

    def close(self) -> None:
        """Send what is written, and close when the client has read it."""
        if self._end is not None:
            return
        self._send()
        if self._is_receiving() and not self._transport.is_closing():
            # A client that is still sending would lose the response if the connection were closed
            # at once (RFC 9112, 9.6).
            self._transport.write_eof()
            self._transport.resume_reading()
            self._end = self._loop.call_later(LINGER_SECONDS, self._transport.abort)
        else:
            self._transport.close()
            self._end = self._loop.call_later(READ_SECONDS, self._transport.abort)

    def is_closing(self) -> bool:
        """Whether the connection is closed, or will be when its client has read all."""
        return self._end is not None or self._transport.is_closing()

    def lost(self) -> None:
        """Forget the time limit of a connection that is closed."""
        if self._end is not None:
            self._end.cancel()

    def _send(self) -> None:
        parts, self._parts = self._parts, []
        if parts:
            self._transport.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the transport
        return getattr(self._transport, name)
