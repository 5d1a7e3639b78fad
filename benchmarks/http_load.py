"""Clients that ask a server over and over, each on a connection of its own, as soon as answered.

python -m benchmarks.http_load ADDRESS BODY CONTENT_TYPE CONNECTIONS SECONDS

Prints a JSON object: requests per second, the median and the 99th percentile of the milliseconds
until an answer was there, and how many requests failed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import uvloop

LONGEST_ANSWER_SECONDS = 60.0


class Client(asyncio.Protocol):
    """One connection. The least that asks and measures, so that the machine is left to the server.

    Args:
        request: Head and body.
        end: When no more is asked, in `time.perf_counter()`.
        seconds: Receives how long each request took.
    """

    def __init__(self, request: bytes, end: float, seconds: list[float]) -> None:
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._request = request
        self._end = end
        self._seconds = seconds
        self._failed = 0
        self._received = b""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvloop's
        """Ask for the first time."""
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Ask again when the answer is complete."""
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._received = b""
        now = time.perf_counter()
        self._seconds.append(now - self._asked)
        self._failed += not head.startswith(b"HTTP/1.1 200")
        if now < self._end:
            self._ask()
        else:
            self._transport.close()
            self.done.set_result(self._failed)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own
        """A connection that is lost before its time is a request that failed."""
        if not self.done.done():
            self.done.set_result(self._failed + 1)


async def _measure(address: str, request: bytes, connections: int, seconds: float) -> dict:
    loop = asyncio.get_running_loop()
    place = urlsplit(address)
    latencies: list[float] = []
    began = time.perf_counter()
    clients = [
        (
            await loop.create_connection(
                lambda: Client(request, began + seconds, latencies),
                place.hostname or "",
                place.port or 80,
            )
        )[1]
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + LONGEST_ANSWER_SECONDS):
        failed = sum([await client.done for client in clients])
    took = time.perf_counter() - began
    median, slow = np.percentile(1e3 * np.array(latencies), [50, 99])
    return {
        "requests_per_second": len(latencies) / took,
        "median_milliseconds": median,
        "slow_milliseconds": slow,
        "failed": failed,
    }


def main() -> None:
    """The command."""
    address, body_file, kind, connections, seconds = sys.argv[1:]
    body = Path(body_file).read_bytes()
    lines = (
        "POST /invocations HTTP/1.1",
        f"Host: {urlsplit(address).netloc}",
        f"Content-Type: {kind}",
        "Accept: application/json",
        f"Content-Length: {len(body)}",
        "",
        "",
    )
    request = "\r\n".join(lines).encode() + body
    print(json.dumps(uvloop.run(_measure(address, request, int(connections), float(seconds)))))


if __name__ == "__main__":
    main()
