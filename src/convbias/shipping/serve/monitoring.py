"""Request log and Prometheus metrics, which never hold up or end a server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import orjson
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, exposition

log = logging.getLogger("convbias.shipping.serve")

MOST_WAITING = 2**20  # bytes of log lines that wait to be written
FLUSH_SECONDS = 0.05
LAST_SECONDS = 1.0  # for the last lines of a process that ends
STDERR = 2

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 1024)

Sample = tuple[str, tuple[tuple[str, str], ...], float]
"""A number of a process: its name, its labels and its value."""


class LineWriter(logging.Handler):
    """Writes log lines in a thread of its own.

    A pipe that nobody reads, or a full disk, would otherwise hold up or fail the requests that are
    logged. Lines for which there is no room are counted and left out.

    Args:
        descriptor: file descriptor to write to.
    """

    def __init__(self, descriptor: int = STDERR) -> None:
        super().__init__()
        self.lost = 0
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._told = 0
        self._ended = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Let the thread write a record, which may have several lines."""
        text = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
        with self._change:
            if self._size + len(text) > MOST_WAITING:
                self.lost += text.count(b"\n")
                return
            self._waiting.append(text)
            self._size += len(text)
            self._change.notify()

    def close(self) -> None:
        """Write what waits, but only for a moment."""
        with self._change:
            self._ended = True
            self._change.notify()
        self._thread.join(LAST_SECONDS)
        super().close()

    def _write(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    return
                text = self._waiting.popleft()
            if self.lost > self._told:
                told = self.lost
                text = b"%d log lines were lost\n%s" % (told - self._told, text)
                self._told = told
            try:
                while text:
                    text = text[os.write(self._descriptor, text) :]
            except OSError:
                self.lost += text.count(b"\n")
            with self._change:
                self._size = sum(map(len, self._waiting))


@contextlib.contextmanager
def logging_to_stderr() -> Iterator[LineWriter]:
    """Write the log of this process to standard error, as messages alone."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    writer = LineWriter()
    root.handlers = [writer]
    root.setLevel(logging.INFO)
    try:
        yield writer
    finally:
        root.handlers = handlers
        root.setLevel(level)
        writer.close()


class RequestLog:
    """One line of JSON per request; the lines of a twentieth of a second are written together."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, record: dict[str, object]) -> None:
        """Log a record in a moment."""
        self._lines.append(orjson.dumps(record).decode())
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Log all records now."""
        lines, self._lines = self._lines, []
        if lines:
            log.info("\n".join(lines))


class Metrics:
    """Prometheus metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "convbias_requests", "Requests", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "convbias_request_seconds",
            "Seconds from a request's headers to its response",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.batch = Histogram(
            "convbias_batch_images",
            "Images per call of the network",
            buckets=_IMAGES,
            registry=self._registry,
        )
        self._lost = Counter(
            "convbias_log_lines_lost", "Log lines that were not written", registry=self._registry
        )
        self._lost_so_far = 0

        # Cached, because looking up labels takes longer than counting.
        self._labelled = cache(self._with_labels)

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            route: path template of the request; the path itself would multiply the series.
            status: HTTP status of the response.
            seconds: duration of the request.
        """
        requests, histogram = self._labelled(route, status)
        requests.inc()
        histogram.observe(seconds)

    def _with_labels(self, route: str, status: int) -> tuple[Counter, Histogram]:
        return self._requests.labels(route, str(status)), self._seconds.labels(route)

    def samples(self) -> list[Sample]:
        """All numbers of this process."""
        lost = sum(
            each.lost for each in logging.getLogger().handlers if isinstance(each, LineWriter)
        )
        self._lost.inc(max(0, lost - self._lost_so_far))
        self._lost_so_far = max(lost, self._lost_so_far)
        return [
            (sample.name, tuple(sorted(sample.labels.items())), sample.value)
            for family in self._registry.collect()
            for sample in family.samples
            if not sample.name.endswith("_created")
        ]

    def text(self, others: Iterable[Sample] = ()) -> tuple[bytes, str]:
        """All metrics in Prometheus' text format, and its content type.

        Args:
            others: the numbers of other processes, which are added.
        """
        totals = added([*self.samples(), *others])
        families = [
            _Family(family.name, family.documentation, family.type, totals)
            for family in self._registry.collect()
        ]
        registry = CollectorRegistry()
        registry.register(_Collected(families))
        return exposition.generate_latest(registry), exposition.CONTENT_TYPE_LATEST


def added(samples: Iterable[Sample]) -> list[Sample]:
    """The sums of the samples that have the same name and labels."""
    totals: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for name, labels, value in samples:
        totals[name, labels] = totals.get((name, labels), 0.0) + value
    return [(name, labels, value) for (name, labels), value in totals.items()]


def from_json(samples: list[list[Any]]) -> list[Sample]:
    """Samples that were sent as JSON, which has no tuples."""
    return [(name, tuple(map(tuple, labels)), value) for name, labels, value in samples]


class _Family(Metric):
    """A metric with the samples that belong to it."""

    def __init__(self, name: str, words: str, kind: str, samples: Iterable[Sample]) -> None:
        super().__init__(name, words, kind)
        for full_name, labels, value in samples:
            if full_name.rpartition("_")[0] == name:  # such as _total, _bucket and _sum
                self.add_sample(full_name, dict(labels), value)


class _Collected:
    def __init__(self, families: list[_Family]) -> None:
        self._families = families

    def collect(self) -> list[_Family]:
        return self._families
