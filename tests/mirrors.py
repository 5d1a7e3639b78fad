"""Small files in place of the published ones, and an address that serves them, well or badly."""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tools.servers.processes import TIMEOUT

from convbias.data.idx_files import IDX_FILES
from convbias.data.published_files import FileReport, PublishedFile

NAMES = tuple(IDX_FILES["fashion-mnist"].files)
IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = NAMES


def packed(array: np.ndarray) -> bytes:
    shape = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + shape + array.tobytes(), mtime=0)


RNG = np.random.default_rng(0)
ARRAYS = {
    IMAGES: RNG.integers(0, 256, (300, 28, 28), dtype=np.uint8),
    LABELS: RNG.integers(0, 10, 300, dtype=np.uint8),
    TEST_IMAGES: RNG.integers(0, 256, (20, 28, 28), dtype=np.uint8),
    TEST_LABELS: RNG.integers(0, 10, 20, dtype=np.uint8),
}
CONTENTS = {name: packed(array) for name, array in ARRAYS.items()}
PUBLISHED = {
    name: PublishedFile(hashlib.sha256(content).hexdigest(), len(content))
    for name, content in CONTENTS.items()
}


def replace_published(
    patch: pytest.MonkeyPatch,
    addresses: tuple[str, ...] | None = None,
    files: Mapping[str, PublishedFile] | None = None,
) -> None:
    """Let Fashion-MNIST have other addresses or files for one test."""
    known = IDX_FILES["fashion-mnist"]
    changes: dict[str, Any] = {"files": files, "addresses": addresses}
    given = {name: each for name, each in changes.items() if each is not None}
    patch.setitem(IDX_FILES, "fashion-mnist", replace(known, **given))


def fetch(folder: Path | None = None) -> Path:
    return IDX_FILES["fashion-mnist"].fetch(folder)


def read(folder: Path | None = None) -> tuple[np.ndarray, ...]:
    return IDX_FILES["fashion-mnist"].read(folder)


def verify(folder: Path | None = None) -> list[FileReport]:
    return IDX_FILES["fashion-mnist"].verify(folder)


def folder_without_download(folder: Path | None = None) -> Path:
    return IDX_FILES["fashion-mnist"].folder_without_download(folder)


class Mirror:
    """A download address on this machine that can be told to misbehave.

    `faults` maps a file's name to what its next answers are; once used up, it is served well.
    """

    def __init__(self, delay: float = 0) -> None:
        self.faults: dict[str, list[str]] = {}
        self.served: Counter[str] = Counter()
        self.stalled = threading.Event()
        self.released = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response(404)
                self.end_headers()

            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                mirror.served[name] += 1
                waiting = mirror.faults.get(name)
                mirror.answer(self, CONTENTS[name], waiting.pop(0) if waiting else "well", delay)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Keep the test's output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/data/"

    def answer(
        self, request: BaseHTTPRequestHandler, content: bytes, fault: str, delay: float
    ) -> None:
        if fault == "error":
            request.send_error(503)
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        half = len(content) // 2
        if fault == "corrupted":
            content = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]
        request.wfile.write(content[:half])
        request.wfile.flush()
        if fault == "truncated":
            return
        if fault == "stalled":
            self.stalled.set()
            self.released.wait(TIMEOUT)
            return
        time.sleep(delay)
        request.wfile.write(content[half:])

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def fill(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    return folder


def assert_complete(folder: Path) -> None:
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENTS
