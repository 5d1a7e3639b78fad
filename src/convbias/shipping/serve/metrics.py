"""What Prometheus is told."""

from __future__ import annotations

import os
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, exposition, multiprocess

# Where it names a folder, prometheus_client counts there, for all workers together.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 1024)


class Metrics:
    """One server's, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "convbias_requests", "Answered requests", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "convbias_request_seconds",
            "From the request's head to its answer",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.batch = Histogram(
            "convbias_batch_images",
            "Images of one call of the network",
            buckets=_IMAGES,
            registry=self._registry,
        )

        # Looked up once; the library takes longer for that than for counting.
        self._of = cache(self._labelled)

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            route: Its template, so that paths do not multiply the series.
            status: Of the answer.
            seconds: That it took.
        """
        requests, histogram = self._of(route, status)
        requests.inc()
        histogram.observe(seconds)

    def _labelled(self, route: str, status: int) -> tuple[Counter, Histogram]:
        return self._requests.labels(route, str(status)), self._seconds.labels(route)

    def text(self) -> tuple[bytes, str]:
        """Everything in Prometheus' text format, and its content type."""
        registry = self._registry
        if SHARED_FOLDER in os.environ:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return exposition.generate_latest(registry), exposition.CONTENT_TYPE_LATEST
