"""A worker: a process that answers the requests of the connections that it is handed.

The supervisor starts it with two sockets. `control` brings connections; through `reports`, lines of
JSON go both ways. A worker ends when the supervisor does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import struct
import sys
import time
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from convbias.errors import InputError
from convbias.shipping.serve.application import Application
from convbias.shipping.serve.monitoring import Sample, from_json, logging_to_stderr
from convbias.shipping.serve.predictor import Predictor
from convbias.shipping.serve.protocol import Protocol
from convbias.shipping.serve.service import Limits, Service

log = logging.getLogger("convbias.shipping.serve")

DRAIN_SECONDS = 25.0  # SageMaker sends SIGKILL 30 seconds after SIGTERM
LAST_WORDS_SECONDS = 0.5  # for the responses to those who were given up
REPORT_SECONDS = 1.0
OTHERS_SECONDS = 2.0  # to wait for the numbers of the other workers
LONGEST_REPORT = 2**22
NUMBER = struct.Struct("<Q")  # of a connection, sent with its file descriptor


class Worker:
    """The event loop of a worker.

    Args:
        predictor: the archive's network.
        service: identity, limits and token.
        control: socket that brings connections.
        reports: socket for lines of JSON.
    """

    def __init__(
        self, predictor: Predictor, service: Service, control: socket.socket, reports: socket.socket
    ) -> None:
        self._application = Application(predictor, service, self._others)
        self._control, self._reports = control, reports
        self._state = ServerState()
        self._config = uvicorn.Config(
            self._application,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        self._waiting: list[asyncio.Future[list[Sample]]] = []
        self._reported: list[Sample] = []

    def run(self) -> None:
        """Answer requests until the supervisor says otherwise."""
        loop = (self._config.get_loop_factory() or asyncio.new_event_loop)()
        loop.run_until_complete(self._serve())
        # The loop is not closed: that would wait for requests that were given up.

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self._handed_all = asyncio.Event()
        self._config.load()
        reader, self._writer = await asyncio.open_unix_connection(
            sock=self._reports, limit=LONGEST_REPORT
        )
        self._loop.add_signal_handler(signal.SIGTERM, self._ask_to_end)
        self._control.setblocking(False)
        self._loop.add_reader(self._control.fileno(), self._take)
        listening = self._loop.create_task(self._listen(reader))
        ticking = self._loop.create_task(self._tick())
        self._say(ready=True)
        await self._ending.wait()
        await self._drain()
        ticking.cancel()
        listening.cancel()
        self._report()
        self._application.request_log.flush()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.drain(), LAST_WORDS_SECONDS)

    # --- what the supervisor says -------------------------------------------------------------

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                said = json.loads(line)
                if "ping" in said:
                    self._say(pong=True)
                if "others" in said:
                    waiting, self._waiting = self._waiting, []
                    for future in waiting:
                        if not future.done():
                            future.set_result(from_json(said["others"]))
                if "drain" in said:
                    break
        self._ending.set()  # also when the supervisor is no more

    def _take(self) -> None:
        """Take the connections that were handed over."""
        while True:
            try:
                number, descriptors, _, _ = socket.recv_fds(self._control, NUMBER.size, 1)
            except BlockingIOError:
                return
            except OSError:
                number, descriptors = b"", []
            if not number:
                self._loop.remove_reader(self._control.fileno())
                self._handed_all.set()
                return
            [name] = NUMBER.unpack(number)
            if not descriptors:  # this process may open no more files
                self._say(closed=name)
                continue
            connection = socket.socket(fileno=descriptors[0])
            connection.setblocking(False)
            task = self._loop.create_task(self._connect(connection, name))
            self._state.tasks.add(task)
            task.add_done_callback(self._state.tasks.discard)

    async def _connect(self, connection: socket.socket, name: int) -> None:
        try:
            await self._loop.connect_accepted_socket(partial(self._protocol, name), connection)
        except OSError:
            connection.close()
            self._say(closed=name)

    def _protocol(self, name: int) -> Protocol:
        return Protocol(
            on_lost=lambda: self._say(closed=name),
            on_partial=lambda partial: self._say(partial=name, now=partial),
            answer_whole=self._application.answer_whole,
            config=self._config,
            server_state=self._state,
            app_state={},
            _loop=self._loop,
        )

    # --- what the worker says -----------------------------------------------------------------

    def _say(self, **words: Any) -> None:  # noqa: ANN401 - any JSON
        if not self._writer.is_closing():
            self._writer.write(json.dumps(words).encode() + b"\n")

    def _ask_to_end(self) -> None:
        """After SIGTERM: the supervisor hands over nothing more, and says when to end."""
        self._say(leaving=True)

    async def _others(self) -> list[Sample]:
        """The numbers of the other workers, which are at most a second old."""
        future: asyncio.Future[list[Sample]] = self._loop.create_future()
        self._waiting.append(future)
        self._say(others=True)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(future, OTHERS_SECONDS)
        return []

    def _report(self) -> None:
        samples = self._application.metrics.samples()
        if samples != self._reported:
            self._reported = samples
            self._say(samples=samples)

    async def _tick(self) -> None:
        """Once per second: the date of responses, and the numbers for the others."""
        while True:
            self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]
            self._report()
            await asyncio.sleep(REPORT_SECONDS)

    # --- the end --------------------------------------------------------------------------------

    async def _drain(self) -> None:
        """Answer all requests that were accepted, for as long as there is time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._handed_all.wait()
                await asyncio.sleep(0)
                count = len(self._connections)
                if count:
                    log.info("%d connections are open; their requests are answered first", count)
                for connection in self._connections:
                    connection.drain()
                while self._connections or self._state.tasks:
                    await asyncio.sleep(0.02)
        if self._connections:
            log.info("%d connections are given up", len(self._connections))
            for connection in self._connections:
                connection.give_up()
            await asyncio.sleep(LAST_WORDS_SECONDS)

    @property
    def _connections(self) -> list[Protocol]:
        return [each for each in self._state.connections if isinstance(each, Protocol)]


def main(control: socket.socket, reports: socket.socket) -> None:
    """Run a worker, whose settings are the first line of `reports`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; the supervisor decides
    with reports.makefile("rb", buffering=0) as lines:
        settings = json.loads(lines.readline())
    service = Service(
        settings["identity"], settings["endpoint"], Limits(**settings["limits"]), settings["token"]
    )
    try:
        predictor = Predictor(Path(settings["folder"]))
    except InputError as error:
        reports.sendall(
            json.dumps({"failed": [error.what, error.expected, error.fix]}).encode() + b"\n"
        )
        return
    Worker(predictor, service, control, reports).run()


if __name__ == "__main__":
    with logging_to_stderr():
        main(*(socket.socket(fileno=int(each)) for each in sys.argv[1:]))
    # Without waiting for threads that are busy with requests that were given up.
    os._exit(0)
