"""Clients of what is served: HTTP connections that ask over and over, and one image in process."""

from __future__ import annotations

import asyncio
import time
import timeit
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import uvloop
from benchmarks.contender import answer

LONGEST_ANSWER_SECONDS = 60.0


class Client(asyncio.Protocol):
    """One connection; does as little as possible, so that the machine is left to the server.

    Args:
        request: head and body.
        end: when to stop asking, in `time.perf_counter()`.
        seconds: list to append each request's duration to.
    """

    def __init__(self, request: bytes, end: float, seconds: list[float]) -> None:
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._request, self._end, self._seconds = request, end, seconds
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
        """A connection lost before the end counts as a failed request."""
        if not self.done.done():
            self.done.set_result(self._failed + 1)


async def _ask(address: str, request: bytes, connections: int, seconds: float) -> dict[str, float]:
    loop, place = asyncio.get_running_loop(), urlsplit(address)
    latencies: list[float] = []
    began = time.perf_counter()

    async def connected() -> Client:
        host, port = place.hostname or "", place.port or 80
        _, client = await loop.create_connection(
            lambda: Client(request, began + seconds, latencies), host, port
        )
        return client

    clients = [await connected() for _ in range(connections)]
    async with asyncio.timeout(seconds + LONGEST_ANSWER_SECONDS):
        failed = sum([await client.done for client in clients])
    rate = len(latencies) / (time.perf_counter() - began)
    middle, slow = np.percentile(1e3 * np.array(latencies), [50, 99])
    times = {"median_milliseconds": middle, "slow_milliseconds": slow}
    return {"requests_per_second": rate, "failed": failed, **times}


def load(
    address: str, body: str, content_type: str, connections: int, seconds: float
) -> dict[str, float]:
    """Ask a server on so many connections at once, on each again as soon as it has answered.

    Returns:
        Requests per second, median and 99th percentile of the milliseconds until the answer, and
        how many requests failed.
    """
    content = Path(body).read_bytes()
    head = (
        f"POST /invocations HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\n"
        f"Content-Type: {content_type}\r\nAccept: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return uvloop.run(_ask(address, head.encode() + content, connections, seconds))


def one_image(folder: str, image: str) -> dict[str, float]:
    """Median of the milliseconds that one image takes in this process, by runtime.

    Args:
        folder: the unpacked archive.
        image: .npy file with float32 (1, 28, 28, 1).
    """
    import onnxruntime
    import tensorflow as tf

    images = np.load(image)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as inference.py has it
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options, providers)
    loaded = tf.saved_model.load(f"{folder}/1")
    predict = loaded.signatures["serving_default"]
    calls = {
        "onnxruntime": lambda: session.run(["probabilities"], {"images": images}),
        "tensorflow": lambda: predict(images=tf.constant(images))["probabilities"].numpy(),
    }
    warming, timed = 200, 2_000
    return {
        name: 1e3 * median(timeit.repeat(call, number=1, repeat=warming + timed)[warming:])
        for name, call in calls.items()
    }


if __name__ == "__main__":
    answer(load, one_image)
