"""`convbias serve`: serve an archive over HTTP."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from convbias.errors import InputError
from convbias.shipping.export.archive import read
from convbias.shipping.serve import TOKEN_VARIABLE
from convbias.shipping.serve.tokens import token_from
from convbias.spec.extras import check_installed

NEEDED = ("onnxruntime", "prometheus_client", "starlette", "uvicorn", "httptools")
ARCHIVE = Path("fashion_mnist_model.tar.gz")

# Each worker takes about 90 MB, so more of them are started only on request.
WORKERS = min(2, os.cpu_count() or 1)

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
    workers: Annotated[int, Parameter(validator=_Positive)] = WORKERS,
) -> None:
    """Serve an archive over HTTP until interrupted.

    Requests that were accepted are answered before it ends. Routes: GET /ping, POST /invocations,
    POST /endpoints/NAME/invocations (for boto3 with endpoint_url), GET /metrics, GET /openapi.json.

    Example: `convbias serve fashion_mnist_model.tar.gz`

    Args:
        archive: Archive written by `convbias package`, or a folder that one was unpacked into. Its
            code is executed: serve only archives that you trust.
        host: Address to listen on. Addresses other than loopback require a token in the environment
            variable CONVBIAS_TOKEN, which clients must send.
        port: Port; 0 for any free port.
        name: Endpoint name that boto3 uses.
        largest_body: Maximum size of a request in bytes.
        seconds: Time limit of a request in seconds.
        workers: Number of processes, each with its own copy of the network.
    """
    token = token_from(os.environ)
    _check(host, token)
    verified = read(archive)
    # Imported here, because the checks above need none of these optional packages.
    from convbias.shipping.serve.running import ServerOptions, run
    from convbias.shipping.serve.service import Limits, Service

    service = Service(verified.manifest.identity, name, Limits(largest_body, seconds), token)
    run(verified, service, ServerOptions(host, port, workers))


def _check(host: str, token: str | None) -> None:
    check_installed("serve", NEEDED)
    if not _is_loopback(host) and token is None:
        raise InputError(
            f"{host} can be reached from other machines, and no token is set",
            f"a token in the environment variable {TOKEN_VARIABLE}, or the host 127.0.0.1",
            f"set {TOKEN_VARIABLE} to a long random text; clients send it as Authorization: Bearer",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
