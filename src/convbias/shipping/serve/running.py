"""A server as processes: one that holds the address, and workers that answer."""

from __future__ import annotations

import logging
import os
import socket
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from convbias.errors import InputError, RunError
from convbias.shipping.export.archive import Archive
from convbias.shipping.serve.application import Application, Service
from convbias.shipping.serve.metrics import SHARED_FOLDER
from convbias.shipping.serve.protocol import Protocol
from convbias.shipping.serve.served import Served, unpacked

log = logging.getLogger("convbias.shipping.serve")

DRAIN_SECONDS = 28  # of the 30 that SageMaker leaves between SIGTERM and SIGKILL
QUEUED_CONNECTIONS = 2_048


@dataclass(frozen=True)
class Place:
    """Where a server listens, and with how many processes.

    Args:
        host: Its address.
        port: 0 for one that is free.
        workers: Processes that answer, each with the network.
    """

    host: str
    port: int
    workers: int


def run(archive: Archive, service: Service, place: Place) -> None:
    """Serve until SIGTERM or SIGINT; requests in progress are answered first.

    Args:
        archive: Verified. Its code is run: serve only what you trust.
        service: What the server says of itself.
        place: Where it listens.

    Raises:
        InputError: The network cannot be loaded, or nothing can listen there.
        RunError: The workers ended by themselves.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with (
        _listening(place) as listening,
        unpacked(archive) as folder,
        tempfile.TemporaryDirectory(prefix="convbias-") as counts,
    ):
        os.environ[SHARED_FOLDER] = counts
        config = uvicorn.Config(
            partial(_create, folder, service),
            factory=True,
            workers=place.workers,
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=QUEUED_CONNECTIONS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        workers = Multiprocess(config, sockets=[listening])
        workers.run()
        if any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes):
            Served(folder)  # says why
            raise RunError("the workers ended while they started; see above")


def _listening(place: Place) -> socket.socket:
    """From now on clients wait for the workers, rather than being turned away."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        listening = socket.create_server(
            (place.host, place.port), family=family, backlog=QUEUED_CONNECTIONS
        )
    except OSError as error:
        raise InputError(
            f"nothing can listen at {place.host}, port {place.port}: {error.strerror or error}",
            "an address of this machine, and a port that is free",
            "choose another --port; 0 takes one that is free",
        ) from error
    host = f"[{place.host}]" if ":" in place.host else place.host
    log.info("running on http://%s:%d", host, listening.getsockname()[1])
    return listening


def _create(folder: Path, service: Service) -> Application:
    """What each worker does first."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        served = Served(folder)
    except InputError:
        # Said once, by the process that started the workers.
        sys.exit(STARTUP_FAILURE)
    return Application(served, service)
