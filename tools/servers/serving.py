"""A real server, a strange one, and what the network itself says."""

from __future__ import annotations

import io
import json
import re
import signal
import tarfile
import threading
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType

import numpy as np
import onnxruntime
import requests

from convbias.shipping.export.archive import Archive, unpack
from tools.servers.command_line import Started

TIMEOUT = 60


class Asked:
    """Whatever answers requests at an address.

    Args:
        started: Its process.
        address: Where; waited for.
    """

    def __init__(self, started: Started, address: Callable[[], str]) -> None:
        self.started = started
        started.wait_for(address)
        self.address = address()

    def post(self, body: bytes | str, kind: str = "application/json", **more) -> requests.Response:
        path = more.pop("path", "/invocations")
        headers = {"content-type": kind, **more.pop("headers", {})}
        return requests.post(
            self.address + path, data=body, headers=headers, timeout=TIMEOUT, **more
        )

    def get(self, path: str, **more) -> requests.Response:
        return requests.get(self.address + path, timeout=TIMEOUT, **more)

    def log(self) -> list[dict]:
        lines = self.started.errors.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def stop(self) -> int:
        self.started.process.send_signal(signal.SIGTERM)
        return self.started.process.wait(TIMEOUT)


class Server(Asked):
    """`convbias serve`."""

    def __init__(self, archive: Path, folder: Path, *options: str, **variables: str) -> None:
        workers = () if "--workers" in options else ("--workers", "1")
        started = Started(
            *("serve", archive, "--port", "0", *workers, *options),
            cwd=folder,
            variables=variables,
        )
        super().__init__(started, lambda: address_in(started.errors))


def address_in(log: Path) -> str:
    """Where the server says that it runs; nothing as long as it does not."""
    found = re.search(r"running on (http://\S+)", log.read_text())
    return found.group(1) if found else ""


class Strange:
    """Something else than `convbias serve`, which gives every request the same answer.

    Args:
        status: Of the answer; 0 for none at all.
        body: Of the answer.
        headers: Of the answer, beside its length.
        times: That it answers so; afterwards it fails, with status 500.
    """

    def __init__(
        self,
        status: int,
        body: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
        times: int = 100,
    ) -> None:
        self.asked: list[str] = []
        strange = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                strange.asked.append(self.path)
                self.rfile.read(int(self.headers["content-length"]))
                if not status:
                    strange.released.wait(TIMEOUT)
                    return
                self.send_response(status if len(strange.asked) <= times else 500)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Keep the test's output clean."""

        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Strange:
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def probabilities(archive: Archive, folder: Path, images: np.ndarray) -> np.ndarray:
    """What the archive's network says, without anything that answers requests.

    Args:
        archive: Holds the network.
        folder: To unpack it in.
        images: uint8 (n, 28, 28, 1).

    Returns:
        float32 (n, 10).
    """
    unpack(archive, folder / "model")
    session = onnxruntime.InferenceSession(
        str(folder / "model" / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    pixels = images.astype(np.float32) / 255
    return np.asarray(session.run(["probabilities"], {"images": pixels})[0])


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def write_archive(
    path: Path, contents: Mapping[str, bytes], more: Sequence[tarfile.TarInfo] = ()
) -> Path:
    """An archive with the contents, sums and all, and odd members behind them."""
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in more:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path
