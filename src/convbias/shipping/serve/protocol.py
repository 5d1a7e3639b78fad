"""uvicorn's HTTP protocol with limits for clients that are slow, and without protocol upgrades.

uvicorn waits for a request's headers without limit, lets any byte prolong an idle connection, and
never gives up a client that reads nothing. It loses the body of a request that offers to change to
another protocol, such as `curl --http2` does; here the offer is ignored, as RFC 9110 (7.8) allows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import httptools
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from convbias.shipping.serve.responses import complete, unavailable
from convbias.shipping.serve.transport import READ_SECONDS, BufferedTransport

AnswerWhole = Callable[[Any, bytes, Callable[[Response], None]], bool]  # of an ASGI scope

log = logging.getLogger("convbias.shipping.serve")

HEADER_SECONDS = 5.0  # for the headers of a request, and until the next request begins
LAST_REQUEST_SECONDS = 1.0  # for a next request while the worker ends

_TIMEOUT = complete(
    "408 Request Timeout", "the request headers did not arrive in time; expected them at once"
)
_INVALID = complete("400 Bad Request", "the request is not HTTP; expected HTTP/1.1")
_ENDING = unavailable("the server is ending")
_UPGRADE_HEADERS = (b"upgrade", b"connection", b"http2-settings")


class Protocol(HttpToolsProtocol):
    """One connection.

    Args:
        on_lost: called when the connection is closed.
        on_partial: called with True when a response is sent in part, and False when it is complete.
        answer_whole: answers requests that need no task, see `Application.answer_whole`.
        **uvicorn: arguments of uvicorn's protocol.
    """

    def __init__(
        self,
        on_lost: Callable[[], None] = lambda: None,
        on_partial: Callable[[bool], None] = lambda _: None,
        answer_whole: AnswerWhole = lambda *_: False,
        **uvicorn: Any,  # noqa: ANN401 - uvicorn's
    ) -> None:
        super().__init__(**uvicorn)
        self._on_lost, self._on_partial = on_lost, on_partial
        self._answer_whole = answer_whole
        self._limit: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._receiving = False  # the body of a request
        self._begun = False  # the headers of a request
        self._method = b""
        self._upgrading = False
        self._draining = False
        self._parsing = False
        self._next: tuple[RequestResponseCycle, Any] | None = None  # begins when its body is here
        self._last: bytes | None = None  # response to write after all others

    # --- of asyncio -----------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - an asyncio.Transport
        """Start the time limit of the first request's headers."""
        transport.set_write_buffer_limits(0)  # so that every partial response is noticed
        self._buffered = BufferedTransport(transport, self.loop, lambda: self._receiving)
        super().connection_made(self._buffered)  # pyright: ignore[reportArgumentType]
        self._start_limit(HEADER_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Parse requests; offers to change to another protocol are ignored."""
        if self.transport.is_closing():
            return  # the rest of a refused body
        self._parsing, invalid = True, False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._upgrading:
                self._parse_again(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            invalid = True
        self._parsing = False
        self._begin_next()
        if invalid:
            self._answer_last(_INVALID)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limits."""
        self._stop_limit()
        if self._reading is not None:
            self._reading.cancel()
        self._buffered.lost()
        super().connection_lost(exc)
        self._on_lost()

    def pause_writing(self) -> None:
        """Start the time limit for a client to read a response."""
        super().pause_writing()
        self._on_partial(True)
        self._reading = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop that time limit."""
        super().resume_writing()
        self._on_partial(False)
        if self._reading is not None:
            self._reading.cancel()

    # --- of the parser --------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Start the time limit of the remaining headers."""
        super().on_message_begin()
        self._begun = True
        self._start_limit(HEADER_SECONDS)

    def on_headers_complete(self) -> None:
        """Stop the time limit, and start the request."""
        self._stop_limit()
        self._begun = False
        self._method = self.parser.get_method()
        if self.parser.should_upgrade() and self._method != b"CONNECT":
            self._upgrading = True  # and is parsed again, without the offer
            return
        self._receiving = True
        super().on_headers_complete()
        if self._draining:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Let the request have all of its body."""
        if self._upgrading:
            return
        self._receiving = False
        super().on_message_complete()
        self._begin_next()

    def on_response_complete(self) -> None:
        """Go on to the next request, wait for it, or close; without uvicorn's own time limit."""
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._last is not None:
            self._answer_last(self._last)
        elif not self._begun:
            self._start_limit(LAST_REQUEST_SECONDS if self._draining else HEADER_SECONDS)

    # --- requests -------------------------------------------------------------------------------

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401
        """Begin a request when its body is here, or when all that has arrived is parsed."""
        if self._parsing:
            self._next = cycle, app
        else:  # one that waited for those before it, which have just been answered
            self.loop.call_soon(self._begin, cycle, app)

    def _begin_next(self) -> None:
        if self._next is not None:
            begins, self._next = self._next, None
            self._begin(*begins)

    def _begin(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401
        """Answer a request without a task if it is whole, and if the application can."""
        whole = not cycle.more_body and not self.flow.write_paused
        respond = partial(self._respond, cycle)
        if not (whole and self._answer_whole(cycle.scope, bytes(cycle.body), respond)):
            super()._start_asgi_task(cycle, app)

    def _respond(self, cycle: RequestResponseCycle, response: Response) -> None:
        """Write a response as uvicorn does, and go on to the next request."""
        if cycle.disconnected:
            return
        lines = [STATUS_LINE[response.status_code]]
        for name, value in (*cycle.default_headers, *response.raw_headers):
            lines += (name, b": ", value, b"\r\n")
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
        self._buffered.write_whole(b"".join([*lines, b"\r\n", response.body]))
        cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    # --- ending ---------------------------------------------------------------------------------

    def is_answering(self) -> bool:
        """Whether a request has not been answered yet."""
        return self.cycle is not None and not self.cycle.response_complete

    def drain(self) -> None:
        """Answer the requests that arrive in the next moment, and then close."""
        self._draining = True
        if self.is_answering():
            self.cycle.keep_alive = False
        elif not self._begun:
            self._start_limit(LAST_REQUEST_SECONDS)

    def give_up(self) -> None:
        """Close now; whoever waits for a response is asked to send the request again."""
        if self.transport.is_closing():
            self.transport.abort()
            return
        if self.is_answering() or self._begun:
            self.transport.write(_ENDING)
        self.transport.close()

    def _answer_last(self, response: bytes) -> None:
        """Write a response after those to the requests before it, and close."""
        waits_for_body = self._receiving and not self.pipeline
        if self.is_answering() and not waits_for_body:
            self._last = response
            self.flow.pause_reading()
            return
        self.transport.write(response)
        self.transport.close()

    def _parse_again(self, rest: bytes) -> None:
        """Parse a request without its offer to change to another protocol."""
        self._upgrading = False
        closing = any(
            b"close" in value.lower() for name, value in self.headers if name == b"connection"
        )
        kept = [each for each in self.headers if each[0] not in _UPGRADE_HEADERS]
        kept += [(b"connection", b"close")] if closing else []
        lines = [self._method + b" " + self.url + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in kept]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.data_received(b"\r\n".join([*lines, b"", b""]) + rest)

    # --- time limits ----------------------------------------------------------------------------

    def _start_limit(self, seconds: float) -> None:
        self._stop_limit()
        self._limit = self.loop.call_later(seconds, self._time_out)

    def _stop_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _time_out(self) -> None:
        if self._begun or self.cycle is None:
            self._answer_last(_TIMEOUT)
        else:  # an idle connection
            self.transport.close()
