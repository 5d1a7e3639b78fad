"""Wait until an endpoint is no longer changing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from convbias.errors import RunError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.resources import ABSENT, UNMANAGED, Resource, find_endpoint

TIMEOUT_SECONDS = 40 * 60.0
LONGEST_PAUSE_SECONDS = 15.0
SECONDS_BETWEEN_MESSAGES = 60.0
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")

Notify = Callable[[str], None]


def wait_for_endpoint(
    name: str, aws: Aws, notify: Notify, timeout_seconds: float = TIMEOUT_SECONDS
) -> Resource:
    """Wait while an endpoint is being created, updated or deleted.

    Args:
        name: the endpoint's name.
        aws: account and region.
        notify: called with each new status, and once a minute.
        timeout_seconds: how long to wait.

    Returns:
        The endpoint; its state is `absent` once it has been deleted.

    Raises:
        RunError: The endpoint was still changing after that time.
    """
    started = notified = time.monotonic()
    before, pause = None, 1.0
    while True:
        endpoint = find_endpoint(name, aws)
        status = None if endpoint.state == ABSENT else endpoint.description.get("EndpointStatus")
        now = time.monotonic()
        if status not in CHANGING:
            return endpoint
        if status != before or now - notified >= SECONDS_BETWEEN_MESSAGES:
            notify(f"{name}: {status}, {now - started:.0f} s")
            before, notified = status, now
        if now - started > timeout_seconds:
            raise RunError(
                f"the endpoint {name} is still {status} after {timeout_seconds / 60:.0f} minutes",
                "an endpoint in service within ten minutes",
                "read the container's log in CloudWatch, and run `convbias deploy status`",
            )
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def check_in_service(endpoint: Resource) -> None:
    """Check that an endpoint is in service.

    Args:
        endpoint: an endpoint that is not changing.

    Raises:
        RunError: The endpoint is not in service; the message gives AWS's reason.
    """
    status = endpoint.description.get("EndpointStatus", "absent")
    if endpoint.state == UNMANAGED:
        status = "not managed by convbias"
    if status != "InService":
        raise RunError(
            f"the endpoint {endpoint.name} is {status}{failure_reason(endpoint.description)}",
            "an endpoint in service",
            "read the container's log in CloudWatch; a failed endpoint can only be deleted",
        )


def failure_reason(description: Mapping[str, Any]) -> str:
    """AWS's reason for a failure, with a colon in front; empty if there is none.

    Args:
        description: AWS's description of an endpoint.
    """
    reason = description.get("FailureReason")
    return f": {reason}" if reason else ""
