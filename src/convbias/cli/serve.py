"""`convbias serve`: an archive behind HTTP on this machine."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from convbias.errors import InputError
from convbias.export.archive import read
from convbias.extras import check_installed

NEEDED = ("onnxruntime", "prometheus_client", "starlette", "uvicorn")
ARCHIVE = Path("fashion_mnist_model.tar.gz")
TOKEN = "CONVBIAS_TOKEN"  # noqa: S105 - the name of the variable, not a token
DRAIN_SECONDS = 30  # what SageMaker leaves between SIGTERM and SIGKILL
QUEUED_CONNECTIONS = 2_048

_Positive = validators.Number(gt=0)


def serve(
    archive: Path = ARCHIVE,
    /,
    *,
    host: str = "127.0.0.1",
    port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65_535))] = 8080,
    name: str = "convbias",
    largest_body: Annotated[int, Parameter(validator=_Positive)] = 6 * 2**20,
    seconds: Annotated[float, Parameter(validator=_Positive)] = 60.0,
) -> None:
    """Serve an archive until interrupted; requests in progress are answered first.

    GET /ping, POST /invocations, POST /endpoints/NAME/invocations (for boto3 with endpoint_url),
    GET /metrics, GET /openapi.json.

    Example: `convbias serve fashion_mnist_model.tar.gz`

    Args:
        archive: As `convbias package` packed it. Its code is run: serve only what you trust.
        host: Address to listen at. Beyond this machine only with a token, which clients must bring
            and which the environment variable CONVBIAS_TOKEN holds.
        port: 0 for one that is free.
        name: Of the endpoint, as boto3 calls it.
        largest_body: Bytes of a request.
        seconds: Until a request is answered.
    """
    token = os.environ.get(TOKEN) or None
    _check(host, token)
    verified = read(archive)
    # Imported here, so that what is wrong is said without them.
    import uvicorn

    from convbias.serve.application import Limits, application
    from convbias.serve.served import Served

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # What uvicorn hands SIGTERM on to when it is done, so that the unpacked archive is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Served(verified) as served:
        config = uvicorn.Config(
            application(served, name, Limits(largest_body, seconds), token),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=QUEUED_CONNECTIONS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        uvicorn.Server(config).run()


def _check(host: str, token: str | None) -> None:
    check_installed("serve", NEEDED)
    if not _is_loopback(host) and token is None:
        raise InputError(
            f"{host} can be reached from other machines, and anybody could ask",
            f"a token in the environment variable {TOKEN}, or the host 127.0.0.1",
            f"set {TOKEN} to a long random text; clients bring it as Authorization: Bearer",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
