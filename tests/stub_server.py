"""A server that gives every request the same response."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

from tools.servers.processes import TIMEOUT

UNREACHABLE = "http://127.0.0.1:1"  # an address at which no server runs


class StubServer:
    """A server in place of `convbias serve` or AWS.

    Args:
        status: status of the response; 0 for no response at all.
        body: the response's body.
        headers: the response's headers, without its length.
        times: number of such responses; later ones have status 500.
    """

    def __init__(
        self,
        status: int,
        body: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
        times: int = 100,
    ) -> None:
        self.paths: list[str] = []
        self.requests: list[tuple[str, bytes]] = []  # content type and body
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                stub.paths.append(self.path)
                sent = self.rfile.read(int(self.headers["content-length"]))
                stub.requests.append((self.headers["content-type"], sent))
                if not status:
                    stub.released.wait(TIMEOUT)
                    return
                self.send_response(status if len(stub.paths) <= times else 500)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Write no log, which would mix with the test's output."""

        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> StubServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
