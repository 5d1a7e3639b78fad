"""AWS's inference toolkit: Multi Model Server on Java, with one archive."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import requests
from benchmarks.serving_contenders import free_port

from convbias.shipping.export.archive import Archive, unpack
from tools.servers.command_line import Started, wait_until
from tools.servers.serving import TIMEOUT, Asked

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-toolkit" / "bin"


LAUNCHER = ROOT / "benchmarks" / "rivals" / "inference_toolkit.py"


class Toolkit(Asked):
    def __init__(self, archive: Archive, folder: Path) -> None:
        (folder / "ml").mkdir()
        unpack(archive, folder / "ml" / "model")
        port = str(free_port())
        started = Started(
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
        status = super().stop()
        # Its workers stay behind.
        for process in self.started.processes():
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: not self.started.processes())
        return status


def _healthy(address: str) -> str:
    try:
        answer = requests.get(f"{address}/ping", timeout=TIMEOUT)
    except requests.ConnectionError:
        return ""
    return address if answer.ok and answer.json()["status"] == "Healthy" else ""
