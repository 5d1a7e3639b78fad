"""`convbias serve` in a process of its own, and the archive's probabilities without any server."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnxruntime
import requests

from convbias.shipping.export.archive import Archive, unpack
from tools.servers.processes import TIMEOUT, StartedProcess


class RunningServer:
    """An HTTP server in a process of its own.

    Args:
        started: the server's process.
        address: returns the server's address once it responds, and an empty text before.
    """

    def __init__(self, started: StartedProcess, address: Callable[[], str]) -> None:
        self.started = started
        started.wait_for(address)
        self.address = address()

    def post(
        self,
        body: Any,
        kind: str = "application/json",
        headers: Mapping[str, str] = MappingProxyType({}),
        path: str = "/invocations",
    ) -> requests.Response:
        """Send a POST request.

        Args:
            body: text, bytes, or an iterator over parts of bytes.
            kind: content type of the body.
            headers: further headers.
            path: path of the request.
        """
        return requests.post(
            self.address + path,
            data=body,
            headers={"content-type": kind, **headers},
            timeout=TIMEOUT,
        )

    def get(self, path: str) -> requests.Response:
        """Send a GET request."""
        return requests.get(self.address + path, timeout=TIMEOUT)

    def log(self) -> list[dict[str, Any]]:
        """The request log's records."""
        lines = self.started.errors.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def stop(self) -> int:
        """Stop the server and return its exit status."""
        return self.started.stop()


class Server(RunningServer):
    """`convbias serve` on a free port.

    Args:
        archive: archive file, or folder of an unpacked archive.
        folder: receives the log.
        *options: options of `convbias serve`; one worker unless they say otherwise.
        **variables: environment variables, in addition to the present ones.
    """

    def __init__(self, archive: Path, folder: Path, *options: str, **variables: str) -> None:
        workers = () if "--workers" in options else ("--workers", "1")
        started = StartedProcess(
            *("serve", archive, "--port", "0", *workers, *options),
            cwd=folder,
            variables=variables,
        )
        super().__init__(started, lambda: address_in(started.errors))


def address_in(log: Path) -> str:
    """The address that a server has written to its log; empty as long as there is none."""
    found = re.search(r"running on (http://\S+)", log.read_text())
    return found.group(1) if found else ""


def probabilities(archive: Archive, images: np.ndarray) -> np.ndarray:
    """Run the archive's ONNX file directly.

    Args:
        archive: the archive.
        images: uint8 (n, 28, 28, 1).

    Returns:
        Probabilities, float32 (n, 10).
    """
    with tempfile.TemporaryDirectory() as name:
        unpack(archive, Path(name) / "model")
        session = onnxruntime.InferenceSession(
            str(Path(name) / "model" / "model.onnx"), providers=["CPUExecutionProvider"]
        )
        pixels = images.astype(np.float32) / 255
        return np.asarray(session.run(["probabilities"], {"images": pixels})[0])
