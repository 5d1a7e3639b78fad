"""Run the server: a process that accepts connections, and worker processes that respond."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass

from convbias.errors import InputError
from convbias.shipping.export.archive import Archive
from convbias.shipping.serve.monitoring import logging_to_stderr
from convbias.shipping.serve.predictor import unpacked
from convbias.shipping.serve.service import Service
from convbias.shipping.serve.supervisor import Supervisor

QUEUED_CONNECTIONS = 2_048
MOST_FILES = 4_096  # open at once, if the system allows


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
    """Serve until SIGTERM, SIGINT or SIGHUP; requests in progress are completed first.

    Args:
        archive: a verified archive. Its code is run: serve only archives that you trust.
        service: identity, limits and token of the service.
        options: address and workers.

    Raises:
        InputError: The archive cannot answer requests, or the address cannot be used.
    """
    _allow_files()
    with (
        _listening(options) as listening,
        unpacked(archive) as folder,
        logging_to_stderr(),
    ):
        host = f"[{options.host}]" if ":" in options.host else options.host
        address = f"http://{host}:{listening.getsockname()[1]}"
        supervisor = Supervisor(folder, service, options.workers, listening, address)
        asyncio.run(supervisor.run())


def _allow_files() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # other systems have other limits
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
        if soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _listening(options: ServerOptions) -> socket.socket:
    """Listen before the workers start, so that clients wait instead of being refused."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        return socket.create_server(
            (options.host, options.port), family=family, backlog=QUEUED_CONNECTIONS
        )
    except OSError as error:
        raise InputError(
            f"the server cannot listen at {options.host}, port {options.port}:"
            f" {error.strerror or error}",
            "an address of this machine, and a free port",
            "choose another --port; 0 selects a free one",
        ) from error
