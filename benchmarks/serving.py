"""What serving costs, beside AWS's inference toolkit and TensorFlow.

Both servers get the same archive and the same requests, in turn (about ten minutes on a quiet
machine). The file is the archive that is served. Writes docs/serving.md.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from benchmarks.harness import Benchmark, Plan, Record, ratios, spread, table
from benchmarks.processes import rival_versions, run
from PIL import Image
from tools.servers.processes import StartedProcess, wait_until
from tools.servers.serving import RunningServer, address_in
from tools.servers.toolkit import ENVIRONMENT, Toolkit

from convbias import data
from convbias.shipping.export.archive import Archive, read, unpack

SERVERS = {"convbias": "convbias serve", "toolkit": "AWS's toolkit"}
CONTENT_TYPES = {"JSON": "application/json", "npy": "application/x-npy", "PNG": "image/png"}
CONNECTIONS = (1, 8, 64)
LOAD = ("requests_per_second", "median_milliseconds", "slow_milliseconds", "failed")


def blocks(record: Record) -> dict[str, str]:
    """The parts of docs/serving.md that depend on the record."""
    machine, conditions = record.environment, record.conditions
    versions = ", ".join(f"{name} {each}" for name, each in sorted(conditions["versions"].items()))
    sizes = ", ".join(f"{name} {size:,} bytes" for name, size in conditions["body_bytes"].items())
    return {
        "conditions": (
            f"Measured on {machine.processor}, {machine.cores} cores, Python {machine.python}, at"
            f" {record.measurements[0]['code_version']}. The archive is that of run"
            f" {conditions['run']} ({conditions['arm']}, {conditions['archive_bytes']:,} bytes)."
            f" Versions: {versions}."
        ),
        "one image": _one_image(record),
        "http": f"Size of a request: {sizes}.\n\n{_loads(record)}\n\n{_sustained(record)}",
        "start": _starts(record),
    }


def _one_image(record: Record) -> str:
    ours, theirs = (record.values(name, kind="one image") for name in ("onnxruntime", "tensorflow"))
    return (
        f"onnxruntime takes {median(ours):.3f} ms with `model.onnx`, TensorFlow"
        f" {median(theirs):.3f} ms with the SavedModel's signature:"
        f" {spread(ratios(theirs, ours), 1)} times as long."
    )


def _loads(record: Record) -> str:
    rows = []
    for payload in record.conditions["body_bytes"]:
        for connections in record.kinds("connections"):
            keys = {"kind": "load", "payload": payload, "connections": connections}
            rates, middle, slow, failed = (
                [record.values(name, server=server, **keys) for server in SERVERS] for name in LOAD
            )
            times = [
                f"{median(each):.1f} / {median(late):.1f}"
                for each, late in zip(middle, slow, strict=True)
            ]
            rows.append(
                f"{payload} | {connections} | {median(rates[0]):,.0f} | {median(rates[1]):,.0f} |"
                f" {spread(ratios(*rates))} | {' | '.join(times)} |"
                f" {sum(failed[0])} / {sum(failed[1])} | {len(rates[0])}"
            )
    head = (
        "request | clients | ours, requests/s | toolkit, requests/s | ratio |"
        " ours, p50 / p99 (ms) | toolkit, p50 / p99 (ms) | failed, ours / toolkit | rounds"
    )
    return table(head, rows)


def _sustained(record: Record) -> str:
    [ours], [theirs] = (record.where(kind="sustained", server=server) for server in SERVERS)
    return (
        f"With {ours['clients']} clients for {ours['duration']:g} seconds (JSON), {ours['failed']}"
        f" requests of ours failed and {theirs['failed']} of the toolkit's; answered were"
        f" {ours['requests_per_second']:,.0f} and {theirs['requests_per_second']:,.0f} per second,"
        f" with 99th percentiles of {ours['slow_milliseconds']:.0f} and"
        f" {theirs['slow_milliseconds']:.0f} ms."
    )


def _starts(record: Record) -> str:
    rows = []
    for server, name in SERVERS.items():
        [memory] = record.where(kind="memory", server=server)
        megabytes = [memory[kind] / 1e6 for kind in ("proportional_bytes", "resident_bytes")]
        seconds = spread(record.values("seconds", kind="start", server=server))
        rows.append(f"{name} | {seconds} | {megabytes[0]:.0f} ({megabytes[1]:.0f})")
    return table("server | from the command to the first answer (s) | memory (MB)", rows)


@contextmanager
def started(name: str, archive: Archive, body: bytes) -> Iterator[tuple[RunningServer, float]]:
    """A server with its default number of workers, and seconds until its first answer."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        if name == "toolkit":
            server = Toolkit(archive, Path(folder))
        else:
            process = StartedProcess("serve", archive.path, "--port", "0", cwd=Path(folder))
            server = RunningServer(process, lambda: address_in(process.errors))
        try:
            wait_until(lambda: server.post(body).ok)
            yield server, time.monotonic() - began
        finally:
            server.stop()


