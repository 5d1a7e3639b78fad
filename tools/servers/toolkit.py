"""Run AWS's inference toolkit (Multi Model Server on Java) with an archive."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import requests

from convbias.shipping.export.archive import Archive, unpack
from tools.servers.processes import TIMEOUT, StartedProcess, free_port, wait_until
from tools.servers.serving import RunningServer

ENVIRONMENT = Path(__file__).parents[2] / ".venv-toolkit" / "bin"
LAUNCHER = Path(__file__).with_name("inference_toolkit.py")


class Toolkit(RunningServer):
    """AWS's inference toolkit, serving an archive.

    Args:
        archive: the archive.
        folder: receives the unpacked archive and the logs.
    """

    def __init__(self, archive: Archive, folder: Path) -> None:
        (folder / "ml").mkdir()
        unpack(archive, folder / "ml" / "model")
        port = str(free_port())
        started = StartedProcess(
            *(LAUNCHER, folder / "settings.properties", port),
            cwd=folder,
            program=[str(ENVIRONMENT / "python")],
            variables={
                "PATH": f"{ENVIRONMENT}{os.pathsep}{os.environ['PATH']}",
                "SAGEMAKER_BASE_DIR": str(folder / "ml"),
                "PYTHONPATH": "",
            },
        )
        super().__init__(started, lambda: _healthy(f"http://127.0.0.1:{port}"))

    def stop(self) -> int:
        """Stop the toolkit and the workers that it leaves behind; return its exit status."""
        status = super().stop()
        for process in self.started.processes():
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: not self.started.processes())
        return status


def _healthy(address: str) -> str:
    try:
        response = requests.get(f"{address}/ping", timeout=TIMEOUT)
    except requests.ConnectionError:
        return ""
    return address if response.ok and response.json()["status"] == "Healthy" else ""
