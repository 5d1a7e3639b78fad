"""Until an endpoint has come to rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from convbias.errors import RunError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.resources import ABSENT, OTHERS, Resource, endpoint

MOST_SECONDS = 40 * 60.0
MOST_SECONDS_BETWEEN = 15.0
SECONDS_BETWEEN_WORDS = 60.0
UNDER_WAY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")

Say = Callable[[str], None]


def settled(name: str, aws: Aws, say: Say) -> Resource:
    """Wait until an endpoint is no longer being made, changed or taken away.

    Args:
        name: Of the endpoint.
        aws: Account and region.
        say: Called with each new status, and once a minute.

    Returns:
        The endpoint; absent once it has been taken away.

    Raises:
        RunError: It takes longer than forty minutes.
    """
    started = spoken = time.monotonic()
    before, pause = None, 1.0
    while True:
        there = endpoint(name, aws)
        status = there.more.get("EndpointStatus") if there.state != ABSENT else None
        now = time.monotonic()
        if status not in UNDER_WAY:
            return there
        if status != before or now - spoken >= SECONDS_BETWEEN_WORDS:
            say(f"{name}: {status}, {now - started:.0f} s")
            before, spoken = status, now
        if now - started > MOST_SECONDS:
            raise RunError(
                f"the endpoint {name} is still {status} after {MOST_SECONDS / 60:.0f} minutes",
                "an endpoint in service within ten minutes",
                "look into the container's log in CloudWatch, and run `convbias deploy status`",
            )
        time.sleep(pause)
        pause = min(2 * pause, MOST_SECONDS_BETWEEN)


def check_in_service(there: Resource) -> None:
    """Make sure that an endpoint answers.

    Args:
        there: As `settled` found it.

    Raises:
        RunError: It does not, with AWS's reason.
    """
    status = there.state if there.state == OTHERS else there.more.get("EndpointStatus", "gone")
    if status != "InService":
        raise RunError(
            f"the endpoint {there.name} is {status}{failure_reason(there.more)}",
            "an endpoint in service",
            "look into the container's log in CloudWatch; a failed endpoint can only be deleted",
        )


def failure_reason(more: Mapping[str, Any]) -> str:
    """AWS's reason for a failure, to be put behind a sentence; nothing where there is none."""
    reason = more.get("FailureReason")
    return f": {reason}" if reason else ""
