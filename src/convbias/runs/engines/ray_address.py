"""Addresses of Ray clusters: which runs here, and whether one answers."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from convbias.errors import InputError

CLIENT = "ray://"  # begins the address of a cluster that this machine is no part of
SECONDS_TO_CONNECT = 5


def cluster_here() -> str | None:
    """The address of the cluster that was started last on this machine, where it still runs."""
    folder = Path(os.environ.get("RAY_TMPDIR", "/tmp"))  # noqa: S108 - Ray's
    with suppress(OSError, InputError):
        address = (folder / "ray" / "ray_current_cluster").read_text().strip()
        check_reachable(address)
        return address
    return None


def check_reachable(address: str) -> None:
    """Check within seconds that a Ray cluster answers at an address.

    Args:
        address: `HOST:PORT`, or `ray://HOST:PORT`.

    Raises:
        InputError: Nothing does, or something else.
    """
    host, separator, port = address.removeprefix(CLIENT).rpartition(":")
    if not separator or not host or not port.isdigit():
        raise InputError(
            f"{address} is no address of a Ray cluster",
            "HOST:PORT of a cluster that this machine is a node of, or ray://HOST:PORT",
            "give a port, usually 6379, or 10001 after ray://",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), SECONDS_TO_CONNECT).close()
    except (OSError, OverflowError) as error:
        raise not_connected(address, str(error)) from error
    if "RAY_USE_TLS" not in os.environ:  # then only Ray knows the keys
        _check_answer(address, f"{host}:{port}")


def _check_answer(address: str, target: str) -> None:
    """Ask whether this is Ray, and whether it wants a token.

    Ray itself tries for half a minute, and fills the terminal meanwhile.
    """
    import grpc

    method = "RayletDriver/ClusterInfo" if CLIENT in address else "NodeInfoGcsService/CheckAlive"
    with grpc.insecure_channel(target, [("grpc.enable_http_proxy", 0)]) as channel:
        try:
            channel.unary_unary(f"/ray.rpc.{method}")(b"", timeout=SECONDS_TO_CONNECT)
        except grpc.RpcError as error:
            code = error.code()  # pyright: ignore[reportAttributeAccessIssue] - a call as well
            if code == grpc.StatusCode.UNAUTHENTICATED:
                os.environ.setdefault("RAY_AUTH_MODE", "token")  # Ray knows where tokens are
            elif code == grpc.StatusCode.UNIMPLEMENTED:
                raise not_connected(
                    address, "another service answers; usual ports are 6379, and 10001 after ray://"
                ) from error
            elif code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                raise not_connected(address, "what answers there is not Ray") from error
            # Any other code is an answer of Ray, to a question without a client's name.


def not_connected(address: str, reason: str) -> InputError:
    """The error for a cluster that cannot be connected to."""
    return InputError(
        f"there is no Ray cluster at {address}: {reason.strip().splitlines()[0]}",
        "the address of a running cluster with this version of Ray and Python",
        "start one (ray start --head), look at the address that it prints, or leave the address"
        " out to use this machine",
    )


def is_loopback(address: str) -> bool:
    """Whether an address is on the loopback device."""
    host = address.removeprefix(CLIENT).rpartition(":")[0].strip("[]")
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
