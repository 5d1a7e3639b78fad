"""Request log and Prometheus metrics."""

from __future__ import annotations

import asyncio
import logging
import os
from functools import cache

import orjson
from prometheus_client import CollectorRegistry, Counter, Histogram, exposition, multiprocess

log = logging.getLogger("convbias.shipping.serve")

# If this variable names a folder, prometheus_client counts there, for all workers together.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 1024)


class RequestLog:
    """One line of JSON per request; the lines of one loop iteration are written together."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, record: dict[str, object]) -> None:
        """Log a record in the event loop's next iteration."""
        self._lines.append(orjson.dumps(record).decode())
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        log.info("\n".join(lines))


class Metrics:
    """Prometheus metrics of one server, in a registry of their own."""

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

    def text(self) -> tuple[bytes, str]:
        """All metrics in Prometheus' text format, and its content type."""
        registry = self._registry
        if SHARED_FOLDER in os.environ:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return exposition.generate_latest(registry), exposition.CONTENT_TYPE_LATEST
