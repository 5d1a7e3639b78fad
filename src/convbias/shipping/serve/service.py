"""What a server is: its network's identity, the endpoint's name, its limits and its token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Limits:
    """Limits of one request.

    Args:
        body_bytes: largest body; SageMaker's own limit is 6 MB in botocore's model.
        seconds: time until the response, reading the body included.
    """

    body_bytes: int = 6 * 2**20
    seconds: float = 60.0


@dataclass(frozen=True)
class Service:
    """Identity, limits and authentication of a server.

    Args:
        identity: the exported run, as recorded by `convbias export`.
        endpoint: endpoint name at the address of SageMaker's runtime.
        limits: limits of one request.
        token: bearer token required from clients; None disables authentication.
    """

    identity: Mapping[str, Any]
    endpoint: str = "convbias"
    limits: Limits = Limits()
    token: str | None = None
