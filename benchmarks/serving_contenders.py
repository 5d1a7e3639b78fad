"""The two servers of one archive: ours, and AWS's inference toolkit on Multi Model Server."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import requests
from benchmarks.processes import ROOT

from convbias.errors import InputError, RunError

TOOLKIT = ROOT / ".venv-toolkit" / "bin"
LAUNCHER = ROOT / "tools" / "servers" / "inference_toolkit.py"
LONGEST_START_SECONDS = 120.0


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Args:
        address: Of its root.
        start_seconds: From its command to its first answer.
        mark: An environment variable's value that all its processes have.
    """

    address: str
    start_seconds: float
    mark: str

    def memory(self) -> tuple[int, int]:
        """Bytes of all its processes: with shared pages counted once, and as often as shared."""
        sums = {"Pss": 0, "Rss": 0}
        for process in _processes(self.mark):
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
            for kind in sums:
                found = re.search(rf"^{kind}:\s+(\d+) kB", text, re.MULTILINE)
                sums[kind] += 1_024 * int(found.group(1)) if found else 0
        return sums["Pss"], sums["Rss"]


def installed() -> dict[str, str]:
    """Versions of what answers.

    Raises:
        InputError: The toolkit is not installed.
    """
    if not TOOLKIT.exists():
        raise InputError(
            "AWS's inference toolkit is not installed",
            "its environment",
            "make .venv-toolkit/stamp",
        )
    names = ("multi-model-server", "sagemaker-inference")
    program = (
        "import importlib.metadata, json, sys\n"
        "print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))"
    )
    theirs = subprocess.run(
        [TOOLKIT / "python", "-c", program, *names], capture_output=True, check=True
    )
    ours = ("onnxruntime", "starlette", "uvicorn", "tensorflow-cpu")
    return {name: version(name) for name in ours} | json.loads(theirs.stdout)


@contextmanager
def running(name: str, archive: Path, folder: Path, body: Path) -> Iterator[Running]:
    """Start a server, with as many workers as it starts by itself, and end it.

    Args:
        name: Which.
        archive: For ours.
        folder: For the toolkit's files; its model is in `ml/model`, the same archive's members.
        body: A JSON request, the first that is asked.

    Raises:
        RunError: It did not answer.
    """
    port = free_port()
    mark = uuid.uuid4().hex
    command, variables = _command(name, archive, folder, port)
    began = time.monotonic()
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **variables, "CONVBIAS_BENCHMARK": mark},
            stdout=log,
            stderr=log,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        while not _answers(address, body.read_bytes()):
            if process.poll() is not None or time.monotonic() - began > LONGEST_START_SECONDS:
                last = (folder / f"{name}.log").read_text()[-500:]
                raise RunError(f"{name} does not answer", fix=f"see what it said last:\n{last}")
            time.sleep(0.01)
        yield Running(address, time.monotonic() - began, mark)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        for other in _processes(mark):  # the toolkit's workers stay behind
            with suppress(ProcessLookupError):
                os.kill(other, signal.SIGKILL)


def _command(name: str, archive: Path, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
    if name == "convbias":
        serve = [str(Path(sys.executable).with_name("convbias")), "serve", str(archive)]
        return [*serve, "--port", str(port)], {}
    return (
        [str(TOOLKIT / "python"), str(LAUNCHER), str(folder / "settings.properties"), str(port)],
        {
            "PATH": f"{TOOLKIT}{os.pathsep}{os.environ['PATH']}",
            "SAGEMAKER_BASE_DIR": str(folder / "ml"),
        },
    )


def _answers(address: str, body: bytes) -> bool:
    headers = {"content-type": "application/json"}
    try:
        return requests.post(f"{address}/invocations", body, headers=headers, timeout=10).ok
    except requests.ConnectionError:
        return False


def free_port() -> int:
    """One below those that systems give away themselves, and that Multi Model Server refuses.

    Raises:
        RunError: There is none.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RunError("there is no free port")


def _processes(mark: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found
