"""Run the server: a process that holds the socket, and worker processes that respond."""

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
from convbias.shipping.serve.monitoring import SHARED_FOLDER
from convbias.shipping.serve.predictor import Predictor, unpacked
from convbias.shipping.serve.protocol import Protocol

log = logging.getLogger("convbias.shipping.serve")

DRAIN_SECONDS = 28  # SageMaker sends SIGKILL 30 seconds after SIGTERM
QUEUED_CONNECTIONS = 2_048


@dataclass(frozen=True)
class ServerOptions:
    """Address and workers of a server.

    Args:
        host: address to listen at.
        port: port to listen at; 0 for a free one.
        workers: number of worker processes, each of which loads the network.
    """

    host: str
    port: int
    workers: int


def run(archive: Archive, service: Service, options: ServerOptions) -> None:
    """Serve until SIGTERM or SIGINT; requests in progress are completed first.

    Args:
        archive: a verified archive. Its code is run: serve only archives that you trust.
        service: identity, limits and token of the service.
        options: address and workers.

    Raises:
        InputError: The network cannot be loaded, or the address cannot be used.
        RunError: The workers ended unexpectedly.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with (
        _listening(options) as listening,
        unpacked(archive) as folder,
        tempfile.TemporaryDirectory(prefix="convbias-") as counts,
    ):
        os.environ[SHARED_FOLDER] = counts
        config = uvicorn.Config(
            partial(_create, folder, service),
            factory=True,
            workers=options.workers,
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
            Predictor(folder)  # raises the reason
            raise RunError("the workers ended while starting; see above")


def _listening(options: ServerOptions) -> socket.socket:
    """Listen before the workers start, so that clients wait instead of being refused."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listening = socket.create_server(
            (options.host, options.port), family=family, backlog=QUEUED_CONNECTIONS
        )
    except OSError as error:
        raise InputError(
            f"the server cannot listen at {options.host}, port {options.port}:"
            f" {error.strerror or error}",
            "an address of this machine, and a free port",
            "choose another --port; 0 selects a free one",
        ) from error
    host = f"[{options.host}]" if ":" in options.host else options.host
    log.info("running on http://%s:%d", host, listening.getsockname()[1])
    return listening


def _create(folder: Path, service: Service) -> Application:
    """Create the application in a worker."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        predictor = Predictor(folder)
    except InputError:
        # Reported once, by the parent process.
        sys.exit(STARTUP_FAILURE)
    return Application(predictor, service)
