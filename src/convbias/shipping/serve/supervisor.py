"""The process that accepts connections, hands them to workers, and keeps these alive.

Each new connection goes to the worker with the fewest, so that all workers are equally busy. The
supervisor keeps a descriptor of every open connection: if a worker is killed, its clients are asked
to send their requests again instead of being cut off.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from convbias.errors import InputError
from convbias.shipping.serve.connections import Connection, OpenConnections, Refusals, client_of
from convbias.shipping.serve.monitoring import Sample, added, from_json
from convbias.shipping.serve.responses import unavailable
from convbias.shipping.serve.service import Service
from convbias.shipping.serve.worker import DRAIN_SECONDS, LONGEST_REPORT, NUMBER

log = logging.getLogger("convbias.shipping.serve")

EQUAL_FAILURES = 3  # to start, in a row, after which no other is expected
SILENT_SECONDS = 60.0  # after which a worker that was ready counts as stuck
PING_SECONDS = 10.0
END_SECONDS = DRAIN_SECONDS + 3  # SageMaker sends SIGKILL 30 seconds after SIGTERM
PAUSE_SECONDS = 0.1  # after connections could not be accepted

_FULL = unavailable("there are too many connections")
_ENDING = unavailable("the server is ending")
_LOST = unavailable("the process that answered requests has ended")


@dataclass(eq=False)
class _Worker:
    process: asyncio.subprocess.Process
    control: socket.socket
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    ready: bool = False
    taking: bool = False  # connections
    heard: float = 0.0
    failure: InputError | None = None
    samples: list[Sample] = field(default_factory=list)
    connections: dict[int, Connection] = field(default_factory=dict)

    def say(self, **words: Any) -> None:  # noqa: ANN401 - any JSON
        if not self.writer.is_closing():
            self.writer.write(json.dumps(words).encode() + b"\n")


class Supervisor:
    """Serves until SIGTERM, SIGINT or SIGHUP.

    Args:
        folder: the unpacked archive.
        service: identity, limits and token of the service.
        count: number of workers.
        listening: the socket to accept connections from.
        address: the address to log once a worker is ready.
    """

    def __init__(
        self, folder: Path, service: Service, count: int, listening: socket.socket, address: str
    ) -> None:
        self._settings = {
            "folder": str(folder.absolute()),
            "identity": dict(service.identity),
            "endpoint": service.endpoint,
            "limits": asdict(service.limits),
            "token": service.token,
        }
        self._count, self._listening, self._address = count, listening, address
        self._workers: list[_Worker] = []
        self._retired: list[Sample] = []  # the numbers of workers that have ended
        self._open = OpenConnections()
        self._refusals = Refusals()
        self._number = 0
        self._accepting = self._announced = self._draining = False

    async def run(self) -> None:
        """Serve.

        Raises:
            InputError: The workers cannot start.
        """
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self._listening.setblocking(False)
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(each) is not signal.SIG_IGN:
                self._loop.add_signal_handler(each, self._end)
        kept = [self._loop.create_task(self._keep()) for _ in range(self._count)]
        ending = self._loop.create_task(self._ending.wait())
        try:
            await asyncio.wait([*kept, ending], return_when=asyncio.FIRST_COMPLETED)
            if self._draining:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(END_SECONDS):
                        await asyncio.gather(*kept)
            else:
                [failed, *_] = [task for task in kept if task.done()]
                failed.result()  # raises why no worker can start
        finally:
            for task in (*kept, ending):
                task.cancel()
            await self._stop()

    async def _stop(self) -> None:
        for worker in self._workers:
            with contextlib.suppress(ProcessLookupError):
                worker.process.kill()
            await worker.process.wait()
        self._accept()  # those who came in the last moment
        self._stop_accepting()
        self._listening.close()
        await self._refusals.finish()

    # --- workers --------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Keep one worker alive: start it again when it ends."""
        failures: list[str] = []
        while not self._draining:
            worker = await self._start()
            self._workers.append(worker)
            watching = self._loop.create_task(self._watch(worker))
            try:
                await self._listen(worker)
                status = await worker.process.wait()
            finally:
                watching.cancel()
                self._workers.remove(worker)
                self._retire(worker)
            if self._draining:
                return
            if worker.ready:
                failures.clear()
                log.info("worker %d ended with status %d", worker.process.pid, status)
                continue
            error = worker.failure or InputError(
                f"a worker ended with status {status} while it started",
                "a worker that answers requests",
                "see the messages above; a negative status is a signal, -9 for too little memory",
            )
            failures.append(str(error))
            if worker.failure or failures[-EQUAL_FAILURES:] == [str(error)] * EQUAL_FAILURES:
                raise error

    async def _start(self) -> _Worker:
        control, their_control = socket.socketpair()
        reports, their_reports = socket.socketpair()
        control.setblocking(False)
        theirs = [their_control.fileno(), their_reports.fileno()]
        with their_control, their_reports:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "convbias.shipping.serve.worker"),
                *map(str, theirs),
                pass_fds=theirs,
                stdin=subprocess.DEVNULL,
            )
        reader, writer = await asyncio.open_unix_connection(sock=reports, limit=LONGEST_REPORT)
        worker = _Worker(process, control, reader, writer)
        worker.say(**self._settings)
        return worker

    async def _listen(self, worker: _Worker) -> None:
        """Hear what a worker says until it ends."""
        with contextlib.suppress(OSError, ValueError):
            while line := await worker.reader.readline():
                worker.heard = time.monotonic()
                self._hear(worker, json.loads(line))

    def _hear(self, worker: _Worker, said: dict[str, Any]) -> None:
        if "closed" in said:
            if closed := self._forget(worker, said["closed"]):
                closed.socket.close()
        elif "partial" in said:
            connection = worker.connections.get(said["partial"])
            if connection is not None:
                connection.partial = said["now"]
        elif "samples" in said:
            worker.samples = from_json(said["samples"])
        elif "others" in said:
            workers = [each.samples for each in self._workers if each is not worker]
            worker.say(others=added(sum(workers, self._retired)))
        elif "ready" in said:
            self._welcome(worker)
        elif "leaving" in said:
            self._release(worker)
        elif "failed" in said:
            worker.failure = InputError(*said["failed"])

    def _welcome(self, worker: _Worker) -> None:
        worker.ready = worker.taking = True
        if self._draining:
            self._release(worker)
            return
        if not self._announced:
            self._announced = True
            log.info("running on %s", self._address)
        self._start_accepting()

    def _release(self, worker: _Worker) -> None:
        """Hand a worker nothing more, and let it end once it has answered."""
        if worker.taking:
            worker.taking = False
            worker.control.shutdown(socket.SHUT_WR)
            worker.say(drain=True)
        if not self._draining and not any(each.taking for each in self._workers):
            self._stop_accepting()  # connections wait until there is a worker again

    def _retire(self, worker: _Worker) -> None:
        worker.taking = False
        worker.control.close()
        worker.writer.close()
        self._retired = added([*self._retired, *worker.samples])
        for number, connection in list(worker.connections.items()):
            self._forget(worker, number)
            if connection.partial:
                connection.socket.close()
            else:
                self._refusals.refuse(connection.socket, _LOST)
        if not self._draining and not any(each.taking for each in self._workers):
            self._stop_accepting()

    async def _watch(self, worker: _Worker) -> None:
        """End a worker that was ready and says nothing more."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            if worker.ready:
                worker.say(ping=True)
                if time.monotonic() - worker.heard > SILENT_SECONDS:
                    log.info("worker %d is stuck and is ended", worker.process.pid)
                    worker.process.kill()
                    return

    # --- connections ------------------------------------------------------------------------------

    def _start_accepting(self) -> None:
        if not self._accepting:
            self._accepting = True
            self._loop.add_reader(self._listening.fileno(), self._accept)

    def _stop_accepting(self) -> None:
        if self._accepting:
            self._accepting = False
            self._loop.remove_reader(self._listening.fileno())

    def _accept(self) -> None:
        while True:
            try:
                connection, address = self._listening.accept()
            except BlockingIOError:
                return
            except OSError as error:  # such as too many open files
                log.info("no connection can be accepted: %s", error)
                if self._accepting:
                    self._stop_accepting()
                    self._loop.call_later(PAUSE_SECONDS, self._start_accepting)
                return
            connection.setblocking(False)
            self._place(connection, client_of(address[0]))

    def _place(self, connection: socket.socket, client: str) -> None:
        """Hand a connection to the worker that has the fewest."""
        workers = [each for each in self._workers if each.taking]
        if not workers or not self._open.have_room(client):
            self._refusals.refuse(connection, _FULL if workers else _ENDING)
            return
        worker = min(workers, key=lambda each: len(each.connections))
        self._number += 1
        try:
            socket.send_fds(worker.control, [NUMBER.pack(self._number)], [connection.fileno()])
        except OSError:  # it takes none at the moment, or has ended
            self._refusals.refuse(connection, _FULL)
            return
        worker.connections[self._number] = Connection(connection, client)
        self._open.add(client)

    def _forget(self, worker: _Worker, number: int) -> Connection | None:
        connection = worker.connections.pop(number, None)
        if connection is not None:
            self._open.remove(connection.client)
        return connection

    # --- the end --------------------------------------------------------------------------------

    def _end(self) -> None:
        """Let the workers answer all that was accepted, and refuse the rest."""
        if self._draining:
            return
        self._accept()  # the queue
        self._draining = True
        log.info("ending: requests that were accepted are answered first")
        for worker in list(self._workers):
            if worker.ready:
                self._release(worker)
            else:
                worker.process.kill()
        self._start_accepting()  # and refuse
        self._ending.set()
