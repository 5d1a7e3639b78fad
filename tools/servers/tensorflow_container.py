"""AWS's TensorFlow container with an archive: stand-ins for its two servers."""

from __future__ import annotations

import sys
from pathlib import Path

import requests

from convbias.shipping.export.archive import Archive, unpack
from tools.servers.processes import TIMEOUT, StartedProcess, free_port
from tools.servers.serving import RunningServer

PROGRAMS = Path(__file__).parent


class TensorFlowContainer(RunningServer):
    """Stand-ins for TensorFlow Serving and AWS's Python service before it.

    Args:
        archive: the archive.
        folder: receives the unpacked archive and the logs.
    """

    def __init__(self, archive: Archive, folder: Path) -> None:
        unpack(archive, folder / "model")
        serving_port, port = str(free_port()), str(free_port())
        self._serving = StartedProcess(
            *(PROGRAMS / "tensorflow_serving.py", folder / "model" / "1", serving_port),
            cwd=folder,
            program=[sys.executable],
            variables={"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        )
        serving, service = (f"http://127.0.0.1:{each}" for each in (serving_port, port))
        try:
            self._serving.wait_for(lambda: _answers(f"{serving}/v1/models/model"))
            started = StartedProcess(
                *(PROGRAMS / "python_service.py", folder / "model", port, serving_port),
                cwd=folder,
                program=[sys.executable],
            )
            super().__init__(started, lambda: service if _answers(f"{service}/ping") else "")
        except BaseException:
            self._serving.stop()
            raise

    def stop(self) -> int:
        """Stop both servers, and return the exit status of the Python service."""
        self._serving.stop()
        return super().stop()


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=TIMEOUT).ok
    except requests.ConnectionError:
        return False