def _image() -> np.ndarray:
    """The first test image, uint8 (28, 28)."""
    return data.load(data.resolve("auto")[0]).test_images[0, ..., 0]


def _bodies() -> dict[str, bytes]:
    """The image in each format; JSON as the original study sends it."""
    npy, png = io.BytesIO(), io.BytesIO()
    np.save(npy, _image())
    Image.fromarray(_image()).save(png, "PNG")
    text = json.dumps({"instances": [(_image() / 255).tolist()]})
    return {"JSON": text.encode(), "npy": npy.getvalue(), "PNG": png.getvalue()}


def _conditions(options: argparse.Namespace) -> dict[str, Any]:
    archive = read(options.file)
    names = ("onnxruntime", "starlette", "tensorflow-cpu", "uvicorn")
    theirs = rival_versions(ENVIRONMENT / "python", ("multi-model-server", "sagemaker-inference"))
    return {
        "versions": {name: version(name) for name in names} | theirs,
        "run": str(archive.manifest.identity["run"]),
        "arm": str(archive.manifest.identity["arm"]),
        "archive_bytes": archive.path.stat().st_size,
        "body_bytes": {payload: len(body) for payload, body in _bodies().items()},
    }


def _plan(options: argparse.Namespace, _conditions: dict[str, Any]) -> Plan:
    quick, archive, bodies = options.quick, read(options.file), _bodies()
    rounds, second = (1, 0.1) if quick else (3, 1.0)
    for number in range(rounds):
        for server in SERVERS:
            keys = {"kind": "start", "server": server, "round": number}
            yield keys, partial(_start_seconds, server, archive, bodies["JSON"])
        yield {"kind": "one image", "round": number}, partial(_one_image_times, archive)
    with (
        started("convbias", archive, bodies["JSON"]) as (ours, _),
        started("toolkit", archive, bodies["JSON"]) as (theirs, _),
    ):
        servers = {"convbias": ours, "toolkit": theirs}
        for server in servers.values():
            _load(server, "JSON", bodies, 8, 10 * second)
        for number in range(rounds):
            for payload in bodies:
                for connections in CONNECTIONS[1:2] if quick else CONNECTIONS:
                    for name, server in servers.items():
                        keys = {"kind": "load", "payload": payload, "connections": connections}
                        keys |= {"server": name, "round": number}
                        yield keys, partial(_load, server, payload, bodies, connections, 4 * second)
        for name, server in servers.items():
            keys = {"kind": "sustained", "server": name, "clients": 64, "duration": 60 * second}
            yield keys, partial(_load, server, "JSON", bodies, 64, 60 * second)
            yield {"kind": "memory", "server": name}, partial(_memory, server)


def _start_seconds(name: str, archive: Archive, body: bytes) -> dict[str, float]:
    with started(name, archive, body) as (_, seconds):
        return {"seconds": seconds}


def _one_image_times(archive: Archive) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder, image = Path(name) / "model", Path(name) / "image.npy"
        unpack(archive, folder)
        np.save(image, (_image() / np.float32(255)).reshape(1, 28, 28, 1))
        task, threads = {"folder": folder, "image": image}, os.cpu_count() or 1
        return run("benchmarks.clients", "one_image", task, threads=threads)[0]


def _load(
    server: RunningServer, payload: str, bodies: Mapping[str, bytes], count: int, seconds: float
) -> dict[str, float]:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(bodies[payload])
        task = {"address": server.address, "body": file.name, "seconds": seconds}
        task |= {"content_type": CONTENT_TYPES[payload], "connections": count}
        return run("benchmarks.clients", "load", task)[0]


def _memory(server: RunningServer) -> dict[str, int]:
    """Bytes of all processes: with shared pages counted once, and for each process."""
    sums = {"Pss": 0, "Rss": 0}
    for process in server.started.processes():
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
        for kind in sums:
            found = re.search(rf"^{kind}:\s+(\d+) kB", text, re.MULTILINE)
            sums[kind] += 1_024 * int(found.group(1)) if found else 0
    return {"proportional_bytes": sums["Pss"], "resident_bytes": sums["Rss"]}


BENCHMARK = Benchmark(
    *("serving", __doc__, "docs/serving.md", _conditions, _plan, blocks),
    threads=1,
    argument=Path("fashion_mnist_model.tar.gz"),
)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
