"""Connect to a Ray cluster, or start one for as long as this process lives."""

from __future__ import annotations

import logging
import os
import secrets
import signal
from contextlib import suppress
from typing import Any

from convbias.runs import machine
from convbias.runs.engines.ray_address import (
    check_reachable,
    cluster_here,
    is_loopback,
    not_connected,
)
from convbias.spec.extras import check_installed

LOOPBACK = "127.0.0.1"

# Ray reads them when it is imported.
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # the future default, which is warned of otherwise
    "RAY_TQDM": "0",
    # Deaths are told by the command. These lines come whatever is logged to the driver.
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^(The node with node id|A worker died or was killed)",
}
# Nodes on the loopback device know each other by its address, not by the machine's.
ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


def connect(address: str | None) -> Any:  # noqa: ANN401 - a module
    """Connect to a cluster.

    Args:
        address: `HOST:PORT` or `ray://HOST:PORT`; without one that of `RAY_ADDRESS`, or the cluster
            that runs on this machine, or one that is started.

    Returns:
        The module `ray`, connected.

    Raises:
        InputError: Ray is not installed, or there is no cluster at the address.
    """
    check_installed("ray", ["ray", "grpc"])
    address = address or os.environ.get("RAY_ADDRESS")
    if address is None:
        address = cluster_here()
    else:
        check_reachable(address)
    on_loopback = ON_LOOPBACK if address is None or is_loopback(address) else {}
    for name, value in (QUIET | on_loopback).items():
        os.environ.setdefault(name, value)
    options: dict[str, Any] = {
        "address": address or "local",
        "logging_level": logging.ERROR,
        "log_to_driver": False,
        "namespace": "convbias",
    }
    if address is None:
        # Otherwise Ray stores a token in the user's home, and later clusters want it.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        options |= {
            "num_cpus": machine.cores(),
            "include_dashboard": False,
            "_node_ip_address": LOOPBACK,
        }
    import ray
    import ray.exceptions

    logging.getLogger("ray").setLevel(logging.ERROR)
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**options)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise not_connected(options["address"], str(error)) from error
    finally:
        with suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGTERM, before)  # Ray sets its own
    return ray
