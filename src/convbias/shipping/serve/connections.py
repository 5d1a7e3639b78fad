"""The connections of all workers together: their limits, and those that are refused."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from dataclasses import dataclass

MOST_CONNECTIONS = 1_024
MOST_PER_ADDRESS = 256
MOST_LINGERING = 64  # refused connections that are kept until their clients have read why
LINGER_SECONDS = 1.0


@dataclass(eq=False)
class Connection:
    """An accepted connection.

    Args:
        socket: the supervisor's own descriptor of it.
        client: what connections of one client are counted by.
        partial: whether a response was sent in part.
    """

    socket: socket.socket
    client: str
    partial: bool = False


class OpenConnections:
    """Counts open connections, and says when there are too many."""

    def __init__(self) -> None:
        self._by_client: Counter[str] = Counter()

    def have_room(self, client: str) -> bool:
        """Whether a client may open one more connection."""
        full = self._by_client.total() >= MOST_CONNECTIONS
        return not full and self._by_client[client] < MOST_PER_ADDRESS

    def add(self, client: str) -> None:
        """Count a connection."""
        self._by_client[client] += 1

    def remove(self, client: str) -> None:
        """Count a connection no longer."""
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]


class Refusals:
    """Refuses connections so that clients can read why."""

    def __init__(self) -> None:
        self._lingering: set[socket.socket] = set()

    def refuse(self, connection: socket.socket, response: bytes) -> None:
        """Send a response, and close the connection when the client has read it."""
        try:
            connection.send(response)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            connection.close()
            return
        if len(self._lingering) >= MOST_LINGERING:
            connection.close()
            return
        # Closing at once would discard the response if the client is still sending.
        self._lingering.add(connection)
        loop = asyncio.get_running_loop()
        loop.add_reader(connection.fileno(), self._discard, connection)
        loop.call_later(LINGER_SECONDS, self._close, connection)

    async def finish(self) -> None:
        """Wait until all refused clients have read why, but only for a moment."""
        loop = asyncio.get_running_loop()
        end = loop.time() + LINGER_SECONDS
        while self._lingering and loop.time() < end:
            await asyncio.sleep(0.02)
        for connection in list(self._lingering):
            self._close(connection)

    def _discard(self, connection: socket.socket) -> None:
        """Throw away what a refused client sends, until it closes the connection."""
        try:
            ended = not connection.recv(2**16)
        except BlockingIOError:
            return
        except OSError:
            ended = True
        if ended:
            self._close(connection)

    def _close(self, connection: socket.socket) -> None:
        if connection in self._lingering:
            self._lingering.remove(connection)
            asyncio.get_running_loop().remove_reader(connection.fileno())
            connection.close()


def client_of(address: str) -> str:
    """What connections of one client are counted by.

    Args:
        address: an IPv4 address, or an IPv6 address, of which a client may vary the second half.
    """
    if ":" not in address:
        return address
    groups = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
    mapped = groups[:12] == b"\0" * 10 + b"\xff\xff"  # from IPv4
    return groups.hex() if mapped else groups[:8].hex()
